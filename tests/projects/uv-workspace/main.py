from greetings import greet

print(greet("workspace"))

import acme_greeting

print(acme_greeting.greet("payments"))

from store import answer

print("postgres", answer())

"""A bot in one file, with nothing beside it."""

for word in ["beep", "boop"]:
    print(word, flush=True)

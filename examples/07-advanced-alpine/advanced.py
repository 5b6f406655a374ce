"""Prints what the configuration put into the image."""

import os
from pathlib import Path

import greeting

print(greeting.greet(os.environ["GREETING"]))
print("price:", os.environ["PRICE"])
for name in ("banner.txt", "notes.txt", "base-release"):
    print(f"{name}:", Path("/app", name).read_text().strip())

"""Greets three times."""

import humanize

for number in range(1, 4):
    print(f"Hello for the {humanize.ordinal(number)} time")

"""Prints what is installed."""

from importlib.util import find_spec

for name in ("humanize", "colorama", "dateutil"):
    print(name, "yes" if find_spec(name) else "no")

import humanize


def greet(name: str) -> str:
    return f"{humanize.ordinal(1)} hello, {name}"

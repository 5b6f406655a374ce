"""Says what it is."""

__version__ = "2.0"


def main():
    import idna
    import sortedcontainers

    print("pylock", idna.encode("ä").decode(), *sortedcontainers.SortedSet("ba"))

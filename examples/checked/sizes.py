"""Prints numbers of bytes as people read them."""

import sys

import humanize


def main() -> None:
    for number in sys.argv[1:]:
        print(humanize.naturalsize(int(number), binary=True))


if __name__ == "__main__":
    main()

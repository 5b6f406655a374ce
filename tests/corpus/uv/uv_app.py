"""Says which idna there is."""

from importlib.metadata import version

__version__ = "1.4"


def main():
    print("idna", version("idna"))

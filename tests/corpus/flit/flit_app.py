"""Says its version."""

from importlib.metadata import metadata

__version__ = "0.9"


def main():
    about = metadata("flit-app")
    print(about["Version"], about["Summary"])

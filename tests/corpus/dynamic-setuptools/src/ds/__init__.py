from importlib.metadata import version

__version__ = "4.2"


def main():
    print(version("dynamic-setuptools"), version("six"))

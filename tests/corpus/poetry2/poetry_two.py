from importlib.metadata import version
import sys


def main():
    print(version("poetry-two"), *sys.version_info[:2])

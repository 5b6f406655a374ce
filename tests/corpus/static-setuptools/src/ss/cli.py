import sys

import idna


def main():
    print(idna.encode("ä").decode(), *sys.version_info[:2])

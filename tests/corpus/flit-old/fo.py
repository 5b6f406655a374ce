"""Flit as it was."""

import idna

__version__ = "0.10"


def main():
    print("fo", idna.encode("ä").decode())

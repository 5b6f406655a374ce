from sortedcontainers import SortedSet


def main():
    print("poetry", *SortedSet("cab"))

import idna


def main():
    print("legacy", idna.encode("ä").decode())

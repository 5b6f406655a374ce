import idna


def main():
    print("pdm", idna.encode("ä").decode())

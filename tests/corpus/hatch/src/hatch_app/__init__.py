from importlib.metadata import version


def main():
    from hatch_app.words import GREETING

    print(version("hatch-app"), GREETING)

from importlib.metadata import version

import humanize


def main() -> None:
    print(humanize.ordinal(2), "packaged", version("packaged"))

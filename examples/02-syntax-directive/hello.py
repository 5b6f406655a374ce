"""Says hello, and who says it."""

import os
import platform

__version__ = "1.0.0"


def main() -> None:
    print(f"Hello from Python {platform.python_version()}, user {os.getuid()}")


if __name__ == "__main__":
    main()

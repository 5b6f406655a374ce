import os
import platform

print(f"Hello from Python {platform.python_version()}, time zone {os.environ['TZ']}")

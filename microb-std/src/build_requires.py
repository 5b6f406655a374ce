"""Writes what a build backend needs beyond `[build-system] requires`, one requirement a line.

Arguments: the project's folder, the file to write, the build backend, and its `backend-path` entries joined by ":".
Runs in the environment that has the build requirements, with a network only if the project asks for it.
"""

import importlib
import os
import sys

project, output, backend_name, backend_path = sys.argv[1:5]

os.chdir(project)
sys.path[:0] = [os.path.join(project, entry) for entry in backend_path.split(":") if entry]
module, _, attribute = backend_name.partition(":")
backend = importlib.import_module(module)
for name in filter(None, attribute.split(".")):
    backend = getattr(backend, name)

# The hook is optional, and may print what it likes (PEP 517).
hook = getattr(backend, "get_requires_for_build_wheel", None)
lines = set(hook() or []) if hook else set()
with open(output, "w", encoding="utf-8", newline="\n") as file:
    file.writelines(line + "\n" for line in sorted(lines))

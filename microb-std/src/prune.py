"""Removes files from a virtual environment. Arguments: the environment, and patterns relative to its site-packages."""

import pathlib
import shutil
import sys

environment, *patterns = sys.argv[1:]
folders = sorted(pathlib.Path(environment).glob("lib/py*/site-packages"))
for pattern in patterns:
    found = [path for folder in folders for path in sorted(folder.glob(pattern))]
    if not found:
        sys.exit(f"prune: no file of the environment matches {pattern!r}")
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            continue
        # It may have been below a folder that is gone.
        path.unlink(missing_ok=True)
        if path.suffix == ".py":
            for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
                compiled.unlink()

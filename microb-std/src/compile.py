"""Compiles the modules of a virtual environment. Argument: the environment.

Folders named `tests` are left out: nothing imports them but who tests the package, and they are a third of some images.
"""

import os
import py_compile
import sys
import warnings

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH


def modules(folder):
    """The modules in and below a folder, sorted; a link to nothing is none."""
    for inside, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("tests", "__pycache__"))
        paths = (os.path.join(inside, name) for name in sorted(files) if name.endswith(".py"))
        yield from filter(os.path.isfile, paths)


def compile_all(found):
    for module in found:
        try:
            py_compile.compile(module, doraise=True, invalidation_mode=UNCHECKED)
        except (py_compile.PyCompileError, SyntaxError, UnicodeError):
            # What is no Python, as a template, has no bytecode: that is told when somebody imports it.
            pass


warnings.simplefilter("ignore")
found = list(modules(os.path.join(sys.argv[1], "lib")))
processes = len(os.sched_getaffinity(0))
for n in range(processes):
    if os.fork() == 0:
        compile_all(found[n::processes])
        os._exit(0)
failed = [status for _, status in (os.wait() for _ in range(processes)) if status]
if failed:
    sys.exit(f"compile: a process ended with status {failed[0]}")

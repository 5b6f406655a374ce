"""Compiles the modules of a virtual environment that are not compiled yet. Argument: the environment.

Folders named `tests` are left out: nothing imports them but who tests the package, and they are a third of some images.
"""

import errno
import importlib.util
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


def is_compiled(module):
    try:
        return os.path.getmtime(importlib.util.cache_from_source(module)) >= os.path.getmtime(module)
    except OSError:
        return False


def compile_all(found):
    for module in found:
        try:
            py_compile.compile(module, doraise=True, invalidation_mode=UNCHECKED)
        except (py_compile.PyCompileError, SyntaxError, UnicodeError):
            # What is no Python, as a template, has no bytecode: that is told when somebody imports it.
            pass
        except OSError as error:
            # With the ending of bytecode a name may be too long: Python runs such a module all the same.
            if error.errno != errno.ENAMETOOLONG:
                sys.exit(f"{module} is not compiled: {error.strerror}")


warnings.simplefilter("ignore")
found = [module for module in modules(os.path.join(sys.argv[1], "lib")) if not is_compiled(module)]
processes = min(len(os.sched_getaffinity(0)), len(found))
for n in range(processes):
    if os.fork() == 0:
        compile_all(found[n::processes])
        os._exit(0)
failed = [status for _, status in (os.wait() for _ in range(processes)) if status]
if failed:
    sys.exit(f"compile: a process ended with status {failed[0]}")

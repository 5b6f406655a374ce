"""Copies what differs from an earlier state of a folder, with the folders that it is in.

Arguments: the earlier state, the folder, where to. What is gone is not noticed: a layer above cannot take it away for good.

A module that was changed after it was compiled is compiled again: Python would go on to run what it was before.
"""

import importlib.util
import os
import py_compile
import shutil
import stat
import sys

before, after, output = sys.argv[1:4]

# The flags of bytecode that Python compares with its source, by a hash: PEP 552.
CHECKED = b"\3\0\0\0"


def state(path):
    """What changes when somebody writes to it; of a folder only its mode and owner, since what is in it is looked at too."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    known = info.st_mode, info.st_uid, info.st_gid
    if stat.S_ISDIR(info.st_mode):
        return known
    if stat.S_ISLNK(info.st_mode):
        return known, os.readlink(path)
    return known, info.st_size, info.st_mtime_ns


def is_kept(path):
    """Whether it can be in an image: sockets and pipes belong to a program that has ended."""
    mode = os.lstat(path).st_mode
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def take_owner(source, target):
    info = os.lstat(source)
    os.chown(target, info.st_uid, info.st_gid, follow_symlinks=False)


def make_folder(inside):
    """The same folder in the output, with the modes and owners of all that it is in."""
    target = os.path.join(output, inside)
    if inside and not os.path.isdir(os.path.dirname(target)):
        make_folder(os.path.dirname(inside))
    os.makedirs(target, exist_ok=True)
    take_owner(os.path.join(after, inside), target)
    shutil.copystat(os.path.join(after, inside), target)


def compile_again(module):
    """Renews the bytecode of a changed module, if it has some that the commands left as it was."""
    cached = importlib.util.cache_from_source(module)
    source, known = os.path.join(after, module), os.path.join(after, cached)
    if not os.path.isfile(known) or state(known) != state(os.path.join(before, cached)):
        return
    with open(known, "rb") as file:
        is_checked = file.read(8)[4:] == CHECKED
    mode = py_compile.PycInvalidationMode.CHECKED_HASH if is_checked else py_compile.PycInvalidationMode.UNCHECKED_HASH
    make_folder(os.path.dirname(cached))
    # What is no Python, as a template, has no bytecode: that is told when somebody imports it.
    py_compile.compile(source, os.path.join(output, cached), source, quiet=2, invalidation_mode=mode)


os.makedirs(output)
for folder, folders, files in os.walk(after):
    inside = os.path.relpath(folder, after)
    inside = "" if inside == "." else inside
    for name in sorted(folders + files):
        path = os.path.join(inside, name)
        source, target = os.path.join(after, path), os.path.join(output, path)
        if state(source) == state(os.path.join(before, path)) or not is_kept(source):
            continue
        if os.path.isdir(source) and not os.path.islink(source):
            make_folder(path)
        else:
            make_folder(inside)
            shutil.copy2(source, target, follow_symlinks=False)
            take_owner(source, target)
            if name.endswith(".py") and not os.path.islink(source):
                compile_again(path)

"""Copies what differs from an earlier state of a folder, with the folders that it is in.

Arguments: the earlier state, the folder, where to. What is gone is not noticed: a layer above cannot take it away for good.
"""

import os
import shutil
import stat
import sys

before, after, output = sys.argv[1:4]


def state(path):
    """What changes when somebody writes to it; of a folder only its mode, since what is in it is looked at too."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(info.st_mode):
        return info.st_mode
    if stat.S_ISLNK(info.st_mode):
        return os.readlink(path)
    return info.st_mode, info.st_size, info.st_mtime_ns


def make_folder(inside):
    """The same folder in the output, with the modes of all that it is in."""
    target = os.path.join(output, inside)
    if inside and not os.path.isdir(os.path.dirname(target)):
        make_folder(os.path.dirname(inside))
    os.makedirs(target, exist_ok=True)
    shutil.copystat(os.path.join(after, inside), target)


os.makedirs(output)
for folder, folders, files in os.walk(after):
    inside = os.path.relpath(folder, after)
    inside = "" if inside == "." else inside
    for name in sorted(folders + files):
        path = os.path.join(inside, name)
        source, target = os.path.join(after, path), os.path.join(output, path)
        if state(source) == state(os.path.join(before, path)):
            continue
        if os.path.isdir(source) and not os.path.islink(source):
            make_folder(path)
        else:
            make_folder(inside)
            shutil.copy2(source, target, follow_symlinks=False)

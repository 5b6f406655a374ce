"""Writes the requirements of a project that only its build backend knows, one a line.

Arguments: the project's folder, the file to write, the build backend, its `backend-path` entries joined by ":",
and the chosen extras joined by ",". Runs in the environment that has the build requirements, with a network only if the project asks for it.
"""

import email
import importlib
import os
import re
import sys
import tempfile
import zipfile

project, output, backend_name, backend_path, extras = sys.argv[1:6]
extras = [extra for extra in extras.split(",") if extra]

os.chdir(project)
sys.path[:0] = [os.path.join(project, entry) for entry in backend_path.split(":") if entry]
module, _, attribute = backend_name.partition(":")
backend = importlib.import_module(module)
for name in filter(None, attribute.split(".")):
    backend = getattr(backend, name)

with tempfile.TemporaryDirectory() as folder:
    # A hook may print what it likes; what counts is the file that it writes (PEP 517).
    if hasattr(backend, "prepare_metadata_for_build_wheel"):
        dist_info = backend.prepare_metadata_for_build_wheel(folder)
        with open(os.path.join(folder, dist_info, "METADATA"), encoding="utf-8") as file:
            text = file.read()
    else:
        with zipfile.ZipFile(os.path.join(folder, backend.build_wheel(folder))) as wheel:
            (name,) = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            text = wheel.read(name).decode()

metadata = email.message_from_string(text)
NAME = re.compile(r"[A-Za-z0-9._-]+")
EXTRA = re.compile(r"""extra\s*==\s*(?:"([^"]*)"|'([^']*)')""")


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


own_name = normalized(metadata["Name"])


def chosen(match):
    """A condition that holds, or does not, in place of `extra == "name"`."""
    holds = normalized(match[1] or match[2]) in extras
    return 'python_version >= "0"' if holds else 'python_version < "0"'


def names_extra(requirement):
    return [normalized(a or b) for a, b in EXTRA.findall(requirement)]


requirements = metadata.get_all("Requires-Dist") or []
of_itself = [line for line in requirements if normalized(NAME.match(line)[0]) == own_name]
# An extra that names the project itself means other extras of it, and these may do the same.
grown = True
while grown:
    grown = False
    for line in of_itself:
        conditions = names_extra(line)
        if conditions and not set(conditions) & set(extras):
            continue
        for extra in line.partition("[")[2].partition("]")[0].split(","):
            if normalized(extra.strip()) not in extras:
                extras.append(normalized(extra.strip()))
                grown = True

lines = {EXTRA.sub(chosen, line) for line in requirements if line not in of_itself}
with open(output, "w", encoding="utf-8", newline="\n") as file:
    file.writelines(line + "\n" for line in sorted(lines))

"""Writes which installed packages have shared libraries, for `inspection/packages.rs`: library, tab, package, one a line.

Arguments: the file to write, and the libraries. Runs without network in the image that builds: what was linked there
against a library has the library's package there too, and it is of the same release as the final image.
"""

import os
import sys

DEBIAN = "/var/lib/dpkg/info"
ALPINE = ("/usr/lib/apk/db/installed", "/lib/apk/db/installed")


def owners_debian(wanted):
    for name in sorted(os.listdir(DEBIAN)):
        if not name.endswith(".list"):
            continue
        with open(os.path.join(DEBIAN, name), encoding="utf-8", errors="replace") as file:
            for line in file:
                folder, _, library = line.rstrip("\n").rpartition("/")
                # Not the libraries that a program keeps for itself.
                if library in wanted and folder.count("/") <= 3 and "/lib" in folder:
                    yield library, name[: -len(".list")].partition(":")[0]


def owners_alpine(wanted):
    for path in ALPINE:
        if not os.path.exists(path):
            continue
        package = ""
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("P:"):
                    package = line[2:].strip()
                elif line.startswith("p:"):
                    for provided in line[2:].split():
                        library = provided.partition("=")[0]
                        if library.startswith("so:") and library[3:] in wanted:
                            yield library[3:], package


def owners(wanted):
    found = owners_debian(wanted) if os.path.isdir(DEBIAN) else owners_alpine(wanted)
    return sorted(set(found))


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
        file.writelines("{}\t{}\n".format(*owner) for owner in owners(set(sys.argv[2:])))

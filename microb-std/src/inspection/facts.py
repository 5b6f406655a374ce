"""Writes what is true of a finished image: facts for `inspection/report.rs` to judge, one a line.

Arguments: the file to write, the virtual environment, the folder of the application, whether to look at shared libraries
("libraries" or ""), the project's own name or "", and the words of the image's program. Runs with the image's own interpreter as the image's user,
without network, and imports nothing of the image. Official images have no bytecode of the standard library, so that
`re` and `json` alone would take longer than all of this.

A line is a kind and its fields with tabs between; in a field, backslash, tab and line feed are escaped.
"""

import _ast as ast
import os
import sys
from _frozen_importlib_external import EXTENSION_SUFFIXES, MAGIC_NUMBER, PathFinder
from _imp import source_hash
from struct import error as StructError, unpack_from

MAGIC = int.from_bytes(MAGIC_NUMBER, "little")
CACHE_TAG = "." + sys.implementation.cache_tag + "."
# What musl's loader answers for itself, whatever follows: `load_library` in `ldso/dynlink.c`.
OF_MUSL = ("libc.", "libm.", "libpthread.", "librt.", "libdl.", "libutil.", "libxnet.")

lines = []


def tell(kind, *fields):
    escaped = (str(field).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for field in fields)
    lines.append("\t".join((kind, *escaped)))


def text_of(path):
    """A text file, or nothing where there is none that can be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def names_in(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


# The interpreter.


def tell_environment(venv):
    """The variables of PEP 508, and for which versions the environment has packages."""
    system = os.uname()
    implementation = sys.implementation
    version = implementation.version
    full = ".".join(map(str, version[:3])) + ("" if version[3] == "final" else version[3][0] + str(version[4]))
    python = "{}.{}.{}".format(*sys.version_info[:3])
    if sys.version_info[3] != "final":
        python += ("a" if sys.version_info[3] == "alpha" else "b" if sys.version_info[3] == "beta" else "rc") + str(sys.version_info[4])
    for name, value in (
        ("os_name", os.name),
        ("sys_platform", sys.platform),
        ("platform_machine", system.machine),
        ("platform_python_implementation", {"cpython": "CPython", "pypy": "PyPy"}.get(implementation.name, implementation.name)),
        ("platform_release", system.release),
        ("platform_system", system.sysname),
        ("platform_version", system.version),
        ("python_version", "{}.{}".format(*sys.version_info[:2])),
        ("python_full_version", python),
        ("implementation_name", implementation.name),
        ("implementation_version", full),
    ):
        tell("marker", name, value)
    tell("interpreter", library_folder())
    for name in names_in(venv + "/lib"):
        if os.path.isdir(venv + "/lib/" + name + "/site-packages"):
            tell("environment", name)


def library_folder():
    """What the folder of this interpreter's modules is called, in `lib`; `sysconfig` would take longer to be imported."""
    name = "pypy" if sys.implementation.name == "pypy" else "python"
    is_free_threaded = "t" in getattr(sys, "abiflags", "")
    return "{}{}.{}{}".format(name, *sys.version_info[:2], "t" if is_free_threaded else "")


# What is installed.


def tell_distributions(site):
    for name in names_in(site):
        if not name.endswith(".dist-info"):
            continue
        fields = []
        for line in text_of(site + "/" + name + "/METADATA").split("\n"):
            if not line.strip():
                break
            if line[0] in " \t" and fields:
                fields[-1] += " " + line.strip()
            else:
                fields.append(line.strip())
        found = [field.partition(":") for field in fields]
        first = {key.lower(): value.strip() for key, _, value in reversed(found)}
        tell("distribution", first.get("name", ""), first.get("version", ""), name)
        for key, _, value in found:
            if key.lower() == "requires-dist":
                tell("requires", value.strip())


# Files.


def files_below(folder, seen):
    """All files, with their folders and what is known of them. Links are not followed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        kind = status.st_mode & 0o170000
        if kind == 0o120000:
            seen.add(entry.name)
        elif kind == 0o040000:
            # In a folder with the sticky bit, nobody replaces the files of others.
            if status.st_mode & 0o1002 == 0o002:
                tell("writable", entry.path)
            yield from files_below(entry.path, seen)
        elif kind == 0o100000:
            if status.st_mode & 0o002:
                tell("writable", entry.path)
            seen.add(entry.name)
            yield entry.path, entry.name, status


def tell_bytecode(path, folder, name):
    """Whether compiled code belongs to its source; `unchecked` is what Python runs without asking that."""
    module, tag, _ = name.rpartition(CACHE_TAG)
    if not tag:
        return
    source = os.path.dirname(folder) + "/" + module + ".py"
    try:
        with open(path, "rb") as file:
            header = file.read(16)
        if len(header) < 16 or header[:4] != MAGIC_NUMBER:
            tell("stale", "ignored", source)
            return
        (flags,) = unpack_from("<I", header, 4)
        if flags & 1:
            with open(source, "rb", buffering=0) as file:
                is_old = source_hash(MAGIC, file.read()) != header[8:]
            kind = "ignored" if flags & 2 else "unchecked"
        else:
            status = os.stat(source)
            times = unpack_from("<II", header, 8)
            is_old = times != (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
            kind = "ignored"
    except OSError:
        # Without a source next to it, nobody reads bytecode of this folder.
        return
    if is_old:
        tell("stale", kind, source)


# Shared libraries: ELF, <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>.

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29


class Elf:
    """What a file asks of the loader. `ValueError` for what is no ELF file; others, too, for one that is damaged."""

    def __init__(self, path):
        self.needed, self.folders, self.interpreter = [], [], ""
        # Its class, byte order and machine.
        self.kind = b""
        with open(path, "rb", buffering=0) as file:
            self.read(file, os.path.dirname(path))

    def read(self, file, origin):
        header = file.read(64)
        if header[:4] != b"\x7fELF" or len(header) < 52:
            raise ValueError
        self.kind = header[4:6] + header[18:20]
        is_wide = header[4] == 2
        order = "<" if header[5] == 1 else ">"
        word, size = ("Q", 8) if is_wide else ("I", 4)
        (at,) = unpack_from(order + word, header, 32 if is_wide else 28)
        entry, count = unpack_from(order + "HH", header, 54 if is_wide else 42)
        table = os.pread(file.fileno(), entry * count, at)
        loads, dynamic = [], None
        for start in range(0, len(table) - entry + 1, entry):
            (kind,) = unpack_from(order + "I", table, start)
            if is_wide:
                offset, address, _, length = unpack_from(order + "4Q", table, start + 8)
            else:
                offset, address, _, length = unpack_from(order + "4I", table, start + 4)
            if kind == PT_LOAD:
                loads.append((address, length, offset))
            elif kind == PT_DYNAMIC:
                dynamic = os.pread(file.fileno(), length, offset)
            elif kind == PT_INTERP:
                self.interpreter = os.pread(file.fileno(), length, offset).rstrip(b"\0").decode()
        if not dynamic:
            return
        entries = []
        for start in range(0, len(dynamic) - 2 * size + 1, 2 * size):
            key, value = unpack_from(order + word * 2, dynamic, start)
            if key == 0:
                break
            entries.append((key, value))
        strings = dict(entries).get(DT_STRTAB, 0)
        base = next((offset - address for address, length, offset in loads if address <= strings < address + length), 0)

        def string(at):
            return os.pread(file.fileno(), 4096, base + strings + at).partition(b"\0")[0].decode(errors="replace")

        for key, value in entries:
            if key == DT_NEEDED:
                self.needed.append(string(value))
            elif key in (DT_RPATH, DT_RUNPATH):
                for folder in string(value).split(":"):
                    self.folders.append(folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin))


def elf_of(path):
    """What a file asks of the loader; nothing for one that cannot be read, and for what is no ELF file, or a broken one."""
    try:
        return Elf(path)
    except (OSError, ValueError, OverflowError, MemoryError, StructError):
        return None


class System:
    """The libraries of the distribution, as its loader finds them."""

    def __init__(self):
        own = elf_of(sys.executable)
        # That of what it loads; nothing if that is not known.
        self.kind = own and own.kind
        loaders = [name for name in names_in("/lib") if name.startswith("ld-musl-")]
        self.is_musl = bool(loaders)
        self.cache = b""
        self.folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
        if self.is_musl:
            written = text_of("/etc/" + loaders[0].replace(".so.1", ".path"))
            self.folders += written.replace(":", "\n").split() or ["/lib", "/usr/local/lib", "/usr/lib"]
            return
        multiarch = getattr(sys.implementation, "_multiarch", "")
        for folder in ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32", "/usr/lib32"):
            self.folders += [folder + "/" + multiarch, folder] if multiarch else [folder]
        try:
            with open("/etc/ld.so.cache", "rb") as file:
                self.cache = file.read()
        except OSError:
            pass

    def loads(self, elf):
        """Whether a file is meant for this system at all: packages bring files for several."""
        if self.is_musl and "libc.so.6" in elf.needed:
            return False
        return self.kind in (None, elf.kind)

    def has(self, name):
        if self.is_musl and name.startswith(OF_MUSL):
            return True
        return any(os.path.exists(folder + "/" + name) for folder in self.folders) or self.is_cached(name)

    def is_cached(self, name):
        """Whether `ldconfig` found it in a folder of `/etc/ld.so.conf`, and it is still there."""
        at = self.cache.find(b"/" + name.encode() + b"\0")
        if at < 0:
            return False
        start = self.cache.rfind(b"\0", 0, at) + 1
        return os.path.exists(os.fsdecode(self.cache[start:at]) + "/" + name)


def is_library(name):
    stem, dot, _ = name.partition(".so.")
    return name.endswith(".so") or (dot and bool(stem))


def module_name(name):
    """By what name this interpreter would import a file; nothing if it would not. What begins with `lib` is loaded by something else."""
    suffix = next((suffix for suffix in EXTENSION_SUFFIXES if name.endswith(suffix)), "")
    stem = name[: len(name) - len(suffix)]
    # One with a dot is a variant that its package chooses.
    return stem if suffix and stem.isidentifier() and not (suffix == ".so" and stem.startswith("lib")) else ""


def tell_missing_libraries(elves, seen, program, site):
    """`module` is what fails as soon as it is imported or run, `library` what something may load."""
    system, known = System(), {}

    def is_missing(name, elf):
        if name not in known:
            # What another package has is found once that is loaded.
            known[name] = name in seen or system.has(name)
        return not known[name] and not any(os.path.exists(folder + "/" + name) for folder in elf.folders)

    elves = {path: elf for path, elf in elves.items() if system.loads(elf)}
    missing = {}
    for path, elf in elves.items():
        names = [name for name in elf.needed if "/" not in name and is_missing(name, elf)]
        if names:
            missing[path] = names
    if not missing:
        return
    broken = broken_files(elves, missing)
    owners = owners_of(elves, site)
    needed = needed_files(elves, broken, owners, program, site)
    # What a package loads by name may be one of several: where one works, the package does without the others.
    working = {owners.get(path) for path in elves if path not in broken and ".libs/" not in path}
    for path, names in sorted(missing.items()):
        owner = owners.get(path, "")
        if path in needed or not owner or owner not in working:
            for name in names:
                tell("library", "module" if path in needed else "library", path, name, owner)


def broken_files(elves, missing):
    """What does not load, since it or what it is linked against lacks a library."""
    users = {}
    for path, elf in elves.items():
        for name in elf.needed:
            users.setdefault(name, []).append(path)
    broken = dict.fromkeys(missing)
    found = list(missing)
    for path in found:
        for user in users.get(os.path.basename(path), ()):
            if user not in broken:
                broken[user] = None
                found.append(user)
    return broken


def needed_files(elves, broken, owners, program, site):
    """The broken files without which a module cannot be imported or the program not run."""
    by_name, variants = {}, {}
    for path in elves:
        by_name.setdefault(os.path.basename(path), []).append(path)
        variants.setdefault(variant_of(path), []).append(path)
    reached = []
    for path in broken:
        name = module_name(os.path.basename(path))
        is_one_of_several = len(variants[variant_of(path)]) > 1
        if path == program or name and not is_one_of_several:
            owner = owners.get(path)
            module = ".".join([*os.path.dirname(path)[len(site) + 1 :].split("/"), name]).lstrip(".")
            if path == program or not owner or not is_optional(module, owner, site):
                reached.append(path)
    needed = set(reached)
    for path in reached:
        for name in elves[path].needed:
            for other in by_name.get(name, ()):
                if other not in needed:
                    needed.add(other)
                    reached.append(other)
    return needed


def variant_of(path):
    """What variants of one module for several versions of a library have in common: all but their numbers."""
    return "".join(letter for letter in path if not letter.isdigit())


def is_optional(module, owner, site, asked=()):
    """Whether the package that has a module imports it only where it does without: in a function, within `try`, by a name in a
    text, or in a module that is imported like that itself."""
    found, importers = set(), []
    for source in recorded(site, owner):
        text = text_of(source) if source.endswith(".py") else ""
        if module.rpartition(".")[2] in text:
            importer = source[len(site) + 1 : -len(".py")].split("/")
            ways = imports_of(module, text, importer)
            found |= ways
            if "elsewhere" in ways:
                importers.append(".".join(importer))
    if "always" in found or not found or module in asked:
        return False
    return "sometimes" in found or all(is_optional(one, owner, site, (*asked, module)) for one in importers)


def imports_of(module, text, names):
    """How a source imports a module: `always`, `sometimes`, or `elsewhere` than in an `__init__.py`. `names` is its path."""
    found = set()

    def note(is_certain, *modules):
        if module in modules:
            certain = "always" if names[-1] == "__init__" else "elsewhere"
            found.add(certain if is_certain else "sometimes")

    def visit(node, is_certain):
        if isinstance(node, ast.Import):
            note(is_certain, *(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            above = names[: len(names) - node.level] if node.level else []
            base = ".".join(above + (node.module.split(".") if node.module else []))
            note(is_certain, base, *(base + "." + alias.name for alias in node.names))
        elif isinstance(node, ast.Constant):
            note(False, node.value if "." in module else None)
        elif isinstance(node, ast.Try) and node.handlers:
            for child in children_of(node):
                visit(child, False)
        else:
            is_later = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for child in children_of(node):
                visit(child, is_certain and not is_later)

    tree = parsed(text)
    if tree is not None:
        visit(tree, True)
    return found


def parsed(text):
    """The syntax tree of a source, or nothing for what is none. The module `ast` would take longer to be imported than this."""
    try:
        return compile(text, "source", "exec", ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def children_of(node):
    for name in node._fields:
        value = getattr(node, name, None)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def recorded(site, folder):
    """The files of a package, as its RECORD says."""
    lines = text_of(site + "/" + folder + "/RECORD").split("\n")
    return [os.path.normpath(site + "/" + line.partition(",")[0]) for line in lines]


def owners_of(paths, site):
    """The packages that have these files."""
    owners = {}
    for name in names_in(site):
        if name.endswith(".dist-info"):
            owners.update((path, name) for path in recorded(site, name) if path in paths)
    return owners


# The program.


def own_files(site, own):
    """The files of the project's own wheel."""
    for name in names_in(site):
        stem = name[: -len(".dist-info")].rpartition("-")[0]
        if own and name.endswith(".dist-info") and stem.lower().replace("_", "-").replace(".", "-") == own:
            return set(recorded(site, name))
    return set()


class Modules:
    """Where Python would find modules, without importing any; and which of them are the project's own."""

    def __init__(self, site, application, venv, own):
        self.application, self.venv = application, venv
        self.own = own_files(site, own)
        self.path = [folder for folder in os.environ.get("PYTHONPATH", "").split(":") if folder]
        self.path += [site, *sys.path]
        self.is_certain = True
        # What the program starts with: a module or a file, and the folders that come first.
        self.first = None
        # Whether the module that was found last is one, and its file.
        self.is_package = False
        self.file = ""
        for name in names_in(site):
            if not name.endswith(".pth"):
                continue
            for line in text_of(site + "/" + name).split("\n"):
                if line.startswith(("import ", "import\t")):
                    # Such a line may make modules out of anything; that of setuptools makes none.
                    self.is_certain = self.is_certain and name == "distutils-precedence.pth"
                elif line.strip() and line[0] != "#":
                    self.path.append(os.path.join(site, line.strip()))

    def has(self, name, before=()):
        """`before` are the folders that come first."""
        self.is_package, self.file = False, ""
        if name.partition(".")[0] in sys.builtin_module_names or not self.is_certain:
            return True
        found = self.specs(name, before)
        if found[-1] is None:
            return False
        self.is_package = found[-1].submodule_search_locations is not None
        self.file = found[-1].origin or ""
        return True

    def is_own(self, path):
        inside = path.startswith(self.application + "/") and not path.startswith(self.venv + "/")
        return inside or path in self.own

    def own_names(self):
        """The names that the project's own modules have for a program that starts here, of a package for its `__main__.py`."""
        files = set(self.own)
        for folder, folders, names in os.walk(self.application):
            folders[:] = [name for name in folders if name.isidentifier() and folder + "/" + name != self.venv]
            files.update(folder + "/" + name for name in names)
        found = set()
        for file in files:
            roots = [root for root in (os.getcwd(), *self.path) if file.startswith(root + "/")]
            parts = file[len(max(roots, key=len, default="")) + 1 : -len(".py")].split("/")
            if roots and file.endswith(".py") and all(part.isidentifier() for part in parts) and parts[-1] != "__init__":
                found.add(".".join(parts[:-1] if parts[-1] == "__main__" else parts))
        return sorted(name for name in found if name)

    def specs(self, name, before=()):
        """What is known of the packages around a module and of itself; None at the end, for the first one that is not there."""
        path, found = [*before, *self.path], []
        for part in name.split("."):
            # By its last name: with dots, the finder would want what is above to be imported.
            spec = PathFinder.find_spec(part, path)
            found.append(spec)
            if spec is None:
                break
            path = list(spec.submodule_search_locations or ())
        return found


def which(word):
    """The file that the engine would start, or nothing."""
    if "/" in word:
        return word if os.path.isfile(word) else None
    for folder in os.environ.get("PATH", "").split(":"):
        path = os.path.join(folder, word)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def function_of(site, script):
    """`module:function` that a script calls, if a package says so."""
    for name in names_in(site):
        if not name.endswith(".dist-info"):
            continue
        section = ""
        for line in text_of(site + "/" + name + "/entry_points.txt").split("\n"):
            key, equals, value = line.partition("=")
            if line.startswith("["):
                section = line.strip()
            elif section == "[console_scripts]" and equals and key.strip() == script:
                return value.partition("[")[0].strip()
    return ""


def names_of(code):
    """The names and texts that stand anywhere in code; None if it may have any, as with `from x import *` or a module that
    puts something else in its place, `sys.modules[__name__] = …`."""
    names = set(code.co_names)
    if {"modules", "__name__"} <= names:
        return None
    for constant in code.co_consts:
        if isinstance(constant, tuple) and "*" in constant:
            return None
        if isinstance(constant, str):
            names.add(constant)
        elif hasattr(constant, "co_names"):
            below = names_of(constant)
            if below is None:
                return None
            names |= below
    return None if "__getattr__" in names else names


def tell_function(modules, module, function):
    """A function that a module cannot have, since its name is nowhere in it: `function`, and what the module itself names."""
    name = function.partition(".")[0]
    file = modules.file
    if not name or not file.endswith(".py") or modules.has(module + "." + name):
        return
    try:
        with open(file, "rb") as source:
            code = compile(source.read(), file, "exec")
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    names = names_of(code)
    if names is not None and name not in names:
        own = [known for known in code.co_names if not known.startswith("_")]
        tell("program", "function", module, name, *own)


# Where one of these is named, modules may be found elsewhere, or be made by what runs.
FINDERS = ("__path__", "addsitedir", "meta_path", "path_hooks", "sys.modules", "sys.path")
# Where one of these is, a package may have names that do not stand there.
DYNAMIC = ("__getattr__", "exec(", "globals(", "import *", "setattr(", "vars(")
# Who imports one of these can import what is no module of Python.
BRIDGES = ("clr", "findspark", "hy", "jpype", "pyximport", "wasmtime")


# Of a larger program, the first modules are read.
MAX_FILES = 200


def scanned(text, is_main):
    """The imports that a source may have outside of all blocks, and of the main module in these too, as `parsed_imports` gives them
    but for the lines; also those of its texts, and without some that are written in an unusual way. Syntax trees would take
    twenty times as long."""
    if is_main:
        text = "\n".join(line.lstrip() for line in text.split("\n"))
    text = "\n" + text
    at = text.find("\nimport ")
    while at >= 0:
        end = (text.find("\n", at + 1) + 1 or len(text) + 1) - 1
        for part in text[at + len("\nimport ") : end].partition("#")[0].partition(";")[0].split(","):
            yield 0, 0, part.partition(" as ")[0].strip(), ()
        at = text.find("\nimport ", end)
    at = text.find("\nfrom ")
    while at >= 0:
        end = (text.find("\n", at + 1) + 1 or len(text) + 1) - 1
        module, _, names = text[at + len("\nfrom ") : end].partition(" import ")
        if "(" in names:
            end = max(end, text.find(")", at))
            names = text[at:end].partition("(")[2]
        lines = (line.partition("#")[0].partition(";")[0] for line in names.split("\n"))
        names = (name.partition(" as ")[0].strip() for line in lines for name in line.split(","))
        name = module.strip().lstrip(".")
        yield 0, len(module.strip()) - len(name), name, [name for name in names if name.isidentifier()]
        at = text.find("\nfrom ", end)


def parsed_imports(text, is_main):
    """The imports that are made whenever a module is imported, or run: the line, how many packages further up, the module, and the
    names that are imported from it. `from` something there may be no module but names."""
    tree = parsed(text)
    bodies = [tree.body] if tree is not None else []
    for body in bodies:
        for node in body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, 0, alias.name, ()
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.level, node.module or "", [alias.name for alias in node.names]
            elif isinstance(node, ast.If) and is_main and is_main_guard(node.test):
                bodies.append(node.body)
            elif isinstance(node, ast.Raise):
                break


class Imports:
    """What the modules of the project import as soon as the program starts, whatever happens: nothing that stands in a function,
    in a branch or in what may go on without it. None is imported."""

    def __init__(self, modules, imports_of):
        self.modules, self.imports_of = modules, imports_of
        self.first, self.before, self.is_main = modules.first
        self.is_certain = True
        # The files to read, each with its package and whether it is the main module.
        self.files, self.seen = [], set()
        self.known, self.texts, self.missing = {}, {}, []

    def read(self):
        """Reads what the program starts with, and what that imports."""
        for name in ("sitecustomize", "usercustomize"):
            spec = self.specs(name)[-1]
            self.look_for_finders(self.text(spec.origin) if spec and spec.origin else "")
        if "/" in self.first:
            self.file(self.first, [], True)
        else:
            self.module(self.first)
        for number, (path, package, is_main) in enumerate(self.files):
            if number == MAX_FILES:
                return
            text = self.text(path)
            self.look_for_finders(text)
            for line, level, name, names in self.imports_of(text, is_main):
                if not self.is_certain:
                    return
                above = package[: len(package) - level + 1] if level else []
                # Above the outermost package there is none.
                if level <= len(package) and (name or above):
                    self.imported(".".join(above + [name] * bool(name)), names, path, line)

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = text_of(path)
        return self.texts[path]

    def look_for_finders(self, text):
        if any(word in text for word in FINDERS):
            self.is_certain = False

    def specs(self, name):
        if name not in self.known:
            around, _, last = name.rpartition(".")
            found = self.specs(around) if around else []
            if not around:
                found = self.modules.specs(last, self.before)
            elif found[-1] is not None:
                found = [*found, PathFinder.find_spec(last, list(found[-1].submodule_search_locations or ()))]
            self.known[name] = found
        return self.known[name]

    def file(self, path, package, is_main):
        if path.endswith(".py") and path not in self.seen and self.modules.is_own(path):
            self.seen.add(path)
            self.files.append((path, package, is_main))

    def module(self, name):
        """Adds a module and the packages around it to what is read, as far as they are the project's; what there is not of it, or
        nothing."""
        parts = name.split(".")
        if parts[0] in sys.builtin_module_names or parts[0] == "__main__":
            return None
        specs = self.specs(name)
        for number, spec in enumerate(specs):
            if spec is not None:
                is_package = spec.submodule_search_locations is not None
                package = parts[: number + 1] if is_package else parts[:number]
                self.file(spec.origin or "", package, self.is_main and name == self.first and number == len(parts) - 1)
            elif number == 0:
                # That of setuptools is found by a hook of its own.
                is_hooked = name.startswith("distutils") and self.specs("_distutils_hack")[-1] is not None
                return None if is_hooked else parts[0]
            else:
                around = specs[number - 1]
                # A package of others may make modules.
                is_plain = around.submodule_search_locations is not None and around.origin is None
                return ".".join(parts[: number + 1]) if is_plain or self.modules.is_own(around.origin or "") else None
        return None

    def imported(self, module, names, path, line):
        if not all(part.isidentifier() for part in module.split(".")):
            return
        if module.partition(".")[0] in BRIDGES or module == "sys" and ("path" in names or "modules" in names):
            self.is_certain = False
        for name in (module, *(module + "." + name for name in names if self.is_module(module, name))):
            missing = self.module(name)
            if missing:
                self.missing.append((path, line, missing, self.text(path)))
                return

    def is_module(self, base, name):
        """Whether `from base import name` can mean a module only: nothing in a package of the project has this name."""
        around = self.specs(base)[-1]
        if around is None or around.submodule_search_locations is None or name == "*" or name.startswith("__"):
            return False
        if around.origin is None:
            return True
        text = self.text(around.origin) if self.modules.is_own(around.origin) and around.origin.endswith(".py") else name
        return not any(word in text for word in (name, *DYNAMIC))


def is_main_guard(test):
    """`__name__ == "__main__"`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Name) or test.left.id != "__name__":
        return False
    is_equal = len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)
    return is_equal and getattr(test.comparators[0], "value", "") == "__main__"


def tell_imports(modules):
    """Imports of the project's own modules that fail as soon as the program starts: `import`, the file, the line, what there is
    not, and the text of the file."""
    if modules.first is None or not modules.is_certain:
        return
    for imports_of in (scanned, parsed_imports):
        imports = Imports(modules, imports_of)
        imports.read()
        if not imports.is_certain or not imports.missing:
            return
    for fields in sorted(imports.missing):
        tell("import", *fields)


def tell_program(argv, venv, site, application, own):
    """What is wrong with the program: `missing`, `forbidden`, `interpreter`, `module`, `function`, `main` or `file`, and what that is
    about; for what is missing, the names of the project's own modules."""
    if not argv:
        return None
    modules = Modules(site, application, venv, own)
    path = which(argv[0])
    if path is None:
        return tell("program", "missing", argv[0], *modules.own_names())
    if not os.access(path, os.X_OK):
        return tell("program", "forbidden", path)
    interpreter = interpreter_of(path)
    if interpreter and which(interpreter) is None:
        return tell("program", "interpreter", path, interpreter)
    if os.path.dirname(path) == venv + "/bin":
        module, _, function = function_of(site, os.path.basename(path)).partition(":")
        module = module.strip()
        if module and not modules.has(module):
            return tell("program", "module", module, *modules.own_names())
        if module:
            modules.first = module, [], False
            tell_function(modules, module, function.strip())
    name = os.path.basename(path)
    if is_python(name):
        tell_python(argv[1:], modules)
    else:
        tell_object(name, argv[1:], modules)
    tell_imports(modules)
    return path


# Servers that are given `module:object`, and programs that have an option for it.
SERVERS = ("daphne", "granian", "gunicorn", "hypercorn", "sanic", "uvicorn", "waitress-serve")
OPTIONS = {"celery": ("--app", "-A"), "flask": ("--app", "-A")}
# Options that say where modules are, too.
ELSEWHERE = ("--app-dir", "--chdir", "--config", "-c", "--pythonpath", "--workdir", "--working-dir")


def tell_object(name, words, modules):
    """Looks for the module of the app that a server or a worker is told to run. None is imported."""
    if any(word.partition("=")[0] in ELSEWHERE for word in words):
        return
    if name in SERVERS:
        found = [word for word in words if not word.startswith("-") and ":" in word]
    else:
        options, found = OPTIONS.get(name, ()), []
        for number, word in enumerate(words):
            option, equals, value = word.partition("=")
            if option in options:
                found += [value] if equals else words[number + 1 : number + 2]
    for word in found:
        module, colon, name = word.partition(":")
        # Addresses and files are none.
        parts = module.split(".") + [name.partition("(")[0].partition(".")[0]] * bool(colon)
        if all(part.isidentifier() for part in parts) and not os.path.exists(module):
            if modules.has(module, [os.getcwd()]):
                modules.first = module, [os.getcwd()], False
            else:
                tell("program", "module", module, *modules.own_names())
            return


def interpreter_of(path):
    """What runs a program, or nothing: the word of its first line, else the loader."""
    try:
        with open(path, "rb") as file:
            start = file.read(512)
    except OSError:
        # One may run what one may not read.
        return ""
    if start[:2] != b"#!":
        elf = elf_of(path)
        return elf.interpreter if elf else ""
    words = os.fsdecode(start[2:].partition(b"\n")[0]).split()
    if not words or os.path.basename(words[0]) != "env":
        return words[0] if words else ""
    words = iter(words[1:])
    for word in words:
        if word in ("-u", "--unset", "-C", "--chdir"):
            next(words, None)
        elif not word.startswith("-") and "=" not in word:
            return word
    return ""


def is_python(name):
    """`python`, `python3`, `python3.13`, `python3.13t`."""
    version = name[len("python") :].replace(".", "")
    return name.startswith("python") and (not version or version.rstrip("t").isdigit())


def tell_python(words, modules):
    """Looks for what the interpreter is told to run."""
    here = [os.getcwd()]
    while words:
        word, words = words[0], words[1:]
        if word == "-m" and words:
            tell_object(words[0], words[1:], modules)
            if not modules.has(words[0], here):
                tell("program", "module", words[0], *modules.own_names())
            elif not modules.is_package:
                modules.first = modules.first or (words[0], here, True)
            elif modules.has(words[0] + ".__main__", here):
                modules.first = modules.first or (words[0] + ".__main__", here, True)
            else:
                tell("program", "main", words[0], *modules.own_names())
            return
        if word in ("-X", "-W") and words:
            words = words[1:]
        elif not word.startswith("-"):
            if os.path.isfile(word):
                file = os.path.realpath(word)
                modules.first = file, [os.path.dirname(file)], True
            elif not os.path.exists(word):
                tell("program", "file", word)
            return
        elif "c" in word or "m" in word:
            return


def tell_all(venv, application, wants_libraries, own, argv):
    site = venv + "/lib/" + library_folder() + "/site-packages"
    tell_environment(venv)
    tell_distributions(site)
    elves, seen = {}, set()
    for path, name, _ in files_below(application, seen):
        if name.endswith(".pyc"):
            folder = os.path.dirname(path)
            if folder.endswith("/__pycache__"):
                tell_bytecode(path, folder, name)
        elif wants_libraries and (is_library(name) or path.startswith(venv + "/bin/")):
            # The first suffix is the interpreter's own.
            if ".cpython-" not in name or name.endswith(EXTENSION_SUFFIXES[0]):
                elf = elf_of(path)
                if elf is not None:
                    elves[path] = elf
    program = tell_program(argv, venv, site, application, own)
    if wants_libraries:
        if program is not None and program not in elves:
            elf = elf_of(program)
            if elf is not None:
                elves[program] = elf
        tell_missing_libraries(elves, seen, program, site)


if __name__ == "__main__":
    report, venv, application, libraries, own = sys.argv[1:6]
    try:
        tell_all(venv, application, libraries == "libraries", own, sys.argv[6:])
    except Exception as error:
        # A mistake of this program is none of the image.
        sys.excepthook(type(error), error, error.__traceback__)
        tell("failed", type(error).__name__, error)
    with open(report, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)

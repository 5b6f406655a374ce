"""Evaluates what a tool exported for one platform and interpreter, with PyPA's `packaging`. Started by generate.py."""

import json
import re
import sys
import tomllib
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.pylock import Pylock
from packaging.tags import cpython_tags, compatible_tags
from packaging.utils import canonicalize_name
from packaging.version import Version

MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}


def environment(question):
    full = question["python"]
    minor = ".".join(full.split(".")[:2])
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": MACHINES[question["platform"]],
        "platform_release": "6.1.0",
        "platform_system": "Linux",
        "platform_version": "#1 SMP",
        "platform_python_implementation": "CPython",
        "python_full_version": full,
        "python_version": minor,
        "sys_platform": "linux",
    }


def short(hashes):
    """Hashes of any kind as `ALGORITHM:` and twelve digits, sorted, each once."""
    cut = {f"{algorithm}:{digest[:12]}" for algorithm, digest in (one.split(":") for one in hashes)}
    return "".join(f" {one}" for one in sorted(cut))


def lines(text):
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield line


def of_requirements(asked):
    env = environment(asked["question"])
    folder = asked["folder"]
    out = set()
    for line in lines(asked["text"]):
        hashes = re.findall(r"--hash[=\s]([a-z0-9]+:[0-9a-f]+)", line)
        line = re.sub(r"\s*--hash[=\s]\S+", "", line).strip()
        if line.startswith(("-i", "--index-url", "--extra-index-url", "--trusted-host", "--find-links")):
            continue
        line = re.sub(r"^(-e|--editable)\s*", "", line)
        wanted, _, marker = line.partition(";") if "://" not in line else line.partition(" ;")
        if marker.strip() and not Marker(marker.strip()).evaluate({**env, "extra": ""}):
            continue
        out.add(entry(wanted.strip(), hashes, folder))
    return sorted(out - {None})


def entry(wanted, hashes, folder):
    """One package: `name==version`, `name @ git+url@commit`, `name @ url`, `./path`."""
    name, at, url = wanted.partition("@")
    name = canonicalize_name(re.sub(r"\[.*\]", "", name).strip())
    if not at or wanted.startswith((".", "file:", "git+")) or "://" in wanted.split("@")[0]:
        if wanted.startswith(("git+",)):
            match = re.search(r"#egg=([\w.-]+)", wanted)
            return repository(canonicalize_name(match[1]) if match else "?", wanted)
        if wanted.startswith(("http://", "https://")):
            # A URL without a name: the file has it.
            file = unquote(wanted.split("#")[0].rsplit("/", 1)[1])
            name = canonicalize_name(re.split(r"-\d", file)[0])
            return f"{name} @ {wanted.split('#')[0]}{short(hashes)}"
        if wanted.startswith((".", "file:", "/")) or "==" not in wanted:
            return path(wanted, hashes, folder)
        name, _, version = wanted.partition("==")
        name = canonicalize_name(re.sub(r"\[.*\]", "", name).strip())
        return f"{name}=={Version(version.strip())}{short(hashes)}"
    url = url.strip()
    if url.startswith("git+"):
        return repository(name, url)
    if url.startswith("file:") or "://" not in url:
        return path(url, hashes, folder)
    fragment = url.partition("#")[2]
    match = re.search(r"(sha256)=([0-9a-f]+)", fragment)
    if match:
        hashes = [*hashes, f"{match[1]}:{match[2]}"]
    return f"{name} @ {url.split('#')[0]}{short(hashes)}"


def repository(name, url):
    url, _, fragment = url.partition("#")
    sub = re.search(r"subdirectory=([^&]+)", fragment)
    # The name is only where the exporting tool writes it.
    base, _, commit = url.rpartition("@")
    base = re.sub(r"\.git$", "", base)
    return f"{name} @ {base}@{commit}" + (f"#subdirectory={sub[1]}" if sub else "")


def path(text, hashes, folder):
    text = unquote(re.sub(r"^file:(//)?", "", text)).split("#")[0]
    text = re.sub(r"\[.*\]$", "", text).strip()
    if text.startswith(folder):
        text = text[len(folder):].lstrip("/")
    text = text.removeprefix("./").rstrip("/")
    if text in ("", "."):
        return None
    # Tools disagree about hashes of files; that the file is named is what counts.
    return f"./{text}"


def of_pylock(asked):
    question = asked["question"]
    env = environment(question)
    major, minor = question["python"].split(".")[:2]
    machine = env["platform_machine"]
    platforms = [f"manylinux_2_{n}_{machine}" for n in range(40, 4, -1)] + [f"manylinux2014_{machine}", f"linux_{machine}"]
    version = (int(major), int(minor))
    tags = [*cpython_tags(version, platforms=platforms), *compatible_tags(version, f"cp{major}{minor}", platforms)]
    with open(asked["lock"], "rb") as file:
        lock = Pylock.from_dict(tomllib.load(file))
    groups = None
    if question.get("groups"):
        groups = {*(lock.default_groups or []), *question["groups"]}
    chosen = lock.select(environment=env, tags=tags, extras=question.get("extras", []), dependency_groups=groups)
    out = set()
    for package, _ in chosen:
        files = [*(package.wheels or []), *([package.sdist] if package.sdist else [])]
        hashes = [f"{a}:{d}" for one in files for a, d in one.hashes.items()]
        if package.vcs:
            base = package.vcs.url.removeprefix("git+")
            out.add(repository(package.name, f"git+{base}@{package.vcs.commit_id}" + (f"#subdirectory={package.vcs.subdirectory}" if package.vcs.subdirectory else "")))
        elif package.directory:
            out.add(path(package.directory.path, [], asked["folder"]))
        elif package.archive:
            archive = package.archive
            if archive.path:
                out.add(path(archive.path, [], asked["folder"]))
            else:
                out.add(f"{package.name} @ {archive.url}{short(f'{a}:{d}' for a, d in archive.hashes.items())}")
        else:
            out.add(f"{package.name}=={package.version}{short(hashes)}")
    return sorted(out - {None})


def main():
    asked = json.load(sys.stdin)
    found = of_pylock(asked) if asked["kind"].startswith("pylock") else of_requirements(asked)
    sys.stdout.writelines(f"{line}\n" for line in found)


main()

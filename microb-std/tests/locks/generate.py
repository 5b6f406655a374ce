"""Makes the lock files of `cases/` with the tools themselves, and what the tools export of each.

    python3 generate.py lock [CASE…]      writes lock files anew, with today's releases, then exports
    python3 generate.py export [CASE…]    exports anew from the lock files that are there

A case is a folder with a `pyproject.toml`, a lock file, and one `….expected` for each question that is put to the
lock: the first line of that is the question, the second the command that was run, then follow the packages that a
tool would install for it, sorted. Of each hash the first twelve digits are kept.

The answers are never microb's: the tool of the lock's own format exports, and PyPA's `packaging` evaluates the
markers of what it exported for the platform and the interpreter in question. For pylock.toml, `packaging` is the
reference itself (pip installs with it).

Tools are installed into `$LOCK_TOOLS`, or `~/.cache/microb-lock-tools`. Needs git, the network, and Python 3.10 or newer.
"""

import hashlib
import http.server
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import venv
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ.get("LOCK_TOOLS", Path.home() / ".cache/microb-lock-tools"))
VERSIONS = {
    "uv": ["uv==0.13.9"],
    "poetry": ["poetry==2.5.1", "poetry-plugin-export==1.10.1"],
    "poetry18": ["poetry==1.8.5"],
    "poetry12": ["poetry==1.2.2"],
    "pdm": ["pdm==2.26.2", "unearth==0.17.5"],
    "pipenv": ["pipenv==2026.10.3"],
    "judge": ["packaging==26.3", "pip==26.3"],
}
# An index of our own, for packages that come from another place than PyPI.
INDEX_PORT = 8765
INDEX = f"http://127.0.0.1:{INDEX_PORT}/simple"
IDNA_WHEEL = (
    "https://files.pythonhosted.org/packages/e5/3e/741d8c82801c347547f8a2a06aa57dbb1992be9e948df2ea0eda2c8b79e8/"
    "idna-3.7-py3-none-any.whl"
)
SIX_SDIST = (
    "https://files.pythonhosted.org/packages/71/39/171f1c67cd00715f190ba0b100d606d440a28c93c7714febeca8b79af85e/"
    "six-1.16.0.tar.gz"
)


def tool(name, program=None):
    """The program of a tool, which is installed first if it is not there."""
    folder = TOOLS / name
    if not folder.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", *VERSIONS[name]], check=True)
    return str(folder / "bin" / (program or name))


def run(argv, cwd, env):
    done = subprocess.run(argv, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, argv))}\n{done.stdout}{done.stderr}")
    return done.stdout


def wheel(name, version, requires=()):
    """The bytes of a wheel, always the same."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: generate\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def pyproject(name, version, *dependencies, flit=True):
    listed = json.dumps(dependencies)
    text = f'[project]\nname = "{name}"\nversion = "{version}"\ndescription = "d"\nrequires-python = ">=3.9"\ndependencies = {listed}\n'
    if flit:
        text += '[build-system]\nrequires = ["flit_core>=3.2"]\nbuild-backend = "flit_core.buildapi"\n'
    return text


def world(base):
    """A git server, an index and an environment for tools that knows them."""
    repository = base / "repositories/demo"
    (repository / "sub").mkdir(parents=True)
    (repository / "pyproject.toml").write_text(pyproject("demo", "0.3", "attrs"))
    (repository / "demo.py").write_text('"""Demo"""\n')
    (repository / "sub/pyproject.toml").write_text(pyproject("demo-sub", "0.1", "six"))
    (repository / "sub/demo_sub.py").write_text('"""Demo"""\n')
    date = "2020-01-01T00:00:00Z"
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": str(base / "gitconfig"),
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "HOME": str(base / "home"),
        "POETRY_VIRTUALENVS_CREATE": "false",
        "POETRY_SYSTEM_GIT_CLIENT": "true",
        "POETRY_EXPERIMENTAL_SYSTEM_GIT_CLIENT": "true",
        "PDM_CHECK_UPDATE": "false",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_NOSPIN": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": str(base / "uv-cache"),
        "NO_COLOR": "1",
    }
    for key in ("PIP_FIND_LINKS", "VIRTUAL_ENV"):
        env.pop(key, None)
    (base / "home").mkdir()
    (base / "gitconfig").write_text(
        f'[user]\n name = x\n email = x@example.org\n[url "file://{base}/repositories/"]\n'
        ' insteadOf = https://git.example/\n[protocol "file"]\n allow = always\n'
    )
    for words in (["init", "-q", "-b", "main", "."], ["add", "-A"], ["commit", "-qm", "one"], ["tag", "v0.3"]):
        run(["git", *words], repository, env)
    serve(base / "index")
    return env


def serve(root):
    for name, version, requires in [("alpha", "1.0", ["six"]), ("alpha", "1.1", ["six"]), ("beta", "2.0+local", [])]:
        folder = root / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        data = wheel(name, version, requires)
        file = f"{name}-{version}-py3-none-any.whl"
        (folder / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        with (folder / "index.html").open("a") as page:
            page.write(f'<a href="{file.replace("+", "%2B")}#sha256={digest}">{file}</a>\n')

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(root))

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", INDEX_PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def surroundings(folder):
    """What definitions may depend on by a path."""
    for name, requires in [("lib", ["attrs"]), ("packages/core", ["six"])]:
        path = folder / name
        path.mkdir(parents=True, exist_ok=True)
        short = name.rsplit("/", 1)[-1]
        (path / "pyproject.toml").write_text(pyproject(short, "0.1", *requires))
        (path / f"{short}.py").write_text('"""Local"""\n')
    (folder / "wheels").mkdir(exist_ok=True)
    (folder / "wheels/tiny-1.0-py3-none-any.whl").write_bytes(wheel("tiny", "1.0", ["idna"]))
    (folder / "README.md").write_text("app\n")
    (folder / "app.py").write_text('"""App"""\n')


LOCKS = {
    "uv": "uv.lock", "poetry": "poetry.lock", "poetry18": "poetry.lock", "poetry12": "poetry.lock",
    "pdm": "pdm.lock", "pipenv": "Pipfile.lock", "pylock-uv": "pylock.toml", "pylock-pdm": "pylock.toml",
    "pylock-pip": "pylock.toml", "pylock-poetry": "pylock.toml", "requirements": "requirements.lock",
}


def lock(kind, strategy, folder, env):
    """Locks the project in a folder."""
    if kind == "uv":
        run([tool("uv"), "lock"], folder, env)
    elif kind.startswith("poetry"):
        flags = [] if kind == "poetry" else ["--no-update"]
        run([tool(kind, "python"), HERE / "poetry_launcher.py", "lock", *flags], folder, env)
    elif kind == "pdm":
        run([tool("pdm"), "lock", "-G", ":all", *(["-S", strategy] if strategy else [])], folder, env)
    elif kind == "pipenv":
        run([tool("pipenv"), "lock"], folder, env)
        shutil.rmtree(folder / ".venv", ignore_errors=True)
    elif kind == "pylock-uv":
        run([tool("uv"), "lock"], folder, env)
        run([tool("uv"), "export", "--format", "pylock.toml", "--all-extras", "--all-groups", "--no-header", "-o", "pylock.toml"], folder, env)
    elif kind == "pylock-pdm":
        run([tool("pdm"), "config", "--local", "lock.format", "pylock"], folder, env)
        run([tool("pdm"), "lock", "-G", ":all"], folder, env)
    elif kind == "pylock-pip":
        run([tool("judge", "pip"), "lock", "."], folder, env)
    elif kind == "pylock-poetry":
        run([tool("poetry", "python"), HERE / "poetry_launcher.py", "lock"], folder, env)
        run([tool("poetry"), "export", "-f", "pylock.toml", "-o", "pylock.toml"], folder, env)
    elif kind == "requirements":
        run([tool("uv"), "pip", "compile", "pyproject.toml", "--generate-hashes", "--universal", "--no-header", "-o", "requirements.lock"], folder, env)


def export(kind, strategy, question, folder, env):
    """The command that exports, and the text that it exports."""
    extras, groups = question.get("extras", []), question.get("groups", [])
    each = lambda flag, values: [word for value in values for word in (flag, value)]
    if kind == "uv":
        argv = [tool("uv"), "export", "--frozen", "--no-default-groups", "--no-editable", "--no-emit-project", "--no-header",
                "--no-annotate", *each("--extra", extras), *each("--group", groups)]
    elif kind.startswith("poetry"):
        argv = [tool("poetry"), "export", "--format", "requirements.txt", *each("--extras", extras), *each("--with", groups)]
    elif kind == "pdm":
        # Without `--prod`, PDM exports every development group.
        others = [name for name in ("dev", "lint", "docs") if name not in groups]
        production = ["--without", ",".join(others)] if groups else ["--prod"]
        # PDM has no hash of a repository or a folder, and exports none at all then.
        hashes = ["--no-hashes"] if question.get("no_hashes") else []
        if strategy:
            run([tool("pdm"), "use", "-f", sys.executable], folder, env)
            argv = [tool("pdm"), "sync", "--dry-run", *production, *each("-G", extras + groups)]
            added = re.findall(r"^  - (?:\x1b\[\S*?m)?(\S+?)(?:\x1b\[0m)? (\S+)", run(argv, folder, env), re.MULTILINE)
            return "pdm " + " ".join(argv[1:]), "".join(f"{name}=={version}\n" for name, version in added)
        argv = [tool("pdm"), "export", *production, "--format", "requirements", *hashes, *each("-G", extras + groups)]
    elif kind == "pipenv":
        argv = [tool("pipenv"), "requirements", "--hash"]
        if groups:
            names = ["packages", *("dev-packages" if name == "develop" else name for name in groups)]
            argv += ["--categories", " ".join(names)]
    elif kind.startswith("pylock"):
        argv = [tool("judge", "python"), "judge.py", "select"]
    else:
        argv = ["cat", "requirements.lock"]
    shown = " ".join(Path(argv[0]).name if n == 0 else word for n, word in enumerate(argv))
    if kind.startswith("pylock"):
        return shown, None
    return shown, run(argv, folder, env)


def answers(kind, strategy, question, folder, env):
    shown, text = export(kind, strategy, question, folder, env)
    asked = {"kind": kind, "question": question, "text": text, "folder": str(folder), "lock": str(folder / LOCKS[kind])}
    judged = subprocess.run(
        [tool("judge", "python"), str(HERE / "judge.py")], input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True
    )
    return shown, judged.stdout


def expected_name(question):
    words = [question["platform"].replace("linux/", "").replace("/", ""), question["python"]]
    words += question.get("extras", []) + question.get("groups", [])
    return "-".join(words) + ".expected"


def main():
    sys.path.insert(0, str(HERE))
    from definitions import CASES

    action, names = sys.argv[1], sys.argv[2:]
    for name in names or CASES:
        case = CASES[name]
        with tempfile.TemporaryDirectory(prefix="locks-") as base:
            prepare(action, name, case, Path(base), env_of(Path(base)))


WORLD = None


def env_of(_):
    global WORLD
    if WORLD is None:
        base = Path(tempfile.mkdtemp(prefix="locks-world-"))
        WORLD = world(base)
    return WORLD


def prepare(action, name, case, base, env):
    kind = case["kind"]
    stored = HERE / "cases" / name
    folder = base / name
    folder.mkdir()
    surroundings(folder)
    for path, text in case["files"].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    if action == "lock" or not (stored / LOCKS[kind]).exists():
        shutil.rmtree(stored, ignore_errors=True)
        stored.mkdir(parents=True)
        lock(kind, case["strategy"], folder, env)
        for path in [*case["files"], LOCKS[kind]]:
            (stored / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / path, stored / path)
    else:
        shutil.copy(stored / LOCKS[kind], folder / LOCKS[kind])
    for old in stored.glob("*.expected"):
        old.unlink()
    for question in case["questions"]:
        shown, text = answers(kind, case["strategy"], question, folder, env)
        shown = shown.replace(str(folder), ".")
        head = f"# {json.dumps(question)}\n# {shown}\n"
        (stored / expected_name(question)).write_text(head + text)
        print(name, expected_name(question), len(text.splitlines()), flush=True)


if __name__ == "__main__":
    main()

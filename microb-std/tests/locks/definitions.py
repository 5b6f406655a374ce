"""The projects whose locks are tested, and the questions that are put to each lock."""

import platform

from generate import IDNA_WHEEL, INDEX, SIX_SDIST

FLIT = '\n[build-system]\nrequires = ["flit_core>=3.2"]\nbuild-backend = "flit_core.buildapi"\n'
COMMON = "httpx>=0.27", "pyyaml", "click>=8"


def project(*dependencies, python=">=3.10", rest="", build=False):
    listed = "".join(f"    {one!r},\n" for one in dependencies)
    text = f'[project]\nname = "app"\nversion = "1.0"\ndescription = "d"\nrequires-python = "{python}"\ndependencies = [\n{listed}]\n{rest}'
    return text + (FLIT if build else "")


def question(platform="linux/amd64", python="3.12.11", extras=(), groups=()):
    return {"platform": platform, "python": python, "extras": list(extras), "groups": list(groups)}


def case(kind, text, *questions, strategy=None):
    name = "Pipfile" if kind == "pipenv" else "pyproject.toml"
    return {"kind": kind, "files": {name: text}, "questions": list(questions) or [question()], "strategy": strategy}


HERE = question(python=platform.python_version())
ARM = question("linux/arm64", "3.13.9")
OLD = question(python="3.10.19")
MARKERS = (
    "tomli>=2; python_version < '3.11'",
    "colorama; sys_platform == 'win32'",
    "uvloop; sys_platform == 'linux' and platform_machine == 'x86_64'",
    "typing-extensions; python_full_version >= '3.12.4'",
    "exceptiongroup; python_version < '3.11' and implementation_name == 'cpython'",
    "pyreadline3; os_name == 'nt' or platform_system == 'Windows'",
)
EXTRAS = '[project.optional-dependencies]\nfast = ["orjson"]\nyaml = ["pyyaml", "click"]\nall = ["app[fast,yaml]", "idna"]\n'
GROUPS = '[dependency-groups]\ndev = ["pytest", {include-group = "lint"}]\nlint = ["ruff"]\ndocs = ["markdown-it-py[plugins]"]\n'
FORKS = ("numpy<2; python_version < '3.12'", "numpy>=2; python_version >= '3.12'", "pandas")
BIG = ("fastapi", "sphinx", "boto3", "rich", "textual", "flask", "django", "celery[redis]", "jupyterlab-server", "hatch")
LOCAL = ("lib", "tiny")
SOURCES = '[tool.uv.sources]\nlib = { path = "lib" }\ntiny = { path = "wheels/tiny-1.0-py3-none-any.whl" }\n'
GIT = "demo @ git+https://git.example/demo@v0.3"
SUB = "demo-sub @ git+https://git.example/demo@v0.3#subdirectory=sub"
WORKSPACE = '[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\ncore = { workspace = true }\n'
OWN_INDEX = f'[[tool.uv.index]]\nname = "own"\nurl = "{INDEX}"\nexplicit = true\n[tool.uv.sources]\nalpha = {{ index = "own" }}\nbeta = {{ index = "own" }}\n'
CONFLICTS = '[project.optional-dependencies]\ncpu = ["idna==3.6"]\ngpu = ["idna==3.7"]\n[tool.uv]\nconflicts = [[{extra = "cpu"}, {extra = "gpu"}]]\n'
GROUP_CONFLICTS = '[dependency-groups]\nold = ["idna==3.6"]\nnew = ["idna==3.7"]\n[tool.uv]\nconflicts = [[{group = "old"}, {group = "new"}]]\n'
CYCLE = ("apache-airflow-providers-common-compat",)

UV = {
    "uv-small": case("uv", project(*COMMON), question(), ARM),
    "uv-none": case("uv", project()),
    "uv-markers": case("uv", project(*MARKERS), question(), ARM, OLD, question(python="3.12.3")),
    "uv-extras": case("uv", project("httpx[http2]", rest=EXTRAS), question(), question(extras=["fast"]), question(extras=["all"])),
    "uv-groups": case("uv", project("click", rest=GROUPS), question(), question(groups=["dev"]), question(groups=["docs", "lint"])),
    "uv-forks": case("uv", project(*FORKS), question(), question(python="3.11.14"), ARM),
    "uv-big": case("uv", project(*BIG), question(), ARM),
    "uv-git": case("uv", project("click", GIT, SUB)),
    "uv-url": case("uv", project(f"idna @ {IDNA_WHEEL}", f"six @ {SIX_SDIST}", "click")),
    "uv-path": case("uv", project("click", *LOCAL, rest=SOURCES)),
    "uv-package": case("uv", project("click", build=True)),
    "uv-workspace": case("uv", project("click", "core", rest=WORKSPACE)),
    "uv-index": case("uv", project("click", "alpha", "beta", rest=OWN_INDEX)),
    "uv-conflicts": case("uv", project("httpx", rest=CONFLICTS), question(), question(extras=["cpu"]), question(extras=["gpu"])),
    "uv-group-conflicts": case("uv", project("httpx", rest=GROUP_CONFLICTS), question(), question(groups=["old"]), question(groups=["new"])),
    "uv-torch": case("uv", project("torch", "numpy"), question(), ARM),
}

POETRY_OLD = """[tool.poetry]
name = "app"
version = "1.0"
description = "d"
authors = []

[tool.poetry.dependencies]
python = "^3.10"
{dependencies}

[tool.poetry.extras]
{extras}
{rest}
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


def poetry(dependencies, extras="", rest=""):
    return POETRY_OLD.format(dependencies=dependencies, extras=extras, rest=rest)


P_SMALL = 'httpx = "^0.27"\npyyaml = "*"\nclick = ">=8,<9"'
P_MARKERS = (
    'tomli = {version = "^2", python = "<3.11"}\ncolorama = {version = "*", markers = "sys_platform == \'win32\'"}\n'
    'uvloop = {version = "*", markers = "sys_platform == \'linux\' and platform_machine == \'x86_64\'"}\n'
    'exceptiongroup = {version = "*", python = "<3.11"}'
)
P_FORKS = 'numpy = [{version = "<2", python = "<3.12"}, {version = ">=2", python = ">=3.12"}]\ncontourpy = "*"'
P_EXTRAS = 'httpx = {version = "^0.27", extras = ["http2"]}\norjson = {version = "*", optional = true}\npyyaml = {version = "*", optional = true}'
P_EXTRA_NAMES = 'fast = ["orjson"]\nall = ["orjson", "pyyaml"]'
P_GROUPS = '[tool.poetry.group.dev.dependencies]\npytest = "*"\n[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.docs.dependencies]\nmarkdown-it-py = {version = "*", extras = ["plugins"]}\n'
P_GIT = 'demo = {git = "https://git.example/demo", tag = "v0.3"}\ndemo-sub = {git = "https://git.example/demo", tag = "v0.3", subdirectory = "sub"}\nclick = "*"'
P_LOCAL = 'lib = {path = "lib"}\ntiny = {path = "wheels/tiny-1.0-py3-none-any.whl"}\ncore = {path = "packages/core", develop = true}'
P_URL = f'idna = {{url = "{IDNA_WHEEL}"}}\nsix = {{url = "{SIX_SDIST}"}}\nclick = "*"'
P_SOURCE = f'[[tool.poetry.source]]\nname = "own"\nurl = "{INDEX}"\npriority = "explicit"\n'
P_INDEX = 'alpha = {version = "*", source = "own"}\nclick = "*"'
P_BIG = 'fastapi = "*"\nsphinx = "*"\nflask = "*"\ncelery = {version = "*", extras = ["redis"]}\nboto3 = "*"\ntextual = "*"'

POETRY = {
    "poetry-small": case("poetry", poetry(P_SMALL), question(), ARM),
    "poetry-markers": case("poetry", poetry(P_MARKERS), question(), ARM, OLD),
    "poetry-forks": case("poetry", poetry(P_FORKS), question(), question(python="3.11.14")),
    "poetry-extras": case("poetry", poetry(P_EXTRAS, P_EXTRA_NAMES), question(), question(extras=["fast"]), question(extras=["all"])),
    "poetry-groups": case("poetry", poetry(P_SMALL, rest=P_GROUPS), question(), question(groups=["dev"]), question(groups=["docs"])),
    "poetry-git": case("poetry", poetry(P_GIT)),
    "poetry-path": case("poetry", poetry(P_LOCAL)),
    "poetry-url": case("poetry", poetry(P_URL)),
    "poetry-index": case("poetry", poetry(P_INDEX, rest=P_SOURCE)),
    "poetry-big": case("poetry", poetry(P_BIG), question(), ARM),
    "poetry-project": case("poetry", project("httpx[http2]>=0.27", *MARKERS, python=">=3.10,<4.0", rest=EXTRAS.replace('"app[fast,yaml]", ', "") + GROUPS), question(), question(extras=["yaml"]), question(groups=["dev"])),
    "poetry18-small": case("poetry18", poetry(P_SMALL), question(), ARM),
    "poetry18-markers": case("poetry18", poetry(P_MARKERS), question(), ARM, OLD),
    "poetry18-forks": case("poetry18", poetry(P_FORKS), question(), question(python="3.11.14")),
    "poetry18-extras": case("poetry18", poetry(P_EXTRAS, P_EXTRA_NAMES), question(), question(extras=["fast"]), question(extras=["all"])),
    "poetry18-groups": case("poetry18", poetry(P_SMALL, rest=P_GROUPS), question(), question(groups=["dev"]), question(groups=["docs"])),
    "poetry18-git": case("poetry18", poetry(P_GIT)),
    "poetry18-big": case("poetry18", poetry(P_BIG), question(), ARM),
    "poetry12-extras": case("poetry12", poetry(P_EXTRAS, P_EXTRA_NAMES), question(), question(extras=["all"])),
    "poetry12-markers": case("poetry12", poetry(P_MARKERS), question(), ARM, OLD),
}

PDM_GROUPS = EXTRAS + GROUPS
PDM_SOURCE = f'[[tool.pdm.source]]\nname = "own"\nurl = "{INDEX}"\ninclude_packages = ["alpha", "beta"]\nverify_ssl = false\n'
PDM = {
    "pdm-small": case("pdm", project(*COMMON), question(), ARM),
    "pdm-markers": case("pdm", project(*MARKERS), question(), ARM, OLD),
    "pdm-groups": case("pdm", project("httpx[http2]", rest=PDM_GROUPS), question(), question(extras=["all"]), question(groups=["dev"])),
    "pdm-git": case("pdm", project("click", GIT, SUB), {**question(), "no_hashes": True}),
    "pdm-url": case("pdm", project(f"idna @ {IDNA_WHEEL}", f"six @ {SIX_SDIST}", "click")),
    "pdm-path": case("pdm", project("click", "lib @ file:///${PROJECT_ROOT}/lib"), {**question(), "no_hashes": True}),
    "pdm-big": case("pdm", project("fastapi", "sphinx", "flask", "celery[redis]", "boto3"), question(), ARM),
    # PDM does not export such a lock, so it is asked what it would install on the machine that generates.
    "pdm-walked": case(
        "pdm", project("httpx[http2]<1", *MARKERS, rest=PDM_GROUPS),
        {**HERE, "no_hashes": True}, {**HERE, "extras": ["all"], "no_hashes": True}, {**HERE, "groups": ["dev"], "no_hashes": True},
        strategy="no_inherit_metadata",
    ),
    "pdm-index": case("pdm", project("alpha", "click", rest=PDM_SOURCE)),
}

PIPFILE = '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n{rest}\n[packages]\n{packages}\n[dev-packages]\n{dev}\n[requires]\npython_version = "3.11"\n'


def pipfile(packages, dev="", rest="", more=""):
    return PIPFILE.format(packages=packages, dev=dev, rest=rest) + more


ELEVEN = question(python="3.11.14")
PIPENV = {
    "pipenv-small": case("pipenv", pipfile('httpx = "*"\npyyaml = "*"', 'pytest = "*"'), ELEVEN, question(python="3.11.14", groups=["develop"])),
    "pipenv-markers": case("pipenv", pipfile('tomli = {version = "*", markers = "python_version < \'3.11\'"}\nhttpx = {version = "*", extras = ["http2"]}'), ELEVEN),
    "pipenv-git": case("pipenv", pipfile('demo = {git = "https://git.example/demo", ref = "v0.3"}\nclick = "*"'), ELEVEN),
    "pipenv-index": case("pipenv", pipfile('alpha = {version = "*", index = "own"}\nclick = "*"', rest=f'[[source]]\nurl = "{INDEX}"\nverify_ssl = false\nname = "own"\n'), ELEVEN),
    "pipenv-category": case("pipenv", pipfile('click = "*"', more='[docs]\nmarkdown-it-py = "*"\n'), ELEVEN, question(python="3.11.14", groups=["docs"])),
    "pipenv-path": case("pipenv", pipfile('lib = {path = "./lib", editable = true}\nclick = "*"'), ELEVEN),
}

PYLOCK = {
    "pylock-uv": case("pylock-uv", project(*COMMON, *MARKERS, rest=EXTRAS.replace('"app[fast,yaml]", ', "") + GROUPS), question(), ARM),
    "pylock-uv-sources": case("pylock-uv", project("click", GIT, SUB, f"six @ {SIX_SDIST}", "lib", rest='[tool.uv.sources]\nlib = { path = "lib" }\n')),
    "pylock-uv-forks": case("pylock-uv", project(*FORKS), question(), question(python="3.11.14")),
    "pylock-pdm": case("pylock-pdm", project(*COMMON, *MARKERS, rest=EXTRAS + GROUPS), question(), ARM, question(extras=["fast"]), question(groups=["dev"])),
    "pylock-pip": case("pylock-pip", project("httpx", "click", python=">=3.11", build=True), question(python="3.11.14")),
    "pylock-poetry": case("pylock-poetry", poetry(P_SMALL + "\n" + P_MARKERS), question(), ARM),
}

REQUIREMENTS = {
    "requirements-universal": case("requirements", project(*COMMON, *MARKERS), question(), ARM),
    "requirements-sources": case("requirements", project("click", GIT, "tiny", rest='[tool.uv.sources]\ntiny = { path = "wheels/tiny-1.0-py3-none-any.whl" }\n')),
}

CASES = {**UV, **POETRY, **PDM, **PIPENV, **PYLOCK, **REQUIREMENTS}

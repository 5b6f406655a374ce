//! What is known of packages by their names.

/// Tools that a developer needs and a running program does not.
pub(super) const DEVELOPMENT: &[&str] = &[
    "autopep8",
    "bandit",
    "black",
    "bump2version",
    "bumpversion",
    "flake8",
    "ipdb",
    "isort",
    "mypy",
    "nox",
    "pdbpp",
    "pre-commit",
    "pudb",
    "pylint",
    "pyright",
    "pytest",
    "pytest-asyncio",
    "pytest-cov",
    "pytest-django",
    "pytest-mock",
    "pytest-xdist",
    "ruff",
    "tox",
    "twine",
    "yapf",
];

/// Distributions that install the same modules: whichever comes last wins, file by file.
pub(super) const SAME_MODULES: &[&[&str]] = &[
    &["psycopg2", "psycopg2-binary"],
    &[
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ],
    &["pycrypto", "pycryptodome"],
    &["jwt", "pyjwt"],
    &["bson", "pymongo"],
    &["onnxruntime", "onnxruntime-gpu"],
    &["faiss-cpu", "faiss-gpu"],
    &["tensorflow", "tensorflow-cpu"],
    &["dotenv", "python-dotenv"],
];

/// Names on PyPI that are not what they seem, and what to write instead; empty for what Python itself has.
pub(super) const OBSOLETE: &[(&str, &str)] = &[
    ("argparse", ""),
    ("asyncio", ""),
    ("bs4", "beautifulsoup4"),
    ("dataclasses", ""),
    ("distribute", "setuptools"),
    ("dotenv", "python-dotenv"),
    ("enum34", ""),
    ("futures", ""),
    ("jwt", "pyjwt"),
    ("mysql-python", "mysqlclient"),
    ("nose", "pytest"),
    ("pathlib", ""),
    ("pep8", "pycodestyle"),
    ("pil", "pillow"),
    ("pycrypto", "pycryptodome"),
    ("sklearn", "scikit-learn"),
    ("tensorflow-gpu", "tensorflow"),
    ("typing", ""),
    ("unittest2", ""),
    ("uuid", ""),
    ("wsgiref", ""),
];

/// Packages that have no wheels for musl, and that hardly anybody can build from source.
pub(super) const NO_MUSL: &[&str] = &[
    "jaxlib",
    "onnxruntime",
    "onnxruntime-gpu",
    "tensorflow",
    "tensorflow-cpu",
    "torch",
    "torchaudio",
    "torchvision",
    "triton",
];

/// `opencv-python` with windows, which needs libraries of a desktop.
pub(super) const OPENCV_WITH_WINDOWS: &[&str] = &["opencv-python", "opencv-contrib-python"];

/// Usual names of branches: what else stands after `@` is a tag or a commit.
pub(super) const BRANCHES: &[&str] = &["HEAD", "main", "master", "develop", "dev", "trunk"];

//! What is found in the finished image, and that what is proposed mends it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use crate::docker::{Image, Ran, docker};
use crate::project::{Project, unique};

/// A project that is no package: what it installs is the same for all tests.
fn project(dependencies: &[&str], target: &str) -> Project {
    let lines: Vec<String> = dependencies
        .iter()
        .map(|one| format!("    \"{one}\",\n"))
        .collect();
    Project::empty()
        .file(
            "pyproject.toml",
            format!(
                "#syntax=microb:dev\n[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\n{}]\n\n\
                 [tool.uv]\npackage = false\n\n[tool.microb.target.default]\npython_version = \"3.13\"\n{target}\n",
                lines.concat()
            ),
        )
        .file("app.py", "")
}

/// The findings, each in one line with its help.
fn findings(ran: &Ran) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut last = None;
    for line in ran.stderr.lines() {
        if let Some((_, message)) = line
            .split_once("error[")
            .and_then(|_| line.split_once("]: "))
        {
            last = Some(message.to_owned());
        } else if let (Some(help), Some(message)) =
            (line.trim_start().strip_prefix("= help: "), &last)
        {
            found.insert(format!("{message}: {help}"));
            last = None;
        }
    }
    found
}

/// Packages that are built from their sources, and two whose wheels bring what they need, or not.
const NATIVE: [&str; 5] = [
    "lxml==6.0.2",
    "mysqlclient==2.2.7",
    "opencv-python==4.12.0.88",
    "psycopg2==2.9.11",
    "pycairo==1.28.0",
];

const BUILD_DEPS: &str = "automatic_deps = false\nbuild_deps = [\"default-libmysqlclient-dev\", \"libcairo2-dev\", \"libpq-dev\", \"pkg-config\"]";

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_package_that_has_a_missing_library_is_named_and_with_it_the_container_runs() {
    let lacking = project(&NATIVE, BUILD_DEPS);
    let refused = lacking.try_build(&[]).failed();
    let expected = [
        "`mysqlclient` needs `libmariadb.so.3`, which the image does not have: write `system_deps = [\"libmariadb3\"]`",
        "`opencv-python` needs `libGL.so.1`, `libglib-2.0.so.0`, `libgthread-2.0.so.0`, which the image does not have: \
         write `system_deps = [\"libgl1\", \"libglib2.0-0t64\"]`, or depend on `opencv-python-headless`",
        "`psycopg2` needs `libpq.so.5`, which the image does not have: \
         write `system_deps = [\"libpq5\"]`, or depend on `psycopg2-binary`",
        "`pycairo` needs `libcairo.so.2`, which the image does not have: write `system_deps = [\"libcairo2\"]`",
    ];
    assert_eq!(
        findings(&refused),
        expected.map(str::to_owned).into(),
        "{}",
        refused.stderr
    );
    refused.says(["--> pyproject.toml:9:5", "9 |     \"psycopg2==2.9.11\","]);

    // The dependencies are installed already.
    let off = BUILD_DEPS.to_owned() + "\ncheck_libraries = false";
    project(&NATIVE, &off).try_build(&[]).succeeded();

    let added = "\nsystem_deps = [\"libcairo2\", \"libgl1\", \"libglib2.0-0\", \"libmariadb3\", \"libpq5\"]";
    let image = project(&NATIVE, &(BUILD_DEPS.to_owned() + added)).build(&[]);
    image.output(&[
        "python",
        "-c",
        "import cairo, cv2, lxml.etree, MySQLdb, psycopg2",
    ]);
}

/// mpi4py has a module for each MPI, debugpy a library for glibc, and numba asks for OpenMP and TBB and does without.
#[test]
#[ignore = "needs an engine: make conformance"]
fn what_a_package_does_without_is_not_missed() {
    project(&["debugpy==1.8.17", "numba==0.62.1"], "").build(&[]);
    let alpine = "flavor = \"alpine\"";
    project(&["debugpy==1.8.17"], alpine).build(&[]);
    let openmpi = "system_deps = [\"openmpi-bin\"]";
    let image = project(&["mpi4py==4.1.0"], openmpi).build(&[]);
    image.output(&["python", "-c", "import mpi4py.MPI"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn an_image_without_the_interpreter_is_told_as_that() {
    let images =
        "flavor = \"alpine\"\nbuild_image = \"python:3.13-alpine\"\nbase_image = \"alpine:3.23\"";
    let failed = project(&[], images).try_build(&[]).failed();
    failed.says(["`/app/.venv/bin/python` does not run in the finished image"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_wheel_that_brings_its_libraries_lacks_nothing() {
    let image = project(&["psycopg2-binary==2.9.11"], "").build(&[]);
    image.output(&["python", "-c", "import psycopg2"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn what_is_wrong_with_the_files_and_the_program_is_told_at_its_place() {
    let module = "/app/.venv/lib/python3.13/site-packages/idna/core.py";
    let target = format!(
        "entrypoint = [\"python\", \"-m\", \"sever\"]\ncopy_files = [{{ src = \"core.py\", dst = \"{module}\" }}]"
    );
    let written = |lines: &str| {
        project(&["idna==3.11"], &format!("{lines}{target}"))
            .file("core.py", format!("# {}\n", unique()))
    };
    let expected = [
        "the image has no module `sever` for its program: add the package that has it to `dependencies`, or write its right name".to_owned(),
        format!(
            "`{module}` is not what the bytecode was made of, and Python runs the bytecode: \
             copy the file before the build, with `copy_files_before_build`, or to another folder than that of a package"
        ),
    ];
    for lines in ["", "installer = \"pip\"\n"] {
        let refused = written(lines).try_build(&[]).failed();
        let found = findings(&refused);
        assert_eq!(found, expected.clone().into(), "{}", refused.stderr);
    }
    let skipped = written("").edit(
        "pyproject.toml",
        "#syntax",
        "# check=skip=UnknownEntrypoint,OutdatedBytecode\n#syntax",
    );
    skipped.build(&[]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_script_that_names_no_function_is_told_with_the_one_that_was_meant() {
    let project = Project::empty()
        .file(
            "pyproject.toml",
            "#syntax=microb:dev\n[project]\nname = \"till\"\nversion = \"1\"\nscripts = { till = \"till:mian\" }\n",
        )
        .file("till/__init__.py", "def main():\n    print('open')\n");
    let refused = project.try_build(&[]).failed();
    let expected = "the module `till` has no `mian` for the script that the program is: \
        write `till:main`, with a function of the module";
    assert_eq!(
        findings(&refused),
        [expected.to_owned()].into(),
        "{}",
        refused.stderr
    );
    refused.says(["--> pyproject.toml:5"]);
}

const MODULE: &str = "/app/.venv/lib/python3.13/site-packages/idna/package_data.py";

/// Replaces a module of the package that was compiled with it.
const EDITED: &str = r#"run = [["python", "-c", "import idna.package_data as p, pathlib; pathlib.Path(p.__file__).write_text('__version__ = 5\\n')"]]"#;

/// Compiles the package, without marking its bytecode as unchecked.
const BY_HAND: &str = r#"run = [["python", "-m", "compileall", "-q", "/app/.venv/lib/python3.13/site-packages/idna"]]"#;

/// Builds an image, of which nothing but this must be told, and says which version the package has there.
#[track_caller]
fn check_version(target: &str, told: Option<&str>, version: &str) {
    let copied = format!("__version__ = 6  # {}\n", unique());
    let project = project(&["idna==3.11"], target).file("six.py", copied);
    let image = Image::new();
    let mut command = project.command(&["--progress=plain", "--tag", &image.0]);
    let built = Ran::of(&mut command).succeeded();
    for rule in [
        "MissingDependency",
        "MissingLibrary",
        "OutdatedBytecode",
        "UnmetVersion",
        "UnresolvedImport",
        "UnsupportedPython",
        "WritableByAll",
    ] {
        let is_told = built.stderr.contains(rule);
        assert_eq!(is_told, Some(rule) == told, "{target}: {}", built.stderr);
    }
    let words = ["python", "-c", "import idna; print(idna.__version__)"];
    assert_eq!(image.output(&words), format!("{version}\n"), "{target}");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn what_runs_is_what_the_files_say_however_they_came_to_be() {
    let copied = format!("copy_files = [{{ src = \"six.py\", dst = \"{MODULE}\" }}]");
    for (target, told, version) in [
        ("compile = false", None, "3.11"),
        ("installer = \"pip\"", None, "3.11"),
        ("prune = [\"idna/codec.py\", \"**/py.typed\"]", None, "3.11"),
        (EDITED, None, "5"),
        (&format!("compile = false\n{EDITED}"), None, "5"),
        (&format!("installer = \"pip\"\n{EDITED}"), None, "5"),
        (&format!("flavor = \"alpine\"\n{EDITED}"), None, "5"),
        (&format!("compile = false\n{copied}"), None, "6"),
        // What is compiled by hand is compared with its source, which takes time but is right.
        (
            &format!("compile = false\n{BY_HAND}\n{copied}"),
            Some("OutdatedBytecode"),
            "6",
        ),
    ] {
        check_version(target, told, version);
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_base_image_whose_interpreter_the_project_does_not_allow_is_told_at_what_the_project_allows() {
    // A name that does not say which Python it has.
    let base = python_with("3.11", "");
    let project = project(&["idna==3.11"], &format!("base_image = \"{}\"", base.0)).edit(
        "pyproject.toml",
        "version = \"1\"",
        "version = \"1\"\nrequires-python = \">=3.12\"",
    );
    let project = project.edit("pyproject.toml", "python_version = \"3.13\"\n", "");
    let refused = project.try_build(&[]).failed();
    let expected = "the image has Python 3.11.2, which `>=3.12` does not allow: \
                    allow it, or choose another `python_version` or `base_image`";
    assert_eq!(findings(&refused), [expected.to_owned()].into());
    refused.says([
        "error[UnsupportedPython]",
        "--> pyproject.toml:5:19",
        "5 | requires-python = \">=3.12\"",
    ]);
    let allowed = project.edit("pyproject.toml", ">=3.12", ">=3.11");
    allowed.try_build(&[]).succeeded();
}

/// An image of Debian's Python with the changes of a Dockerfile's lines.
fn python_with(version: &str, lines: &str) -> Image {
    let image = Image::new();
    let folder = Project::empty().file(
        "Dockerfile",
        format!("FROM python:{version}-slim\n{lines}\n"),
    );
    let mut build = docker(["build", "--tag", &image.0, "."]);
    Ran::of(build.current_dir(folder.folder())).succeeded();
    image
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_base_image_with_a_user_without_rights_builds_and_runs() {
    let base = python_with(
        "3.13",
        "RUN echo app:x:1001:0::/opt/app:/bin/sh >> /etc/passwd && mkdir -m 0555 /opt/app\nENV HOME=/opt/app\nWORKDIR /opt/app\nUSER 1001",
    );
    let target = format!("base_image = \"{}\"\nsystem_deps = [\"hello\"]", base.0);
    let image = project(&["idna==3.11"], &target).build(&[]);
    let script = "import idna, os, subprocess; print(os.getuid(), os.path.expanduser('~'), subprocess.run(['hello'], capture_output=True, text=True).stdout.strip())";
    assert_eq!(
        image.output(&["python", "-c", script]).trim(),
        "65532 /home/nonroot Hello, world!"
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn an_image_with_another_python_than_the_lock_was_read_for_is_told() {
    let base = python_with("3.13", "");
    let target = format!("base_image = \"{}\"", base.0);
    let project = project(&["idna==3.11"], &target)
        .edit("pyproject.toml", "python_version = \"3.13\"", "python_version = \"3.14\"\nlock = \"pylock.toml\"")
        .file("pylock.toml", "lock-version = '1.0'\ncreated-by = 'test'\n[[packages]]\nname = 'idna'\nversion = '3.11'\n\
            [[packages.wheels]]\nurl = 'https://files.pythonhosted.org/packages/0e/61/66938bbb5fc52dbdf84594873d5b51fb1f7c7794e9c0f5bd885f30bc507b/idna-3.11-py3-none-any.whl'\n\
            hashes = { sha256 = '771a87f49d9defaf64091e6e6fe9c18d4833f140bd19464795bc32d966ca37ea' }\n");
    let refused = project.try_build(&[]).failed();
    refused.says([
        "error: the image has Python 3.13, and `pylock.toml` was read for Python 3.14",
        "help: write `python_version = \"3.13\"`",
    ]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_layer_of_the_project_has_its_own_files_and_no_bytecode_of_others() {
    // Official images have no bytecode of the standard library and of pip.
    let base = python_with("3.13", "RUN find / -xdev -name '*.pyc' -delete");
    for installer in ["uv", "pip"] {
        let target = format!("base_image = \"{}\"\ninstaller = \"{installer}\"", base.0);
        let image = project(&["idna==3.11"], &target).build(&[]);
        let elsewhere = image.run(
            &["--user=0", "--entrypoint=find"],
            &["/", "-xdev", "-name", "*.pyc", "-not", "-path", "/app/*"],
        );
        assert_eq!(elsewhere.stdout, "", "{installer}");
        let modules = image
            .run(
                &["--user=0", "--entrypoint=find"],
                &["/app", "-name", "*.pyc"],
            )
            .stdout;
        assert!(modules.contains("/idna/"), "{installer}: {modules}");
    }
}

/// A shared library of 64 bits that needs another one, and nothing else: what the linker calls its dynamic section.
fn library(needed: &str) -> Vec<u8> {
    let (headers, dynamic) = (64 + 2 * 56_u64, 3 * 16_u64);
    let strings = [b"\0", needed.as_bytes(), b"\0"].concat();
    let size = headers + dynamic + strings.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    // ET_DYN for x86-64, then where the program headers are, and how many of which size.
    file.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    file.extend([0_u64, 64, 0].map(u64::to_le_bytes).concat());
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    for (kind, at, length) in [(1_u32, 0, size), (2, headers, dynamic)] {
        file.extend(kind.to_le_bytes());
        file.extend([4, 0, 0, 0]);
        file.extend(
            [at, at, at, length, length, 8]
                .map(u64::to_le_bytes)
                .concat(),
        );
    }
    // DT_NEEDED with the place of the name among the strings, DT_STRTAB, DT_NULL.
    for (key, value) in [(1_u64, 1), (5, headers + dynamic), (0, 0)] {
        file.extend([key, value].map(u64::to_le_bytes).concat());
    }
    [file, strings].concat()
}

/// Python on Alpine with a repository of its own, which has a package with a library that nobody else has.
fn alpine_with_a_package() -> Image {
    let dockerfile = "FROM python:3.14-slim AS key\n\
        RUN openssl genrsa -out /own.rsa 2048 && openssl rsa -in /own.rsa -pubout -out /own.rsa.pub\n\
        FROM python:3.13-alpine\n\
        COPY --from=key /own.rsa.pub /etc/apk/keys/\n\
        COPY libmark.so.1 /mark/usr/lib/libmark.so.1\n\
        RUN --mount=from=key,source=/own.rsa,target=/etc/apk/keys/own.rsa arch=$(apk --print-arch) && mkdir -p /opt/own/$arch && cd /opt/own/$arch \
        && apk mkpkg --sign-key /etc/apk/keys/own.rsa -F /mark -o mark-libs-1-r0.apk -I name:mark-libs -I version:1-r0 -I description:mark \
        -I arch:$arch -I license:MIT -I provides:so:libmark.so.1=1 \
        && apk mkndx --sign-key /etc/apk/keys/own.rsa -o APKINDEX.tar.gz *.apk && echo /opt/own >> /etc/apk/repositories && rm -r /mark\n";
    let image = Image::new();
    let folder = Project::empty()
        .file("Dockerfile", dockerfile)
        .file("libmark.so.1", library("libc.so"));
    let mut build = docker(["build", "--tag", &image.0, "."]);
    Ran::of(build.current_dir(folder.folder())).succeeded();
    image
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn on_alpine_a_missing_library_is_named_as_apk_knows_it_and_its_package_where_the_builder_has_that()
{
    let base = alpine_with_a_package();
    let of = |lines: &str| {
        let target = format!("flavor = \"alpine\"\nbase_image = \"{}\"\n{lines}", base.0);
        project(&[], &target).file("fast.so", library("libmark.so.1"))
    };
    for (lines, proposed) in [
        ("build_deps = [\"mark-libs\"]", "mark-libs"),
        ("", "so:libmark.so.1"),
    ] {
        let refused = of(lines).try_build(&[]).failed();
        let expected = format!(
            "`/app/fast.so` needs `libmark.so.1`, which the image does not have: write `system_deps = [\"{proposed}\"]`"
        );
        assert_eq!(findings(&refused), [expected].into(), "{}", refused.stderr);
        let mended = of(&format!("system_deps = [\"{proposed}\"]"));
        mended.try_build(&[]).succeeded();
    }
}

/// What `uv lock` says of a package that has wheels for Windows only: the index is not asked.
const LOCK: &str = r#"version = 1
requires-python = ">=3.13"

[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "mysqlclient" }]

[package.metadata]
requires-dist = [{ name = "mysqlclient", specifier = "==2.2.7" }]

[[package]]
name = "mysqlclient"
version = "2.2.7"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/packages/61/68/810093cb579daae426794bbd9d88aa830fae296e85172d18cb0f0e5dd4bc/mysqlclient-2.2.7.tar.gz", hash = "sha256:24ae22b59416d5fcce7e99c9d37548350b4565baac82f95e149cac6ce4163845", size = 91383 }
wheels = [
    { url = "https://files.pythonhosted.org/packages/29/01/e80141f1cd0459e4c9a5dd309dee135bbae41d6c6c121252fdd853001a8a/mysqlclient-2.2.7-cp313-cp313-win_amd64.whl", hash = "sha256:201a6faa301011dd07bca6b651fe5aaa546d7c9a5426835a06c3172e1056a3c5", size = 208000 },
]
"#;

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_package_without_a_wheel_for_alpine_is_named_before_anything_is_compiled() {
    let project = project(
        &["mysqlclient==2.2.7"],
        "flavor = \"alpine\"\nautomatic_deps = false",
    )
    .edit(
        "pyproject.toml",
        "version = \"1\"",
        "version = \"1\"\nrequires-python = \">=3.13\"",
    )
    .file("uv.lock", LOCK);
    let checked = Ran::of(&mut project.command(&["--check"])).failed();
    checked.says([
        "NoAlpineWheels",
        "`mysqlclient 2.2.7` has no wheel for Alpine and this Python",
        "write `flavor = \"debian\"`, or list in `build_deps` what compiles it",
        ">>> name = \"mysqlclient\"",
    ]);
    // The client shows warnings last, whenever they come.
    let built = project.try_build(&["--progress=rawjson"]).failed();
    let first = |part: &str| built.stderr.lines().position(|line| line.contains(part));
    let told = first("\"warnings\":");
    let begun = first("uv pip install --python=/app/.venv");
    assert!(told.is_some() && told < begun, "{}", built.stderr);
}

/// The libraries and the packages that have them: what is proposed where the image that builds does not know better.
const OF_DEBIAN: &str = include_str!("../../microb-std/src/inspection/debian.tsv");

/// Reads lines of a library and a package, and writes those of which the package, as apt finds it, does not have the library.
/// One that only needs others, as `libopenblas0` does, has what the first of them has.
const PACKAGES_PY: &str = r#"
import os, re, subprocess, sys

def output(*words):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout

def update():
    """Without an error mode, apt would be content with old lists, or none."""
    words = ['apt-get', '--option=Acquire::Retries=5', '--option=APT::Update::Error-Mode=any', '--quiet=2', 'update']
    return subprocess.run(words).returncode == 0

def real(names):
    """The packages that apt installs for these names: since trixie, some are only provided."""
    found = {}
    for about in output('apt-cache', 'showpkg', *names).split('Package: ')[1:]:
        name = about.split('\n', 1)[0]
        versions = about.split('Versions: \n', 1)[1].split('\nReverse Depends:', 1)[0].strip()
        providers = about.rsplit('Reverse Provides: \n', 1)[1].split()
        found[name] = name if versions else providers[0] if providers else None
    return {name: found.get(name) for name in names}

def libraries(packages):
    """The names of all files of each of these packages."""
    output('apt-get', '--option=Acquire::Retries=5', '--quiet=2', 'download', *packages)
    found = {}
    for file in os.listdir('.'):
        listed = output('dpkg-deb', '--contents', file)
        found[file.split('_')[0]] = {os.path.basename(line.split(' -> ')[0]) for line in listed.splitlines()}
    return found

os.mkdir('/tmp/packages')
os.chdir('/tmp/packages')
assert any(update() for _ in range(3))
rows = [line.split('\t') for line in sys.stdin.read().splitlines()]
names = real(sorted({package for _, package in rows}))
print(len(names))
known = libraries(sorted({name for name in names.values() if name}))
without = sorted({names[package] for library, package in rows if library not in known.get(names[package], ())} - {None})
if without:
    needs = {name: re.search(r'Depends: ([^ ,\n]+)', output('apt-cache', 'depends', name)) for name in without}
    known.update(libraries(sorted({found[1] for found in needs.values() if found})))
    for name, found in needs.items():
        if found:
            known[name] |= known[found[1]]
for library, package in rows:
    if library not in known.get(names[package], ()):
        print(library, package)
"#;

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_packages_that_are_proposed_on_debian_have_the_libraries() {
    let of = |image: &'static str| {
        let mut python = docker(["run", "--rm", "-i", "--user=0", image]);
        let mut python = python
            .args(["python3", "-c", PACKAGES_PY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = python.stdin.take().unwrap();
        stdin.write_all(OF_DEBIAN.as_bytes()).unwrap();
        drop(stdin);
        python
    };
    let packages = OF_DEBIAN.lines().filter_map(|line| line.split_once('\t'));
    let packages: BTreeSet<&str> = packages.map(|(_, package)| package).collect();
    // bookworm, trixie, and what comes after.
    let asked = ["python:3.11-slim", "python:3.13-slim", "python:3.14-slim"].map(of);
    for python in asked {
        let said = Ran::from(python.wait_with_output().unwrap()).succeeded();
        assert_eq!(said.stdout, format!("{}\n", packages.len()));
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn an_unchanged_image_is_not_looked_at_again_but_its_findings_are_told() {
    let project = project(&["idna==3.11"], "").file("app.py", format!("# {}\n", unique()));
    let project = project.edit(
        "pyproject.toml",
        "python_version",
        "command = [\"/data/run\"]\npython_version",
    );
    let says = "the image has no program `/data/run`";
    project.try_build(&[]).succeeded().says([says]);
    project.try_build(&[]).succeeded().says([says]);
    let progress = project.build_for_progress(&[]);
    assert_eq!(progress.steps_that_ran(), [""; 0]);
}

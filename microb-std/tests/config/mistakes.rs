//! One mistake, one message, at its place.

use microb::MemoryContext;
use microb_std::Config;

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\n";

/// Every error as its line without the position, and the text that is underlined.
fn errors(cx: &MemoryContext) -> Vec<(String, String)> {
    let Err(errors) = Config::resolve(cx) else {
        return Vec::new();
    };
    errors
        .iter()
        .map(|error| {
            let shown = error.span.as_ref().map_or("", |span| span.text());
            let help = error.help.as_deref().unwrap_or_default();
            (format!("{} ({help})", error.message), shown.to_owned())
        })
        .collect()
}

#[track_caller]
fn check(toml: &str, message: &str, shown: &str) {
    let found = errors(&MemoryContext::new(toml).file("a", ""));
    assert_eq!(found, [(message.to_owned(), shown.to_owned())], "{toml}");
}

#[track_caller]
fn check_target(line: &str, message: &str, shown: &str) {
    check(
        &format!("{PROJECT}[tool.microb.target.default]\n{line}\n"),
        message,
        shown,
    );
}

#[test]
fn in_a_target() {
    for (line, message, shown) in IN_A_TARGET {
        check_target(line, message, shown);
    }
}

/// What is written, the message with its help, and what is underlined.
const IN_A_TARGET: &[(&str, &str, &str)] = &[
    (
        "copy_files_before_build = [{ src = 'a', dst = '/a', from = 'builder' }]",
        "`builder` is not there before the build (copy from it in `copy_files`, or name another source here)",
        "'builder'",
    ),
    (
        "entry_point = ['a']",
        "unknown key `entry_point` in `tool.microb.target.default` (write `entrypoint`)",
        "entry_point",
    ),
    (
        "entrypoint = 'micro run'",
        "`tool.microb.target.default.entrypoint` must be a list of strings, found a string (write a list: `entrypoint = [\"micro\", \"run\"]`)",
        "'micro run'",
    ),
    (
        "command = ['a', 1]",
        "`tool.microb.target.default.command[1]` must be a string, found an integer (write `\"1\"`)",
        "1",
    ),
    (
        "api_version = 'v9'",
        "unknown api_version `v9` (write `\"v1\"`, the only one there is)",
        "'v9'",
    ),
    (
        "python_version = 3.11",
        "`tool.microb.target.default.python_version` must be a string, found a float (write `\"3.11\"`)",
        "3.11",
    ),
    (
        "python_version = '>=3.9'",
        "`>=3.9` is no Python version (write `3`, `3.14` or `3.14.1`)",
        "'>=3.9'",
    ),
    (
        "flavor = 'alpin'",
        "unknown flavor `alpin` (write `\"alpine\"`)",
        "'alpin'",
    ),
    (
        "flavor = 'ubuntu'",
        "unknown flavor `ubuntu` (write `\"debian\"` or `\"alpine\"`)",
        "'ubuntu'",
    ),
    (
        "system_deps = ['gettext; rm -rf /']",
        "`;` does not belong into the package `gettext; rm -rf /` (write `NAME`, `NAME=VERSION`, `NAME:ARCHITECTURE` or `NAME/SUITE`)",
        ";",
    ),
    (
        "build_deps = ['gcc make']",
        "` ` does not belong into the package `gcc make` (write each package as a string of its own)",
        " ",
    ),
    (
        "env = { PORT = 8080 }",
        "`tool.microb.target.default.env.PORT` must be a string, found an integer (write `\"8080\"`)",
        "8080",
    ),
    (
        "env = { A = 'x ${B' }",
        "the substitution `${` has no `}` (close it with `}`, or write `\\$` for a dollar)",
        "${B",
    ),
    (
        "env = { 'A B' = '' }",
        "`A B` is no name: it has white space (write for instance `MY_NAME`)",
        "'A B'",
    ),
    (
        "env = ['A=b']",
        "`tool.microb.target.default.env` must be a table, found a list ()",
        "['A=b']",
    ),
    (
        "env = { A = \"a\\u0000\" }",
        "`tool.microb.target.default.env.A` contains a NUL character (remove it)",
        "\"a\\u0000\"",
    ),
    (
        "labels = { a = '${x' }",
        "the substitution `${` has no `}` (close it with `}`, or write `\\$` for a dollar)",
        "${x",
    ),
    (
        "indices = [{ url = 'pypi' }]",
        "`pypi` is no URL (write for instance `https://pypi.example/simple`)",
        "'pypi'",
    ),
    (
        "indices = [{ url = 'ftp://h/s' }]",
        "`ftp` is neither http nor https (begin it with `https://`)",
        "'ftp://h/s'",
    ),
    (
        "indices = [{ url = 'https://h/a b' }]",
        "` ` cannot stand in a URL (write it percent-encoded, for instance `%20` for a space)",
        " ",
    ),
    (
        "indices = [{ url = 'https:///s' }]",
        "`https:///s` has no host (write for instance `https://pypi.example/simple`)",
        "'https:///s'",
    ),
    (
        "indices = [{ usrname = 'u', url = 'https://h' }]",
        "unknown key `usrname` in `tool.microb.target.default.indices[0]` (write `username`)",
        "usrname",
    ),
    (
        "indices = [{ username = 'u' }]",
        "`tool.microb.target.default.indices[0]` has no `url` (add `url = \"https://…\"`)",
        "{ username = 'u' }",
    ),
    (
        "indices = ['https://h']",
        "`tool.microb.target.default.indices[0]` must be a table, found a string (write `{ url = \"https://…\" }`)",
        "'https://h'",
    ),
    (
        "indices = [{ url = 'https://h', trust = 'true' }]",
        "`tool.microb.target.default.indices[0].trust` must be a boolean, found a string (write `true`, without quotes)",
        "'true'",
    ),
    (
        "indices = [{ url = 'https://h', username = 'u', password_secret = 'a,b' }]",
        "`a,b` is no id of a secret (write the `ID` of `docker build --secret id=ID,…`)",
        "a,b",
    ),
    (
        "copy_files = [{ src = 'a', dst = '' }]",
        "the destination path is empty (write a path, for instance `/app/`)",
        "''",
    ),
    (
        "copy_files = [{ src = 'a' }]",
        "`tool.microb.target.default.copy_files[0]` has no `dst` (add `dst = \"…\"`)",
        "{ src = 'a' }",
    ),
    (
        "copy_files = [{ src = '../a', dst = '/a' }]",
        "`../a` is outside the build context (move it into the build context, or pass its folder with `--build-context NAME=FOLDER` and say `from = \"NAME\"`)",
        "'../a'",
    ),
    (
        "copy_files = ['a']",
        "`tool.microb.target.default.copy_files[0]` must be a table, found a string (write `{ src = \"…\", dst = \"…\" }`)",
        "'a'",
    ),
    (
        "copy_files = [{ src = 'a', dst = '/a', from = 'bulider' }]",
        "there is no target `bulider` (write `builder`; an image of that name is `bulider:VERSION`)",
        "'bulider'",
    ),
    (
        "copy_files_before_build = [{ src = 'A', dst = '/a' }]",
        "`A` is not in the build context (check the path, and `.dockerignore`)",
        "'A'",
    ),
    (
        "add_files = [{ src = 'a.tar', dst = '/a' }, { src = '/a', dst = '/b' }]",
        "`a.tar` is not in the build context (check the path, and `.dockerignore`)",
        "'a.tar'",
    ),
    (
        "command = ['--workers=2']",
        "`--workers=2` is an option and no program (add `entrypoint = [\"PROGRAM\"]`, whose arguments these are then)",
        "['--workers=2']",
    ),
    (
        "expose = '8000'",
        "`tool.microb.target.default.expose` must be a list of values, found a string (write a list: `[8000]`)",
        "'8000'",
    ),
    (
        "healthcheck = { tcp = 80, start_period = 5 }",
        "`5` is no time: it has no unit (write `\"5s\"`)",
        "5",
    ),
    (
        "healthcheck = { tcp = 80, timeout = '30' }",
        "`30` is no time (write `30s`)",
        "30",
    ),
    (
        "copy_files = [{ src = 'a', dst = '/a', chmod = '1' }]",
        "unknown key `chmod` in `tool.microb.target.default.copy_files[0]` (the known keys are `src`, `dst` and `from`)",
        "chmod",
    ),
    (
        "copy_files = [{ src = 'a', dst = '/a', from = 'A B' }]",
        "`A B` is no image reference: repository names are lower case; write `a b` (write `builder`, another target, a named context or an image)",
        "'A B'",
    ),
    (
        "copy_files = [{ src = 'a', dst = '/a', from = 'default' }]",
        "the target `default` copies from itself (copy from `builder`, or from a target that does not need this one)",
        "'default'",
    ),
    (
        "add_files = [{ src = 'https://h/a', dst = '/a', checksum = 'md5:1' }]",
        "`md5:1` is no checksum (write `sha256:` and 64 hexadecimal digits)",
        "'md5:1'",
    ),
    (
        "add_files = [{ src = 'https://h/a', dst = '/a', checksum = 'sha256:ab' }]",
        "the checksum has 2 digits (write `sha256:` and 64 hexadecimal digits)",
        "'sha256:ab'",
    ),
    (
        "add_files = [{ src = 'a', dst = '/a', checksum = 'sha256:ab' }]",
        "a file of the build context has no `checksum` (remove it; it is for URLs)",
        "'sha256:ab'",
    ),
    (
        "add_files_before_build = [{ src = 'ftp://h/a', dst = '/a' }]",
        "files cannot be added over `ftp` (write a path of the build context, an `https://` URL or a git repository)",
        "ftp",
    ),
    (
        "extras = ['dev']",
        "unknown extra `dev` (remove it; the project has no `optional-dependencies`)",
        "'dev'",
    ),
    (
        "requirements = 'r.txt'",
        "`r.txt` is not in the build context (check the path, and `.dockerignore`)",
        "'r.txt'",
    ),
    (
        "requirements = '/r.txt'",
        "`/r.txt` is outside the build context (write a path inside the build context, relative to `pyproject.toml`)",
        "'/r.txt'",
    ),
    (
        "requirements = ['r.txt']",
        "`tool.microb.target.default.requirements` must be a string, found a list ()",
        "['r.txt']",
    ),
];

#[test]
fn in_the_project() {
    for (toml, message, shown) in IN_THE_PROJECT {
        check(toml, message, shown);
    }
}

/// What is written, the message with its help, and what is underlined.
const IN_THE_PROJECT: &[(&str, &str, &str)] = &[
    (
        "[project]\nversion = '1'\n",
        "`project.name` is required (add `name = \"…\"`)",
        "[project]",
    ),
    (
        "[project]\nname = 'x'\n",
        "`project.version` is required (add `version = \"…\"`, or list it in `dynamic`)",
        "[project]",
    ),
    (
        "[project]\nname = '-x'\nversion = '1'\n",
        "`-x` is no name of a project (a name is letters and digits with `.`, `_` and `-` between them)",
        "'-x'",
    ),
    (
        "[project]\nname = 'x'\nversion = 'one'\n",
        "`one` is no version of PEP 440 (write for instance `1.0.0` or `1.0.0rc1`)",
        "'one'",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\ndynamic = ['version']\n",
        "`version` is both dynamic and given (remove it from `dynamic`)",
        "'version'",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\n[project.dependencies]\nidna = '1'\n",
        "`project.dependencies` must be a list of strings, found a table (write `dependencies = [\"NAME>=1\"]`, or use `[tool.poetry.dependencies]`)",
        "dependencies",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\ndependencies = ['idna>=3 ; python_version > 3']\n",
        "`3` is neither a marker variable nor a quoted string (put quotes around it: `'3'`)",
        "3",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\nrequires-python = '^3.9'\n",
        "`^3.9` is no version specifier of PEP 440 (that is Poetry's syntax; write `>=3.9,<4.0`)",
        "^3.9",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\nrequires-python = '>=3.16'\n",
        "no Python that is known here satisfies `>=3.16` (allow one of 3.8 to 3.15)",
        "'>=3.16'",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\nscripts = { foo = 'nope' }\n",
        "the script `foo` calls `nope`, which is no function (write `module:function`)",
        "'nope'",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\noptional-dependencies = { Dev = [], dev = [] }\n",
        "`dev` is the same extra as another one (rename one of them; case, `-`, `_` and `.` make no difference)",
        "dev",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\nauthors = ['Jane']\n",
        "`project.authors[0]` must be a table, found a string ()",
        "'Jane'",
    ),
    (
        "[project]\nname = 'x'\nversion = '1'\n[build-system]\nbuild-backend = 'hatchling.build'\n",
        "`build-system.requires` is required (add `requires = [\"hatchling\"]`, or the backend that you use)",
        "[build-system]",
    ),
    (
        "[tool.poetry]\nname = 'x'\nversion = '1'\n[tool.poetry.dependencies]\npython = '^x'\n",
        "`^x` is no version constraint (write for instance `^3.10` or `>=3.10,<4`)",
        "^x",
    ),
    (
        "[tool.poetry]\nversion = '1'\n",
        "`tool.poetry.name` is required (add `name = \"…\"`, or `package-mode = false`)",
        "[tool.poetry]",
    ),
    (
        "[tool.microb]\nflavor = 'alpine'\n",
        "`flavor` stands outside of a target (move it to `[tool.microb.target.default]`)",
        "flavor",
    ),
    (
        "[tool.microb]\ntargets = {}\n",
        "unknown key `targets` in `tool.microb` (write `target`)",
        "targets",
    ),
    (
        "[tool]\nmicrob = 1\n",
        "`tool.microb` must be a table, found an integer ()",
        "1",
    ),
    (
        "project = 1\n",
        "`project` must be a table, found an integer ()",
        "1",
    ),
];

#[test]
fn all_files_that_are_not_there_are_told_at_once() {
    let toml = format!(
        "{PROJECT}[tool.microb.target.default]\ncopy_files = [{{ src = 'x', dst = '/x' }}, {{ src = 'y/', dst = '/y' }}]\n\
         [tool.microb.target.other]\ncopy_files = [{{ src = 'made-later', dst = '/z' }}]\n"
    );
    let found = errors(&MemoryContext::new(&*toml));
    let shown: Vec<_> = found.iter().map(|(_, shown)| shown.as_str()).collect();
    assert_eq!(shown, ["'x'", "'y/'"]);
    let other = errors(&MemoryContext::new(toml).with_target("other"));
    assert_eq!(other[0].1, "'made-later'");
}

#[test]
fn an_entrypoint_is_proposed_for_options_alone() {
    let toml = format!("{PROJECT}[tool.microb.target.default]\ncommand = ['-v']\n");
    let found = errors(
        &MemoryContext::new(&*toml)
            .file("app/__main__.py", "")
            .file("app/__init__.py", ""),
    );
    let expected = "`-v` is an option and no program (add `entrypoint = [\"python\", \"-m\", \"app\"]`, whose arguments these are then)";
    assert_eq!(found, [(expected.to_owned(), "['-v']".to_owned())]);
    // What another image starts is its own matter.
    let toml = toml + "base_image = 'acme/python:3.14'\n";
    assert_eq!(errors(&MemoryContext::new(toml)), []);
}

#[test]
fn the_port_of_a_healthcheck_is_the_one_that_an_option_names() {
    for (argv, port) in [
        ("'serve', '--port=9000'", 9000),
        ("'serve', '--port', '9000'", 9000),
        ("'serve', '--bind', '0.0.0.0:9000'", 9000),
        ("'serve', '--bind=[::]:9000'", 9000),
        ("'serve', '-b', ':9000'", 9000),
        ("'serve', '--bind=unix:/run/x'", 8000),
        ("'serve', '--port=0', '-p'", 8000),
    ] {
        for lines in [
            format!("entrypoint = [{argv}]"),
            format!("entrypoint = ['x']\ncommand = [{argv}]"),
        ] {
            check_target(
                &format!("{lines}\nhealthcheck = {{ http = '/' }}"),
                &format!(
                    "it is not known on which port the program listens (add `port = {port}` beside `http`)"
                ),
                "'/'",
            );
        }
    }
}

#[test]
fn in_the_syntax() {
    for (toml, message, shown) in [
        ("[project\nname = 'x'\n", "[project", ""),
        ("a = \"x\n", "", ""),
        ("[project]\nname =", "", ""),
    ] {
        let found = errors(&MemoryContext::new(toml));
        assert!(!found.is_empty(), "{toml}");
        let (first, underlined) = &found[0];
        assert!(first.starts_with("invalid TOML: "), "{first}");
        assert!(!underlined.is_empty(), "{toml}: {first}");
        if shown.is_empty() {
            continue;
        }
        assert!(first.contains(message), "{first}");
        assert_eq!(underlined, shown);
    }
}

#[test]
fn about_targets() {
    let toml = format!("{PROJECT}[tool.microb.target.web]\n[tool.microb.target.worker]\n");
    assert_eq!(
        errors(&MemoryContext::new(toml.clone())),
        [(
            "the targets are `web` and `worker`, and none is called `default` (choose one, for instance with `--target web`)".to_owned(),
            "web".to_owned()
        )]
    );
    for (name, help) in [
        ("wep", "write `web`; the targets are `web` and `worker`"),
        ("prod-image", "the targets are `web` and `worker`"),
    ] {
        let found = errors(&MemoryContext::new(toml.clone()).with_target(name));
        assert_eq!(found[0].0, format!("unknown target `{name}` ({help})"));
    }
    let none = errors(&MemoryContext::new(PROJECT).with_target("web"));
    assert_eq!(
        none[0].0,
        "unknown target `web` (remove it; the file has no `[tool.microb.target.NAME]`)"
    );
    let circle = "[tool.microb.target.default]\ncopy_files=[{src='a',dst='a',from='b'}]\n[tool.microb.target.b]\ncopy_files_before_build=[{src='a',dst='a',from='default'}]\n";
    let found = errors(&MemoryContext::new(format!("{PROJECT}{circle}")));
    assert_eq!(
        found,
        [(
            "targets copy from each other in a circle: `default` from `b` from `default` \
             (copy from `builder`, or from a target that does not need this one)"
                .to_owned(),
            "'b'".to_owned()
        )]
    );
}

#[test]
fn about_what_is_not_read() {
    let requirements = "[tool.microb.target.default]\nrequirements = 'r.txt'\n";
    let locked = |more: &str| {
        MemoryContext::new(format!("{PROJECT}{more}"))
            .file("uv.lock", "broken")
            .file("r.txt", "idna\n")
            .file("main.py", "print()\n")
    };
    // A requirements file takes the place of the lock.
    let cx = locked(requirements);
    let _ = Config::resolve(&cx).unwrap();
    assert_eq!(cx.warnings(), []);

    let lock = requirements.replace("r.txt", "uv.lock");
    assert_eq!(
        errors(&locked(&lock)),
        [(
            "`uv.lock` is a lock file, no requirements file (write `lock = \"uv.lock\"`)"
                .to_owned(),
            "'uv.lock'".to_owned()
        )]
    );

    let project =
        "[project]\nname='app'\nversion='1'\ndependencies=['priv_pkg', 'local @ file:./libs/x']\n";
    let sources = "[tool.uv.sources]\nPriv-Pkg = { path = 'libs/p' }\nother = { path = 'o' }\n";
    let found = errors(&MemoryContext::new(format!("{project}{sources}")));
    assert_eq!(found.len(), 2, "{found:?}");
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert!(texts.contains(&"Priv-Pkg") && texts.iter().any(|text| text.contains("file:./libs/x")));
}

#[test]
fn every_mistake_is_told_at_once_and_in_order() {
    let toml = r#"
[project]
name = "x"
version = "one"
dependencies = ["a b"]
[tool.microb.target.default]
flavor = "x"
extras = ["a"]
requirements = "none.txt"
python_version = "3.9.1.2"
[tool.microb.target.other]
comand = []
"#;
    let lines: Vec<_> = Config::resolve(&MemoryContext::new(toml))
        .unwrap_err()
        .iter()
        .map(|error| error.span.as_ref().unwrap().start().line)
        .collect();
    assert_eq!(lines, [4, 5, 7, 8, 9, 10, 12]);
}

#[test]
fn a_python_that_is_not_allowed_names_both_places() {
    let toml = format!("{PROJECT}requires-python = '>=3.10'\n");
    let cx = MemoryContext::new(toml.clone()).file(".python-version", "# x\n3.9\n");
    assert_eq!(
        Config::resolve(&cx).unwrap_err().to_string(),
        ".python-version:2:1: error: Python 3.9 contradicts `>=3.10` at pyproject.toml:4:19 (change one of the two)"
    );
    let explicit = format!("{toml}[tool.microb.target.default]\npython_version = '3.9'\n");
    assert_eq!(
        Config::resolve(&MemoryContext::new(explicit))
            .unwrap_err()
            .to_string(),
        "pyproject.toml:6:18: error: Python 3.9 contradicts `>=3.10` at pyproject.toml:4:19 (change one of the two)"
    );
}

#[test]
fn a_file_that_nobody_asks_for_cannot_be_wrong() {
    let toml = format!("{PROJECT}[tool.microb.target.default]\npython_version = '3.12'\n");
    let cx = MemoryContext::new(toml).file(".python-version", b"\xff".to_vec());
    assert!(Config::resolve(&cx).is_ok());
    let cx = MemoryContext::new(PROJECT).file(".python-version", b"3\xff".to_vec());
    assert_eq!(
        Config::resolve(&cx).unwrap_err().to_string(),
        ".python-version:1:2: error: `.python-version` is not UTF-8 (save it as UTF-8)"
    );
}

#[test]
fn requirements_and_extras_together_are_refused() {
    let toml = format!(
        "{PROJECT}optional-dependencies.a = []\n[tool.microb.target.default]\nextras = ['a']\nrequirements = 'r.txt'\n"
    );
    assert_eq!(
        errors(&MemoryContext::new(toml).file("r.txt", "idna")),
        [(
            "`extras` cannot be used with `requirements` (remove one of the two; `requirements` replaces the project's own lists)".to_owned(),
            "extras".to_owned()
        )]
    );
}

#[test]
fn the_wrong_line_of_a_requirements_file_is_shown() {
    let toml = format!("{PROJECT}[tool.microb.target.default]\nrequirements = 'r/all.txt'\n");
    let cx = MemoryContext::new(toml)
        .file("r/all.txt", "-r base.txt\n")
        .file("r/base.txt", "idna\nnumpy >== 2\n");
    let errors = Config::resolve(&cx).unwrap_err().to_string();
    assert!(
        errors.starts_with("r/base.txt:2:7: error: `>== 2` is no version specifier"),
        "{errors}"
    );
}

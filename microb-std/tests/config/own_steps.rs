//! `run`, `prune`, `compile`, `certificates` and their kind, read as a Dockerfile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::{MemoryContext, dockerfile};
use microb_std::{Config, recipe};

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['idna']\n[tool.setuptools]\n[tool.microb.target.default]\n";

/// The stages of the Dockerfile.
fn stages(lines: &str) -> Vec<String> {
    let cx = MemoryContext::new(format!("{PROJECT}{lines}\n")).file(
        "ca.pem",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    );
    let stage = recipe(&cx).unwrap_or_else(|errors| panic!("{errors}"));
    let text = dockerfile::render(&stage).unwrap();
    text.split("\nFROM ").map(str::to_owned).collect()
}

#[track_caller]
fn stage(lines: &str, name: &str) -> String {
    let start = format!(" AS {name}\n");
    let stages = stages(lines);
    let mut stages = stages.into_iter();
    stages.find(|stage| stage.contains(&start)).unwrap()
}

#[test]
fn own_commands_run_in_a_copy_of_the_project_with_what_they_ask_for() {
    let lines = "run = [['pytest', '-q $x'], { command = ['npm', 'ci'], ssh = true, network = false, \
                 secrets = ['a', { id = 'b', env = 'B' }, { id = 'c', target = '/root/c' }] }]";
    let run = stage(lines, "run");
    for expected in [
        "RUN [\"pytest\", \"-q $x\"]\n",
        "RUN --mount=type=ssh,required --mount=type=secret,id=a,required --mount=type=secret,id=b,required,env=B \
         --mount=type=secret,id=c,target=/root/c,required --network=none [\"npm\", \"ci\"]\n",
    ] {
        let one_line = run.replace(" \\\n    ", " ");
        let same = |text: &str| {
            let mut words: Vec<_> = text.split([' ', ',']).collect();
            words.sort_unstable();
            words.join(" ")
        };
        let found = one_line
            .split_inclusive('\n')
            .any(|line| same(line) == same(expected));
        assert!(found, "{expected}\n{one_line}");
    }
    assert!(stage(lines, "installed").contains("WORKDIR /src\nCOPY . /src"));
    // The image depends on what they did, so that a test that fails is a build that fails.
    assert!(stage(lines, "default").contains("COPY --from=run"));
    assert!(!stages("").concat().contains("/src/changed"));
}

#[test]
fn files_from_the_builder_are_those_after_the_own_commands() {
    let copy = "copy_files = [{ src = '/src/out', dst = '/app/out', from = 'builder' }]";
    let of_builder = stage(copy, "default");
    assert!(
        of_builder.contains("COPY --from=builder /src/out"),
        "{of_builder}"
    );
    let of_run = stage(&format!("{copy}\nrun = [['make']]"), "default");
    assert!(of_run.contains("COPY --from=run /src/out"), "{of_run}");
}

#[test]
fn bytecode_is_compiled_unless_it_is_not_wanted() {
    // What is installed in one step, and the project's wheel in another; by no installer, which would compile tests too.
    for installer in ["uv", "pip"] {
        let count = |lines: &str| {
            let text = stages(&format!("installer = '{installer}'\n{lines}")).concat();
            let ours = text
                .matches("/requirements/compile.py /app/.venv\n")
                .count();
            (ours, text.contains("--compile-bytecode"))
        };
        assert_eq!(
            (count(""), count("compile = false")),
            ((2, false), (0, false))
        );
    }
}

#[test]
fn pip_takes_the_place_of_uv_everywhere() {
    let index = "indices = [{ url = 'https://h:8443/s', username = 'u', password_secret = 'p' }, { url = 'https://i/s', default = true }]";
    let text = stages(&format!("installer = 'pip'\n{index}")).concat();
    assert!(!text.contains("/opt/uv"), "{text}");
    for expected in [
        "\"/usr/local/bin/python3\", \"/requirements/pip_logins.py\", \"/run/logins/netrc\", \"UV_INDEX_INDEX_1=h\", \"--\", \
         \"/usr/local/bin/python3\", \"-m\", \"pip\", \"--python=/app/.venv/bin/python\", \"install\"",
        "\"--extra-index-url\", \"https://h:8443/s\", \"--index-url\", \"https://i/s\"",
        "\"--python=/opt/build/bin/python\", \"wheel\"",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn only_a_build_that_asks_for_a_network_has_one() {
    assert!(stage("", "wheel").contains("--network=none"));
    assert!(!stage("build_network = true", "wheel").contains("--network=none"));
}

#[test]
fn pruned_files_are_gone_before_the_environment_is_copied() {
    let builder = stage("prune = ['idna/tests', '**/*.pyi']", "builder");
    let install = builder.find("--requirements").unwrap();
    let prune = builder.find("\"idna/tests\", \"**/*.pyi\"").unwrap();
    assert!(install < prune, "{builder}");
}

#[test]
fn certificates_are_mounted_wherever_the_installer_has_a_network() {
    let lines = "certificates = [{ file = 'ca.pem' }, { secret = 'ca' }]\nrun = [['true']]";
    for name in ["uv", "build-requirements", "builder", "run"] {
        let stage = stage(lines, name);
        for mount in [
            "--mount=type=secret,id=ca,target=/run/certificates/2.pem,required",
            "--mount=type=tmpfs,target=/run/trusted",
            "target=/run/certificates/1.pem",
        ] {
            assert!(stage.contains(mount), "{mount} in {stage}");
        }
    }
    assert!(!stage(lines, "default").contains("certificates"));
}

#[test]
fn a_netrc_is_mounted_for_the_installer_only() {
    let text = stages("netrc_secret = 'login'\nrun = [['true']]");
    let mounted = text
        .iter()
        .filter(|stage| stage.contains("--mount=type=secret,id=login"));
    let names: Vec<_> = mounted
        .map(|stage| stage.lines().next().unwrap().rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["builder", "build-requirements"]);
}

#[test]
fn a_line_that_is_one_word_is_told_with_the_words_to_write() {
    for (words, instead) in [
        ("'a && b'", r#"["sh", "-c", "a && b"]"#),
        ("'make all'", r#"["make", "all"]"#),
    ] {
        let cx = MemoryContext::new(format!("{PROJECT}run = [['true'], [{words}]]\n"));
        assert!(recipe(&cx).is_ok());
        let told = cx.warnings().into_iter();
        let mut told = told.filter(|told| told.message.starts_with("there is no program"));
        let told = told.next().unwrap();
        assert_eq!(
            told.help,
            Some(format!("write a list of its words: `{instead}`"))
        );
        assert_eq!(told.span.unwrap().text(), format!("[{words}]"));
    }
}

/// What is wrong in the target, the message with its help, and what is underlined.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "run = ['pytest -q']",
        "a command is a list of words, found a string (write `[\"pytest\", \"-q\"]`)",
        "'pytest -q'",
    ),
    (
        "run = ['echo hi && ls']",
        "a command is a list of words, found a string (write `[\"sh\", \"-c\", \"echo hi && ls\"]`)",
        "'echo hi && ls'",
    ),
    (
        "run = [[]]",
        "the command has no program (write for instance `[\"pytest\"]`)",
        "[]",
    ),
    (
        "run = [{ secrets = [] }]",
        "`tool.microb.target.default.run[0]` has no `command` (add `command = [\"npm\", \"run\", \"build\"]`)",
        "{ secrets = [] }",
    ),
    (
        "run = [{ command = ['a'], secrets = ['a b'] }]",
        "`a b` is no id of a secret (write the `ID` of `docker build --secret id=ID,…`)",
        "a b",
    ),
    (
        "run = [{ command = ['a'], secrets = [{ id = 'a', env = 'A-B' }] }]",
        "`A-B` is no name of a variable (write for instance `NPM_TOKEN`)",
        "A-B",
    ),
    (
        "run = [{ command = ['a'], ssh = 'true' }]",
        "`tool.microb.target.default.run[0].ssh` must be a boolean, found a string (write `true`, without quotes)",
        "'true'",
    ),
    (
        "installer = 'pip'\nuv_version = '0.13.9'",
        "there is no uv with `installer = \"pip\"` (remove `uv_version`, or `installer`)",
        "'0.13.9'",
    ),
    (
        "installer = 'poetry'",
        "unknown installer `poetry` (write `\"uv\"` or `\"pip\"`)",
        "'poetry'",
    ),
    (
        "installer = 'pip'\nindices = [{ url = 'https://h', packages = ['idna'] }]",
        "that `idna` comes from an index of its own needs a lock file, or uv and a list in `project.dependencies` (lock the project, for instance with `uv lock`)",
        "'idna'",
    ),
    (
        "prune = ['**']",
        "`**` would remove everything (name what is not needed, for instance `**/*.pyi`)",
        "**",
    ),
    (
        "prune = ['../x']",
        "`../x` is not relative to `site-packages` (write for instance `pandas/tests`)",
        "../x",
    ),
    (
        "certificates = [{}]",
        "a certificate has one of `file` or `secret` (write for instance `{ secret = \"company_ca\" }`)",
        "{}",
    ),
    (
        "certificates = [{ file = 'ca.pem', secret = 'ca' }]",
        "a certificate has either `file` or `secret` (write for instance `{ secret = \"company_ca\" }`)",
        "{ file = 'ca.pem', secret = 'ca' }",
    ),
    (
        "certificates = [{ file = 'none.pem' }]",
        "`none.pem` is not in the build context (check the path, and `.dockerignore`)",
        "'none.pem'",
    ),
    (
        "certificates = [{ file = 'der.crt' }]",
        "`der.crt` is no certificate in PEM (convert it: `openssl x509 -inform der -in der.crt -out der.crt.pem`)",
        "'der.crt'",
    ),
    (
        "certificates = [{ file = 'key.pem' }]",
        "`key.pem` has a private key in it (name a file with certificates alone)",
        "'key.pem'",
    ),
    (
        "netrc_secret = 'a,b'",
        "`a,b` is no id of a secret (write the `ID` of `docker build --secret id=ID,…`)",
        "a,b",
    ),
    (
        "indices = [{ url = 'https://h', default = true, packages = ['idna'] }]",
        "the default index is asked for every package (remove one of `packages` and `default`)",
        "packages",
    ),
    (
        "indices = [{ url = 'https://h', default = true }, { url = 'https://i', default = true }]",
        "two indices are the default: `https://h` and `https://i` (remove `default = true` from one of them)",
        "'https://i'",
    ),
    (
        "indices = [{ url = 'https://h', packages = [] }]",
        "an index for no package is never asked (remove `packages`, or name those that come from it)",
        "packages",
    ),
    (
        "indices = [{ url = 'https://h', packages = ['a-'] }]",
        "`a-` is no name of a package (write the name alone, for instance `acme-core`)",
        "'a-'",
    ),
    (
        "indices = [{ url = 'https://h', packages = ['acme'] }]",
        "`acme` is no direct dependency, and without a lock it would come from another index (add `\"acme\"` to `dependencies`, or lock the project)",
        "'acme'",
    ),
    (
        "indices = [{ url = 'https://h', username = 'u', password_secret = 'p', token_secret = 't' }]",
        "`password_secret` and `token_secret` are both the password (remove one of them)",
        "token_secret",
    ),
    (
        "[tool.uv.sources]\nidna = { path = '../idna' }",
        "`../idna` is outside the build context (build with a context that has it, for instance `docker build -f app/pyproject.toml .`)",
        "'../idna'",
    ),
    (
        "[tool.uv.sources]\nidna = { path = 'idna' }",
        "`idna/pyproject.toml` is not in the build context (check the path, and `.dockerignore`)",
        "idna",
    ),
    (
        "[tool.uv.sources]\nidna = { path = 'idna-1.tar.gz' }",
        "`idna` is a file of the build context, which is not read without a lock (run `uv lock`)",
        "idna",
    ),
    (
        "[tool.uv.sources]\nidna = { workspace = true }",
        "the project is in no workspace (build with the workspace's root as the build context, `docker build -f member/pyproject.toml .`)",
        "idna",
    ),
    (
        "[tool.uv.workspace]\nmembers = ['libs/*']\n[tool.uv.sources]\nidna = { workspace = true }",
        "no member of the workspace is called `idna` (check `[tool.uv.workspace]` in the workspace's root, and `.dockerignore`)",
        "idna",
    ),
    (
        "[tool.uv.sources]\nidna = [{ git = 'https://h/a', marker = 'a' }, { git = 'https://h/b' }]",
        "`idna` has several sources, which is not read without a lock (run `uv lock`)",
        "idna",
    ),
    (
        "[[tool.uv.index]]\nname = 'company'\nurl = 'https://h'\n[tool.uv.sources]\nidna = { index = 'compony' }",
        "no index is called `compony` (write `company`)",
        "'compony'",
    ),
];

#[test]
fn each_mistake_has_one_message_at_its_place() {
    for (lines, message, shown) in MISTAKES {
        let cx = MemoryContext::new(format!("{PROJECT}{lines}\n"))
            .file("ca.pem", "-----BEGIN CERTIFICATE-----\n")
            .file("der.crt", "0")
            .file(
                "key.pem",
                "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n",
            );
        let errors = Config::resolve(&cx).map_or_else(|errors| errors, |_| panic!("{lines}"));
        let found: Vec<_> = errors
            .iter()
            .map(|error| {
                let shown = error.span.as_ref().map_or("", |span| span.text());
                let help = error.help.as_deref().unwrap_or_default();
                (format!("{} ({help})", error.message), shown.to_owned())
            })
            .collect();
        assert_eq!(
            found,
            [((*message).to_owned(), (*shown).to_owned())],
            "{lines}"
        );
    }
}

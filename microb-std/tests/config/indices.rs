//! Where packages come from: `indices`, and the tables of uv and Poetry.

use microb::{MemoryContext, dockerfile};
use microb_std::{Config, Credential, Index, IndexRole, recipe};

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\n";

/// An index in one line: its name, its URL, its role and the ids of its secrets.
fn line(index: &Index) -> String {
    let role = match &index.role {
        IndexRole::Extra => "extra".to_owned(),
        IndexRole::Default => "default".to_owned(),
        IndexRole::Explicit(packages) => {
            let names = packages.iter().map(|package| package.name.value.as_str());
            format!("for {}", names.collect::<Vec<_>>().join(" "))
        }
    };
    let half = |credential: &Option<Credential>| match credential {
        None => String::new(),
        Some(Credential::Plain(text)) => format!(" {}", text.value),
        Some(Credential::Secret(id)) => format!(" secret:{}", id.value),
        Some(Credential::IfGiven(id)) => format!(" maybe:{}", id.value),
    };
    let (user, password) = (half(&index.username), half(&index.password));
    format!("{} {} {role}{user}{password}", index.name, index.url.value)
}

#[track_caller]
fn check(toml: &str, expected: &[&str]) {
    let config = Config::resolve(&MemoryContext::new(toml));
    let config = config.unwrap_or_else(|errors| panic!("{toml}\n{errors}"));
    let lines: Vec<_> = config.indices.iter().map(line).collect();
    assert_eq!(lines, expected, "{toml}");
}

#[test]
fn an_index_is_extra_default_or_for_some_packages() {
    let toml = format!(
        "{PROJECT}dependencies = ['Acme.Core', 'idna']\n[tool.microb.target.default]\nindices = [\n\
         {{ url = 'https://a/s' }},\n\
         {{ url = 'https://b/s', default = true, username = 'u', password_secret = 'p' }},\n\
         {{ url = 'https://c/s', packages = ['acme_core'], token_secret = 't' }},\n\
         {{ url = 'https://d/s', username = 'aws', token_secret = 't' }},\n]"
    );
    check(
        &toml,
        &[
            "index-1 https://a/s extra",
            "index-2 https://b/s default u secret:p",
            "index-3 https://c/s for acme-core __token__ secret:t",
            "index-4 https://d/s extra aws secret:t",
        ],
    );
}

#[test]
fn uv_itself_comes_from_the_index_in_the_place_of_pypi() {
    let fetches = |indices: &str| {
        let toml = format!(
            "{PROJECT}dependencies = ['idna']\n[tool.microb.target.default]\nindices = [{indices}]\n"
        );
        let text = dockerfile::render(&recipe(&MemoryContext::new(toml)).expect("no mistakes"))
            .expect("a Dockerfile");
        let (_, stage) = text.split_once(" AS uv\n").expect("a stage of uv");
        stage.split("\nFROM ").next().unwrap_or_default().to_owned()
    };
    let plain = fetches("{ url = 'https://a/s', username = 'u', password_secret = 'p' }");
    assert!(
        !plain.contains("https://a/s") && !plain.contains("secret"),
        "{plain}"
    );
    let own = fetches(
        "{ url = 'https://a/s', default = true, trust = true, username = 'u', password_secret = 'p' }",
    );
    for expected in [
        "\"--index-url\", \"https://a/s\", \"--trusted-host\", \"a\", \"uv==",
        "\"/requirements/pip_logins.py\", \"/run/logins/netrc\", \"UV_INDEX_INDEX_1=a\", \"--\"",
        "--mount=type=secret,id=p,env=UV_INDEX_INDEX_1_PASSWORD",
    ] {
        assert!(own.contains(expected), "{expected}\n{own}");
    }
}

#[test]
fn pip_has_one_login_for_a_host() {
    let errors = |indices: &str| {
        let toml = format!(
            "{PROJECT}[tool.microb.target.default]\ninstaller = 'pip'\nindices = [{indices}]\n"
        );
        Config::resolve(&MemoryContext::new(toml))
            .map_or_else(|errors| errors.to_string(), |_| String::new())
    };
    let first = "{ url = 'https://h/1/s', username = 'u', password_secret = 'p' }";
    assert_eq!(
        errors(&format!(
            "{first}, {{ url = 'https://h:443/2/s', username = 'u', password_secret = 'p' }}"
        )),
        ""
    );
    assert_eq!(
        errors(&format!(
            "{first}, {{ url = 'https://i/2/s', token_secret = 't' }}"
        )),
        ""
    );
    assert_eq!(
        errors(&format!(
            "{first}, {{ url = 'https://h/2/s', token_secret = 't' }}"
        )),
        "pyproject.toml:6:86: error: pip knows one login for a host, and two indices at `h` have another each \
         (remove `installer = \"pip\"`: uv knows logins by the index)"
    );
}

#[test]
fn indices_of_uv_have_logins_by_the_names_of_its_variables() {
    let uv = "[[tool.uv.index]]\nname = 'my-own.1'\nurl = 'https://a/s'\nexplicit = true\n\
              [[tool.uv.index]]\nname = 'mirror'\nurl = 'https://b/s/'\ndefault = true\n\
              [tool.uv.sources]\nAcme_Core = { index = 'my-own.1' }\n";
    let project = format!("{PROJECT}dependencies = ['acme-core']\n{uv}");
    let own = "my-own.1 https://a/s for acme-core maybe:UV_INDEX_MY_OWN_1_USERNAME maybe:UV_INDEX_MY_OWN_1_PASSWORD";
    check(
        &project,
        &[
            own,
            "mirror https://b/s/ default maybe:UV_INDEX_MIRROR_USERNAME maybe:UV_INDEX_MIRROR_PASSWORD",
        ],
    );
    // What `indices` says of the same index wins: its login, and here no role.
    let target = "[tool.microb.target.default]\nindices = [{ url = 'https://b/s', username_secret = 'u', password_secret = 'p' }]\n";
    check(
        &format!("{project}{target}"),
        &["mirror https://b/s default secret:u secret:p", own],
    );
}

#[test]
fn sources_of_poetry_are_asked_in_its_order() {
    let poetry = |sources: &[(&str, &str)]| {
        let source = |(name, rest): &(&str, &str)| {
            format!("[[tool.poetry.source]]\nname = '{name}'\n{rest}\n")
        };
        let sources: String = sources.iter().map(source).collect::<Vec<_>>().concat();
        format!("{PROJECT}dependencies = ['idna']\n{sources}")
    };
    let url = |host: &str| format!("url = 'https://{host}/s'");
    let login = |name: &str| {
        format!("maybe:POETRY_HTTP_BASIC_{name}_USERNAME maybe:POETRY_HTTP_BASIC_{name}_PASSWORD")
    };
    let (foo, bar) = (login("FOO"), login("BAR_2"));
    // https://python-poetry.org/docs/repositories/#primary-package-sources
    check(
        &poetry(&[("foo", &url("a"))]),
        &[&format!("foo https://a/s default {foo}")],
    );
    let supplemental = format!("{}\npriority = 'supplemental'", url("b"));
    check(
        &poetry(&[("bar-2", &supplemental)]),
        &[
            "pypi https://pypi.org/simple extra",
            &format!("bar-2 https://b/s default {bar}"),
        ],
    );
    check(
        &poetry(&[("bar-2", &supplemental), ("foo", &url("a"))]),
        &[
            &format!("foo https://a/s extra {foo}"),
            &format!("bar-2 https://b/s default {bar}"),
        ],
    );
    let explicit = format!("{}\npriority = 'explicit'", url("a"));
    check(
        &poetry(&[("foo", &explicit)]),
        &[&format!("foo https://a/s for  {foo}")],
    );
}

#[test]
fn a_package_of_one_index_is_listed_with_it() {
    let toml = format!(
        "{PROJECT}dependencies = ['acme-core>=2', 'idna']\n[tool.microb.target.default]\n\
         indices = [{{ url = 'https://c/s', packages = ['acme-core'] }}]\n"
    );
    let text = dockerfile::render(&recipe(&MemoryContext::new(toml)).unwrap()).unwrap();
    let expected = "dependencies = [\n    \"acme-core>=2\",\n    \"idna\",\n]\n\n[[tool.uv.index]]\nname = \"index-1\"\n\
                    url = \"https://c/s\"\nexplicit = true\n\n[tool.uv.sources]\n\"acme-core\" = [{ index = \"index-1\" }]\n";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("\"--requirements\", \"/requirements/requirements/pyproject.toml\""));
}

#[test]
fn a_lock_takes_from_an_index_what_the_configuration_says() {
    let lock = |name: &str| format!("{name}==1.0 --hash=sha256:{}\n", "a".repeat(64));
    let toml = format!(
        "{PROJECT}dependencies = ['acme-core', 'idna']\n[tool.microb.target.default]\nlock = 'r.txt'\n\
         indices = [{{ url = 'https://c/s', packages = ['acme-core'] }}]\n"
    );
    let cx = MemoryContext::new(toml).file("r.txt", lock("acme-core") + &lock("idna"));
    let text = dockerfile::render(&recipe(&cx).unwrap()).unwrap();
    let one = "\"--default-index\", \"index-1=https://c/s\", \"--requirements\", \"/requirements/requirements-2.txt\"";
    assert!(text.contains(one), "{text}");
}

#[test]
fn sources_of_uv_become_urls() {
    for (source, expected) in [
        ("{ git = 'https://h/r' }", "acme @ git+https://h/r"),
        (
            "{ git = 'ssh://git@h/r.git', tag = 'v1', subdirectory = 'lib' }",
            "acme @ git+ssh://git@h/r.git@v1#subdirectory=lib",
        ),
        (
            "{ url = 'https://h/acme-1.tar.gz' }",
            "acme @ https://h/acme-1.tar.gz",
        ),
        (
            "[{ git = 'https://h/r', rev = 'c0ffee' }]",
            "acme @ git+https://h/r@c0ffee",
        ),
    ] {
        let toml =
            format!("{PROJECT}dependencies = ['acme>=1']\n[tool.uv.sources]\nAcme = {source}\n");
        let config = Config::resolve(&MemoryContext::new(toml)).unwrap();
        let text = config.dependencies.requirements_txt().unwrap();
        assert_eq!(text, format!("{expected}\n"), "{source}");
        assert_eq!(config.ssh.is_some(), source.contains("ssh:"), "{source}");
    }
}

#[test]
fn folders_of_uv_are_built_with_what_they_require_themselves() {
    let project =
        |name: &str, rest: &str| format!("[project]\nname = '{name}'\nversion = '1'\n{rest}");
    let root = project(
        "app",
        "dependencies = ['Lib_A[x]']\n[tool.uv.workspace]\nmembers = ['libs/*']\n\
         [tool.uv.sources]\nlib-a = { workspace = true }\n",
    );
    let a = project(
        "lib-a",
        "dependencies = ['idna', 'lib-b', 'app']\noptional-dependencies.x = ['attrs']\noptional-dependencies.y = ['no']\n\
         [tool.uv.sources]\nlib-b = { path = '../b' }\napp = { workspace = true }\n",
    );
    let b = project(
        "lib-b",
        "dependencies = ['six', 'lib-a']\n[tool.uv.sources]\nlib-a = { workspace = true }\nsix = { git = 'https://h/six' }\n",
    );
    let cx = MemoryContext::new(root.as_str())
        .file("pyproject.toml", root.as_str())
        .file("libs/a/pyproject.toml", a)
        .file("libs/b/pyproject.toml", b);
    let config = Config::resolve(&cx).unwrap();
    let text = config.dependencies.requirements_txt().unwrap();
    assert_eq!(text, "attrs\nidna\nsix @ git+https://h/six\n");
    let members: Vec<_> = config
        .members
        .iter()
        .map(|member| (member.name.as_str(), member.path.value.as_str()))
        .collect();
    assert_eq!(members, [("lib-a", "libs/a"), ("lib-b", "libs/b")]);
}

/// The Dockerfile of a project, and what is told of logins on the way: the texts under the carets.
fn image(cx: &MemoryContext) -> (String, Vec<String>) {
    let stage = recipe(cx).unwrap_or_else(|errors| panic!("{errors}"));
    let text = dockerfile::render(&stage).unwrap_or_else(|errors| panic!("{errors}"));
    let told = cx.warnings().into_iter().filter(|warning| {
        let rule = warning.rule.map(|rule| rule.name);
        rule == Some("CredentialInUrl")
    });
    let places = told.filter_map(|warning| Some(warning.span?.text().to_owned()));
    (text, places.collect())
}

/// All that a client shows of the steps: their commands, and not what is written into files and variables.
#[track_caller]
fn check_commands(dockerfile: &str) {
    let mut shown = dockerfile
        .lines()
        .filter(|line| !line.starts_with("ENV") && !line.contains(" @ git+"));
    assert!(!shown.any(|line| line.contains("hunter2")), "{dockerfile}");
}

#[test]
fn a_login_in_the_url_of_an_index_is_in_no_command() {
    for installer in ["uv", "pip"] {
        let toml = format!(
            "{PROJECT}dependencies = ['idna']\n[tool.microb.target.default]\ninstaller = '{installer}'\n\
             indices = [{{ url = 'https://ci:s%40hunter2@h/s' }}, {{ url = 'https://hunter2@i/t' }}]\n\
             [[tool.uv.index]]\nurl = 'https://ci:hunter2@j/u'\n"
        );
        check(
            &toml,
            &[
                "index-1 https://h/s extra ci s@hunter2",
                "index-2 https://i/t extra hunter2",
                "tool-index-1 https://j/u extra ci hunter2",
            ],
        );
        let (text, told) = image(&MemoryContext::new(toml));
        check_commands(&text);
        assert!(
            text.contains("ENV UV_INDEX_INDEX_1_PASSWORD=s@hunter2"),
            "{text}"
        );
        assert_eq!(
            told,
            [
                "'https://ci:s%40hunter2@h/s'",
                "'https://hunter2@i/t'",
                "'https://ci:hunter2@j/u'"
            ]
        );
    }
}

#[test]
fn a_login_in_the_url_of_a_lock_is_told_and_in_no_command() {
    let hash = "0".repeat(64);
    let commit = "0".repeat(40);
    let package = |name: &str, source: &str| {
        format!(
            "[[package]]\nname = '{name}'\nversion = '1'\nsource = {{ {source} }}\n\
             sdist = {{ url = 'https://h/{name}.tar.gz', hash = 'sha256:{hash}', size = 1 }}\n"
        )
    };
    let registry = "registry = 'https://ci:hunter2@h/s'";
    let git = format!("git = 'https://hunter2@h/r.git?rev=v1#{commit}'");
    let lock = [
        "version = 1\nrequires-python = '>=3.9'\n".to_owned(),
        package("a", registry),
        package("b", registry),
        package("c", &git),
        "[[package]]\nname = 'app'\nversion = '1'\nsource = { virtual = '.' }\n\
         dependencies = [{ name = 'a' }, { name = 'b' }, { name = 'c' }]\n"
            .to_owned(),
    ];
    for (installer, words) in [
        ("uv", "\"--default-index\", \"index-of-lock=https://h/s\""),
        ("pip", "\"UV_INDEX_INDEX_OF_LOCK=h\""),
    ] {
        let toml = format!(
            "{PROJECT}[tool.uv]\npackage = false\n[tool.microb.target.default]\ninstaller = '{installer}'\n"
        );
        let (text, told) = image(&MemoryContext::new(toml).file("uv.lock", lock.concat()));
        check_commands(&text);
        assert!(text.contains(words), "{text}");
        assert!(
            text.contains("ENV UV_INDEX_INDEX_OF_LOCK_PASSWORD=hunter2"),
            "{text}"
        );
        assert_eq!(told, ["name", "name"]);
    }
    // The configuration knows the index, and has a login for it.
    let toml = format!(
        "{PROJECT}[tool.uv]\npackage = false\n[tool.microb.target.default]\n\
         indices = [{{ url = 'https://h/s', username = 'ci', password_secret = 'pypi' }}]\n"
    );
    let (text, _) = image(&MemoryContext::new(toml).file("uv.lock", lock.concat()));
    assert!(
        text.contains("\"--default-index\", \"index-1=https://h/s\""),
        "{text}"
    );
    assert!(!text.contains("INDEX_OF_LOCK"), "{text}");
}

#[test]
fn a_login_in_a_requirements_file_is_told_at_its_place() {
    let requirements = "--index-url https://ci:hunter2@h/s\n--extra-index-url=https://hunter2@h/t\n-f https://a:hunter2@h/f\n\
                        --find-links https://h/g\nidna\na @ git+https://hunter2@h/r.git@v1\nhttps://b:hunter2@h/x-1-py3-none-any.whl\n\
                        b @ git+ssh://git@h/r.git@v1\nc @ https://${TOKEN}@h/c-1-py3-none-any.whl\n-r more.txt\n";
    let more = "git+https://c:hunter2@h/r.git@v1#egg=d\n";
    let toml =
        format!("{PROJECT}[tool.microb.target.default]\nrequirements = 'requirements.txt'\n");
    let cx = MemoryContext::new(toml)
        .file("requirements.txt", requirements)
        .file("more.txt", more);
    let (_, told) = image(&cx);
    assert_eq!(
        told,
        [
            "https://ci:hunter2@h/s",
            "https://hunter2@h/t",
            "https://a:hunter2@h/f",
            "a @ git+https://hunter2@h/r.git@v1",
            "https://b:hunter2@h/x-1-py3-none-any.whl",
            "git+https://c:hunter2@h/r.git@v1#egg=d",
        ]
    );
}

#[test]
fn a_login_in_the_url_of_an_added_file_is_told_and_nowhere_shown() {
    let toml = format!(
        "{PROJECT}[tool.microb.target.default]\nadd_files = [\n\
         {{ src = 'https://ci:hunter2@h/a', dst = '/a' }},\n{{ src = 'https://hunter2@h/r.git', dst = '/r' }},\n\
         {{ src = 'git@h:r.git', dst = '/s' }}]\n"
    );
    let cx = MemoryContext::new(toml);
    let (_, told) = image(&cx);
    assert_eq!(
        told,
        ["'https://ci:hunter2@h/a'", "'https://hunter2@h/r.git'"]
    );
    let found = microb::rule::check(&recipe(&cx).unwrap());
    let messages: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert!(
        messages
            .join("\n")
            .contains("`https://h/a` is fetched without a checksum")
    );
    assert!(!messages.join("\n").contains("hunter2"), "{messages:?}");
}

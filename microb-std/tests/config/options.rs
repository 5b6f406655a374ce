//! The options beyond the examples, each with what it means.

use microb::{MemoryContext, Platform};
use microb_std::{AddSource, Config, CopyFrom, Credential, Dependencies, Packaging};

const PROJECT: &str = "[project]\nname = 'app'\nversion = '1'\n";

fn with_target(lines: &str) -> MemoryContext {
    MemoryContext::new(format!("{PROJECT}[tool.microb.target.default]\n{lines}\n"))
        .file("main.py", "print()\n")
}

#[track_caller]
fn resolve(cx: &MemoryContext) -> Config {
    Config::resolve(cx).unwrap_or_else(|errors| panic!("{errors}"))
}

fn warnings(cx: &MemoryContext) -> Vec<String> {
    cx.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn the_target_is_the_one_that_was_asked_for() {
    let toml = |names: &[&str]| {
        let tables: Vec<_> = names
            .iter()
            .map(|name| format!("[tool.microb.target.{name}]\n"))
            .collect();
        MemoryContext::new(format!("{PROJECT}{}", tables.concat())).file("main.py", "print()\n")
    };
    for (cx, expected) in [
        (toml(&["web", "default"]), "default"),
        (toml(&["web"]), "web"),
        (toml(&["web", "worker"]).with_target("worker"), "worker"),
        (toml(&["web", "default"]).arg("microb_target", "web"), "web"),
        (toml(&["web", "default"]).arg("MICROB_TARGET", "web"), "web"),
        (
            toml(&["web", "default"])
                .with_target("")
                .arg("microb_target", ""),
            "default",
        ),
    ] {
        assert_eq!(resolve(&cx).target.unwrap().value, expected);
        assert_eq!(warnings(&cx), Vec::<String>::new());
    }
    let both = toml(&["a", "b"]).with_target("a").arg("microb_target", "b");
    assert_eq!(resolve(&both).target.unwrap().value, "a");
    assert_eq!(
        warnings(&both),
        [
            "warning: the build argument `microb_target=b` is ignored, since `--target a` is given (give one of the two)"
        ]
    );
    assert_eq!(resolve(&toml(&[]).with_target("default")).target, None);
}

#[test]
fn build_and_platform_arguments_are_substituted() {
    let cx = with_target(
        r#"
env = { A = "$TARGETPLATFORM $TARGETOS $TARGETARCH-$TARGETVARIANT $BUILDPLATFORM", B = "${X:-d}", C = "\\$X # 'q'" }
labels = { "org.opencontainers.image.title" = "mine $X" }
"#,
    )
    .arg("X", "a \"b\" $A")
    .with_platform(Platform::new("linux", "arm", "v7"));
    let config = resolve(&cx);
    assert_eq!(
        config.env["A"].value,
        "linux/arm/v7 linux arm-v7 linux/amd64"
    );
    assert_eq!(config.env["B"].value, "a \"b\" $A");
    assert_eq!(config.env["C"].value, "$X # 'q'");
    assert_eq!(
        config.labels["org.opencontainers.image.title"].value,
        "mine a \"b\" $A"
    );
    assert_eq!(warnings(&cx), Vec::<String>::new());
}

#[test]
fn a_variable_without_value_is_empty_and_said() {
    let cx = with_target("env = { A = 'x${NO}y' }");
    assert_eq!(resolve(&cx).env["A"].value, "xy");
    assert_eq!(
        warnings(&cx),
        [
            "pyproject.toml:5:17: warning: `NO` has no value (give `--build-arg NO=…`, or write `${NO:-default}`, or `\\$` for a dollar)"
        ]
    );
}

#[test]
fn environment_is_an_old_spelling() {
    let cx = with_target("environment = { A = 'a' }");
    assert_eq!(resolve(&cx).env["A"].value, "a");
    assert_eq!(
        warnings(&cx),
        ["pyproject.toml:5:1: warning: `environment` is the old spelling of `env` (write `env`)"]
    );
}

#[test]
fn a_secret_wins_and_a_password_alone_is_ignored() {
    let cx = with_target(
        r#"
[[tool.microb.target.default.indices]]
url = "https://a/simple"
username = "u"
username_secret = "us"
password_secret = "ps"
[[tool.microb.target.default.indices]]
url = "http://b:8080/simple"
password_secret = "ps"
trust = true
[[tool.microb.target.default.indices]]
url = "https://tok:en@c/simple"
username = "u"
password = "p"
"#,
    );
    let indices = resolve(&cx).indices;
    let secret = |credential: &Option<Credential>| match credential {
        Some(Credential::Secret(id)) => id.value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(secret(&indices[0].username), "us");
    assert_eq!(secret(&indices[0].password), "ps");
    assert_eq!((&indices[1].username, &indices[1].password), (&None, &None));
    assert!(indices[1].trust && !indices[0].trust);
    assert!(matches!(&indices[2].password, Some(Credential::Plain(p)) if p.value == "p"));
    let names: Vec<_> = indices.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["index-1", "index-2", "index-3"]);
    assert_eq!(
        warnings(&cx),
        [
            "pyproject.toml:8:1: warning: `username` is ignored, since `username_secret` is given (remove it)",
            "pyproject.toml:13:1: warning: `password_secret` without a username is ignored (add `username`, or give a token as `token_secret`)",
            "pyproject.toml:16:7: warning: the URL contains a password or a token (use `username_secret` and `password_secret`)",
            "pyproject.toml:18:12: warning: the password stands in the file, where everybody can read it (use `password_secret`)",
        ]
    );
}

#[test]
fn files_before_the_build_are_not_those_of_the_final_image() {
    let sum = format!("sha256:{}", "a".repeat(64));
    let cx = with_target(&format!(
        r#"
copy_files = [{{ src = "run", dst = "/run/" }}]
copy_files_before_build = [{{ src = "only-build", dst = "/x" }}]
add_files = [{{ src = "https://h/a", dst = "/a", checksum = "{sum}" }}]
add_files_before_build = [{{ src = "https://h/r.git#main", dst = "/r" }}, {{ src = "l.tar", dst = "/l" }}]
"#
    ));
    let cx = ["run", "only-build", "l.tar"]
        .iter()
        .fold(cx, |cx, path| cx.file(*path, ""));
    let config = resolve(&cx);
    assert_eq!(config.copy_files.len(), 1);
    assert_eq!(config.copy_files[0].src.value, "run");
    assert_eq!(config.copy_files_before_build[0].src.value, "only-build");
    assert_eq!(config.add_files[0].checksum.as_ref().unwrap().value, sum);
    let sources: Vec<_> = config
        .add_files_before_build
        .iter()
        .map(|add| add.src.value.clone())
        .collect();
    assert_eq!(
        sources,
        [
            AddSource::Git("https://h/r.git#main".to_owned()),
            AddSource::Context("l.tar".to_owned())
        ]
    );
}

#[test]
fn from_is_the_builder_a_target_a_context_or_an_image() {
    let cx = MemoryContext::new(format!(
        r#"{PROJECT}
[tool.microb.target.default]
copy_files = [
    {{ src = "a", dst = "/a", from = "builder" }},
    {{ src = "a", dst = "/a", from = "web" }},
    {{ src = "a", dst = "/a", from = "assets" }},
    {{ src = "../a", dst = "/a", from = "nginx" }},
]
[tool.microb.target.web]
python_version = "3.12"
"#
    ))
    .named_context("assets")
    .named_context("web");
    let from: Vec<_> = resolve(&cx)
        .copy_files
        .into_iter()
        .map(|copy| copy.from.unwrap().value)
        .collect();
    assert_eq!(
        from,
        [
            CopyFrom::Builder,
            CopyFrom::Target("web".to_owned()),
            CopyFrom::NamedContext("assets".to_owned()),
            CopyFrom::Image("nginx".parse().unwrap()),
        ]
    );
    let web = Config::resolve_target(&cx, "web").unwrap();
    assert_eq!(web.python.version.to_string(), "3.12");
}

#[test]
fn projects_that_are_no_package_are_copied() {
    let build = "[build-system]\nrequires = ['hatchling']\n";
    for (toml, packaging) in [
        // There is nothing that a wheel could hold.
        (PROJECT.to_owned(), Packaging::Sources),
        (format!("{PROJECT}[tool.setuptools]\n"), Packaging::Wheel),
        (
            format!("{PROJECT}[project.scripts]\napp = 'app:main'\n"),
            Packaging::Wheel,
        ),
        (
            format!("{PROJECT}[project.entry-points.pytest11]\napp = 'app'\n"),
            Packaging::Wheel,
        ),
        (format!("{PROJECT}{build}"), Packaging::Wheel),
        (format!("{PROJECT}[tool.uv]\n"), Packaging::Sources),
        (format!("{PROJECT}{build}[tool.uv]\n"), Packaging::Wheel),
        (
            format!("{PROJECT}{build}[tool.uv]\npackage = false\n"),
            Packaging::Sources,
        ),
        (
            format!("{PROJECT}[tool.uv]\npackage = true\n"),
            Packaging::Wheel,
        ),
        (
            format!("{PROJECT}[tool.pdm]\ndistribution = false\n"),
            Packaging::Sources,
        ),
        (
            format!("{PROJECT}[tool.rye]\nvirtual = true\n"),
            Packaging::Sources,
        ),
        (
            "[tool.poetry]\npackage-mode = false\n".to_owned(),
            Packaging::Sources,
        ),
        // Poetry 2 wants neither a name nor a version then.
        (
            "[project]\ndependencies = []\n[tool.poetry]\npackage-mode = false\n".to_owned(),
            Packaging::Sources,
        ),
        ("[tool.black]\n".to_owned(), Packaging::Sources),
        (String::new(), Packaging::Sources),
    ] {
        let config = resolve(&MemoryContext::new(toml.clone()));
        assert_eq!(config.project.packaging, packaging, "{toml}");
    }
    // Who has not asked for a package runs the files: setuptools would refuse many of them, and leave their data out.
    for file in ["app/__init__.py", "src/any.py"] {
        let cx = MemoryContext::new(PROJECT).file(file, "");
        assert_eq!(resolve(&cx).project.packaging, Packaging::Sources, "{file}");
    }
    let legacy = MemoryContext::new("[tool.black]\n").file("setup.py", "");
    let legacy = resolve(&legacy);
    assert_eq!(legacy.project.packaging, Packaging::Wheel);
    assert!(matches!(
        legacy.dependencies,
        Dependencies::FromBackend { .. }
    ));
}

#[test]
fn setuptools_files_are_read_and_other_backends_are_asked() {
    let dynamic = "[project]\nname = 'app'\nversion = '1'\ndynamic = ['dependencies', 'optional-dependencies']\n";
    let files = "[tool.setuptools.dynamic]\ndependencies = { file = ['a.txt', 'b.txt'] }\noptional-dependencies.dev = { file = 'dev.txt' }\n";
    let target = "[tool.microb.target.default]\nextras = ['dev']\n";
    let cx = MemoryContext::new(format!("{dynamic}{files}{target}"))
        .file("a.txt", "# top\nB>=1 # why\n\n")
        .file("b.txt", "a \\\n>=2\n")
        .file("dev.txt", "app[dev]\npytest");
    let config = resolve(&cx);
    assert_eq!(
        config.dependencies.requirements_txt().unwrap(),
        "a>=2\nb>=1\npytest\n"
    );
    let hatch = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    let config = resolve(&MemoryContext::new(format!("{dynamic}{hatch}{target}")));
    assert!(
        matches!(config.dependencies, Dependencies::FromBackend { ref extras, .. } if extras == &["dev"]),
        "{:?}",
        config.dependencies
    );
}

#[test]
fn a_project_in_a_folder_reads_its_own_files() {
    let toml = format!("{PROJECT}[tool.microb.target.default]\nrequirements = 'r.txt'\n");
    let cx = MemoryContext::with_definition(microb::SourceFile::new(
        "services/api/pyproject.toml",
        toml,
    ))
    .file(".python-version", "3.12")
    .file("services/api/r.txt", "-r ../../common.txt\n-e .\n./lib\n")
    .file("common.txt", "c\n");
    let config = resolve(&cx);
    assert_eq!(config.project_dir, "services/api");
    assert_eq!(config.python.version.to_string(), "3.12");
    assert_eq!(
        config.dependencies.requirements_txt().unwrap(),
        "c\n./services/api/lib\n"
    );
}

#[test]
fn scripts_and_urls_of_the_metadata_are_kept() {
    let cx = MemoryContext::new(
        r#"
[project]
name = "App"
version = "1.0"
description = 'say "hi" $5'
license = "MIT OR Apache-2.0"
maintainers = [{ email = "m@x" }, { name = "Only Name" }]
[project.scripts]
app = "app.cli:main"
appd = "app.daemon:main [d]"
[project.urls]
"Home Page" = "https://h"
GitHub = "https://g"
Docs = "https://d"
"#,
    );
    let config = resolve(&cx);
    let scripts: Vec<_> = config
        .project
        .scripts
        .iter()
        .map(|(name, function)| (name.as_str(), function.value.as_str()))
        .collect();
    assert_eq!(
        scripts,
        [("app", "app.cli:main"), ("appd", "app.daemon:main")]
    );
    for (label, value) in [
        ("description", "say \"hi\" $5"),
        ("licenses", "MIT OR Apache-2.0"),
        ("authors", "m@x, Only Name"),
        ("version", "1.0"),
        ("url", "https://h"),
        ("source", "https://g"),
        ("documentation", "https://d"),
    ] {
        let name = format!("org.opencontainers.image.{label}");
        assert_eq!(config.labels[&name].value, value, "{label}");
    }
}

#[test]
fn flits_older_table_has_name_python_script_and_author() {
    let config = resolve(&MemoryContext::new(
        "[build-system]\nrequires = ['flit_core<4']\nbuild-backend = 'flit_core.buildapi'\n\
         [tool.flit.metadata]\nmodule = 'Fo'\nauthor = 'Jane'\nauthor-email = 'jane@x'\nrequires = ['idna']\n\
         requires-python = '>=3.11,<3.13'\n[tool.flit.metadata.urls]\nSource = 'https://s'\n\
         [tool.flit.scripts]\nfo = 'fo:main'\n",
    ));
    assert_eq!(config.python.version.to_string(), "3.12");
    assert_eq!(config.project.normalized_name.as_deref(), Some("fo"));
    assert_eq!(config.program.unwrap().argv.value, ["fo"]);
    assert!(matches!(
        config.dependencies,
        Dependencies::FromBackend { .. }
    ));
    let label = |name: &str| &config.labels[&format!("org.opencontainers.image.{name}")].value;
    assert_eq!(
        (label("authors").as_str(), label("source").as_str()),
        ("Jane <jane@x>", "https://s")
    );
}

#[test]
fn requirements_with_own_extras_bring_what_is_in_them() {
    let toml = format!(
        "{PROJECT}optional-dependencies = {{ fast = ['orjson'] }}\n[tool.microb.target.default]\nrequirements = 'r.txt'\n"
    );
    let with = |content: &str| resolve(&MemoryContext::new(toml.clone()).file("r.txt", content));
    let text = |content| with(content).dependencies.requirements_txt().unwrap();
    assert_eq!(text("a\n.[fast]\n"), "a\norjson\n");
    let hashed = "orjson==3 --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
    assert_eq!(text(&format!("{hashed}-e .[fast]\n")), hashed);
}

#[test]
fn edits_that_change_no_dependency_change_no_dependency_text() {
    let before = "[project]\nname='a'\nversion='1'\ndependencies=['b>=1','a1']\n";
    let after = "# hi\n[project]\nname='a'\nversion='2'\ndependencies=[\n 'a1', # x\n 'B >= 1',\n]\n[tool.ruff]\n";
    let text = |toml: &str| {
        resolve(&MemoryContext::new(toml))
            .dependencies
            .requirements_txt()
    };
    assert_eq!(text(before), text(after));
}

#[test]
fn a_backend_that_may_need_more_is_asked_and_no_other() {
    let with = |backend: &str, requires: &str, more: &str| {
        format!(
            "[project]\nname = 'app'\nversion = '1'\n[build-system]\nrequires = ['{requires}']\n\
             build-backend = '{backend}'\n{more}"
        )
    };
    for (expected, toml, file) in [
        (
            false,
            with("setuptools.build_meta", "setuptools>=61", ""),
            "",
        ),
        (
            true,
            with("setuptools.build_meta", "setuptools>=61", ""),
            "setup.py",
        ),
        (
            true,
            with("setuptools.build_meta", "setuptools>=61", ""),
            "setup.cfg",
        ),
        (true, with("setuptools.build_meta", "setuptools<70", ""), ""),
        (
            true,
            with("setuptools.build_meta", "setuptools==69.0", ""),
            "",
        ),
        (false, with("hatchling.build", "hatchling", ""), "setup.py"),
        (
            false,
            with(
                "hatchling.build",
                "hatchling",
                "[tool.hatch.build]\nexclude = ['x']\n",
            ),
            "",
        ),
        (
            true,
            with(
                "hatchling.build",
                "hatchling",
                "[tool.hatch.build.hooks.custom]\n",
            ),
            "",
        ),
        (
            true,
            with(
                "hatchling.build",
                "hatchling",
                "[tool.hatch.build.targets.wheel.hooks.x]\n",
            ),
            "",
        ),
        (
            false,
            with("poetry.core.masonry.api", "poetry-core", ""),
            "",
        ),
        (false, with("flit_core.buildapi", "flit_core", ""), ""),
        (false, with("uv_build", "uv_build", ""), ""),
        (false, with("pdm.backend", "pdm-backend", ""), ""),
        (
            true,
            with(
                "pdm.backend",
                "pdm-backend",
                "[tool.pdm.build]\nrun-setuptools = true\n",
            ),
            "",
        ),
        (true, with("mesonpy", "meson-python", ""), ""),
        (
            true,
            with("flit_core.buildapi", "flit_core", "backend-path = ['.']\n"),
            "",
        ),
    ] {
        let mut cx = MemoryContext::new(toml.as_str());
        if !file.is_empty() {
            cx = cx.file(file, "");
        }
        assert_eq!(resolve(&cx).build_system.may_ask, expected, "{toml}{file}");
    }
}

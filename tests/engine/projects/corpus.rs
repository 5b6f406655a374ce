//! The projects of `tests/corpus`, one for each layout, format and tool: built as they are, they run and have installed
//! what they ask for and nothing else. `tests/corpus.tsv` says what is expected of each.

use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;

use serde_json::json;

use crate::docker::{Image, Ran, WITHOUT_CACHE};
use crate::index;
use crate::progress::Progress;
use crate::project::{Project, unique};
use crate::server::Files;

fn case(name: &str) -> Project {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    Project::copy(&folder.join(name))
}

/// The names of all that is installed in an image, sorted.
fn installed(image: &Image) -> String {
    let program = "import importlib.metadata as m\n\
                   names = (d.metadata['Name'].lower().replace('_', '-') for d in m.distributions())\n\
                   print(*sorted(names))";
    image.output(&["/app/.venv/bin/python", "-c", program])
}

/// Builds a target of a project: its program prints this, and these packages are there.
#[track_caller]
fn runs(case: &Project, target: &str, prints: &str, packages: &str) -> Image {
    let target = format!("--target={target}");
    let image = case.build(&[&target]);
    let ran = image.run(&[], &[]).succeeded();
    assert_eq!(ran.stdout, format!("{prints}\n"), "{}", ran.stderr);
    assert_eq!(installed(&image), format!("{packages}\n"));
    image
}

macro_rules! projects {
    ($($test:ident: ($name:literal, $($target:literal, $prints:literal, $packages:literal),+);)*) => {$(
        #[test]
        #[ignore = "needs an engine: make conformance"]
        fn $test() {
            let case = case($name);
            $(runs(&case, $target, $prints, $packages);)+
        }
    )*};
}

projects! {
    a_setup_py_alone_is_asked_for_its_requirements: ("legacy", "default", "legacy xn--4ca", "idna legacy");
    a_build_hook_of_hatch_has_what_it_depends_on: ("hatch", "default", "0.8.1 made by a hook", "hatch-app idna");
    flit_takes_version_and_summary_of_the_module: ("flit", "default", "0.9 Says its version.", "flit-app idna");
    flits_older_table_is_asked_of_flit: ("flit-old", "default", "fo xn--4ca", "fo idna");
    pdms_development_group_is_not_installed: ("pdm", "default", "pdm xn--4ca", "idna pdm-app");
    poetrys_older_table_has_extras_groups_and_markers:
        ("poetry1", "default", "poetry a b c", "idna poetry-one sortedcontainers");
    the_standard_table_wins_over_poetrys: ("poetry2", "default", "2.0 3 13", "idna poetry-two");
    extras_and_groups_of_uvs_lock_are_chosen:
        ("uv", "default", "idna 3.10", "idna six sortedcontainers uv-app");
    pipenvs_lock_is_installed_on_its_python: ("pipenv", "default", "pipenv xn--4ca 3 11", "idna");
    every_tools_pylock_is_installed: (
        "pylock",
        "uv", "pylock xn--4ca a b", "idna pylock-app sortedcontainers",
        "pdm", "pylock xn--4ca a b", "idna pylock-app sortedcontainers",
        "pip", "pylock xn--4ca a b", "idna pylock-app sortedcontainers"
    );
    extras_of_the_project_itself_are_flat_and_may_be_a_circle: (
        "groups-extras",
        "flat", "sampleproject 0.1", "idna iniconfig pyyaml sampleproject sortedcontainers",
        "circle", "sampleproject 0.1", "sampleproject six tabulate"
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_static_project_of_setuptools_runs_its_only_script() {
    let case = case("static-setuptools");
    let image = runs(&case, "default", "xn--4ca 3 14", "idna static-setuptools");
    let config = image.config();
    assert_eq!(config["Entrypoint"], json!(["ss"]));
    let description = &config["Labels"]["org.opencontainers.image.description"];
    assert_eq!(description, r#"says "ä" for $5 in \n"#);
}

#[track_caller]
fn rebuild(project: &Project) -> Progress {
    let _shared = WITHOUT_CACHE.read().unwrap_or_else(PoisonError::into_inner);
    project.build_for_progress(&[])
}

fn installs(progress: &Progress) -> bool {
    let ran = progress.steps_that_ran();
    ran.iter().any(|step| step.contains("--requirements"))
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn setuptools_files_of_requirements_and_no_others_decide_what_is_installed() {
    let case = case("dynamic-setuptools");
    let packages = "dynamic-setuptools idna iniconfig six";
    runs(&case, "default", "4.2 1.16.0", packages);
    let version = format!("__version__ = \"4.{}\"", unique());
    let case = case
        .edit("src/ds/__init__.py", "__version__ = \"4.2\"", &version)
        .file("requirements/dev.txt", unique());
    let progress = rebuild(&case);
    assert!(progress.steps_that_ran().contains(&"build the wheel"));
    assert!(!installs(&progress), "{progress:?}");
    let path = "requirements/more.txt";
    let text = format!("{}six!=0.{}\n", case.text(path), unique());
    assert!(installs(&rebuild(&case.file(path, text))));
}

/// What may run with the installation of the dependencies; what comes out the same as ever ends it. The lock is one of the
/// project's files too, so that the wheel is built again.
const OF_A_BUMP: [&str; 10] = [
    "COPY --from=builder /app/.venv /app/.venv",
    "COPY . /src",
    "COPY <<EOF /inspection/facts.py",
    "COPY <<EOF /requirements/compile.py",
    "COPY <<EOF /requirements/requirements.txt",
    "MKDIR /inspection",
    "build the wheel",
    "compile the installed modules",
    "look at the finished image",
    "uv pip install the project's wheel",
];

#[test]
#[ignore = "needs an engine: make conformance"]
fn another_version_in_the_lock_installs_the_dependencies_again_and_none_of_the_tools() {
    // Nobody else has installed anything of it.
    let variable = format!("groups = [\"prod\"]\nenv = {{ RUN = \"{}\" }}", unique());
    let case = case("uv").edit("pyproject.toml", "groups = [\"prod\"]", &variable);
    rebuild(&case);
    let bumped = case.text("bumped.lock");
    let case = case.file("uv.lock", bumped);
    let progress = rebuild(&case);
    let ran = progress.steps_that_ran();
    assert!(installs(&progress), "{ran:?}");
    for step in ran {
        let is_install = step.contains("--requirements /requirements/requirements.txt");
        assert!(is_install || OF_A_BUMP.contains(&step), "{step}");
    }
    runs(
        &case,
        "default",
        "idna 3.20",
        "idna six sortedcontainers uv-app",
    );
}

/// The version is that which the recipe refuses to go below.
#[test]
#[ignore = "needs an engine: make conformance"]
fn the_oldest_uv_installs_a_lock() {
    let case = case("uv").edit(
        "pyproject.toml",
        "groups = [\"prod\"]",
        "groups = [\"prod\"]\nuv_version = \"0.5.8\"",
    );
    let packages = "idna six sortedcontainers uv-app";
    let image = runs(&case, "default", "idna 3.10", packages);
    // No record of the installation, which would have times in it.
    let left = "find /app/.venv -name uv_cache.json -o -name INSTALLER -o -name direct_url.json";
    assert_eq!(image.output(&["sh", "-c", left]), "");
}

/// What pip would write down: that the project came from `/dist`, and a dependency from `/requirements`.
#[test]
#[ignore = "needs an engine: make conformance"]
fn with_pip_nothing_tells_of_the_folders_of_the_build_and_two_builds_are_the_same() {
    let project = Project::app("installer = \"pip\"\nrequirements = \"needs.txt\"")
        .file("needs.txt", format!("./{}\n", index::WHEEL_NAME))
        .file(index::WHEEL_NAME, index::wheel());
    let files = |flags: &[&str]| {
        let image = project.build(flags);
        assert_eq!(installed(&image), "app private\n");
        let told = "cd /app/.venv/lib/python3*/site-packages && \
                    cat *.dist-info/RECORD | grep -c -e ^app.py -e ^private.py && \
                    ! grep -r -l -e direct_url -e /dist/ -e /requirements/ .";
        assert_eq!(image.output(&["sh", "-c", told]), "2\n");
        let sums = "find /app/.venv -type f | sort | xargs sha256sum";
        image.output(&["sh", "-c", sums])
    };
    let _alone = WITHOUT_CACHE
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    assert_eq!(files(&[]), files(&["--no-cache"]));
}

/// Git in a folder, as nobody in particular.
#[track_caller]
fn git(folder: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder)
        .args(["-c", "user.name=Jane", "-c", "user.email=jane@example.com"])
        .args(words);
    Ran::of(&mut git).succeeded();
}

/// Makes a folder a repository with all that is in it, of this version.
#[track_caller]
fn repository(folder: &Path, tag: &str) {
    for words in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--allow-empty", "--message=all"],
        &["tag", tag],
    ] {
        git(folder, words);
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_version_is_taken_from_git_or_said_and_without_either_an_error() {
    let case = case("scm");
    case.try_build(&[]).failed().says([
        "pyproject.toml:4",
        ">>> dynamic = [\"version\"]",
        "the version comes from git, by `setuptools-scm`, and the build context has no `.git`",
        "env = { SETUPTOOLS_SCM_PRETEND_VERSION = \"1.0\" }",
    ]);
    repository(case.folder(), "v2.0.0");
    runs(&case, "default", "2.0.0", "idna scm-app");
    // Alpine's image has no git, and gets it.
    let text = case.text("pyproject.toml") + "\n[tool.microb.target.alpine]\nflavor = \"alpine\"\n";
    let alpine = case.copied().file("pyproject.toml", text);
    repository(alpine.folder(), "v2.0.1");
    runs(&alpine, "alpine", "2.0.1", "idna scm-app");
    let case = case.file(".dockerignore", "# what is large\n.git\n");
    case.try_build(&[]).failed().says([
        ".dockerignore:2",
        ">>> .git",
        "`.git` keeps `.git` out of the build context",
        "the version at pyproject.toml:4:12 comes from there, by `setuptools-scm`",
        "remove the line",
        "--build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1",
        "env = { SETUPTOOLS_SCM_PRETEND_VERSION = \"1.0\" }",
    ]);
    let text = case.text("pyproject.toml")
        + "\n[tool.microb.target.default]\nenv = { SETUPTOOLS_SCM_PRETEND_VERSION = \"${VERSION}\" }\n";
    let case = case.file("pyproject.toml", text);
    runs(
        &case.copied().flag("--build-arg=VERSION=3.1"),
        "default",
        "3.1",
        "idna scm-app",
    );
    // Each release has another version, and the same dependencies.
    let version = format!("--build-arg=VERSION=3.{}", unique());
    let progress = rebuild(&case.flag(version));
    assert!(progress.steps_that_ran().contains(&"build the wheel"));
    assert!(!installs(&progress), "{progress:?}");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_version_is_taken_from_the_repository_above_the_project() {
    let scm = case("scm");
    let case = Project::empty()
        .file("services/api/pyproject.toml", scm.text("pyproject.toml"))
        .file("services/api/scm_app.py", scm.text("scm_app.py"))
        .file("docs/index.md", "of the repository\n")
        .flag("--file=services/api/pyproject.toml");
    repository(case.folder(), "v2.0.0");
    case.try_build(&[]).failed().says([
        "and the repository is in a folder above",
        "write `root = \"../..\"` in `[tool.setuptools_scm]`",
    ]);
    let root = "[tool.setuptools_scm]\nroot = \"../..\"";
    let case = case.edit("services/api/pyproject.toml", "[tool.setuptools_scm]", root);
    // Nothing that is in the repository is missing where git looks, or the version would be another one.
    repository(case.folder(), "v2.1.0");
    runs(&case, "default", "2.1.0", "idna scm-app");
    let minor = unique();
    repository(case.folder(), &format!("v3.{minor}"));
    let progress = rebuild(&case);
    assert!(progress.steps_that_ran().contains(&"build the wheel"));
    assert!(!installs(&progress), "{progress:?}");
    runs(&case, "default", &format!("3.{minor}"), "idna scm-app");
}

/// The root is no package, so nothing but the member asks git.
#[test]
#[ignore = "needs an engine: make conformance"]
fn a_version_of_a_member_is_taken_from_the_repository_of_its_workspace() {
    let scm = case("scm");
    let root = "[tool.setuptools_scm]\nroot = \"../..\"";
    let member = scm
        .text("pyproject.toml")
        .replace("[tool.setuptools_scm]", root);
    let member = member.replace("dependencies = [\"idna>=3,<4\"]\n", "");
    let toml = "#syntax=microb:dev\n[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.11,<3.14\"\n\
                dependencies = [\"scm-app\"]\n[tool.uv]\npackage = false\n[tool.uv.sources]\nscm-app = { workspace = true }\n\
                [tool.uv.workspace]\nmembers = [\"packages/*\"]\n\
                [tool.microb.target.default]\nentrypoint = [\"scm-app\"]\n";
    let lock = "version = 1\nrevision = 3\nrequires-python = \">=3.11, <3.14\"\n\n[manifest]\nmembers = [\"scm-app\", \"shop\"]\n\n\
                [[package]]\nname = \"scm-app\"\nsource = { editable = \"packages/core\" }\n\n\
                [[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"scm-app\" }]\n\n\
                [package.metadata]\nrequires-dist = [{ name = \"scm-app\", editable = \"packages/core\" }]\n";
    let case = Project::empty()
        .file("pyproject.toml", toml)
        .file("uv.lock", lock)
        .file("packages/core/pyproject.toml", member)
        .file("packages/core/scm_app.py", scm.text("scm_app.py"))
        // What editors keep is in many a repository, and not sent otherwise.
        .file(".vscode/settings.json", "{}\n");
    case.try_build(&[]).failed().says([
        "packages/core/pyproject.toml:4",
        "the version comes from git, by `setuptools-scm`, and the build context has no `.git`",
        "env = { SETUPTOOLS_SCM_PRETEND_VERSION_FOR_SCM_APP = \"1.0\" }",
    ]);
    let said = "[tool.microb.target.default]\nenv = { SETUPTOOLS_SCM_PRETEND_VERSION_FOR_SCM_APP = \"1.9\" }";
    let saying = case
        .copied()
        .edit("pyproject.toml", "[tool.microb.target.default]", said);
    runs(&saying, "default", "1.9", "scm-app");
    repository(case.folder(), "v2.0.0");
    runs(&case, "default", "2.0.0", "scm-app");
}

/// A project that asks an index for a package of which it has one version, and that yanked.
fn of_yanked(requirement: &str) -> Project {
    let root = format!("/{}", unique());
    let name = index::WHEEL_NAME;
    let page = format!("<a href=\"../../{name}\" data-yanked=\"breaks the till\">{name}</a>");
    let files = [
        (&*format!("{root}/simple/private/"), page.as_bytes()),
        (&*format!("{root}/{name}"), &index::wheel()),
    ];
    let host = Files::serve(files, None).host();
    Project::plain(&format!(
        "indices = [{{ url = \"http://{host}{root}/simple/\", trust = true }}]"
    ))
    .edit(
        "pyproject.toml",
        "version = \"1\"\n",
        &format!("version = \"1\"\ndependencies = [\n    \"{requirement}\",\n]\n"),
    )
    .flag("--network=host")
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_yanked_version_is_installed_if_it_is_asked_for_by_number_and_said() {
    let ran = of_yanked("private==1.0").try_build(&[]).succeeded();
    ran.says(["`private==1.0` is yanked", "breaks the till"]);
    let failed = of_yanked("private>=1").try_build(&[]).failed();
    failed.says([
        "private==1.0 was yanked",
        "breaks the till",
        "pyproject.toml:6",
    ]);
}

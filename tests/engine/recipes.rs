//! The recipes of `cargo run --example`, each built by the engine, and its image run.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::docker::{Image, Ran, docker};
use crate::parity::{compare_configs, compare_files};
use crate::program::{example_program, foreign_llb, microb};
use crate::project::{EXAMPLES, Project, example, unique};

/// The image that a recipe's program builds of a project.
#[track_caller]
fn built(mut program: Command, project: &Project, flags: &[&str]) -> Image {
    let image = Image::new();
    program.current_dir(project.folder());
    program.args(["build", "--tag", &image.0]).args(flags);
    Ran::of(&mut program).succeeded();
    image
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn combinators_and_macros_build_images_that_run_the_same() {
    let project = Project::example("04-requirements-file");
    let image = |name| built(example_program(name), &project, &[]);
    let (combinators, macros) = (image("combinators"), image("macros"));
    for image in [&combinators, &macros] {
        let printed = image.run(&[], &["1048576"]).succeeded().stdout;
        assert_eq!(printed, "1.0 MiB\n");
        assert_eq!(image.config()["User"], "65532:65532");
    }
    let (combinators, macros) = (combinators.inspect(), macros.inspect());
    assert_eq!(combinators["RootFS"], macros["RootFS"]);
    assert_eq!(combinators["Config"], macros["Config"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn recipes_are_the_same_images_as_their_dockerfiles() {
    for (name, folder) in [
        ("combinators", "04-requirements-file"),
        ("site", "site"),
        ("checks", "checked"),
    ] {
        let project = Project::example(folder);
        let ours = built(example_program(name), &project, &[]);
        let mut print = example_program(name);
        let text = Ran::of(print.arg("dockerfile").current_dir(project.folder()));
        let text = text.succeeded().stdout;
        // Outside of the context, which is to be the same.
        let beside = Project::empty().file("Dockerfile", &text);
        let theirs = Image::new();
        let mut build = docker(["build", "--tag", &theirs.0, "-f"]);
        build.arg(beside.folder().join("Dockerfile"));
        Ran::of(build.arg(project.folder())).succeeded();
        compare_configs(&ours, &theirs, &text);
        assert!(compare_files(&ours, &theirs, &text) > 4);
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn buildkits_linter_finds_nothing_in_a_rendered_dockerfile() {
    let check = |text: &str| {
        let folder = Project::empty().file("Dockerfile", text);
        let mut lint = docker(["build", "--call=check", "."]);
        Ran::of(lint.current_dir(folder.folder()))
    };
    // So that silence means something.
    check("FROM alpine:3.23 as x\nEXPOSE 80/TCP\n")
        .failed()
        .says(["FromAsCasing", "ExposeProtoCasing"]);
    for name in EXAMPLES {
        let text = Ran::of(microb().arg("dockerfile").arg(example(name)))
            .succeeded()
            .stdout;
        check(&text).succeeded().says(["no warnings found"]);
    }
    for (name, folder) in [
        ("macros", "04-requirements-file"),
        ("site", "site"),
        ("checks", "checked"),
    ] {
        let mut print = example_program(name);
        let text = Ran::of(print.arg("dockerfile").arg(example(folder)))
            .succeeded()
            .stdout;
        check(&text).succeeded().says(["no warnings found"]);
    }
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn copies_are_linked_and_keep_their_parents() {
    let project = Project::empty()
        .file("pyproject.toml", "name = 1")
        .file("src/x/a.txt", "")
        .file("src/x/b.txt", "")
        .file("src/y/a.txt", "");
    let image = built(
        example_program("trial"),
        &project,
        &["--build-arg=TRY=copies"],
    );
    let files = "cd /parents; find -type f | sort; [ -d /linked -a ! -L /linked ] && ls /linked";
    assert_eq!(
        image.output(&["sh", "-c", files]),
        "./src/x/a.txt\n./src/y/a.txt\n./x/b.txt\nx\ny\n"
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_site_is_served_and_stops_at_once() {
    let image = built(example_program("site"), &Project::example("site"), &[]);
    let label = &image.config()["Labels"]["org.opencontainers.image.title"];
    assert_eq!(label, "Handbook");
    let server = Container::start(&image);
    server.wait_until_healthy();
    let fetch = ["/bin/busybox", "wget", "-q", "-O", "-"];
    let page = |path: &str| {
        let url = format!("http://127.0.0.1:8000/{path}");
        server.exec(&[&fetch[..], &[&url]].concat())
    };
    assert!(page("").succeeded().stdout.contains("It begins with"));
    page("coffee/").succeeded().says(["second floor"]);
    page("tea/").failed();
    assert_eq!(server.exec(&["/bin/busybox", "id", "-u"]).stdout, "65532\n");
    let started = Instant::now();
    server.stop();
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "it was asked in vain"
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_site_is_also_just_files_and_its_mistakes_are_told() {
    let project = Project::example("site");
    let out = Project::empty();
    let out = format!("--output={}", out.folder().display());
    let html = |project: &Project, flags: &[&str]| {
        let mut program = example_program("site");
        program
            .current_dir(project.folder())
            .arg("build")
            .args(flags);
        Ran::of(&mut program)
    };
    html(&project, &["--target=html", &out]).succeeded();
    let folder = out.trim_start_matches("--output=");
    for file in ["index.html", "coffee/index.html"] {
        assert!(std::path::Path::new(folder).join(file).exists(), "{file}");
    }
    html(&project, &["--target=htlm"])
        .failed()
        .says(["there is no target `htlm`", "--target html"]);
    let broken = Project::example("site").edit("docs/index.md", "coffee.md", "tea.md");
    html(&broken, &["--output=type=cacheonly"])
        .failed()
        .says(["tea.md"]);
    let nameless = Project::example("site").edit("mkdocs.yml", "site_name", "name");
    html(&nameless, &[])
        .failed()
        .says(["`site_name` is missing", "mkdocs.yml:1"]);
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn the_test_target_fails_with_the_words_of_the_tool_that_failed() {
    let test = |project: &Project| {
        let mut program = example_program("checks");
        program.current_dir(project.folder());
        program.args([
            "build",
            "--target=test",
            "--output=type=cacheonly",
            "--progress=plain",
        ]);
        Ran::of(&mut program)
    };
    // What is in the cache says nothing.
    let green = Project::example("checked").file("new.txt", unique());
    test(&green).succeeded().says(["All checks passed!"]);
    let red = Project::example("checked").edit("tests/test_sizes.py", "2.0 KiB", "2.0 kB");
    test(&red).failed().says([
        "tests/test_sizes.py:11: AssertionError",
        "1 failed",
        "RUN pytest",
    ]);
    let unclean =
        Project::example("checked").edit("sizes.py", "import sys", "import os\nimport sys");
    test(&unclean)
        .failed()
        .says(["F401", "`os` imported but unused"]);
    // The image itself has neither tests nor tools.
    let image = built(example_program("checks"), &red, &[]);
    assert_eq!(image.run(&[], &["2048"]).succeeded().stdout, "2.0 KiB\n");
    let found = "ls /app/.venv/bin /src 2>&1";
    let found = image.run(&["--entrypoint=sh"], &["-c", found]).stdout;
    assert!(
        !found.contains("pytest") && !found.contains("test_sizes"),
        "{found}"
    );
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_stage_of_another_library_is_built_and_built_upon() {
    // Of its folder nothing is read, not even a definition file.
    let image = built(foreign_llb(), &Project::empty(), &[]);
    let printed = image.run(&[], &[]).succeeded().stdout;
    assert_eq!(printed, "made by another library\n4\n");
}

#[test]
#[ignore = "needs an engine: make conformance"]
fn a_recipe_without_a_definition_file_takes_any_file_with_the_syntax_line() {
    let tag = format!("microb-test-foreign:{}", unique());
    let mut pack = foreign_llb();
    let packed = pack.args(["pack", "--tag", &tag]).output().unwrap();
    let frontend = Image(tag.clone());
    load(&packed.stdout);
    let project = Project::empty()
        .file("image.txt", format!("#syntax={tag}\n"))
        .file("huge.txt", "x".repeat(2 << 20));
    let huge = format!("--build-arg=BUILDKIT_SYNTAX={tag}");
    for flags in [
        &["-f", "image.txt"][..],
        &["-f", "huge.txt", &huge],
        &[&huge],
    ] {
        let mut build = docker(["build", "--output=type=cacheonly"]);
        build.args(flags).arg(".").current_dir(project.folder());
        Ran::of(&mut build).succeeded();
    }
    drop(frontend);
}

fn load(archive: &[u8]) {
    use std::io::Write as _;
    let mut load = docker(["image", "load", "--quiet"]);
    let mut load = load.stdin(std::process::Stdio::piped()).spawn().unwrap();
    load.stdin.take().unwrap().write_all(archive).unwrap();
    assert!(load.wait().unwrap().success());
}

#[test]
fn the_help_of_a_recipe_speaks_of_that_recipe() {
    for (program, says, silent) in [
        (
            example_program("site"),
            &["MkDocs site", "mkdocs.yml", "site build"][..],
            &["pyproject", "Dockerfile`", "-llb"][..],
        ),
        (
            example_program("combinators"),
            &["combinators build", "the current folder"],
            &["pyproject", "-llb"],
        ),
    ] {
        let mut program = program;
        let help = Ran::of(program.arg("--help")).succeeded().stdout;
        for text in says {
            assert!(help.contains(text), "no {text:?} in\n{help}");
        }
        for text in silent {
            assert!(!help.contains(text), "{text:?} in\n{help}");
        }
    }
    let mut check = example_program("combinators");
    let found = Ran::of(
        check
            .args(["check", "-f", "x"])
            .current_dir(example("01-minimal")),
    );
    found.failed().says(["unexpected argument '-f'"]);
    let mut build = example_program("combinators");
    let found = Ran::of(build.args(["build", "-f", "x"]));
    found.failed().says(["reads no definition file"]);
}

/// A container that runs until it is dropped.
struct Container(String);

impl Container {
    fn start(image: &Image) -> Self {
        let started = Ran::of(&mut docker(["run", "--detach", "--network=none", &image.0]));
        Self(started.succeeded().stdout.trim().to_owned())
    }

    fn exec(&self, argv: &[&str]) -> Ran {
        Ran::of(docker(["exec", &self.0]).args(argv))
    }

    #[track_caller]
    fn wait_until_healthy(&self) {
        let status = ["inspect", "--format={{.State.Health.Status}}", &self.0];
        for _ in 0..60 {
            if Ran::of(&mut docker(status)).succeeded().stdout == "healthy\n" {
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
        panic!("{:?}", Ran::of(&mut docker(["inspect", &self.0])));
    }

    fn stop(&self) {
        Ran::of(&mut docker(["stop", &self.0])).succeeded();
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(docker(["rm", "--force", &self.0]).output());
    }
}

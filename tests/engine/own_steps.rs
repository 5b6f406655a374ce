//! `run`, `prune`, `compile` and `build_network`, each seen in an image.

use crate::docker::{Ran, docker};
use crate::project::{Project, unique};

/// A package `app` with a function, and its tests.
fn tested(target: &str) -> Project {
    Project::app(target)
        .file("app.py", "def double(x):\n    return 2 * x\n")
        .file(
            "tests/test_app.py",
            // A test that ran already would say nothing.
            format!(
                "# {}\nimport app\n\ndef test_double():\n    assert app.double(2) == 4\n",
                unique()
            ),
        )
        .edit(
            "pyproject.toml",
            "[tool.setuptools]",
            "[dependency-groups]\ntest = [\"pytest==8.4.2\"]\n\n[tool.setuptools]",
        )
}

const TEST_TARGET: &str = "[tool.microb.target.test]\nextends = \"default\"\ngroups = [\"test\"]\n\
                           run = [{ command = [\"pytest\", \"-q\", \"-p\", \"no:cacheprovider\"], network = false }]";

#[test]
#[ignore = "needs an engine: make test"]
fn a_target_of_tests_is_built_when_they_pass_and_underlined_when_they_fail() {
    let project = tested(TEST_TARGET);
    let test = ["--target=test"];
    project.try_build(&test).succeeded().says(["1 passed"]);
    let broken = project.edit("app.py", "2 * x", "3 * x");
    broken.try_build(&test).failed().says([
        "assert 6 == 4",
        "1 failed",
        "pyproject.toml:16",
        "run = [{ command = [\"pytest\"",
    ]);
    // Another target has neither the tests nor what they need.
    let image = broken.build(&["--target=default"]);
    let found = image.output(&[
        "python",
        "-c",
        "import importlib.util as u; print(u.find_spec('pytest'))",
    ]);
    assert_eq!(found, "None\n");
}

/// As `collectstatic` makes them beside Django's settings.
#[test]
#[ignore = "needs an engine: make test"]
fn what_commands_make_beside_files_that_are_no_package_is_in_the_image() {
    let made = unique();
    let command = format!("import pathlib; pathlib.Path('made.txt').write_text('{made}')");
    let project = Project::plain(&format!("run = [[\"python\", \"-c\", \"{command}\"]]"))
        .file("main.py", "print(open('made.txt').read())\n");
    let ran = project.build(&[]).run(&[], &["python", "main.py"]);
    assert_eq!(ran.succeeded().stdout, format!("{made}\n"));
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_commands_change_below_app_is_in_the_image_and_their_secrets_are_not() {
    let token = format!("token-{}", unique());
    let target = r#"run = [
    ["python", "-c", "import pathlib, app; pathlib.Path('/app/data').mkdir(); pathlib.Path('/app/data/words').write_text(str(app.double(21)))"],
    { command = ["sh", "-c", "test -s /run/secrets/a && test \"$TOKEN\" = \"$(cat /run/secrets/a)\" && echo made > made.txt"], secrets = ["a", { id = "a", env = "TOKEN" }] },
]
copy_files = [{ src = "/src/made.txt", dst = "/app/made.txt", from = "builder" }]"#;
    let project = tested(target).edit(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\ndependencies = [\"humanize==4.9.0\"]",
    );
    let file = project.folder().with_extension("token");
    std::fs::write(&file, &token).unwrap();
    let secret = format!("--secret=id=a,src={}", file.display());
    let image = project.build(&[&secret]);
    let script = "cat /app/data/words /app/made.txt; find /app -newer /app/.venv/pyvenv.cfg -name 'made*'; ls /run/secrets 2>/dev/null; \
                  stat -c %u:%a /app/data/words";
    let found = image.output(&["sh", "-c", script]);
    assert_eq!(found, "42made\n/app/made.txt\n0:644\n");
    // Nothing but what changed is in the layer: the environment is in one of its own.
    let sizes = [
        "history",
        "--human=false",
        "--format={{.Size}} {{.CreatedBy}}",
        &image.0,
    ];
    let sizes = Ran::of(&mut docker(sizes)).succeeded().stdout;
    let size = |step: &str| -> u64 {
        let line = sizes.lines().find(|line| line.contains(step));
        line.unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    assert!(
        size("/changed/app") * 10 < size("COPY --from=builder"),
        "{sizes}"
    );
    // What ran already needs no secret.
    let project = project.edit("app.py", "def", &format!("# {}\ndef", unique()));
    let failed = project.try_build(&[]).failed();
    failed.says(["the secret `a` was not given", "pyproject.toml:16"]);
    std::fs::remove_file(file).unwrap();
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_is_pruned_or_not_compiled_is_not_in_the_image() {
    let with = |lines: &str| {
        Project::app(lines).edit(
            "pyproject.toml",
            "version = \"1.0\"",
            "version = \"1.0\"\ndependencies = [\"humanize==4.9.0\"]",
        )
    };
    let files = |lines: &str| {
        let script =
            "cd /app/.venv/lib/python3*/site-packages; find . -name '*.pyc' | wc -l; ls humanize";
        let image = with(lines).build(&[]);
        let found = image.output(&["sh", "-c", script]);
        let (compiled, names) = found.split_once('\n').unwrap();
        assert_eq!(
            image.output(&[
                "python",
                "-c",
                "import humanize; print(humanize.naturalsize(1))"
            ]),
            "1 Byte\n"
        );
        (
            compiled.trim() != "0",
            names.contains("locale"),
            names.contains("py.typed"),
        )
    };
    assert_eq!(files(""), (true, true, true));
    assert_eq!(files("compile = false"), (false, true, true));
    assert_eq!(
        files("prune = [\"humanize/locale\", \"**/py.typed\"]"),
        (true, false, false)
    );
    with("prune = [\"humanise/**\"]")
        .try_build(&[])
        .failed()
        .says([
            "prune: no file of the environment matches 'humanise/**'",
            "pyproject.toml:11",
        ]);
}

//! What is found in the finished image, and that what is proposed mends it.

use std::collections::BTreeSet;

use crate::docker::Ran;
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

const BUILD_DEPS: &str = "build_deps = [\"default-libmysqlclient-dev\", \"libcairo2-dev\", \"libpq-dev\", \"pkg-config\"]";

#[test]
#[ignore = "needs an engine: make test"]
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

#[test]
#[ignore = "needs an engine: make test"]
fn a_wheel_that_brings_its_libraries_lacks_nothing() {
    let image = project(&["psycopg2-binary==2.9.11"], "").build(&[]);
    image.output(&["python", "-c", "import psycopg2"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_is_wrong_with_the_files_and_the_program_is_told_at_its_place() {
    let module = "/app/.venv/lib/python3.13/site-packages/idna/core.py";
    let target = format!(
        "entrypoint = [\"python\", \"-m\", \"sever\"]\ncopy_files = [{{ src = \"core.py\", dst = \"{module}\" }}]"
    );
    let project = project(&["idna==3.11"], &target).file("core.py", format!("# {}\n", unique()));
    let refused = project.try_build(&[]).failed();
    let expected = [
        "the image has no module `sever` for its program: add the package that has it to `dependencies`, or write its right name".to_owned(),
        format!(
            "`{module}` is not what the bytecode was made of, and Python runs the bytecode: \
             copy the file before the build, with `copy_files_before_build`, or to another folder than that of a package"
        ),
    ];
    assert_eq!(findings(&refused), expected.into(), "{}", refused.stderr);
    let skipped = project.edit(
        "pyproject.toml",
        "#syntax",
        "# check=skip=UnknownEntrypoint,OutdatedBytecode\n#syntax",
    );
    skipped.build(&[]);
}

#[test]
#[ignore = "needs an engine: make test"]
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

//! The options of `[tool.microb.target.NAME]`, each seen in an image.

use std::fs;

use crate::docker::Image;
use crate::project::{Project, unique};
use crate::server::Files;

/// What a shell script prints in the image, without the end of the last line.
#[track_caller]
fn shell(image: &Image, script: &str) -> String {
    let found = image.run(&["--entrypoint=sh"], &["-c", script]);
    found.succeeded().stdout.trim_end().to_owned()
}

/// `app` with these requirements in `requirements.txt`.
fn locked(requirements: &str) -> Project {
    Project::app("requirements = \"requirements.txt\"").file("requirements.txt", requirements)
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_python_is_the_one_that_was_asked_for() {
    let version = |image: &Image| shell(image, "python --version");
    for (asked, expected) in [
        ("3", "Python 3.14."),
        ("3.13", "Python 3.13."),
        ("3.13.5", "Python 3.13.5"),
    ] {
        let image = Project::app(&format!("python_version = \"{asked}\"")).build(&[]);
        let found = version(&image);
        assert!(found.starts_with(expected), "{asked}: {found}");
    }
    let file = |lines: &str| {
        Project::app(lines)
            .file(".python-version", "3.13\n")
            .build(&[])
    };
    assert!(version(&file("")).starts_with("Python 3.13."));
    // What is configured wins over the file.
    assert!(version(&file("python_version = \"3.14\"")).starts_with("Python 3.14."));
    let constrained = Project::app("").edit(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\nrequires-python = \">=3.10,<3.14\"",
    );
    assert!(version(&constrained.build(&[])).starts_with("Python 3.13."));
}

#[test]
#[ignore = "needs an engine: make test"]
fn packages_for_the_build_are_not_in_the_image_and_those_of_the_system_are() {
    // A build backend that needs a program, and a wheel that says whether it was there.
    let backend = "import shutil\nfrom setuptools.build_meta import *\nfrom setuptools import build_meta\n\
                   def build_wheel(*args, **kwargs):\n    \
                   open('found.py', 'w').write(f'TREE = {shutil.which(\"tree\")!r}\\nJQ = {shutil.which(\"jq\")!r}\\n')\n    \
                   return build_meta.build_wheel(*args, **kwargs)\n";
    let image = Project::app("build_deps = [\"tree\"]\nsystem_deps = [\"jq\"]")
        .edit("pyproject.toml", "py-modules = [\"app\"]", "py-modules = [\"app\", \"found\"]")
        .edit(
            "pyproject.toml",
            "[tool.setuptools]",
            "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\n[tool.setuptools]",
        )
        .file("backend.py", backend)
        .file("found.py", "")
        .build(&[]);
    let found = image.output(&["python", "-c", "import found; print(found.TREE, found.JQ)"]);
    assert_eq!(found, "/usr/bin/tree None\n");
    assert_eq!(
        shell(
            &image,
            "for name in tree jq; do command -v $name; done; true"
        ),
        "/usr/bin/jq"
    );
    // The base image has empty files there.
    let left = "find /var/lib/apt/lists /var/log -type f -size +0 2>/dev/null; true";
    assert_eq!(shell(&image, left), "");
}

#[test]
#[ignore = "needs an engine: make test"]
fn variables_hold_in_the_build_and_in_the_image() {
    let target = r#"env = { GIVEN = "$ONE", DEFAULT = "${TWO:-2}", OTHER = "${ONE:+set}", PLAIN = "\\$ONE # 'x' \"y\"", UNSET = "<$NOTHING>", ARCH = "${TARGETARCH}" }"#;
    // The build backend writes down what it sees.
    let setup = "import os\nfrom setuptools import setup\n\
                 open('seen.py', 'w').write(f'SEEN = {os.environ[\"GIVEN\"]!r}\\n')\nsetup()\n";
    let project = Project::app(target)
        .edit(
            "pyproject.toml",
            "py-modules = [\"app\"]",
            "py-modules = [\"app\", \"seen\"]",
        )
        .file("setup.py", setup);
    let image = project.build(&["--build-arg=ONE=1"]);
    let seen = image.output(&["python", "-c", "import seen; print(seen.SEEN)"]);
    assert_eq!(seen, "1\n");
    let names = "GIVEN DEFAULT OTHER PLAIN UNSET ARCH";
    let found = shell(
        &image,
        &format!("for name in {names}; do printenv $name; done"),
    );
    let architecture = image.inspect()["Architecture"].clone();
    let architecture = architecture.as_str().unwrap();
    assert_eq!(
        found,
        format!("1\n2\nset\n$ONE # 'x' \"y\"\n<>\n{architecture}")
    );
    project
        .try_build(&["--build-arg=ONE=1"])
        .succeeded()
        .says(["UndefinedVariable: `NOTHING`", "(line 10)"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn labels_of_the_user_win_over_those_of_the_project() {
    let target = r#"labels = { "org.opencontainers.image.version" = "own", "a.b" = "${X:-y} \\$" , "microb.version" = "mine" }"#;
    let image = Project::app(target)
        .edit(
            "pyproject.toml",
            "version = \"1.0\"",
            "version = \"1.0\"\ndescription = \"The app\"\nauthors = [{ name = \"Ada\" }]",
        )
        .build(&[]);
    let labels = image.config()["Labels"].take();
    for (name, value) in [
        ("org.opencontainers.image.version", "own"),
        ("a.b", "y $"),
        ("microb.version", "mine"),
        ("moby.buildkit.frontend", "microb"),
        ("org.opencontainers.image.title", "app"),
        ("org.opencontainers.image.description", "The app"),
        ("org.opencontainers.image.authors", "Ada"),
    ] {
        assert_eq!(labels[name], value, "{name}");
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn annotations_are_in_the_manifest() {
    let target = "annotations = { \"com.example.a\" = \"${X:-b} c\" }\nlabels = { l = \"1\" }";
    let project = Project::plain(target);
    let layout = project.folder().with_extension("layout");
    let output = format!("--output=type=oci,tar=false,dest={}", layout.display());
    let blob = |digest: &serde_json::Value| -> serde_json::Value {
        let digest = digest.as_str().unwrap().replace(':', "/");
        let text = fs::read(layout.join("blobs").join(digest)).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    // With several platforms, even if it is one, each has a manifest of its own.
    for several in ["false", "true"] {
        let several = format!("--build-arg=BUILDKIT_MULTI_PLATFORM={several}");
        let flags = [several.as_str(), "--provenance=false", &output];
        crate::docker::Ran::of(&mut project.command(&flags)).succeeded();
        let text = fs::read(layout.join("index.json")).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
        while manifest["manifests"].is_array() {
            manifest = blob(&manifest["manifests"][0]["digest"]);
        }
        assert_eq!(
            manifest["annotations"]["com.example.a"], "b c",
            "{manifest}"
        );
        let labels = blob(&manifest["config"]["digest"])["config"]["Labels"].take();
        assert_eq!(
            (&labels["l"], &labels["com.example.a"]),
            (&"1".into(), &serde_json::Value::Null)
        );
        fs::remove_dir_all(&layout).unwrap();
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn requirement_files_may_be_nested_and_name_files_and_the_project() {
    let image = locked("-r more/base.txt\n-c more/constraints.txt\n-e .\n./vendored\nsmall @ file:./small\n")
        .file("more/base.txt", "humanize  # of a nested file\n")
        .file("more/constraints.txt", "humanize==4.9.0\n")
        .file("vendored/pyproject.toml", "[project]\nname = 'vendored'\nversion = '2'\n[tool.setuptools]\npy-modules = ['vendored']\n")
        .file("vendored/vendored.py", "")
        .file("small/pyproject.toml", "[project]\nname = 'small'\nversion = '3'\n[tool.setuptools]\npy-modules = ['small']\n")
        .file("small/small.py", "")
        .build(&[]);
    let versions = "from importlib.metadata import version as v; import vendored, small, app; \
                    print(v('humanize'), v('vendored'), v('small'), v('app'))";
    assert_eq!(
        image.output(&["python", "-c", versions]),
        "app\n4.9.0 2 3 1.0\n"
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_requirement_with_another_hash_is_refused() {
    let example = crate::project::example("04-requirements-file").join("requirements.txt");
    let text = fs::read_to_string(example).unwrap();
    let wrong = text
        .replace("sha256:02d0", "sha256:0000")
        .replace("sha256:1d6a", "sha256:0000");
    assert_ne!(text, wrong);
    locked(&text).try_build(&[]).succeeded();
    locked(&wrong).try_build(&[]).failed().says([
        "`humanize==4.17.0` has another hash than it should have",
        ">>> humanize==4.17.0",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn files_are_copied_from_the_context_the_builder_targets_contexts_and_images() {
    let target = r#"
copy_files = [
    { src = "data/*.txt", dst = "/app/data/" },
    { src = "data", dst = "/app/all" },
    { src = "/app/.venv/pyvenv.cfg", dst = "/from-builder", from = "builder" },
    { src = "/app/mark", dst = "/from-target", from = "other" },
    { src = "shared.txt", dst = "/from-context", from = "shared" },
    { src = "/etc/alpine-release", dst = "/from-image", from = "alpine:3.23" },
]
[tool.microb.target.other]
copy_files = [{ src = "data/a.txt", dst = "/app/mark" }]
"#;
    let shared = Project::empty().file("shared.txt", "shared\n");
    let context = format!("--build-context=shared={}", shared.folder().display());
    let project = Project::app(target)
        .file("data/a.txt", "a\n")
        .file("data/b.txt", "b\n")
        .file("data/c.bin", "c\n")
        .file("data/a b $x", "d\n");
    let image = project.build(&[&context]);
    let found = shell(
        &image,
        "cd /app/data; ls; cd ../all; ls; cat /from-target /from-context; grep -c version /from-builder; wc -l < /from-image",
    );
    assert_eq!(
        found,
        "a.txt\nb.txt\na b $x\na.txt\nb.txt\nc.bin\na\nshared\n1\n1"
    );
    assert_eq!(
        shell(&image, "stat -c %u:%g /app/data/a.txt /from-image | uniq"),
        "0:0"
    );
    // Without the context, the name is that of an image, which there is not.
    project.try_build(&[]).failed().says(["shared"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn files_are_fetched_with_a_checksum_and_archives_unpacked() {
    let content = b"fetched\n";
    let server = Files::serve([("/file.txt", content)], None);
    // printf 'fetched\n' | sha256sum
    let checksum = "sha256:f6e379b0639054c51806fd5d67948cbcaebd354b0e91a7683932b043c5c3ba32";
    let target = format!(
        "add_files = [\n    {{ src = \"http://{}/file.txt\", dst = \"/app/file.txt\", checksum = \"{checksum}\" }},\n    \
         {{ src = \"archive.tar\", dst = \"/app/unpacked\" }},\n]",
        server.host()
    );
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(7);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, "inside/file", &b"packed\n"[..])
        .unwrap();
    let project = Project::app(&target).file("archive.tar", archive.into_inner().unwrap());
    let image = project.build(&[]);
    let script = "cat /app/file.txt /app/unpacked/inside/file; stat -c %a:%u:%g /app/file.txt";
    assert_eq!(shell(&image, script), "fetched\npacked\n644:0:0");
    let wrong = checksum.replace("f6e3", "0000");
    let project = project.edit("pyproject.toml", checksum, &wrong);
    project
        .try_build(&[])
        .failed()
        .says(["digest mismatch", &wrong, "pyproject.toml:11"]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn files_before_the_build_are_there_for_the_build_and_not_in_the_image() {
    let target = "copy_files_before_build = [{ src = \"words.txt\", dst = \"/opt/words.txt\" }]\n\
                  add_files_before_build = [{ src = \"words.txt\", dst = \"/opt/added.txt\" }]";
    let setup = "from setuptools import setup\n\
                 words = open('/opt/words.txt').read() + open('/opt/added.txt').read()\n\
                 open('seen.py', 'w').write(f'SEEN = {words!r}\\n')\nsetup()\n";
    let image = Project::app(target)
        .edit(
            "pyproject.toml",
            "py-modules = [\"app\"]",
            "py-modules = [\"app\", \"seen\"]",
        )
        .file("setup.py", setup)
        .file("words.txt", "w")
        .build(&[]);
    let seen = image.output(&["python", "-c", "import seen; print(seen.SEEN)"]);
    assert_eq!(seen, "ww\n");
    assert_eq!(shell(&image, "ls -A /opt"), "");
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_target_is_the_named_one_else_default_else_the_only_one() {
    let two = Project::app(
        "command = [\"echo\", \"default\"]\n[tool.microb.target.web]\ncommand = [\"echo\", \"web\"]",
    );
    for (flags, expected) in [
        (&[][..], "default\n"),
        (&["--target=web"], "web\n"),
        (&["--build-arg=microb_target=web"], "web\n"),
        (&["--target=default"], "default\n"),
    ] {
        assert_eq!(
            two.build(flags).run(&[], &[]).succeeded().stdout,
            expected,
            "{flags:?}"
        );
    }
    let only = Project::app("command = [\"echo\", \"only\"]").edit(
        "pyproject.toml",
        "target.default",
        "target.web",
    );
    assert_eq!(only.build(&[]).run(&[], &[]).succeeded().stdout, "only\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_definition_may_have_another_name_and_stand_outside_the_context() {
    let project = Project::app("command = [\"echo\", \"first\"]");
    let text = fs::read_to_string(project.folder().join("pyproject.toml")).unwrap();
    let outside = Project::empty().file("other.toml", text.replace("first", "second"));
    let image = Image::new();
    let mut build = crate::docker::docker(["build", "--tag", &image.0, "-f"]);
    build
        .arg(outside.folder().join("other.toml"))
        .arg(project.folder());
    crate::docker::Ran::of(&mut build).succeeded();
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "second\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn shell_characters_of_the_configuration_are_only_characters() {
    let mark = unique();
    let target = format!(
        r#"env = {{ EVIL = "$(touch /{mark}) `id` ; & | > /x" }}
labels = {{ "evil" = "'\"; exit 1 #" }}
command = ["echo", "$HOME", "a  b", "`id`", "*"]"#
    );
    let image = Project::app(&target.replace("\"$(", "\"\\\\$(")).build(&[]);
    assert_eq!(
        image.run(&[], &[]).succeeded().stdout,
        "$HOME a  b `id` *\n"
    );
    assert_eq!(
        shell(&image, "printenv EVIL"),
        format!("$(touch /{mark}) `id` ; & | > /x")
    );
    assert_eq!(image.config()["Labels"]["evil"], "'\"; exit 1 #");
}

#[test]
#[ignore = "needs an engine: make test"]
fn what_belongs_to_the_developers_machine_is_not_in_an_image_of_plain_sources() {
    let project = Project::app("")
        .edit(
            "pyproject.toml",
            "[tool.setuptools]\npy-modules = [\"app\"]",
            "[tool.uv]\npackage = false",
        )
        .file(".venv/bin/python3", "of another machine\n")
        .file(".env", "PASSWORD=1\n")
        .file("pkg/__pycache__/b.pyc", "old\n")
        .file("pkg/b.py", "");
    let image = project.build(&[]);
    assert_eq!(shell(&image, "python3 /app/app.py"), "app");
    let files = shell(
        &image,
        "find /app -path /app/.venv -prune -o -type f -print | sort",
    );
    assert_eq!(files, "/app/app.py\n/app/pkg/b.py\n/app/pyproject.toml");
}

//! Example 07, whose hosts do not exist, with local stand-ins: a git server over ssh and a file server.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::docker::Ran;
use crate::parity;
use crate::progress::sha256;
use crate::project::{ADVANCED, Project, unique};
use crate::server::{Files, Git};

const BANNER: &[u8] = b"A banner from the web\n";

/// The example with its stand-ins.
struct Advanced {
    project: Project,
    git: Git,
    _servers: Project,
}

impl Advanced {
    fn new() -> Self {
        let servers = Project::empty();
        let repository = servers.folder().join("greeting");
        greeting(&repository);
        let git = Git::serve(servers.folder(), &repository);
        let files = Files::serve([("/banner.txt", BANNER)], None);
        let remote = format!("{}/acme-{}", git.authority(), unique());
        let checksum = sha256(BANNER);
        let text = fs::read_to_string(crate::project::example(ADVANCED).join("pyproject.toml"));
        let text = text.unwrap();
        let written = text.split("checksum = \"").nth(1).unwrap();
        let written = written.split('"').next().unwrap();
        let project = Project::example(ADVANCED)
            .edit("pyproject.toml", "git@git.example.com/acme", &remote)
            .edit(
                "pyproject.toml",
                "https://files.example.com",
                &format!("http://{}", files.host()),
            )
            .edit("pyproject.toml", written, &checksum)
            .flag("--network=host");
        Self {
            project,
            git,
            _servers: servers,
        }
    }

    /// The same, with a dependency that no cache has.
    fn fresh(self) -> Self {
        let other = format!("/acme-{}-", unique());
        Self {
            project: self.project.edit("pyproject.toml", "/acme-", &other),
            ..self
        }
    }
}

/// A git repository with the package that the example needs.
fn greeting(folder: &Path) {
    let lines = "[project]\nname = \"greeting\"\nversion = \"1\"\n[build-system]\nrequires = [\"setuptools\"]\n\
                 build-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npy-modules = [\"greeting\"]\n";
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("pyproject.toml"), lines).unwrap();
    let module = "def greet(name):\n    return f'Hello {name} over ssh'\n";
    fs::write(folder.join("greeting.py"), module).unwrap();
    let commit = "commit -q -m first";
    for arguments in ["init -q", "add .", commit, "tag v1"] {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let mut git = Command::new("git");
        git.arg("-C")
            .arg(folder)
            .args(identity)
            .args(arguments.split(' '));
        Ran::of(&mut git).succeeded();
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_07_builds_against_a_git_server_a_file_server_and_a_local_image() {
    let example = Advanced::new();
    let ssh = example.git.ssh_flag();
    let image = example
        .project
        .build(&[&ssh, "--build-arg=WHO=you", "--build-arg=TEAM=core"]);
    let release = Ran::of(&mut crate::docker::docker([
        "run",
        "--rm",
        "alpine:3.23",
        "cat",
        "/etc/alpine-release",
    ]));
    let expected = format!(
        "Hello you over ssh\nprice: 5 $\nbanner.txt: A banner from the web\n\
         notes.txt: Notes that go into the image.\nbase-release: {}\n",
        release.succeeded().stdout.trim()
    );
    for flags in [&[][..], &["--user=12345", "--read-only"]] {
        assert_eq!(image.run(flags, &[]).succeeded().stdout, expected);
    }
    let config = image.config();
    let architecture = image.inspect()["Architecture"].clone();
    for (label, value) in [
        ("com.example.team", "core"),
        ("com.example.arch", architecture.as_str().unwrap()),
        (
            "org.opencontainers.image.authors",
            "Ada Example <ada@example.com>, Ben Example",
        ),
        ("org.opencontainers.image.licenses", "MIT"),
        (
            "org.opencontainers.image.url",
            "https://example.com/advanced",
        ),
        ("org.opencontainers.image.version", "2.1.0"),
        ("moby.buildkit.frontend", "microb"),
    ] {
        assert_eq!(config["Labels"][label], value, "{label}");
    }
    assert_eq!(config["User"], "65532:65532");
    // `system_deps` are in the image, `build_deps` are not.
    let found = image.run(
        &["--entrypoint=sh"],
        &[
            "-c",
            "for name in hello git ssh; do command -v $name; done; true",
        ],
    );
    assert_eq!(found.stdout.trim(), "/usr/bin/hello");
}

#[test]
#[ignore = "needs an engine: make test"]
fn values_that_no_build_argument_gives_have_their_defaults() {
    let example = Advanced::new();
    let image = example.project.build(&[&example.git.ssh_flag()]);
    let printed = image.run(&[], &[]).succeeded().stdout;
    assert!(printed.starts_with("Hello world over ssh\n"), "{printed}");
    assert_eq!(image.config()["Labels"]["com.example.team"], "platform");
}

#[test]
#[ignore = "needs an engine: make test"]
fn example_07_is_the_same_image_as_its_dockerfile() {
    let example = Advanced::new();
    parity::check(
        &example.project,
        &[&example.git.ssh_flag(), "--network=host"],
        &[("WHO", "you"), ("TEAM", "core")],
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_dependency_over_ssh_without_an_agent_is_an_error_that_says_so() {
    let example = Advanced::new();
    let failed = example.project.try_build(&[]).failed();
    // Above the lines that ask for ssh.
    failed.says([
        "no ssh agent `default` was given",
        "add `--ssh default`",
        "pyproject.toml:10",
        "git+ssh://",
    ]);
}

#[test]
#[ignore = "needs an engine: make test"]
fn the_servers_key_is_checked_against_the_clients_list() {
    let example = Advanced::new();
    let known = example.project.folder().with_extension("known_hosts");
    let secret = format!("--secret=id=known_hosts,src={}", known.display());
    let ssh = example.git.ssh_flag();
    let folder = Project::empty();
    let other = Git::serve(folder.folder(), folder.folder());
    let wrong = other.known_hosts();
    let wrong = wrong.split_once(' ').unwrap().1;
    fs::write(&known, example.git.known_hosts_with(wrong)).unwrap();
    let failed = example.project.try_build(&[&ssh, &secret]).failed();
    failed.says(["Host key verification failed"]);

    fs::write(&known, example.git.known_hosts()).unwrap();
    let example = example.fresh();
    example.project.try_build(&[&ssh, &secret]).succeeded();
    fs::remove_file(known).unwrap();
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_project_without_a_dependency_over_ssh_needs_no_agent() {
    let example = Advanced::new();
    let text = fs::read_to_string(example.project.folder().join("pyproject.toml")).unwrap();
    let line = text.lines().find(|line| line.contains("git+ssh")).unwrap();
    let project = example.project.edit("pyproject.toml", line, "");
    // Who does without it does not import it.
    let used = "import greeting\n\nprint(greeting.greet(os.environ[\"GREETING\"]))\n";
    let project = project.edit("advanced.py", used, "");
    project.try_build(&[]).succeeded();
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_file_with_another_checksum_is_an_error_that_names_both() {
    let example = Advanced::new();
    let digest = sha256(BANNER);
    let (_, right) = digest.split_once(':').unwrap();
    let wrong = right.replace(|c: char| c.is_ascii_digit(), "0");
    let project = example.project.edit("pyproject.toml", right, &wrong);
    let failed = project.try_build(&[&example.git.ssh_flag()]).failed();
    failed.says([wrong.as_str(), right, "pyproject.toml:"]);
}

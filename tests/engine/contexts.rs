//! Build contexts that are no folder, and named ones of all kinds.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::docker::{Image, Ran, docker};
use crate::project::{Project, unique};
use crate::server::{Files, GitDaemon};

/// Runs git in a folder and gives what it prints.
#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args([
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "protocol.file.allow=always",
    ]);
    let printed = Ran::of(git.args(arguments)).succeeded().stdout;
    printed.trim().to_owned()
}

/// A git server with two repositories: `app` has the tag `v1`, then a commit, and the branch `feat/x`; `parent` has a
/// submodule. Not in one: the engine fetches the submodules of the commit that it checked out before, too.
struct Repository {
    _folder: Project,
    daemon: GitDaemon,
    first: String,
}

impl Repository {
    fn new() -> Self {
        let folder = Project::empty();
        let path = |name: &str| folder.folder().join(name);
        let (library, app, parent) = (path("library"), path("app"), path("parent"));
        let daemon = GitDaemon::serve(folder.folder());
        let pyproject = std::fs::read(Project::plain("").folder().join("pyproject.toml")).unwrap();
        let folder = folder
            .file("library/lib.txt", "library")
            .file("parent/pyproject.toml", &pyproject)
            .file("app/pyproject.toml", &pyproject)
            .file("app/note", "first")
            .file("app/sub/pyproject.toml", &pyproject)
            .file("app/sub/note", "below")
            // Git contexts are what git has: ignore files mean nothing there.
            .file("app/.dockerignore", "note\n");
        let start = |repository: &Path| {
            git(repository, &["init", "-q", "-b", "main"]);
            git(repository, &["add", "."]);
            git(repository, &["commit", "-q", "-m", "first"]);
        };
        start(&library);
        start(&parent);
        let url = daemon.url("library");
        git(&parent, &["submodule", "--quiet", "add", &url, "lib"]);
        git(&parent, &["commit", "-q", "-m", "submodule"]);
        start(&app);
        git(&app, &["tag", "v1"]);
        let first = git(&app, &["rev-parse", "HEAD"]);
        let folder = folder.file("app/note", "second");
        git(&app, &["commit", "-q", "-a", "-m", "second"]);
        git(&app, &["checkout", "-q", "-b", "feat/x"]);
        let folder = folder.file("app/note", "branch");
        git(&app, &["commit", "-q", "-a", "-m", "branch"]);
        git(&app, &["checkout", "-q", "main"]);
        Self {
            _folder: folder,
            daemon,
            first,
        }
    }

    /// Builds with this query or fragment.
    fn build(&self, name: &str, suffix: &str) -> (Image, Ran) {
        let (image, client) = (Image::new(), Project::empty());
        let context = format!("{}{suffix}", self.daemon.url(name));
        let mut build = client.command_on(&context, &["--tag", &image.0]);
        (image, Ran::of(&mut build))
    }
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_git_url_names_a_branch_a_tag_a_commit_a_folder_and_submodules() {
    let repository = Repository::new();
    let first = repository.first.clone();
    let script = "cd /all; cat note; [ ! -e .git/HEAD ] || printf ' with git'";
    for (suffix, expected) in [
        ("", "second"),
        ("#v1", "first"),
        ("#main:sub", "below"),
        ("?branch=feat%2Fx", "branch"),
        ("?tag=v1", "first"),
        ("?ref=refs/tags/v1&subdir=sub", "below"),
        (&format!("?tag=v1&commit={first}"), "first"),
        (&format!("#{first}"), "first"),
        ("?keep-git-dir", "second with git"),
    ] {
        let (image, ran) = repository.build("app", suffix);
        ran.succeeded();
        assert_eq!(image.output(&["sh", "-c", script]), expected, "{suffix}");
    }
    for (suffix, expected) in [("", "lib.txt"), ("?submodules=false", "")] {
        let (image, ran) = repository.build("parent", suffix);
        ran.succeeded();
        let found = image.output(&["ls", "/all/lib"]);
        assert_eq!(found.trim(), expected, "{suffix}");
    }
    let wrong = "0123456789".repeat(4);
    for (suffix, said) in [
        (format!("?branch=main&commit={wrong}"), wrong.as_str()),
        ("?depth=1".to_owned(), "depth"),
        ("#none".to_owned(), "none"),
        ("#main:none".to_owned(), "none"),
    ] {
        repository.build("app", &suffix).1.failed().says([said]);
    }
    // BuildKit reads the URL too, for the build's record, and may be the first to refuse it.
    let both = repository.build("app", "?tag=v1&branch=main").1.failed();
    let ours = both.stderr.contains("`refs/tags/v1`") && both.stderr.contains("`refs/heads/main`");
    assert!(
        ours || both.stderr.contains("branch conflicts with tag"),
        "{}",
        both.stderr
    );
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_archive_and_a_single_file_can_come_over_http() {
    let project = Project::plain("").file("note", unique());
    let archive = Project::empty().folder().with_extension("tgz");
    let mut tar = Command::new("tar");
    tar.arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(project.folder());
    Ran::of(tar.arg(".")).succeeded();
    let content = std::fs::read(&archive).unwrap();
    std::fs::remove_file(&archive).unwrap();
    let file = std::fs::read(project.folder().join("pyproject.toml")).unwrap();
    let server = Files::serve([("/a.tgz", &content), ("/own.toml", &file)], None);
    for (path, files) in [("a.tgz", "note pyproject.toml"), ("own.toml", "own.toml")] {
        let (image, client) = (Image::new(), Project::empty());
        let context = format!("http://{}/{path}", server.host());
        let mut build = client.command_on(&context, &["--tag", &image.0]);
        Ran::of(&mut build).succeeded();
        let found = image.output(&["sh", "-c", "cd /all && echo *"]);
        assert_eq!(found.trim(), files);
    }
}

/// Builds a Dockerfile into an OCI layout, and gives the layout's folder.
fn layout(dockerfile: &str) -> Project {
    let folder = Project::empty().file("Dockerfile", dockerfile);
    let mut build = docker([
        "buildx",
        "build",
        "--output=type=oci,tar=false,dest=layout",
        ".",
    ]);
    Ran::of(build.current_dir(folder.folder())).succeeded();
    folder
}

#[test]
#[ignore = "needs an engine: make test"]
fn an_image_of_an_oci_layout_stands_for_a_base_image() {
    let layout = layout("FROM python:3.14-slim\nENV FROM_LAYOUT=yes\nRUN touch /from-layout\n");
    let context = format!(
        "--build-context=python:3.14-slim=oci-layout://{}",
        layout.folder().join("layout").display()
    );
    let image = Project::plain("").build(&[&context]);
    let found = image.output(&["sh", "-c", "echo $FROM_LAYOUT; ls /from-layout"]);
    assert_eq!(found, "yes\n/from-layout\n");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_named_context_is_a_folder_a_repository_a_file_an_image_or_a_layout() {
    let repository = Repository::new();
    let server = Files::serve([("/file.txt", b"over http\n")], None);
    let folder = Project::empty().file("in/folder.txt", "folder\n");
    let layout = layout("FROM scratch\nCOPY Dockerfile /in-layout\n");
    let files = [
        ("in/folder.txt", "folder"),
        ("note", "repository"),
        ("context", "file"),
        ("/etc/alpine-release", "image"),
        ("/in-layout", "layout"),
    ];
    let copies = files.map(|(src, from)| {
        format!("    {{ src = \"{src}\", dst = \"/from/{from}\", from = \"{from}\" }},\n")
    });
    let project = Project::app(&format!("copy_files = [\n{}]", copies.concat()));
    let contexts = [
        format!("folder={}", folder.folder().display()),
        format!("repository={}?tag=v1", repository.daemon.url("app")),
        format!("file=http://{}/file.txt", server.host()),
        "image=docker-image://alpine:3.23".to_owned(),
        format!(
            "layout=oci-layout://{}",
            layout.folder().join("layout").display()
        ),
    ];
    let flags = contexts.map(|context| format!("--build-context={context}"));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let image = project.build(&flags);
    // What is fetched over http belongs to root alone, as in a Dockerfile.
    let script = "cd /from; cat folder repository file; ls; head -c 4 layout";
    let ran = image.run(&["--user=0", "--entrypoint=sh"], &["-c", script]);
    let found = ran.succeeded().stdout;
    assert_eq!(
        found,
        "folder\nfirstover http\nfile\nfolder\nimage\nlayout\nrepository\nFROM"
    );
    // One that is not there is looked for as an image.
    let without: Vec<&str> = flags[1..].to_vec();
    project.try_build(&without).failed().says(["`folder`"]);
}

/// How many bytes the client sent for the vertices whose name begins like this.
fn sent(project: &Project, flags: &[&str], name: &str) -> u64 {
    let flags = [&["--progress=rawjson", "--output=type=cacheonly"], flags].concat();
    let ran = Ran::of(&mut project.command(&flags)).succeeded();
    let lines = ran.stderr.lines();
    let objects: Vec<Value> = lines.filter_map(|l| serde_json::from_str(l).ok()).collect();
    let listed = |key: &'static str| {
        let lists = objects.iter().filter_map(move |one| one[key].as_array());
        lists.flatten()
    };
    let mut vertices = listed("vertexes");
    let named = |vertex: &&Value| vertex["name"].as_str().unwrap().starts_with(name);
    let vertex = &vertices.find(named).unwrap()["digest"];
    let transfers = listed("statuses").filter(|status| {
        let id = status["id"].as_str().unwrap();
        status["vertex"] == *vertex && id.starts_with("transferring")
    });
    let sizes = transfers.map(|status| status["current"].as_u64().unwrap_or_default());
    sizes.max().unwrap_or_default()
}

#[test]
#[ignore = "needs an engine: make test"]
fn of_a_named_folder_only_what_is_used_is_sent() {
    const LARGE: usize = 4 << 20;
    let folder = Project::empty()
        .file("small", unique())
        .file("large", vec![b'x'; LARGE]);
    let context = format!("--build-context=assets={}", folder.folder().display());
    let copying = |path: &str| {
        let own = format!("{{ src = \"{path}\", dst = \"/copied/\", from = \"assets\" }}");
        Project::plain("").edit("pyproject.toml", "{ src = \".\", dst = \"/all\" }", &own)
    };
    let sent = |path: &str| sent(&copying(path), &[&context], "[context assets] load files");
    let small = sent("small");
    assert!(small < 100_000, "{small} bytes");
    // All of it is sent where all is used: what is counted above is what the client sends.
    let all = sent(".");
    assert!(all > LARGE as u64, "{all} bytes");
}

/// `docker buildx bake`: the Dockerfile frontend builds the base, and that is the base of ours.
#[test]
#[ignore = "needs an engine: make test"]
fn bake_hands_on_what_another_target_built() {
    let image = Image::new();
    let syntax = std::env::var("MICROB_IMAGE").unwrap_or_else(|_| "microb:dev".to_owned());
    let bake = format!(
        "target \"base\" {{\n  dockerfile-inline = \"FROM python:3.14-slim\\nENV BAKED=yes\\nRUN touch /baked\"\n}}\n\
         target \"files\" {{\n  dockerfile-inline = \"FROM scratch\\nCOPY note /note\"\n}}\n\
         target \"default\" {{\n  dockerfile = \"pyproject.toml\"\n  tags = [\"{}\"]\n  output = [\"type=docker\"]\n  \
         args = {{ BUILDKIT_SYNTAX = \"{syntax}\" }}\n  \
         contexts = {{ \"python:3.14-slim\" = \"target:base\", files = \"target:files\" }}\n}}\n",
        image.0
    );
    let project =
        Project::app("copy_files = [{ src = \"/note\", dst = \"/note\", from = \"files\" }]")
            .file("docker-bake.hcl", bake)
            .file("note", "baked note\n");
    let mut bake = docker(["buildx", "bake", "--allow=fs.read=*"]);
    Ran::of(bake.current_dir(project.folder())).succeeded();
    let found = image.output(&[
        "sh",
        "-c",
        "echo $BAKED; ls /baked; cat /note; python -m app",
    ]);
    assert_eq!(found, "yes\n/baked\nbaked note\napp\n");
}

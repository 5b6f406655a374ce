use super::{check, image, refused};
use crate::dockerfile;
use crate::prelude::*;

#[test]
fn copies_say_where_from_and_whose() {
    let build = from(image("python")).named("build");
    check(copy("a", "/b"), "COPY a /b");
    check(copy(["*.py", "b?"], "/x/"), "COPY *.py b? /x/");
    check(copy("a b", "/$c"), "COPY [\"a b\", \"/\\\\$c\"]");
    check(copy("<<x", ""), "COPY [\"\\\\<\\\\<x\", \"\\\"\\\"\"]");
    check(copy("[ab]", "/x"), "COPY [\"[ab]\", \"/x\"]");
    check(copy("--a", "/x"), "COPY [\"--a\", \"/x\"]");
    check(
        copy("a", "/b")
            .from(&build)
            .owner("app:1")
            .mode(0o755)
            .exclude(["*.pyc", "a b"]),
        "COPY --from=build --chown=app:1 --chmod=755 --exclude=*.pyc --exclude=a\\ b a /b",
    );
    check(
        copy("/a", "/b").from(image("python:3")),
        "COPY --from=python:3 /a /b",
    );
    check(
        copy("/", "/b").from(Source::Scratch),
        "COPY --from=scratch / /b",
    );
    check(
        copy("/a", "/b").from(named_context("c")),
        "COPY --from=c /a /b",
    );
    check(copy("git@host:x", "/b"), "COPY ./git@host:x /b");
    check(
        copy("a*b/c[d/e\\f", "/x").literal().from(&build),
        "COPY --from=build [\"a[\\\\\\\\*]b/c[[]d/e\\\\\\\\\\\\\\\\f\", \"/x\"]",
    );
    check(copy("a", "/x").literal(), "COPY a /x");
    for (step, reason) in [
        (copy(Vec::<String>::new(), "/x"), "it has no source"),
        (copy("a", "/x").include(["b"]), "`include` has no flag"),
        (
            copy("a", "/x").whole(),
            "a folder is always copied by its contents, never as a `whole`",
        ),
        (
            copy("a", "/x").existing_parent(),
            "missing folders are always made, `existing_parent` has no flag",
        ),
        (
            copy("a", "/x").from(&build).unpack(),
            "`ADD` unpacks from the build context only",
        ),
        (
            copy("a", "/x").from(local("l")),
            "a local source has no name there",
        ),
        (
            copy("a", "/x").mode(0o10_000),
            "`10000` is more than the mode 7777",
        ),
        (
            copy("a", "/x").owner("é"),
            "`--chown` takes printable ASCII only",
        ),
        (
            copy("a", "/x").exclude(["é"]),
            "`--exclude` takes printable ASCII only",
        ),
        (
            copy("a\\*", "/x").literal(),
            "the build context sends no file with `\\` in its name",
        ),
    ] {
        let wrong = dockerfile::steps(step).unwrap_err().to_string();
        assert!(
            wrong.ends_with(&format!("has no Dockerfile form: {reason}")),
            "{wrong}"
        );
    }
}

#[test]
fn copies_are_linked_and_keep_their_parents() {
    check(
        copy(["a/./b", "c"], "/d/").link().parents().owner(1),
        "COPY --link --parents --chown=1:1 a/./b c /d/",
    );
    check(
        copy("a", "/b").link().owner("root"),
        "COPY --link --chown=root a /b",
    );
    check(
        add(http("https://example.org/a"), "/").link(),
        "ADD --link https://example.org/a /",
    );
    refused(
        copy("a", "/b").link().owner("app"),
        "copy(`a`) has no Dockerfile form: a linked copy has no passwd file, so its owner is a number",
    );
    refused(
        add("a.tar", "/b").parents(),
        "copy(`a.tar`) has no Dockerfile form: `ADD` has no `--parents`",
    );
}

#[test]
fn add_unpacks_and_fetches() {
    let url = "https://host/a/file.txt";
    check(add("a.tar.gz", "/x/"), "ADD a.tar.gz /x/");
    check(add(http(url), "/x"), "ADD https://host/a/file.txt /x");
    check(
        add(http(url).checksum("sha256:0a"), "/x")
            .owner(1)
            .mode(0o600),
        "ADD --checksum=sha256:0a --chown=1:1 --chmod=600 https://host/a/file.txt /x",
    );
    check(
        add(http(url), "/x").unpack(),
        "ADD --unpack=true https://host/a/file.txt /x",
    );
    check(
        add(http(url).named("b"), "/x/"),
        "ADD https://host/a/file.txt /x/b",
    );
    check(
        add(http("https://host/"), "/x/"),
        "ADD https://host/ /x/download",
    );
    check(
        add(http("https://host/a%20b?c=$d"), "/x/"),
        "ADD [\"https://host/a%20b?c=\\\\$d\", \"/x/a%20b\"]",
    );
    check(
        add(git("https://host/r.git"), "/x"),
        "ADD https://host/r.git /x",
    );
    check(
        add(
            git("git@host:r.git")
                .reference("v1")
                .subdir("d/e")
                .checksum("0a")
                .keep_git_dir(),
            "/x",
        ),
        "ADD --keep-git-dir=true --checksum=0a [\"git@host:r.git#v1:d/e\", \"/x\"]",
    );
    check(
        add(git("ssh://git@host/r").subdir("d"), "/x"),
        "ADD [\"ssh://git@host/r#:d\", \"/x\"]",
    );
    for (step, reason) in [
        (
            add(http(url).named("b"), "/x"),
            "`ADD` names the file after the URL and not `b`, unless the destination ends in `/`",
        ),
        (
            copy("/other", "/x").from(http(url)),
            "`ADD` copies all that a URL gives, and nothing else",
        ),
        (
            add(http("https://host/r.git"), "/x"),
            "`https://host/r.git` is no file for `ADD`",
        ),
        (
            add(http("ftp://host/r"), "/x"),
            "`ftp://host/r` is no file for `ADD`",
        ),
        (
            add(git("https://host/r"), "/x"),
            "`ADD` does not take `https://host/r` for a repository",
        ),
        (
            add(git("https://host/r.git").reference("a:b"), "/x"),
            "`a:b` has no place in a URL",
        ),
        (
            copy("/d", "/x").from(git("https://host/r.git")),
            "`ADD` copies all of a repository or of its `subdir`",
        ),
    ] {
        let wrong = dockerfile::steps(step).unwrap_err().to_string();
        assert!(
            wrong.ends_with(&format!("has no Dockerfile form: {reason}")),
            "{wrong}"
        );
    }
}

#[test]
fn files_are_heredocs_in_folders_that_keep_their_mode() {
    check(mkfile("/a/b", "x\n"), "COPY <<\"EOF\" /a/b\nx\nEOF");
    check(
        mkfile("/b", "EOF\n").mode(0o755),
        "COPY --chmod=755 <<\"EOF2\" /b\nEOF\nEOF2",
    );
    check(
        mkfile("/$b", "").owner(1),
        "COPY --chown=1:1 <<\"EOF\" \"/\\$b\"\nEOF",
    );
    check(
        mkfile("/a/b", "x\n").mode(0o755),
        "COPY --chmod=755 <<\"EOF\" /a/b\nx\nEOF",
    );
    check(
        mkfile("/a/b", "x\n").mode(0o600),
        "COPY --from=scratch / /a/\nCOPY --chmod=600 <<\"EOF\" /a/b\nx\nEOF",
    );
    for (step, reason) in [
        (mkfile("/a", "x"), "its content does not end in a newline"),
        (mkfile("/a", b"\xff\n"), "its content is not UTF-8"),
        (mkfile("/a", "\0\n"), "its content has a NUL"),
        (
            mkfile("/a b", "x\n"),
            "a heredoc takes no white space in its path",
        ),
        (mkfile("/a/", "x\n"), "its path names no file"),
    ] {
        let wrong = dockerfile::steps(step).unwrap_err().to_string();
        assert!(
            wrong.ends_with(&format!("has no Dockerfile form: {reason}")),
            "{wrong}"
        );
    }
    check(mkdir("/a"), "COPY --from=scratch / /a/");
    check(
        mkdir("/a b").mode(0o700).owner("1:2"),
        "COPY --from=scratch --chown=1:2 --chmod=700 [\"/\", \"/a b/\"]",
    );
    refused(
        mkdir("/a").existing_parent(),
        "mkdir(`/a`) has no Dockerfile form: missing folders are always made",
    );
    refused(
        remove("/a"),
        "`remove` has no Dockerfile form: no instruction removes files",
    );
    refused(
        symlink("/a", "/b"),
        "`symlink` has no Dockerfile form: no instruction makes links",
    );
}

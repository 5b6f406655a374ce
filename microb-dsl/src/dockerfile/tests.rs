use std::time::Duration;

use crate::prelude::*;
use crate::{Mount, Security, dockerfile};

fn image(name: &str) -> ImageRef {
    name.parse().unwrap()
}

fn check(steps: impl IntoSteps, expected: &str) {
    assert_eq!(dockerfile::steps(steps).unwrap(), format!("{expected}\n"));
}

fn refused(steps: impl IntoSteps, expected: &str) {
    let wrong = dockerfile::steps(steps).unwrap_err();
    let messages: Vec<&str> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, [expected]);
}

#[test]
fn variables_and_labels_are_quoted_where_they_must_be() {
    for (value, line) in [
        ("plain/x:1.0", "ENV V=plain/x:1.0"),
        ("", "ENV V=\"\""),
        ("a b", "ENV V=\"a b\""),
        ("-x", "ENV V=\"-x\""),
        ("$HOME", "ENV V=\"\\$HOME\""),
        ("\"\\'", "ENV V=\"\\\"\\\\'\""),
        ("# é", "ENV V=\"# é\""),
    ] {
        check(env("V", value), line);
    }
    check(label("a b", "c"), "LABEL \"a b\"=c");
    check(label("--x", "c"), "LABEL \"--x\"=c");
    refused(
        env("V", "a\nb"),
        "env(`V`) has no Dockerfile form: a line of a Dockerfile holds no newline",
    );
    refused(
        label("a=b", ""),
        "label(`a=b`) has no Dockerfile form: the name is empty or contains `=`",
    );
    check(path("/a"), "ENV PATH=/a:$PATH");
    check(path("/$a b"), "ENV PATH=\"/\\$a b:$PATH\"");
}

#[test]
fn commands_stand_on_the_line_only_where_they_mean_the_same() {
    for (text, line) in [
        ("make all", "RUN make all"),
        ("# nothing", "RUN # nothing"),
        ("echo \\\\", "RUN echo \\\\"),
        ("[ -f x ] && y", "RUN [ -f x ] && y"),
        ("[ -f x ]", "RUN <<EOF\n[ -f x ]\nEOF"),
        (" x", "RUN <<EOF\n x\nEOF"),
        ("x\t", "RUN <<EOF\nx\t\nEOF"),
        ("--x", "RUN <<EOF\n--x\nEOF"),
        ("a\nb", "RUN <<EOF\na\nb\nEOF"),
        (
            "cat <<EOF\nEOF\nEOF2",
            "RUN <<EOF3\ncat <<EOF\nEOF\nEOF2\nEOF3",
        ),
        ("$((1 << 2))", "RUN <<EOF\n$((1 << 2))\nEOF"),
        ("a \\ ", "RUN <<EOF\na \\ \nEOF"),
    ] {
        check(run(text), line);
    }
    for (text, reason) in [
        ("a \\", "its text ends in `\\`"),
        ("a\nb \\", "its text ends in `\\`"),
        (
            "#!/bin/x\ny",
            "a heredoc that starts with `#!` is no text for the shell",
        ),
        ("\0", "it has a NUL"),
    ] {
        refused(
            run(text),
            &format!("`run` has no Dockerfile form: {reason}"),
        );
    }
    check(
        run(["a b", "\"", "\\", "$x", "\n\t\u{1}é", ""]),
        "RUN [\"a b\", \"\\\"\", \"\\\\\", \"$x\", \"\\n\\t\\u0001é\", \"\"]",
    );
    refused(
        run(Vec::<String>::new()),
        "`run` has no Dockerfile form: its command is empty",
    );
}

#[test]
fn the_image_config_has_no_heredocs() {
    check(entrypoint(["/app", "-x"]), "ENTRYPOINT [\"/app\", \"-x\"]");
    check(entrypoint("exec app <<x"), "ENTRYPOINT exec app <<x");
    check(cmd(Vec::<String>::new()), "CMD []");
    check(cmd("app"), "CMD app");
    for (text, reason) in [
        ("", "its text is empty"),
        ("a\nb", "a line of a Dockerfile holds no newline"),
        (" a", "white space at its start or end is dropped"),
        ("--a", "its text would be taken for a flag"),
        ("[\"a\"]", "its text would be taken for JSON"),
        ("a\\", "its text ends in `\\`"),
    ] {
        refused(
            cmd(text),
            &format!("`cmd` has no Dockerfile form: {reason}"),
        );
    }
}

#[test]
fn every_option_of_a_mount_has_its_field() {
    let stage = from(image("python")).named("tools");
    for (mount, field) in [
        (Mount::from(cache("/c")), "type=cache,target=/c"),
        (
            cache("/c")
                .id("i")
                .sharing(Sharing::Locked)
                .owner(1, 2)
                .mode(0o700)
                .into(),
            "type=cache,target=/c,id=i,sharing=locked,uid=1,gid=2,mode=0700",
        ),
        (
            cache("/c").sharing(Sharing::Private).from(&stage).into(),
            "type=cache,target=/c,sharing=private,from=tools",
        ),
        (secret("s").into(), "type=secret,id=s,required"),
        (
            secret("s")
                .target("/s")
                .env("S")
                .optional()
                .owner(1, 2)
                .mode(0o440)
                .into(),
            "type=secret,id=s,target=/s,env=S,uid=1,gid=2,mode=0440",
        ),
        (ssh().into(), "type=ssh,required"),
        (
            ssh()
                .id("i")
                .target("/s")
                .optional()
                .owner(1, 2)
                .mode(0o600)
                .into(),
            "type=ssh,id=i,target=/s,uid=1,gid=2,mode=0600",
        ),
        (bind("/b").into(), "type=bind,target=/b"),
        (
            bind("/b")
                .from(image("python:3"))
                .path("/p")
                .writable()
                .into(),
            "type=bind,target=/b,from=python:3,source=/p,rw",
        ),
        (
            bind("/b").from(Source::Scratch).into(),
            "type=bind,target=/b,from=scratch",
        ),
        (
            bind("/b").from(named_context("ctx")).into(),
            "type=bind,target=/b,from=ctx",
        ),
        (tmpfs("/t").into(), "type=tmpfs,target=/t"),
        (
            tmpfs("/t").size(1024).into(),
            "type=tmpfs,target=/t,size=1024",
        ),
        // Escaped for variables, then for CSV, then for flags.
        (tmpfs("/a b").into(), "type=tmpfs,target=/a\\ b"),
        (tmpfs("/a,b").into(), "type=tmpfs,\\\"target=/a,b\\\""),
        (tmpfs("/$a").into(), "type=tmpfs,target=/\\\\$a"),
        (
            tmpfs("/\"").into(),
            "type=tmpfs,\\\"target=/\\\\\\\"\\\"\\\"",
        ),
    ] {
        check(run("x").mount(mount), &format!("RUN --mount={field} x"));
    }
    for (mount, reason) in [
        (
            Mount::from(tmpfs("/é")),
            "`--mount` takes printable ASCII only",
        ),
        (tmpfs("/<").into(), "`--mount` takes no `<`"),
        (tmpfs("/\n").into(), "`--mount` takes printable ASCII only"),
        (secret("").into(), "the id of a secret is empty"),
        (cache("/").id("").into(), "the id of a cache is empty"),
        (
            cache("/").from(Source::Context).into(),
            "a cache cannot start with the build context",
        ),
        (
            cache("/").from(&stage).mode(0o700).into(),
            "a cache with owner or mode starts empty, whatever `from` says",
        ),
        (
            bind("/").from(http("https://x/y")).into(),
            "`from` takes no URL",
        ),
        (
            bind("/").from(git("https://x/y.git")).into(),
            "`from` takes no git repository",
        ),
        (
            bind("/").from(local("l")).into(),
            "a local source has no name there",
        ),
        (
            bind("/").from(named_context("A")).into(),
            "the frontend finds no build context under the name `A`",
        ),
    ] {
        refused(
            run("x").mount(mount),
            &format!("`run` has no Dockerfile form: {reason}"),
        );
    }
}

#[test]
fn several_flags_of_a_run_have_lines_of_their_own() {
    check(run("x").network(Network::Host), "RUN --network=host x");
    check(
        run("x")
            .ssh()
            .network(Network::None)
            .security(Security::Insecure),
        "RUN --mount=type=ssh,required \\\n    --network=none \\\n    --security=insecure \\\n    x",
    );
    check(
        run("a\nb").ssh().cache("/c"),
        "RUN --mount=type=ssh,required \\\n    --mount=type=cache,target=/c \\\n    <<EOF\na\nb\nEOF",
    );
    // On a line of its own it would be a comment.
    check(
        run("# x").ssh().cache("/c"),
        "RUN --mount=type=ssh,required --mount=type=cache,target=/c # x",
    );
}

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

#[test]
fn the_other_instructions_take_one_word() {
    check(workdir("/a b"), "WORKDIR \"/a b\"");
    check(user("a:1"), "USER a:1");
    check(user(5), "USER 5:5");
    check(expose("8000"), "EXPOSE 8000");
    check(expose("53/udp"), "EXPOSE 53/udp");
    check(volume("/a"), "VOLUME /a");
    check(volume("/a b"), "VOLUME [\"/a b\"]");
    check(stop_signal("SIGINT"), "STOPSIGNAL SIGINT");
    refused(workdir(""), "`workdir` has no Dockerfile form: it is empty");
    refused(
        expose("80-90"),
        "`expose` has no Dockerfile form: `80-90` is no port",
    );
    refused(
        expose("80/TCP"),
        "`expose` has no Dockerfile form: `80/TCP` is no port",
    );
    refused(
        expose("65536"),
        "`expose` has no Dockerfile form: `65536` is no port",
    );
    refused(
        stop_signal("SIGNO"),
        "`stop_signal` has no Dockerfile form: `SIGNO` is no signal of Linux",
    );
    refused(
        volume(" "),
        "`volume` has no Dockerfile form: it is empty or has a NUL",
    );
}

#[test]
fn health_checks_have_their_times() {
    let mut step = healthcheck("curl localhost");
    check(step.clone(), "HEALTHCHECK CMD curl localhost");
    step.interval = Some(Duration::from_mins(1));
    step.timeout = Some(Duration::from_millis(1500));
    step.start_period = Some(Duration::from_nanos(1_000_001));
    step.retries = Some(2);
    check(
        step.clone(),
        "HEALTHCHECK --interval=60s --timeout=1500ms --start-period=1000001ns --retries=2 CMD curl localhost",
    );
    step.timeout = Some(Duration::from_nanos(1));
    refused(
        step.clone(),
        "`healthcheck` has no Dockerfile form: a time is shorter than a millisecond",
    );
    step.timeout = Some(Duration::MAX);
    refused(
        step,
        "`healthcheck` has no Dockerfile form: a time is longer than 292 years",
    );
    let mut off = healthcheck(["x"]);
    off.command = None;
    check(off, "HEALTHCHECK NONE");
}

#[test]
fn every_stage_comes_once_and_under_a_name_of_its_own() {
    let base = from(image("python:3.14"))
        .named("Build Stage")
        .then(env("A", "1"));
    let left = from(&base).named("scratch").then(run("l"));
    let right = from(Base::NamedContext("side".to_owned()))
        .named("side")
        .on(StagePlatform::Build);
    let other = from(image(
        "localhost:5000/a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ))
    .on(StagePlatform::Fixed(Platform::new("linux", "arm64", "")));
    let last = scratch().named("build").then((
        copy("/l", "/").from(&left),
        copy("/r", "/").from(&right),
        copy("/o", "/").from(&other),
        copy("/l", "/").from(&left),
    ));
    assert_eq!(
        dockerfile::render(&last).unwrap(),
        "\
FROM python:3.14 AS build-stage
ENV A=1

FROM build-stage AS scratch-2
RUN l

FROM --platform=$BUILDPLATFORM side AS side-2

FROM --platform=linux/arm64 localhost:5000/a@sha256:0000000000000000000000000000000000000000000000000000000000000000 AS stage

FROM scratch AS build
COPY --from=scratch-2 /l /
COPY --from=side-2 /r /
COPY --from=stage /o /
COPY --from=scratch-2 /l /
"
    );
}

#[test]
fn what_merges_without_loss_is_copied_by_link() {
    let first = from(image("python")).named("first");
    let files = scratch().named("files").then(mkfile("/a", "1\n"));
    assert_eq!(
        dockerfile::render(&merge([&first, &files])).unwrap(),
        "FROM python:latest AS first\n\nFROM scratch AS files\nCOPY <<\"EOF\" /a\n1\nEOF\n\nFROM first\nCOPY --link --from=files / /\n"
    );
    let runs = from(&files).then(run("rm /a"));
    for wrong in [
        merge([&first, &runs]),
        merge([&files, &first]),
        merge([]),
        diff(&first, &files),
    ] {
        assert!(dockerfile::render(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_run_on_another_platform_than_its_base_is_refused() {
    let native = from(image("python")).on(StagePlatform::Build);
    assert!(dockerfile::render(&from(&native).then(run("x"))).is_ok());
    assert!(dockerfile::render(&from(&native).on(StagePlatform::Build).then(run("x"))).is_ok());
    let target = from(image("python"));
    assert!(dockerfile::render(&from(&target).on(StagePlatform::Build).then(run("x"))).is_err());
    assert!(dockerfile::render(&scratch().on(StagePlatform::Build).then(run("x"))).is_err());
    assert!(dockerfile::render(&scratch().on(StagePlatform::Build).then(copy("x", "/"))).is_ok());
}

#[test]
fn all_mistakes_are_told_at_once_and_where_they_are() {
    let file = crate::SourceFile::new("pyproject.toml", "env = 1\n");
    let span = file.find("env").unwrap();
    let stage = scratch().then((env("A", "\n").at(&span), remove("/a")));
    let wrong = dockerfile::render(&stage).unwrap_err();
    let spans: Vec<_> = wrong
        .iter()
        .map(|diagnostic| diagnostic.span.clone())
        .collect();
    assert_eq!(spans, [Some(span), None]);
}

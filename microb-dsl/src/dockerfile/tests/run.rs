use super::{check, image, refused};
use crate::prelude::*;
use crate::{Mount, Security};

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
    ] {
        check(run("x").mount(mount), &format!("RUN --mount={field} x"));
    }
}

#[test]
fn a_mount_with_special_characters_is_quoted_or_refused() {
    let stage = from(image("python")).named("tools");
    for (mount, field) in [
        // Escaped for variables, then for CSV, then for flags.
        (Mount::from(tmpfs("/a b")), "type=tmpfs,target=/a\\ b"),
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
        (
            secret("s").target("s").into(),
            "the target `s` is no absolute path",
        ),
        (
            ssh().target("s").into(),
            "the target `s` is no absolute path",
        ),
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

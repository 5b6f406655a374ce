use std::time::Duration;

use super::{check, refused};
use crate::prelude::*;

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
fn the_other_instructions_take_one_word() {
    check(workdir("/a b"), "WORKDIR \"/a b\"");
    check(workdir("//a/./b/"), "WORKDIR /a/b");
    check(workdir("../a"), "WORKDIR ../a");
    refused(
        workdir("/a/../b"),
        "`workdir` has no Dockerfile form: its path has a `..`",
    );
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
    check(
        healthcheck(["x"]).start_interval(Duration::from_secs(1)),
        "HEALTHCHECK --start-interval=1s CMD [\"x\"]",
    );
    check(no_healthcheck(), "HEALTHCHECK NONE");
    refused(
        no_healthcheck().retries(1),
        "`healthcheck` has no Dockerfile form: a check that is turned off takes no times",
    );
}

#[test]
fn a_shell_is_a_program_with_its_arguments() {
    check(shell(["a b", "$c"]), "SHELL [\"a b\", \"$c\"]");
    refused(
        shell(Vec::<String>::new()),
        "`shell` has no Dockerfile form: it names no program",
    );
}

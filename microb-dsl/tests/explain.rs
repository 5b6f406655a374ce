//! Which steps run again, by the rules of BuildKit's cache. The engine itself is asked in `tests/engine/explain.rs`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::time::Instant;

use microb_dsl::explain::{Entry, EntryKind, Planned, Tree, explain, reruns};
use microb_dsl::llb::Inputs;
use microb_dsl::prelude::*;

fn inputs() -> Inputs {
    Inputs::offline(Platform::new("linux", "amd64", ""))
}

fn file(content: &str) -> Entry {
    Entry {
        kind: EntryKind::File(content.to_owned()),
        mode: 0o644,
    }
}

fn tree(paths: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for path in paths {
        tree.insert(*path, file("1"));
    }
    tree
}

/// What is said of each step: `+` runs, `?` may run.
fn told(before: (&Stage, &Tree), after: (&Stage, &Tree)) -> String {
    let inputs = inputs();
    let before = Planned::new(before.0, &inputs).tree("context", before.1.clone());
    let after = Planned::new(after.0, &inputs).tree("context", after.1.clone());
    let mut text = String::new();
    for step in reruns(&before, &after).unwrap().steps {
        let mark = if step.is_certain { '+' } else { '?' };
        let (_, name) = step.name.split_once("] ").unwrap();
        write!(text, "{mark}{name};").unwrap();
    }
    text
}

#[track_caller]
fn changed(stage: &Stage, paths: &[&str], changed: &str, expected: &str) {
    let tree = tree(paths);
    let after = tree.clone().with_changed(changed);
    assert_eq!(told((stage, &tree), (stage, &after)), expected, "{changed}");
}

fn image(tag: &str) -> Stage {
    from(ImageRef::official("python", tag)).named("base")
}

#[test]
fn a_copy_runs_for_what_it_copies_and_all_below_it_follows() {
    let stage = image("3.14").then((
        copy("a", "/a"),
        run(["make"]),
        copy("b", "/b"),
        workdir("/w"),
    ));
    let paths = ["a/x", "a/y/z", "b", "c"];
    changed(
        &stage,
        &paths,
        "a/x",
        "+COPY a /a;+RUN make;+COPY b /b;+WORKDIR /w;",
    );
    changed(
        &stage,
        &paths,
        "a/y",
        "+COPY a /a;+RUN make;+COPY b /b;+WORKDIR /w;",
    );
    changed(
        &stage,
        &paths,
        "a/new",
        "+COPY a /a;+RUN make;+COPY b /b;+WORKDIR /w;",
    );
    changed(&stage, &paths, "b", "+COPY b /b;+WORKDIR /w;");
    changed(&stage, &paths, "c", "");
    changed(&stage, &paths, "ab", "");
}

#[test]
fn patterns_and_exclusions_decide_what_is_copied() {
    let stage = image("3.14").then((
        copy("*.txt", "/t/"),
        copy("src", "/s").exclude(["**/*.pyc", "tests"]),
        copy("[x]", "/x").literal(),
    ));
    let paths = [
        "a.txt",
        "d/b.txt",
        "src/m.py",
        "src/m.pyc",
        "src/tests/t.py",
        "[x]",
    ];
    let all = "+COPY '*.txt' /t/;+COPY src /s;+COPY '[x]' /x;";
    changed(&stage, &paths, "a.txt", all);
    changed(&stage, &paths, "d/b.txt", "");
    changed(&stage, &paths, "src/m.py", "+COPY src /s;+COPY '[x]' /x;");
    changed(&stage, &paths, "src/m.pyc", "");
    changed(&stage, &paths, "src/tests/t.py", "");
    changed(&stage, &paths, "[x]", "+COPY '[x]' /x;");
    changed(&stage, &paths, "x", "");
}

#[test]
fn a_link_is_followed_where_it_is_copied_itself_and_kept_where_it_is_inside() {
    let mut tree = tree(&["real/f", "in/f"]);
    let link = |target: &str| Entry {
        kind: EntryKind::Link(target.to_owned()),
        mode: 0o777,
    };
    tree.insert("link", link("real"));
    tree.insert("in/link", link("../real/f"));
    let after = tree.clone().with_changed("real/f");
    for (path, expected) in [
        ("link", "+COPY link /x;"),
        ("in", ""),
        ("real", "+COPY real /x;"),
    ] {
        let stage = scratch().named("s").then(copy(path, "/x"));
        assert_eq!(told((&stage, &tree), (&stage, &after)), expected);
    }
}

#[test]
fn a_copy_from_a_stage_runs_only_for_other_files_there() {
    let files = scratch()
        .named("files")
        .then((copy("a", "/a"), copy("b", "/b")));
    let paths = ["a", "b"];
    let stage = |from_path: &str| image("3.14").then(copy(from_path, "/x").from(&files));
    changed(
        &stage("/a"),
        &paths,
        "a",
        "+COPY a /a;+COPY b /b;+COPY --from=files /a /x;",
    );
    // The step that copies `b` runs after the one that copies `a`, and makes the same file.
    changed(&stage("/b"), &paths, "a", "+COPY a /a;+COPY b /b;");
    let mounted = image("3.14").then(run(["ls"]).mount(bind("/m").from(&files).path("/b")));
    changed(&mounted, &paths, "a", "+COPY a /a;+COPY b /b;");
    changed(&mounted, &paths, "b", "+COPY b /b;+RUN ls;");
}

#[test]
fn what_a_program_writes_is_not_known() {
    let made = image("3.14")
        .named("made")
        .then((copy("a", "/a"), run(["make"]), copy("b", "/d/")));
    let paths = ["a", "b", "c"];
    let stage = |path: &str| {
        let taken = image("3.14")
            .named("taken")
            .then((copy(path, "/x").from(&made), run(["use"])));
        taken.then(copy("c", "/c"))
    };
    let in_made = "+COPY a /a;+RUN make;+COPY b /d/;";
    changed(
        &stage("/out"),
        &paths,
        "a",
        &format!("{in_made}?COPY --from=made /out /x;?RUN use;?COPY c /c;"),
    );
    // What was copied after the program is known again.
    changed(&stage("/d/b"), &paths, "a", in_made);
    changed(
        &stage("/d/b"),
        &paths,
        "b",
        "+COPY b /d/;+COPY --from=made /d/b /x;+RUN use;+COPY c /c;",
    );
}

#[test]
fn a_file_that_is_written_over_makes_no_difference_elsewhere() {
    let made = scratch().named("made").then((
        copy(".", "/src"),
        mkfile("/src/version", "1\n"),
        remove("/src/junk"),
    ));
    let stage = image("3.14")
        .named("taken")
        .then(copy("/src", "/src").from(&made));
    let paths = ["main.c", "version", "junk"];
    let in_made = "+COPY . /src;+COPY <<EOF /src/version;+REMOVE /src/junk;";
    changed(&stage, &paths, "version", in_made);
    changed(&stage, &paths, "junk", in_made);
    changed(
        &stage,
        &paths,
        "main.c",
        &format!("{in_made}+COPY --from=made /src /src;"),
    );
}

#[test]
fn another_recipe_runs_what_is_not_the_same() {
    let tree = tree(&["a"]);
    let recipe = |tag: &str, text: &str, port: &str| {
        image(tag).then((
            run(["one"]),
            mkfile("/f", text),
            run(["two"]),
            expose(port),
            label("x", port),
        ))
    };
    let before = recipe("3.13", "1", "80");
    for (after, expected) in [
        (recipe("3.13", "1", "81"), ""),
        (recipe("3.13", "2", "80"), "+COPY <<EOF /f;+RUN two;"),
        (before.clone().then(run(["three"])), "+RUN three;"),
        (
            recipe("3.14", "1", "80"),
            "+FROM docker.io/library/python:3.14;+RUN one;+COPY <<EOF /f;+RUN two;",
        ),
        (
            image("3.13").then((run(["one"]), run(["two"]))),
            "+RUN two;",
        ),
        (
            image("3.13").then((env("X", "1"), run(["one"]), mkfile("/f", "1"))),
            "+RUN one;+COPY <<EOF /f;",
        ),
    ] {
        assert_eq!(told((&before, &tree), (&after, &tree)), expected);
    }
}

#[test]
fn caches_secrets_and_proxies_do_not_count_and_a_renamed_stage_neither() {
    let recipe = |id: &str, sharing: Sharing| {
        let kept = microb_dsl::cache("/c").id(id).sharing(sharing);
        image("3.14").then(run(["make"]).mount(kept))
    };
    let tree = Tree::default();
    let before = recipe("one", Sharing::Locked);
    assert_eq!(
        told((&before, &tree), (&recipe("two", Sharing::Private), &tree)),
        ""
    );
    assert_eq!(
        told((&before, &tree), (&before.clone().named("other"), &tree)),
        ""
    );
}

#[test]
fn a_moved_source_with_the_same_files_is_the_same() {
    let recipe = |path: &str| image("3.14").then(copy(path, "/x"));
    let (before, after) = (tree(&["a/src/f"]), tree(&["b/src/f"]));
    assert_eq!(
        told((&recipe("a/src"), &before), (&recipe("b/src"), &after)),
        ""
    );
    assert_eq!(
        told(
            (&recipe("a/src"), &before),
            (&recipe("b/src"), &after.with_changed("b/src/f"))
        ),
        "+COPY b/src /x;"
    );
}

#[test]
fn an_explanation_names_what_is_read_and_what_never_counts() {
    let tools = image("3.14")
        .named("tools")
        .then(run(["build"]).cache("/c"));
    let stage = image("3.14-slim").named("app").then((
        copy(["src", "setup.cfg"], "/app/").exclude(["**/*.pyc"]),
        env("MODE", "fast"),
        run(["go"])
            .mount(bind("/t").from(&tools).path("/out"))
            .mount(secret("token")),
    ));
    let text = explain(&stage, &inputs()).unwrap().to_string();
    let (_, text) = text.split_once("\n\n").unwrap();
    assert_eq!(
        text,
        "\
tools: FROM python:3.14
  [tools 2/2] RUN build
      runs again when: python:3.14 is another image
      never because of: cache /c

app: FROM python:3.14-slim
  [app 2/3] COPY src setup.cfg /app/
      runs again when: python:3.14-slim is another image · src, setup.cfg of the build context
                       changes, but not **/*.pyc
  [app 3/3] RUN go
      runs again when: 2/3 runs · /out of stage tools changes · a variable of app changes
      never because of: secret token
  without a step: ENV MODE
"
    );
}

#[test]
fn ten_thousand_steps_take_seconds_at_most() {
    let many = |n: usize| {
        let steps = (0..n).map(|n| match n % 3 {
            0 => run(["step", "again"]).into_steps(),
            1 => copy("a", format!("/{n}")).into_steps(),
            _ => workdir("/w").into_steps(),
        });
        image("3.14").then(steps.collect::<Vec<_>>())
    };
    let tree = tree(&["a"]);
    let start = Instant::now();
    let stage = many(10_000);
    let text = told((&stage, &tree), (&stage, &tree.clone().with_changed("a")));
    assert_eq!(text.matches('+').count(), 9_999);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

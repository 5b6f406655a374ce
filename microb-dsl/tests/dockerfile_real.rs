//! Rendered Dockerfiles, built by a real engine: what comes out is what the recipe says.
//!
//! Needs a Docker engine with images `python:3.13-slim` and `python:3.13-alpine`:
//! `eval "$(dev/engine env)" && cargo test -p microb-dsl --test dockerfile_real -- --ignored`

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use microb_dsl::prelude::*;
use microb_dsl::{Mount, Security, dockerfile};
use serde_json::{Value, json};

/// Texts that some layer of the Dockerfile frontend reads as something else.
const NASTY: [&str; 34] = [
    "",
    " ",
    "  two  spaces ",
    "tab\there",
    "\t",
    "\"",
    "'",
    "it's",
    "\"quoted\"",
    "\\",
    "a\\",
    "a\\\\",
    "\\\"",
    "\\$HOME",
    "$HOME",
    "${HOME}",
    "${HOME:-x}",
    "$",
    "$$",
    "${",
    "a=b",
    "=",
    "# no comment",
    "--flag",
    "[\"json\"]",
    "[",
    "<<EOF",
    "a << b",
    "é \u{1f40d} \u{a0}",
    "\u{feff}mark",
    "a\rb\r",
    "`id`",
    "*?[x]",
    "a,b;c|d&e",
];

/// A build context, and the image that the recipe makes of it; both are gone afterwards.
struct Built {
    tag: String,
}

impl Built {
    fn new(test: &str, stage: &Stage, files: &[(&str, &str)]) -> Self {
        let text = dockerfile::render(stage).unwrap_or_else(|wrong| panic!("{wrong}"));
        let folder = Folder::new(test);
        for (name, content) in files {
            let path = folder.0.join("context").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::create_dir_all(folder.0.join("context")).unwrap();
        fs::write(folder.0.join("Dockerfile"), &text).unwrap();
        let tag = format!("dockerfile-test-{test}");
        let output = docker(&[
            "build",
            "--provenance=false",
            "--network=host",
            "-t",
            &tag,
            "-f",
        ])
        .arg(folder.0.join("Dockerfile"))
        .arg(folder.0.join("context"))
        .output()
        .unwrap();
        assert!(output.status.success(), "{text}\n{}", errors(&output));
        Self { tag }
    }

    fn config(&self) -> Value {
        let output = docker(&[
            "image",
            "inspect",
            "--format",
            "{{json .Config}}",
            &self.tag,
        ])
        .output()
        .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn output(&self, argv: &[&str]) -> String {
        let output = docker(&["run", "--rm", "--entrypoint", argv[0], &self.tag])
            .args(&argv[1..])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        drop(docker(&["image", "rm", "--force", &self.tag]).output());
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dockerfile-{test}"));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn docker(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.env("DOCKER_BUILDKIT", "1").args(arguments);
    command
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn python() -> Stage {
    from("python:3.13-slim".parse::<ImageRef>().unwrap())
}

#[test]
#[ignore = "needs a Docker engine"]
fn values_of_variables_and_labels_arrive_as_they_were_written() {
    let variables: Vec<_> = NASTY
        .iter()
        .enumerate()
        .map(|(n, value)| env(format!("V{n}"), *value))
        .collect();
    let labels: Vec<_> = NASTY
        .iter()
        .enumerate()
        .map(|(n, value)| label(format!("v{n}"), *value))
        .collect();
    let keys: Vec<_> = NASTY
        .iter()
        .filter(|key| !key.is_empty() && !key.contains('='))
        .map(|key| label(format!("{key}key"), "x"))
        .collect();
    let stage = python().then((
        variables,
        labels,
        keys,
        path("/a b/$HOME/\"q\""),
        path("/first"),
    ));
    let built = Built::new("values", &stage, &[]);
    let config = built.config();
    let environment: Vec<&str> = config["Env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    for (n, value) in NASTY.iter().enumerate() {
        let wanted = format!("V{n}={value}");
        assert!(
            environment.contains(&wanted.as_str()),
            "{wanted:?} in {environment:?}"
        );
        assert_eq!(config["Labels"][format!("v{n}")], *value);
    }
    for key in NASTY
        .iter()
        .filter(|key| !key.is_empty() && !key.contains('='))
    {
        assert_eq!(config["Labels"][format!("{key}key")], "x", "{key:?}");
    }
    let path = environment.iter().find(|v| v.starts_with("PATH=")).unwrap();
    assert!(
        path.starts_with("PATH=/first:/a b/$HOME/\"q\":/usr/"),
        "{path}"
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn every_short_text_of_special_characters_arrives_as_it_was_written() {
    let special = ["a", " ", "\"", "'", "\\", "$", "{", "}", "<"];
    let mut texts = Vec::new();
    for first in special {
        for second in special {
            for third in special {
                texts.push([first, second, third].concat());
            }
        }
    }
    let labels: Vec<_> = (0..)
        .zip(&texts)
        .map(|(n, text)| label(format!("t{n}"), text))
        .collect();
    let folders: Vec<_> = texts
        .iter()
        .map(|text| volume(format!("/{text}/x")))
        .collect();
    // An image holds no more than some hundred layers.
    let mut names: Vec<String> = texts
        .iter()
        .step_by(9)
        .map(|text| format!("{text}."))
        .collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| copy("in", format!("/out/{name}")))
        .collect();
    let middle = scratch().then(files);
    let stage = python().then((labels, folders, copy("/out", "/out").from(&middle)));
    let built = Built::new("short", &stage, &[("in", "x")]);
    let config = built.config();
    for (n, text) in texts.iter().enumerate() {
        assert_eq!(config["Labels"][format!("t{n}")], **text);
        assert!(
            config["Volumes"].get(format!("/{text}/x")).is_some(),
            "{text:?}"
        );
    }
    let list = "import os\nprint('\\n'.join(sorted(os.listdir('/out'))))";
    names.sort_unstable();
    assert_eq!(
        built.output(&["python3", "-c", list]),
        names.join("\n") + "\n"
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_rest_of_the_image_config_arrives_as_it_was_written() {
    let mut check = healthcheck(["check", "$HOME", "a b"]);
    check.interval = Some(Duration::from_millis(1500));
    check.timeout = Some(Duration::from_secs(90));
    check.start_period = Some(Duration::from_nanos(1_000_001));
    check.start_interval = Some(Duration::from_secs(2));
    check.retries = Some(7);
    let stage = python().then((
        workdir("/a b/$HOME/it's \"q\" \\"),
        user("us er$x:0"),
        expose("8000"),
        expose("53/udp"),
        volume("/data"),
        volume("/my data"),
        volume(" /$x \"q\" it's \\"),
        stop_signal("SIGRTMIN+3"),
        check,
        shell(["/bin/sh", "-e", "-c"]),
        entrypoint([
            "/bin/echo",
            "$HOME",
            "a \"q\"",
            "\\",
            "",
            "é\n\t\u{1}",
            "<<EOF",
        ]),
        cmd("echo \"$HOME\" 'x' <<EOF \\\\ # text"),
    ));
    let config = Built::new("config", &stage, &[]).config();
    for (key, wanted) in [
        ("WorkingDir", json!("/a b/$HOME/it's \"q\" \\")),
        ("User", json!("us er$x:0")),
        ("ExposedPorts", json!({"8000/tcp": {}, "53/udp": {}})),
        (
            "Volumes",
            json!({"/data": {}, "/my data": {}, " /$x \"q\" it's \\": {}}),
        ),
        ("StopSignal", json!("SIGRTMIN+3")),
        (
            "Entrypoint",
            json!([
                "/bin/echo",
                "$HOME",
                "a \"q\"",
                "\\",
                "",
                "é\n\t\u{1}",
                "<<EOF"
            ]),
        ),
        (
            "Cmd",
            json!([
                "/bin/sh",
                "-e",
                "-c",
                "echo \"$HOME\" 'x' <<EOF \\\\ # text"
            ]),
        ),
        ("Shell", json!(["/bin/sh", "-e", "-c"])),
        (
            "Healthcheck",
            json!({
                "Test": ["CMD", "check", "$HOME", "a b"],
                "Interval": 1_500_000_000_u64,
                "Timeout": 90_000_000_000_u64,
                "StartPeriod": 1_000_001,
                "StartInterval": 2_000_000_000_u64,
                "Retries": 7,
            }),
        ),
    ] {
        assert_eq!(config[key], wanted, "{key}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn commands_arrive_as_they_were_written() {
    // Each prints its own command line, which the kernel keeps as it was given.
    let texts = [
        "tr '\\0' '\\n' </proc/$$/cmdline >>/log",
        "  tr '\\0' '\\n' </proc/$$/cmdline >>/log  # spaces  ",
        "# comment\ntr '\\0' '\\n' </proc/$$/cmdline >>/log\n# é\r",
        "cat >>/log <<EOF\n$((1 << 2)) \\$HOME\nEOF",
        ": \"$((1 << 2))\"; tr '\\0' '\\n' </proc/$$/cmdline >>/log",
        "[ -f /etc/passwd ] && tr '\\0' '\\n' </proc/$$/cmdline >>/log && [ 1 = 1 ]",
        "tr '\\0' '\\n' </proc/$$/cmdline >>/log # \\\\",
    ];
    let steps: Vec<_> = texts.iter().map(|text| run(*text)).collect();
    let list = [
        "sh",
        "-c",
        "printf '%s\\n' \"$@\" >>/log",
        "sh",
        "a b",
        "$HOME",
        "\"q\"",
        "it's",
        "\\",
        "<<EOF",
        "",
    ];
    let built = Built::new("commands", &python().then((steps, run(list))), &[]);
    let mut wanted = String::new();
    for (n, text) in texts.iter().enumerate() {
        if n == 3 {
            wanted.push_str("4 $HOME\n");
            continue;
        }
        // A heredoc's text ends in a newline more.
        let heredoc = if [1, 2, 4, 5].contains(&n) { "\n" } else { "" };
        wanted.extend(["/bin/sh\n-c\n", text, heredoc, "\n"]);
    }
    wanted.push_str("a b\n$HOME\n\"q\"\nit's\n\\\n<<EOF\n\n");
    assert_eq!(built.output(&["cat", "/log"]), wanted);
}

#[test]
#[ignore = "needs a Docker engine"]
fn mounts_are_where_the_recipe_puts_them() {
    let other = scratch()
        .named("Other: stage")
        .then(mkfile("/one/two", "2\n"));
    let targets = [
        "/plain",
        "/a,b",
        "/q\"q",
        "/it's",
        "/s p",
        "/d$HOME",
        "/b\\s",
        "/c,\"d\" $\\'",
    ];
    let mut step = run([
        "sh",
        "-c",
        "for folder; do grep -qF -- \" $(printf %s \"$folder\" | sed 's/\\\\/\\\\134/g; s/ /\\\\040/g') \" /proc/mounts || exit 1; done; \
        cat /other/two /ctx; stat -c '%a %u %g' /owned; echo \"${TOKEN-none}\"; cat /run/secrets/none || true",
        "sh",
    ].into_iter().chain(targets).collect::<Vec<_>>());
    for target in targets {
        step = step.mount(tmpfs(target));
    }
    step = step
        .mount(
            cache("/owned")
                .id("dockerfile-test,\"owned\" $x")
                .owner(7, 8)
                .mode(0o750)
                .sharing(Sharing::Locked),
        )
        .mount(bind("/other").from(&other).path("/one"))
        .mount(bind("/ctx").path("/a file").writable())
        .mount(secret("none").optional())
        .mount(secret("none").env("TOKEN").optional())
        .mount(Mount::from(ssh().optional().mode(0o600)))
        .network(Network::None)
        .security(Security::Sandbox);
    let stage = python().then(step);
    drop(Built::new("mounts", &stage, &[("a file", "context\n")]));
}

#[test]
#[ignore = "needs a Docker engine"]
fn files_are_copied_under_their_own_names() {
    let names = [
        "plain",
        "a b",
        "$HOME",
        "it's",
        "q\"q",
        "st*r",
        "wh?t",
        "[x]",
        "é",
        "<<EOF",
        "#x",
        "--flag",
        "a,b",
        "git@host:x",
    ];
    let files: Vec<(String, &str)> = names
        .iter()
        .map(|name| (format!("in/{name}"), *name))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, content)| (name.as_str(), *content))
        .collect();
    // Would be copied too if the names above were patterns.
    let files = [
        &files[..],
        &[("in/star", "no"), ("in/what", "no"), ("in/x", "no")],
    ]
    .concat();
    let one_by_one: Vec<_> = names
        .iter()
        .map(|name| copy(format!("in/{name}"), format!("/out/{name}")).literal())
        .collect();
    let middle = scratch().then(one_by_one);
    let backslash = python()
        .named("backslash")
        .then(run(["touch", "/\\b\\*", "/\\b\\x"]));
    let again: Vec<_> = names
        .iter()
        .map(|name| {
            copy(format!("/out/{name}"), "/again/")
                .literal()
                .from(&middle)
                .owner("1:2")
                .mode(0o640)
        })
        .collect();
    let stage = python().then((
        again,
        copy("in/st*r", "/wild/"),
        copy("in", "/some/").exclude([
            "st\\*r", "a b", "q\"q", "it's", "$HOME", "[[]x]", "--*", "?", "gi*",
        ]),
        copy("/\\b\\*", "/back/").literal().from(&backslash),
    ));
    let built = Built::new("copies", &stage, &files);
    let list = "import os\nfor f in sorted(os.listdir('/again')):\n s = os.stat('/again/' + f)\n print(f, open('/again/' + f).read(), oct(s.st_mode), s.st_uid, s.st_gid, sep='|')\nprint(sorted(os.listdir('/wild')), sorted(os.listdir('/some')), os.listdir('/back'))";
    let mut sorted = names;
    sorted.sort_unstable();
    let mut wanted = String::new();
    for name in sorted {
        wanted.extend([name, "|", name, "|0o100640|1|2\n"]);
    }
    wanted.push_str(
        "['st*r', 'star'] ['#x', '<<EOF', 'a,b', 'plain', 'star', 'wh?t', 'what'] ['\\\\b\\\\*']\n",
    );
    assert_eq!(built.output(&["python3", "-c", list]), wanted);
}

#[test]
#[ignore = "needs a Docker engine"]
fn files_and_folders_have_content_mode_and_owner_of_the_recipe() {
    let content = "EOF\nEOF2\r\n$HOME \\ ${x} `id` \"q\" 'q' <<EOF\n\n  # é \\\n\ttab\r\n";
    let stage = python().then((
        run(["chmod", "700", "/opt"]),
        mkfile("/m/n/plain", content),
        mkfile("/p/q/program", content).mode(0o750).owner("3:4"),
        mkfile("/p/q/$HOME'\"\\<<EOF", "").mode(0o600),
        mkfile("relative", "1\n").mode(0o644),
        mkdir("/d/e"),
        mkdir("/f g/$HOME").mode(0o750).owner(5),
        mkdir("/opt").mode(0o777).owner(9),
        workdir("/w"),
        mkdir("sub"),
    ));
    let built = Built::new("files", &stage, &[]);
    let list = "import os\nfor p in ['/m', '/m/n', '/m/n/plain', '/p', '/p/q', '/p/q/program', '/p/q/$HOME\\'\"\\\\<<EOF', '/relative', '/d', '/d/e', '/f g', '/f g/$HOME', '/opt', '/w/sub']:\n s = os.stat(p)\n print(p, oct(s.st_mode)[-3:], s.st_uid, s.st_gid)\nprint(repr(open('/p/q/program', newline='').read()), os.path.getsize('/p/q/$HOME\\'\"\\\\<<EOF'))";
    let wanted = "/m 755 0 0\n/m/n 755 0 0\n/m/n/plain 644 0 0\n/p 755 0 0\n/p/q 755 0 0\n/p/q/program 750 3 4\n/p/q/$HOME'\"\\<<EOF 600 0 0\n/relative 644 0 0\n/d 755 0 0\n/d/e 755 0 0\n/f g 750 5 5\n/f g/$HOME 750 5 5\n/opt 700 0 0\n/w/sub 755 0 0\n'EOF\\nEOF2\\r\\n$HOME \\\\ ${x} `id` \"q\" \\'q\\' <<EOF\\n\\n  # é \\\\\\n\\ttab\\r\\n' 0\n";
    assert_eq!(built.output(&["python3", "-c", list]), wanted);
}

#[test]
#[ignore = "needs a Docker engine"]
fn merged_stages_lie_on_top_of_each_other() {
    let one =
        python()
            .named("same")
            .then((mkfile("/x/a", "1\n"), mkfile("/x/b", "1\n"), env("A", "1")));
    let two = scratch()
        .named("same")
        .then((mkfile("/x/b", "2\n").mode(0o600), mkdir("/y").mode(0o700)));
    let stage = merge([&one, &two]).then(label("l", "1"));
    let built = Built::new("merge", &stage, &[]);
    assert_eq!(
        built.output(&[
            "sh",
            "-c",
            "cat /x/a /x/b; stat -c '%a %n' /x /x/b /y; echo $A"
        ]),
        "1\n2\n755 /x\n600 /x/b\n700 /y\n1\n"
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_longest_line_is_read_and_no_longer_one() {
    let step = |length: usize| label("l", "x".repeat(length));
    let length = 65_535 - "LABEL l=".len();
    let built = Built::new("long", &python().then(step(length)), &[]);
    assert_eq!(
        built.config()["Labels"]["l"].as_str().unwrap().len(),
        length
    );
    assert!(dockerfile::steps(step(length + 1)).is_err());
}

#[test]
#[ignore = "needs a Docker engine"]
fn apt_leaves_packages_only() {
    let before: BTreeSet<String> = listing(&Built::new(
        "apt-base",
        &python().then(label("l", "1")),
        &[],
    ));
    let stage = python().then(apt(["hello"]).cached("dockerfile-test"));
    let after = listing(&Built::new("apt", &stage, &[]));
    let mut new: Vec<_> = after.difference(&before).cloned().collect();
    new.retain(|path| !path.contains("hello"));
    assert_eq!(new, Vec::<String>::new());
    assert!(after.contains("/usr/bin/hello"));
}

#[test]
#[ignore = "needs a Docker engine"]
fn apk_installs_with_a_fresh_cache_and_with_an_old_one() {
    let alpine = from("python:3.13-alpine".parse::<ImageRef>().unwrap());
    let once = Built::new("apk", &alpine.clone().then(apk(["hello"])), &[]);
    assert!(listing(&once).contains("/usr/bin/hello"));
    // A cache of this run only: the first build finds nothing in it, the second what the first one left.
    let cache = format!("dockerfile-test-{}", std::process::id());
    for name in ["apk-fresh", "apk-old"] {
        let installed = alpine
            .clone()
            .then((env("N", name), apk(["hello"]).cached(&cache)));
        let files = listing(&Built::new(name, &installed, &[]));
        assert!(files.contains("/usr/bin/hello"));
        assert!(!files.contains("/var/log/apk.log"));
        assert!(!files.iter().any(|path| path.starts_with("/var/cache/apk/")));
    }
}

fn listing(built: &Built) -> BTreeSet<String> {
    let text = built.output(&[
        "find", "/", "-xdev", "-not", "-path", "/proc*", "-not", "-path", "/sys*",
    ]);
    text.lines().map(str::to_owned).collect()
}

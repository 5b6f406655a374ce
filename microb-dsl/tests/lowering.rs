//! What steps are lowered to, read as text.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb_dsl::ForeignDefinition;
use microb_dsl::llb::{
    Capabilities, ImageResolveMode, Inputs, Lowered, NoCache, ResolvedImage, images, lower,
};
use microb_dsl::prelude::*;
use std::time::Duration;

fn amd64() -> Platform {
    "linux/amd64".parse().unwrap()
}

fn image(reference: &str) -> ImageRef {
    reference.parse().unwrap()
}

/// An engine that knows `python:3.14` and its config.
fn inputs() -> Inputs {
    let mut inputs = Inputs::offline(amd64());
    inputs.images.insert(
        (image("python:3.14"), amd64()),
        ResolvedImage {
            reference: None,
            digest: Some(format!("sha256:{}", "0".repeat(64))),
            config: br#"{"architecture":"amd64","os":"linux","config":{
                "Env":["PATH=/base/bin","LANG=C.UTF-8"],"Cmd":["python3"],"WorkingDir":"/work"}}"#
                .to_vec(),
        },
    );
    inputs
}

fn lowered(stage: &Stage) -> Lowered {
    lower(stage, &inputs()).unwrap()
}

#[track_caller]
fn check(stage: &Stage, expected: &str) {
    let text = lowered(stage).definition.unwrap().to_text();
    let unindented: Vec<&str> = expected
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.strip_prefix("        ").unwrap_or(line))
        .collect();
    assert_eq!(text.trim_end(), unindented.join("\n"));
}

fn config(stage: &Stage) -> serde_json::Value {
    serde_json::from_slice(&lowered(stage).config).unwrap()
}

#[test]
fn a_run_step_sees_the_base_images_environment() {
    let stage = from(image("python:3.14"))
        .then(env("A", "x y"))
        .then(path("/app/.venv/bin"))
        .then(run(["pip", "install", "numpy>=1"]).network(Network::None));
    check(
        &stage,
        "
        %0 = source docker-image://docker.io/library/python:3.14@sha256:0000000000000000000000000000000000000000000000000000000000000000  linux/amd64
        %1 = exec %0  pip install 'numpy>=1'  linux/amd64
               cwd /work
               env PATH=/app/.venv/bin:/base/bin
               env LANG=C.UTF-8
               env A=x y
               network none
        output %1",
    );
}

#[test]
fn mounts_are_sorted_by_target_and_inputs_are_named_once() {
    let tool = scratch()
        .named("tool")
        .then(mkfile("/opt/uv", "uv\n").mode(0o755));
    let stage = from(image("alpine")).then(
        run("true")
            .mount(bind("/z").from(&tool).path("/opt"))
            .mount(bind("/a").from(&tool).writable())
            .mount(cache("/var/cache/apt").sharing(Sharing::Locked))
            .mount(tmpfs("/tmp").size(1024))
            .mount(secret("token").env("TOKEN"))
            .mount(secret("netrc").target("/root/.netrc").optional())
            .mount(ssh()),
    );
    check(
        &stage,
        "
        %0 = file scratch
               mkfile /EOF mode=0644 3 bytes sha256:2c38c529b6ea
        %1 = file scratch
               copy %0:/EOF -> /opt/uv mode=0755 parents
        %2 = source docker-image://docker.io/library/alpine:latest  linux/amd64
        %3 = exec %2  /bin/sh -c true  linux/amd64
               env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
               env SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0
               env TOKEN secret token
               mount /a  bind %1:/ rw
               mount /tmp  tmpfs 1024 bytes
               mount /var/cache/apt  cache //var/cache/apt locked
               mount /z  bind %1:/opt
               mount /root/.netrc  secret netrc 0400 0:0 optional
               mount /run/buildkit/ssh_agent.0  ssh default 0600 0:0
        output %3",
    );
}

#[test]
fn only_the_paths_that_a_recipe_reads_are_sent() {
    let stage = scratch()
        .then(
            copy(["a.txt", "./b/"], "/x/")
                .owner(65532)
                .exclude(["*.pyc"]),
        )
        .then(add("c.tar.gz", "/y"));
    check(
        &stage,
        r#"
        %0 = source local://context
               local.followpaths ["a.txt","b","c.tar.gz"]
        %1 = file scratch
               copy %0:/a.txt -> /x/ owner=65532:65532 contents wildcard follow parents exclude=*.pyc
               copy %0:/b -> /x/ owner=65532:65532 contents wildcard follow parents exclude=*.pyc
        %2 = file %1
               copy %0:/c.tar.gz -> /y unpack contents wildcard follow parents
        output %2"#,
    );
}

#[test]
fn only_the_paths_that_a_recipe_reads_of_a_named_context_are_sent() {
    let mut inputs = inputs();
    let folder = |name: &str| local(name).exclude(["*.pyc"]);
    for (name, given) in [
        ("assets", folder("assets")),
        ("tools:latest", folder("tools")),
        ("own", folder("own").follow_paths(["x"])),
    ] {
        inputs.named_contexts.insert(name.to_owned(), given.into());
    }
    let sent = |stage: &Stage| {
        let definition = lower(stage, &inputs).unwrap().definition.unwrap();
        let text = definition.to_text();
        let lines = text.lines().filter(|line| line.contains("followpaths"));
        let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
        lines.join(", ")
    };
    let assets = || named_context("assets");
    let bound = |path: &str| run("x").mount(bind("/x").from(assets()).path(path));
    // All that any stage reads of it is sent at once.
    let builder = from(image("alpine")).then((copy("a/./b", "/").from(assets()), bound("/c/d/")));
    let both = from(&builder).then(copy("*.css", "/").from(assets()));
    assert_eq!(sent(&both), r#"local.followpaths ["*.css","a/b","c/d"]"#);
    // One that stands for an image is no other.
    let tools = scratch().then(copy("/bin/a", "/").from(image("tools")));
    assert_eq!(sent(&tools), r#"local.followpaths ["bin/a"]"#);
    // A client would take the mounted path for a pattern.
    let odd = from(image("alpine")).then(bound("a/b[1]/c"));
    assert_eq!(sent(&odd), r#"local.followpaths ["a"]"#);
    // All of a base is part of the image, and all of a cache's source is there for the program.
    let base = from(Base::NamedContext("assets".to_owned()));
    assert_eq!(sent(&base.then(copy("a", "/b").from(assets()))), "");
    let cached = run("x").mount(cache("/c").from(assets()));
    assert_eq!(sent(&from(image("alpine")).then(cached)), "");
    // Who names a folder, or says what of it is sent, has said it.
    let own = scratch().then((
        copy("a", "/").from(named_context("own")),
        copy("b", "/").from(local("other")),
    ));
    assert_eq!(sent(&own), r#"local.followpaths ["x"]"#);
}

#[test]
fn remote_sources_are_copied_as_they_are() {
    let checksum = format!("sha256:{}", "a".repeat(64));
    let stage = scratch()
        .then(
            add(
                http("https://example.com/d/f.whl?x=1").checksum(&checksum),
                "/w/",
            )
            .mode(0o644),
        )
        .then(add(
            git("git@example.com:a/b.git").reference("v1").subdir("sub"),
            "/src",
        ));
    check(
        &stage,
        "
        %0 = source https://example.com/d/f.whl?x=1
               http.checksum sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
               http.filename f.whl
        %1 = file scratch
               copy %0:/f.whl -> /w/ mode=0644 parents
        %2 = source git://example.com/a/b.git#v1:sub
               git.authheadersecret GIT_AUTH_HEADER
               git.authtokensecret GIT_AUTH_TOKEN
               git.fullurl git@example.com:a/b.git
               git.mountsshsock default
        %3 = file %1
               copy %2:/ -> /src parents
        output %3",
    );
}

#[test]
fn merge_and_diff_are_ops_where_the_engine_has_them_and_copies_where_not() {
    let lower_stage = from(image("alpine"));
    let upper = lower_stage.clone().then(copy("a", "/a"));
    let stage = merge([&from(image("busybox")), &diff(&lower_stage, &upper)]);
    check(
        &stage,
        "
        %0 = source docker-image://docker.io/library/busybox:latest  linux/amd64
        %1 = source docker-image://docker.io/library/alpine:latest  linux/amd64
        %2 = source local://context
               local.followpaths [\"a\"]
        %3 = file %1
               copy %2:/a -> /a contents wildcard follow parents
        %4 = diff %1 %3
        %5 = merge %0 %4
        output %5",
    );

    let mut old = inputs();
    old.capabilities = Capabilities::Only(
        [
            "source.image",
            "source.local",
            "file.base",
            "exec.meta.base",
        ]
        .map(str::to_owned)
        .into(),
    );
    let text = lower(&stage, &old).unwrap().definition.unwrap().to_text();
    assert!(!text.contains("merge") && !text.contains("diff"), "{text}");
    assert!(text.contains("copy %2:/ -> / contents"), "{text}");

    let ran = diff(&lower_stage, &lower_stage.clone().then(run("true")));
    let mistakes = lower(&ran, &old).unwrap_err();
    assert!(
        mistakes.to_string().contains("lacks `diffop`"),
        "{mistakes}"
    );
}

#[test]
fn the_image_config_follows_docker() {
    let stage = from(image("python:3.14"))
        .then(label("a", "1"))
        .then(user("app"))
        .then(workdir("src"))
        .then(expose("8000"))
        .then(entrypoint(["serve"]))
        .then(healthcheck(["true"]));
    let config = config(&stage);
    assert_eq!(config["config"]["User"], "app");
    assert_eq!(config["config"]["WorkingDir"], "/work/src");
    assert_eq!(config["config"]["Labels"]["a"], "1");
    assert_eq!(
        config["config"]["ExposedPorts"]["8000/tcp"],
        serde_json::json!({})
    );
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["serve"]));
    assert_eq!(
        config["config"]["Cmd"],
        serde_json::Value::Null,
        "an entry point drops the base's CMD"
    );
    assert_eq!(
        config["config"]["Healthcheck"]["Test"],
        serde_json::json!(["CMD", "true"])
    );
}

#[test]
fn a_health_check_has_dockers_keys_and_nanoseconds() {
    // The keys are those of `HealthcheckConfig` in `docker-image-spec/specs-go/v1/image.go` of moby.
    let check = healthcheck("curl -f localhost")
        .interval(Duration::from_secs(30))
        .timeout(Duration::from_millis(1500))
        .start_period(Duration::from_mins(1))
        .start_interval(Duration::from_secs(1))
        .retries(2);
    let stage = from(image("python:3.14"));
    assert_eq!(
        config(&stage.clone().then(check))["config"]["Healthcheck"],
        serde_json::json!({
            "Test": ["CMD-SHELL", "curl -f localhost"],
            "Interval": 30_000_000_000_u64,
            "Timeout": 1_500_000_000,
            "StartPeriod": 60_000_000_000_u64,
            "StartInterval": 1_000_000_000,
            "Retries": 2,
        })
    );
    let none = config(&stage.then(no_healthcheck()));
    assert_eq!(
        none["config"]["Healthcheck"],
        serde_json::json!({"Test": ["NONE"]})
    );
}

#[test]
fn lines_that_a_base_image_wants_run_are_no_silent_loss() {
    let mut inputs = inputs();
    let config = br#"{"architecture":"amd64","os":"linux","config":{"OnBuild":["COPY . /app"]}}"#;
    inputs.images.insert(
        (image("python:onbuild"), amd64()),
        ResolvedImage {
            reference: None,
            digest: None,
            config: config.to_vec(),
        },
    );
    let mistakes = lower(&from(image("python:onbuild")), &inputs).unwrap_err();
    let found = &mistakes.iter().next().unwrap().message;
    assert_eq!(found, "the image `python:onbuild` has `ONBUILD` lines");
}

#[test]
fn a_shell_runs_the_lines_after_it_and_only_these() {
    let stage = from(image("alpine")).then((
        run("a"),
        shell(["/bin/bash", "-o", "pipefail", "-c"]),
        run("b | c"),
        run(["d"]),
        cmd("e"),
    ));
    let text = lowered(&stage).definition.unwrap().to_text();
    for line in [
        "/bin/sh -c a  linux",
        "/bin/bash -o pipefail -c 'b | c'",
        "exec %2  d  linux",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    let found = config(&stage);
    let bash = serde_json::json!(["/bin/bash", "-o", "pipefail", "-c"]);
    assert_eq!(found["config"]["Shell"], bash);
    assert_eq!(found["config"]["Cmd"][4], "e");
}

#[test]
fn a_linked_copy_is_a_layer_that_knows_nothing_of_those_below() {
    let below = from(image("alpine"));
    check(
        &below.clone().then(copy("a", "/b/").link()),
        "
        %0 = source docker-image://docker.io/library/alpine:latest  linux/amd64
        %1 = source local://context
               local.followpaths [\"a\"]
        %2 = file scratch
               copy %1:/a -> /b/ contents wildcard follow parents
        %3 = merge %0 %2
        output %3",
    );
    // As BuildKit's `dispatchCopy`: a mode, or an engine without the op, makes it an ordinary copy.
    let with_mode = below.clone().then(copy("a", "/b/").link().mode(0o600));
    let text = lowered(&with_mode).definition.unwrap().to_text();
    assert!(
        text.contains("= file %0") && !text.contains("merge"),
        "{text}"
    );
    let named = below.then(copy("a", "/b").link().owner("app"));
    let mistakes = lower(&named, &inputs()).unwrap_err().to_string();
    assert!(mistakes.contains("no passwd file"), "{mistakes}");
}

#[test]
fn a_copy_with_parents_takes_its_path_as_a_pattern() {
    let stage = from(image("alpine")).then(copy(["a/*/c", "x/./y/z"], "/to/").parents());
    let text = lowered(&stage).definition.unwrap().to_text();
    for line in ["copy %1:/ -> /to/", "copy %1:/x -> /to/", "a/*/c", "y/z"] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(
        text.contains("local.followpaths [\"a/*/c\",\"x/y/z\"]"),
        "{text}"
    );
}

#[test]
fn a_literal_copy_with_parents_takes_its_path_as_it_is() {
    let stage = scratch().then(copy("a[1]/./b*/c", "/to/").literal().parents());
    check(
        &stage,
        r"
        %0 = source local://context
        %1 = file scratch
               copy %0:/a[1] -> /to/ contents follow parents include=b[\*]/c required=/a[1]/b*/c
        output %1",
    );
}

#[test]
fn what_no_container_could_start_with_is_told() {
    let place = microb_dsl::SourceFile::new("x.toml", "port = 1").whole();
    for (step, message) in [
        (expose("80/TCP"), "`expose`: `80/TCP` is no port"),
        (
            stop_signal("SIGNO"),
            "`stop_signal`: `SIGNO` is no signal of Linux",
        ),
        (env("A=B", "x"), "`A=B` is no name of a variable"),
        (label("", "x"), "a label without a key"),
        (volume(""), "`volume` without a folder"),
        (run(Vec::<String>::new()).into(), "`run` without a program"),
        (
            healthcheck(Vec::<String>::new()).into(),
            "`healthcheck` without a program",
        ),
        (shell(Vec::<String>::new()), "`shell` without a program"),
        (path(""), "`path` without a folder"),
        (user(""), "`user` without a name"),
        (copy(["a", ""], "/").into(), "`copy` without a source"),
        (run("x").mount(bind("")).into(), "`bind` without a target"),
        (
            run("x").mount(cache("/")).into(),
            "`cache`: nothing can be mounted at `/`, which is the root",
        ),
        (
            run("x").mount(tmpfs(".")).into(),
            "`tmpfs`: nothing can be mounted at `.`, which is the root",
        ),
    ] {
        let mistakes = lower(&scratch().then(step.at(&place)), &inputs()).unwrap_err();
        let found = mistakes.iter().next().unwrap();
        assert_eq!(found.message, message);
        assert_eq!(found.span.as_ref(), Some(&place));
    }
}

#[test]
fn a_cmd_of_the_stage_survives_its_entry_point() {
    let stage = from(image("python:3.14")).then((cmd(["x"]), entrypoint(["serve"])));
    assert_eq!(config(&stage)["config"]["Cmd"], serde_json::json!(["x"]));
}

#[test]
fn a_missing_named_context_is_named() {
    let stage = scratch().then(copy("/", "/").from(named_context("assets")));
    let mistakes = lower(&stage, &inputs()).unwrap_err().to_string();
    assert!(mistakes.contains("--build-context assets="), "{mistakes}");
}

#[test]
fn folders_that_a_file_needs_do_not_get_the_files_mode_and_owner() {
    let stage = scratch().then((
        mkfile("/a/b/plain", "1\n"),
        mkfile("/c/d/secret", "2\n").mode(0o600).owner(7),
    ));
    check(
        &stage,
        "
        %0 = file scratch
               mkfile /EOF mode=0644 2 bytes sha256:4355a46b19d3
        %1 = file scratch
               copy %0:/EOF -> /a/b/plain parents
        %2 = file scratch
               mkfile /EOF mode=0644 2 bytes sha256:53c234e5e847
        %3 = file %1
               mkdir /c/d mode=0755 parents
               copy %2:/EOF -> /c/d/secret owner=7:7 mode=0600 parents
        output %3",
    );
}

#[test]
fn a_stage_runs_where_the_stage_below_it_runs() {
    let builder = from(image("alpine")).on(StagePlatform::Build);
    let mut inputs = Inputs::offline("linux/arm64".parse().unwrap());
    inputs.build_platform = amd64();
    let text = lower(&from(&builder).then(run("x")), &inputs)
        .unwrap()
        .definition
        .unwrap()
        .to_text();
    assert_eq!(text.matches("linux/amd64").count(), 2, "{text}");
    assert_eq!(text.matches("linux/arm64").count(), 0, "{text}");
}

#[test]
fn the_image_is_for_the_platform_that_was_asked_for_whatever_its_last_stage_runs_on() {
    let mut inputs = inputs();
    inputs.platform = "linux/arm64".parse().unwrap();
    let last = from(image("python:3.14")).on(StagePlatform::Build);
    let mut architecture = |given| {
        inputs.platform_is_given = given;
        let config = lower(&last, &inputs).unwrap().config;
        let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
        config["architecture"].clone()
    };
    assert_eq!(architecture(true), "arm64");
    assert_eq!(architecture(false), "amd64");
}

#[test]
fn what_a_source_policy_puts_in_the_place_of_an_image_is_used() {
    let mut inputs = inputs();
    let key = (image("python:3.14"), amd64());
    let resolved = inputs.images.get_mut(&key).unwrap();
    resolved.reference = Some(image("mirror.example.com/python:3.14"));
    let stage = from(image("python:3.14")).then(run("x"));
    let text = lower(&stage, &inputs)
        .unwrap()
        .definition
        .unwrap()
        .to_text();
    let pinned = format!(
        "docker-image://mirror.example.com/python:3.14@sha256:{}",
        "0".repeat(64)
    );
    assert!(text.contains(&pinned), "{text}");
    assert!(!text.contains("docker.io"), "{text}");
}

#[test]
fn images_are_listed_once_for_each_platform() {
    let builder = from(image("python:3.14")).on(StagePlatform::Build);
    let stage = from(image("python:3.14"))
        .then(copy("/x", "/x").from(&builder))
        .then(copy("/y", "/y").from(image("busybox")));
    let mut inputs = Inputs::offline("linux/arm64".parse().unwrap());
    inputs.build_platform = amd64();
    let listed: Vec<String> = images(&stage, &inputs)
        .iter()
        .map(|(image, platform)| format!("{} {platform}", image.familiar()))
        .collect();
    assert_eq!(
        listed,
        [
            "busybox:latest linux/arm64",
            "python:3.14 linux/amd64",
            "python:3.14 linux/arm64"
        ]
    );
}

#[test]
fn an_empty_image_has_no_definition() {
    assert_eq!(lowered(&scratch()).definition, None);
}

#[test]
fn forty_levels_of_diamonds_are_forty_stages() {
    let mut stage = scratch().then(mkfile("/a", "a\n"));
    for _ in 0..40 {
        stage = scratch()
            .then(copy("/a", "/a").from(&stage))
            .then(copy("/a", "/b").from(&stage));
    }
    assert_eq!(stage.stages().len(), 41);
    let text = lowered(&stage).definition.unwrap().to_text();
    assert_eq!(text.matches(" = file ").count(), 2 + 80);
}

#[test]
fn a_long_chain_of_stages_is_dropped_without_a_deep_stack() {
    const LENGTH: usize = 40_000;
    let bases = |stage: &Stage| from(stage);
    let copies = |stage: &Stage| scratch().then(copy("/a", "/a").from(stage));
    let mounts = |stage: &Stage| scratch().then(run(["a"]).mount(bind("/a").from(stage)));
    let caches = |stage: &Stage| scratch().then(run(["a"]).mount(cache("/a").from(stage)));
    let merges = |stage: &Stage| merge([stage]);
    let diffs = |stage: &Stage| diff(stage, stage);
    let ways: [&dyn Fn(&Stage) -> Stage; 6] = [&bases, &copies, &mounts, &caches, &merges, &diffs];
    for way in ways {
        let mut stage = scratch().then(mkdir("/a"));
        for _ in 1..LENGTH {
            stage = way(&stage);
        }
        assert_eq!(stage.stages().len(), LENGTH);
        drop(stage);
    }
}

#[test]
fn a_foreign_definition_is_used_byte_for_byte() {
    let theirs = from(image("busybox")).then(run(["make", "it"]));
    let definition = lowered(&theirs).definition.unwrap();
    let foreign = ForeignDefinition(definition.to_bytes().into());
    let stage = from(foreign.clone())
        .then(copy("/x", "/y").from(Source::Definition(foreign)))
        .then(run("after"));
    let ours = lowered(&stage).definition.unwrap();
    let their_ops = &definition.digests()[..2];
    assert_eq!(&ours.digests()[..2], their_ops);
    assert!(
        ours.to_text().contains("copy %1:/x -> /y"),
        "{}",
        ours.to_text()
    );
}

#[test]
fn a_definition_that_is_none_is_an_error() {
    let stage = from(ForeignDefinition(b"\xff\xff\xff"[..].into()));
    let mistakes = lower(&stage, &inputs()).unwrap_err().to_string();
    assert!(mistakes.contains("no `pb.Definition`"), "{mistakes}");
}

#[test]
fn the_clients_options_reach_every_run() {
    let mut inputs = inputs();
    let options = &mut inputs.run_options;
    options.proxy.http = "http://proxy:3128".to_owned();
    options.extra_hosts = vec![("db".to_owned(), "10.0.0.1".to_owned())];
    options.hostname = Some("box".to_owned());
    options.ulimits = vec![("nofile".to_owned(), 1024, 2048)];
    options.cgroup_parent = Some("/builds".to_owned());
    options.shm_size = Some(1 << 20);
    options.network = Network::Host;
    inputs.no_cache = NoCache::Stages(["Final".to_owned()].into());
    inputs.cache_namespace = "ns".to_owned();
    inputs.image_resolve_mode = ImageResolveMode::ForcePull;
    let stage = from(image("alpine"))
        .named("final")
        .then(run("a").cache("/c"))
        .then(run("b").network(Network::None));
    let text = lower(&stage, &inputs)
        .unwrap()
        .definition
        .unwrap()
        .to_text();
    assert_eq!(
        text.trim_end(),
        "\
%0 = source docker-image://docker.io/library/alpine:latest  linux/amd64
       image.resolvemode pull
%1 = exec %0  /bin/sh -c a  linux/amd64  no-cache
       hostname box
       cgroup /builds
       env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
       host db 10.0.0.1
       ulimit nofile 1024:2048
       proxy
       network host
       mount /c  cache ns//c shared
       mount /dev/shm  tmpfs 1048576 bytes
%2 = exec %1  /bin/sh -c b  linux/amd64  no-cache
       hostname box
       cgroup /builds
       env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
       host db 10.0.0.1
       ulimit nofile 1024:2048
       proxy
       network none
       mount /dev/shm  tmpfs 1048576 bytes
output %2"
    );
}

#[test]
fn an_engine_without_an_optional_capability_runs_without_the_option() {
    let mut inputs = inputs();
    inputs.run_options.ulimits = vec![("nofile".to_owned(), 1, 2)];
    inputs.capabilities = Capabilities::Only(
        [
            "source.image",
            "exec.meta.base",
            "exec.meta.setsdefaultpath",
            "exec.mount.bind",
        ]
        .map(str::to_owned)
        .into(),
    );
    let stage = from(image("alpine")).then(run("a"));
    let text = lower(&stage, &inputs)
        .unwrap()
        .definition
        .unwrap()
        .to_text();
    assert!(!text.contains("ulimit"), "{text}");
}

#[test]
fn what_the_engine_lacks_is_told_at_the_users_line() {
    let file = microb_dsl::SourceFile::new("pyproject.toml", "a = 1\nsystem = 2\n");
    let stage = from(image("alpine")).then(run("a").ssh().at(&file.find("system").unwrap()));
    let mut inputs = inputs();
    inputs.capabilities = Capabilities::Only(
        [
            "source.image",
            "exec.meta.base",
            "exec.meta.setsdefaultpath",
            "exec.mount.bind",
        ]
        .map(str::to_owned)
        .into(),
    );
    let mistakes = lower(&stage, &inputs).unwrap_err().to_string();
    assert!(
        mistakes.starts_with("pyproject.toml:2:1: error: the engine lacks `exec.mount.ssh`"),
        "{mistakes}"
    );
}

#[test]
fn times_come_from_the_epoch() {
    let mut inputs = inputs();
    inputs.source_date_epoch = Some(1_700_000_000);
    let stage = scratch().then(mkdir("/a"));
    let lowered = lower(&stage, &inputs).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&lowered.config).unwrap();
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    assert_eq!(config["history"][0]["created"], "2023-11-14T22:13:20Z");
    let without = lower(&stage, &self::inputs()).unwrap();
    assert_ne!(
        lowered.definition.unwrap().digests(),
        without.definition.unwrap().digests()
    );
}

#[test]
fn the_config_of_the_base_image_comes_along_as_it_was() {
    let config = &inputs().images[&(image("python:3.14"), amd64())].config;
    let base = from(image("python:3.14")).then(label("a", "b"));
    let above = from(&base).then(mkdir("/a"));
    let merged = merge([&above, &scratch().then(mkdir("/b"))]);
    for stage in [&base, &above, &merged] {
        assert_eq!(lowered(stage).base_config.as_ref(), Some(config));
    }
    assert_eq!(lowered(&scratch().then(mkdir("/a"))).base_config, None);
}

#[test]
fn a_working_directory_that_is_the_root_is_no_layer() {
    let steps = (workdir("/"), mkdir("/a"), workdir("/b"), workdir(".."));
    let lowered = lowered(&from(image("python:3.14")).named("app").then(steps));
    let config: serde_json::Value = serde_json::from_slice(&lowered.config).unwrap();
    let history = config["history"].as_array().unwrap().iter();
    let layers = history.filter(|line| line["empty_layer"] != true);
    let layers: Vec<&str> = layers
        .map(|line| line["created_by"].as_str().unwrap())
        .collect();
    assert_eq!(layers, ["MKDIR /a", "WORKDIR /b"]);
    assert_eq!(config["config"]["WorkingDir"], "/");
    let definition = lowered.definition.unwrap().to_bytes();
    let definition = String::from_utf8_lossy(&definition);
    for name in [
        "[app 1/3] FROM",
        "[app 2/3] MKDIR /a",
        "[app 3/3] WORKDIR /b",
    ] {
        assert!(definition.contains(name), "{name}");
    }
}

#[test]
fn every_file_step_has_its_action() {
    let stage = scratch()
        .then(mkdir("/d").mode(0o750).owner("app:staff"))
        .then(mkdir("/d/e").existing_parent())
        .then(symlink("/d", "/link").owner(7))
        .then(remove("/d/*").wildcard().allow_missing())
        .then(
            copy("x[1]", "/")
                .literal()
                .whole()
                .existing_parent()
                .include(["*.py"])
                .mode(0o4755),
        );
    check(
        &stage,
        "
        %0 = file scratch
               mkdir /d mode=0750 parents owner=app:staff
        %1 = file %0
               mkdir /d/e mode=0755
        %2 = file %1
               symlink /link -> /d owner=7:7
        %3 = file %2
               rm /d/* allow-missing wildcard
        %4 = source local://context
        %5 = file %3
               copy %4:/x[1] -> / mode=4755 follow include=*.py
        output %5",
    );
}

#[test]
fn all_that_a_step_reads_of_the_context_is_sent() {
    let sent = |steps: Vec<Step>| {
        let text = lowered(&from(image("alpine")).then(steps))
            .definition
            .unwrap()
            .to_text();
        let line = text.lines().find(|line| line.contains("followpaths"));
        line.map(|line| line.trim().to_owned())
    };
    // A client would take the name for a pattern, which does not match it.
    let literal = copy("data/x[1].txt", "/").literal().into_steps();
    assert_eq!(
        sent(literal).as_deref(),
        Some("local.followpaths [\"data\"]")
    );
    let pattern = copy("data/x[1].txt", "/").into_steps();
    assert_eq!(
        sent(pattern).as_deref(),
        Some("local.followpaths [\"data/x[1].txt\"]")
    );
    let mut from_context = run("a")
        .mount(microb_dsl::cache("/c").from(Source::Context))
        .into_steps();
    from_context.extend(copy("a", "/").into_steps());
    assert_eq!(sent(from_context), None, "the whole context is sent");
}

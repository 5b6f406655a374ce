use std::collections::{BTreeMap, BTreeSet};

use microb_dsl::Network;
use microb_dsl::llb::{ImageResolveMode, NoCache};

use super::{ContextSource, Limits, Request};
use microb_dsl::source::git;

/// As BuildKit's `json.Marshal` writes its workers, with the fields that matter.
const WORKERS: &str = r#"[{"id":"w1","labels":{},"platforms":[{"architecture":"arm64","os":"linux"},{"architecture":"amd64","os":"linux"}]}]"#;

fn read<const N: usize>(options: [(&str, &str); N]) -> Result<Request, String> {
    let options: BTreeMap<String, String> = options
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Request::parse(&options, "s1".to_owned(), WORKERS).map_err(|found| found.to_string())
}

#[test]
fn without_options_it_is_a_plain_build_for_the_platform_that_builds() {
    let request = read([]).unwrap();
    assert_eq!(request.filename, None);
    assert_eq!(request.definition_local, "dockerfile");
    assert_eq!(request.context, ContextSource::Local("context".to_owned()));
    assert_eq!(request.platforms, []);
    assert_eq!(request.target_platforms()[0].to_string(), "linux/arm64");
    assert_eq!(request.build_platform.to_string(), "linux/arm64");
    assert!(!request.multi_platform);
    assert_eq!(request.no_cache, NoCache::Never);
    assert_eq!(request.session_of("context"), "s1");
    assert_eq!(request.subrequest, None);
}

#[test]
fn what_docker_build_sends_is_read() {
    let request = read([
        ("filename", "app/pyproject.toml"),
        ("target", "web"),
        ("build-arg:A", "1=2"),
        ("build-arg:https_proxy", "http://proxy"),
        ("label:team", "x"),
        ("platform", "linux/amd64,linux/arm64/v8"),
        ("no-cache", "base,deps"),
        ("image-resolve-mode", "pull"),
        ("add-hosts", "db=10.0.0.1"),
        ("shm-size", "1024"),
        ("force-network-mode", "none"),
        ("cache-from", "a/b,c/d"),
        ("local-sessionid:context", "s2"),
        ("build-arg:SOURCE_DATE_EPOCH", "7"),
    ])
    .unwrap();
    assert_eq!(request.filename.as_deref(), Some("app/pyproject.toml"));
    assert_eq!(request.target.as_deref(), Some("web"));
    assert_eq!(request.build_args["A"], "1=2");
    assert_eq!(request.run_options.proxy.https, "http://proxy");
    assert_eq!(request.labels["team"], "x");
    assert_eq!(request.target_platforms().len(), 2);
    assert!(request.multi_platform);
    let stages = BTreeSet::from(["base".to_owned(), "deps".to_owned()]);
    assert_eq!(request.no_cache, NoCache::Stages(stages));
    assert_eq!(request.image_resolve_mode, ImageResolveMode::ForcePull);
    assert_eq!(request.run_options.shm_size, Some(1024));
    assert_eq!(request.run_options.network, Network::None);
    assert_eq!(request.cache_imports[1].attributes["ref"], "c/d");
    assert_eq!(request.session_of("context"), "s2");
    assert_eq!(request.session_of("dockerfile"), "s1");
    assert_eq!(request.source_date_epoch, Some(7));
}

#[test]
fn of_two_spellings_of_a_proxy_that_in_lower_case_wins() {
    let both = [
        ("build-arg:HTTP_PROXY", "http://upper"),
        ("build-arg:http_proxy", "http://lower"),
        ("build-arg:NO_PROXY", "upper"),
    ];
    let proxy = read(both).unwrap().run_options.proxy;
    assert_eq!((&*proxy.http, &*proxy.no), ("http://lower", "upper"));
}

#[test]
fn no_cache_without_a_value_means_all_stages() {
    assert_eq!(read([("no-cache", "")]).unwrap().no_cache, NoCache::All);
}

#[test]
fn a_url_as_context_is_a_remote_context() {
    let url = "https://github.com/a/b.git#main";
    let request = read([("context", url)]).unwrap();
    let repository = git("https://github.com/a/b.git").reference("main");
    assert_eq!(request.context, ContextSource::Git(repository));
    assert!(!request.definition_is_local);
    let request = read([("context", url), ("dockerfilekey", "files")]).unwrap();
    assert!(request.definition_is_local);
    assert_eq!(request.definition_local, "files");
}

#[test]
fn a_named_context_for_one_platform_wins_over_one_for_all() {
    let request = read([
        ("context:base", "docker-image://python:3.14"),
        ("context:base::linux/arm64", "local:base"),
        ("sharedkey:localdir:base::linux/arm64", "key"),
        ("context:odd", "oci-layout://x"),
    ])
    .unwrap();
    let (arm, amd) = (
        "linux/arm64".parse().unwrap(),
        "linux/amd64".parse().unwrap(),
    );
    let (source, shared_key) = request.named_context("base", &arm).unwrap().unwrap();
    assert_eq!(source, ContextSource::Local("base".to_owned()));
    assert_eq!(shared_key, "context:base::linux/arm64-key");
    let (source, _) = request.named_context("base", &amd).unwrap().unwrap();
    assert_eq!(source, ContextSource::Image("python:3.14".parse().unwrap()));
    assert!(request.has_named_context("base", &amd));
    assert!(!request.has_named_context("other", &amd));
    assert_eq!(request.named_context("other", &amd), Ok(None));
    assert!(
        request.named_context("odd", &amd).is_err(),
        "only when it is used"
    );
}

#[test]
fn all_wrong_values_are_named_at_once() {
    let errors = read([
        ("platform", "amd46"),
        ("shm-size", "big"),
        ("ulimit", "nofile"),
        ("multi-platform", "maybe"),
        ("build-arg:SOURCE_DATE_EPOCH", "yesterday"),
    ])
    .unwrap_err();
    for name in [
        "build option `platform`",
        "build option `shm-size`",
        "build option `ulimit`",
        "build option `multi-platform`",
        "build argument `SOURCE_DATE_EPOCH`",
    ] {
        assert!(errors.contains(name), "{name} in {errors}");
    }
    assert_eq!(errors.lines().count(), 5);
}

#[test]
fn several_platforms_need_an_index() {
    let error = read([
        ("platform", "linux/amd64,linux/arm64"),
        ("multi-platform", "0"),
    ]);
    assert!(error.unwrap_err().contains("more than one platform"));
    assert!(read([("multi-platform", "1")]).unwrap().multi_platform);
}

#[test]
fn limits_of_memory_and_processors_are_read() {
    let request = read([
        ("memory", "67108864"),
        ("memswap", "-1"),
        ("cpushares", "512"),
        ("cpuperiod", "100000"),
        ("cpuquota", "50000"),
        ("cpusetcpus", "0-3,5"),
        ("cpusetmems", ""),
    ]);
    let expected = Limits {
        memory: 64 << 20,
        memory_swap: -1,
        cpu_shares: 512,
        cpu_period: 100_000,
        cpu_quota: 50_000,
        cpuset_cpus: "0-3,5".to_owned(),
        cpuset_mems: String::new(),
    };
    assert_eq!(request.unwrap().limits, Some(expected));
    assert_eq!(read([("memory", "")]).unwrap().limits, None);
    for (option, value) in [
        ("memory", "0"),
        ("memory", "64m"),
        ("memswap", "-2"),
        ("cpushares", "-1"),
        ("cpuquota", "-1"),
        ("cpusetcpus", "3-1"),
        ("cpusetmems", "0-8193"),
    ] {
        let wrong = read([(option, value)]).unwrap_err();
        assert!(
            wrong.contains(&format!("build option `{option}`")),
            "{wrong}"
        );
    }
}

#[test]
fn an_epoch_may_be_the_time_of_a_context() {
    let epoch = "build-arg:SOURCE_DATE_EPOCH";
    for (name, context) in [("context", "context:none"), ("files", "context:files")] {
        let request = read([(epoch, name), (context, "https://example.com/a.tar")]).unwrap();
        assert_eq!(request.epoch_of.as_deref(), Some(name));
        let resolved = request.at(Some(7));
        assert_eq!(resolved.source_date_epoch, Some(7));
        assert_eq!(resolved.build_args["SOURCE_DATE_EPOCH"], "7");
    }
    assert!(read([(epoch, "files")]).is_err());
}

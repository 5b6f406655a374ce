//! What the client asked for: frontend options, as BuildKit's `frontend/dockerui` reads them, typed.

mod remote;
mod scan;
mod values;

use std::collections::BTreeMap;

use microb_dsl::llb::{ImageResolveMode, NoCache, Proxy, RunOptions};
use microb_dsl::{Diagnostic, Diagnostics, Platform};

use crate::epoch;
use crate::gateway::{CacheImport, Limits};
pub use remote::ContextSource;
pub use scan::{Scan, Stages};

/// The prefix of the variables that hold one option each, `NAME=VALUE` (`frontend/gateway/gateway.go`).
const OPTION_VARIABLE: &str = "BUILDKIT_FRONTEND_OPT_";

/// The option that has the time of a build.
const EPOCH: &str = "build-arg:SOURCE_DATE_EPOCH";

/// What the client asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The definition file, relative to its folder. `None` when the client named none.
    pub filename: Option<String>,
    /// The client's folder that has the definition file.
    pub definition_local: String,
    /// Whether the definition file comes from the client although the build context is a URL.
    pub definition_is_local: bool,
    /// The build context.
    pub context: ContextSource,
    /// The folder of a remote build context that is its root.
    pub context_subdir: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--platform`; empty without the option.
    pub platforms: Vec<Platform>,
    /// Whether the result is an image index, even if it is for one platform.
    pub multi_platform: bool,
    /// The platform of the machine that builds.
    pub build_platform: Platform,
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--no-cache` and `--no-cache-filter`.
    pub no_cache: NoCache,
    /// `--pull`.
    pub image_resolve_mode: ImageResolveMode,
    /// `--add-host`, `--ulimit`, `--shm-size`, `--cgroup-parent`, `--network`, the proxies.
    pub run_options: RunOptions,
    /// The options `memory`, `memswap`, `cpushares`, `cpuperiod`, `cpuquota`, `cpusetcpus` and `cpusetmems`, if any is set.
    pub limits: Option<Limits>,
    /// `--cache-from`.
    pub cache_imports: Vec<CacheImport>,
    /// The build argument `BUILDKIT_CACHE_MOUNT_NS`.
    pub cache_namespace: String,
    /// The build argument `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: Option<u64>,
    /// A scan of more than the image, for its SBOM (`--sbom`).
    pub scan: Option<Scan>,
    /// The context whose time that argument asks for: a name, or `context` for the build context.
    pub epoch_of: Option<String>,
    /// A question about the build instead of a build (`docker build --call`).
    pub subrequest: Option<Subrequest>,
    /// The build argument `MICROB_DEBUG`: say on standard error, which the daemon logs, what the build took.
    pub debug: bool,
    session: String,
    sessions: BTreeMap<String, String>,
    named_contexts: BTreeMap<String, String>,
    shared_keys: BTreeMap<String, String>,
    input_metadata: BTreeMap<String, String>,
}

/// A question about the build instead of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subrequest {
    /// Which questions are answered (`--call subrequests.describe`).
    Describe,
    /// What can be given to a build (`--call outline`).
    Outline,
    /// Which images the file describes (`--call targets`).
    Targets,
    /// What the rules find (`--check`).
    Lint,
    /// One that is not answered here.
    Other(String),
}

impl From<String> for Subrequest {
    fn from(name: String) -> Self {
        match name.as_str() {
            "frontend.subrequests.describe" => Self::Describe,
            "frontend.outline" => Self::Outline,
            "frontend.targets" => Self::Targets,
            "frontend.lint" => Self::Lint,
            _ => Self::Other(name),
        }
    }
}

impl Request {
    /// Reads the request from the variables that BuildKit sets.
    ///
    /// # Errors
    ///
    /// One diagnostic for each option whose value cannot be read.
    pub fn from_env() -> Result<Self, Diagnostics> {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let options = std::env::vars_os()
            .filter(|(name, _)| text(name.clone()).starts_with(OPTION_VARIABLE))
            .map(|(_, option)| {
                let option = text(option);
                let (name, value) = option.split_once('=').unwrap_or((&option, ""));
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let variable = |name| std::env::var_os(name).map(text).unwrap_or_default();
        Self::parse(
            &options,
            variable("BUILDKIT_SESSION_ID"),
            &variable("BUILDKIT_WORKERS"),
        )
    }

    /// Reads the request from the options, the session's id and the JSON list of workers.
    fn parse(
        options: &BTreeMap<String, String>,
        session: String,
        workers: &str,
    ) -> Result<Self, Diagnostics> {
        let mut reader = Reader {
            options,
            mistakes: Vec::new(),
        };
        let build_platform = build_platform(workers);
        let platforms = reader.value("platform", values::platforms);
        let multi_platform = reader.multi_platform(platforms.len());
        let build_args = reader.all("build-arg:");
        let epoch_of = reader.text(EPOCH).filter(|name| {
            name == epoch::CONTEXT || options.contains_key(&format!("context:{name}"))
        });
        let argument = |name| build_args.get(name).cloned().unwrap_or_default();
        let request = Self {
            filename: reader.text("filename"),
            definition_local: reader
                .text("dockerfilekey")
                .unwrap_or_else(|| "dockerfile".to_owned()),
            definition_is_local: options.contains_key("dockerfilekey"),
            context: reader.context(&argument("BUILDKIT_CONTEXT_KEEP_GIT_DIR")),
            context_subdir: reader.text("contextsubdir"),
            target: reader.text("target"),
            platforms,
            multi_platform,
            build_platform,
            labels: reader.all("label:"),
            no_cache: reader.no_cache(),
            image_resolve_mode: reader.value("image-resolve-mode", values::image_resolve_mode),
            run_options: reader.run_options(&build_args),
            limits: reader.limits(),
            cache_imports: reader.cache_imports(),
            cache_namespace: argument("BUILDKIT_CACHE_MOUNT_NS"),
            scan: reader.scan(&build_args),
            source_date_epoch: match epoch_of {
                Some(_) => None,
                None => reader.value(EPOCH, values::epoch),
            },
            epoch_of,
            subrequest: reader.text("requestid").map(Subrequest::from),
            debug: build_args.contains_key("MICROB_DEBUG"),
            build_args,
            session,
            sessions: reader.all("local-sessionid:"),
            named_contexts: reader.all("context:"),
            shared_keys: reader.all("sharedkey:localdir:"),
            input_metadata: reader.all("input-metadata:"),
        };
        Diagnostics::or(reader.mistakes, request)
    }

    /// The platforms that images are for: without `--platform` the one that builds.
    pub fn target_platforms(&self) -> &[Platform] {
        if self.platforms.is_empty() {
            std::slice::from_ref(&self.build_platform)
        } else {
            &self.platforms
        }
    }

    /// The request with this time in the place of a context's.
    #[must_use]
    pub fn at(mut self, time: Option<u64>) -> Self {
        self.source_date_epoch = time;
        let value = time.map_or_else(String::new, |time| time.to_string());
        self.build_args
            .insert("SOURCE_DATE_EPOCH".to_owned(), value);
        self
    }

    /// The session that sends the folder of this name.
    pub fn session_of(&self, local: &str) -> &str {
        self.sessions.get(local).unwrap_or(&self.session)
    }

    /// Whether a context of this name was given, for the platform or for all.
    pub fn has_named_context(&self, name: &str, platform: &Platform) -> bool {
        self.named_context_key(name, platform).is_some()
    }

    /// The session of the client that started the build.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The context of this name, and the part of its shared key that the client chose.
    ///
    /// # Errors
    ///
    /// When its value cannot be read.
    pub fn named_context(
        &self,
        name: &str,
        platform: &Platform,
    ) -> Result<Option<(ContextSource, String)>, Diagnostic> {
        let Some((key, value)) = self.named_context_key(name, platform) else {
            return Ok(None);
        };
        let chosen = self.shared_keys.get(key).map_or("", String::as_str);
        let source = ContextSource::parse(name, value)?;
        Ok(Some((source, format!("context:{key}-{chosen}"))))
    }

    /// One for this platform wins over one for all. Clients leave out the tag `latest`.
    fn named_context_key(&self, name: &str, platform: &Platform) -> Option<(&String, &String)> {
        let name = name.strip_suffix(":latest").unwrap_or(name);
        self.named_contexts
            .get_key_value(&format!("{name}::{platform}"))
            .or_else(|| self.named_contexts.get_key_value(name))
    }

    /// The image config, as JSON, that the client sent together with an input.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn input_config(&self, name: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(text) = self.input_metadata.get(name) else {
            return Ok(None);
        };
        values::image_config(text)
            .map_err(|problem| Diagnostic::error(format!("metadata of input `{name}`: {problem}")))
    }
}

/// Reads options one by one and keeps what is wrong with them.
struct Reader<'a> {
    options: &'a BTreeMap<String, String>,
    mistakes: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// An option that is there and not empty.
    fn text(&self, key: &str) -> Option<String> {
        self.options
            .get(key)
            .filter(|value| !value.is_empty())
            .cloned()
    }

    fn value<T: Default>(&mut self, key: &str, parse: fn(&str) -> Result<T, String>) -> T {
        let Some(text) = self.text(key) else {
            return T::default();
        };
        parse(&text).unwrap_or_else(|problem| {
            self.mistake(key, &problem);
            T::default()
        })
    }

    fn mistake(&mut self, key: &str, problem: &str) {
        let what = match key.strip_prefix("build-arg:") {
            Some(argument) => format!("build argument `{argument}`"),
            None => format!("build option `{key}`"),
        };
        self.mistakes
            .push(Diagnostic::error(format!("{what}: {problem}")));
    }

    /// All options that start with this prefix, without it.
    fn all(&self, prefix: &str) -> BTreeMap<String, String> {
        self.options
            .iter()
            .filter_map(|(key, value)| {
                let name = key.strip_prefix(prefix)?;
                Some((name.to_owned(), value.clone()))
            })
            .collect()
    }

    fn context(&mut self, keep_git_dir: &str) -> ContextSource {
        let name = self
            .text("contextkey")
            .unwrap_or_else(|| "context".to_owned());
        let source = self.text(&name).and_then(|value| remote::url(&value));
        match source {
            None => ContextSource::Local(name),
            Some(Ok(ContextSource::Git(git))) if values::boolean(keep_git_dir) == Ok(true) => {
                ContextSource::Git(git.keep_git_dir())
            }
            Some(Ok(source)) => source,
            Some(Err(problem)) => {
                self.mistake(&name, &problem);
                ContextSource::Scratch
            }
        }
    }

    fn multi_platform(&mut self, n_platforms: usize) -> bool {
        let key = match self.text("build-arg:BUILDKIT_MULTI_PLATFORM") {
            Some(_) => "build-arg:BUILDKIT_MULTI_PLATFORM",
            None => "multi-platform",
        };
        let asked = self.text(key).map(|_| self.value(key, values::boolean));
        if asked == Some(false) && n_platforms > 1 {
            self.mistake(key, "it is `false`, and there is more than one platform");
        }
        asked.unwrap_or(n_platforms > 1)
    }

    /// Without a value all stages, as `--no-cache`; with one the stages that it lists.
    fn no_cache(&self) -> NoCache {
        match self.options.get("no-cache").map(String::as_str) {
            None => NoCache::Never,
            Some("") => NoCache::All,
            Some(stages) => NoCache::Stages(stages.split(',').map(str::to_owned).collect()),
        }
    }

    fn run_options(&mut self, build_args: &BTreeMap<String, String>) -> RunOptions {
        RunOptions {
            proxy: proxy(build_args),
            extra_hosts: self.value("add-hosts", values::extra_hosts),
            hostname: self
                .text("build-arg:BUILDKIT_SANDBOX_HOSTNAME")
                .or_else(|| self.text("hostname")),
            ulimits: self.value("ulimit", values::ulimits),
            cgroup_parent: self.text("cgroup-parent"),
            shm_size: self.value("shm-size", values::bytes),
            network: self.value("force-network-mode", values::network),
        }
    }

    fn limits(&mut self) -> Option<Limits> {
        let limits = Limits {
            memory: self.value("memory", values::positive),
            memory_swap: self.value("memswap", values::swap),
            cpu_shares: self.value("cpushares", values::positive),
            cpu_period: self.value("cpuperiod", values::positive),
            cpu_quota: self.value("cpuquota", values::positive),
            cpuset_cpus: self.value("cpusetcpus", values::numbers),
            cpuset_mems: self.value("cpusetmems", values::numbers),
        };
        (limits != Limits::default()).then_some(limits)
    }

    fn scan(&mut self, arguments: &BTreeMap<String, String>) -> Option<Scan> {
        let asked = ["attest:sbom", "build-arg:BUILDKIT_ATTEST_SBOM"];
        let key = asked
            .into_iter()
            .find(|key| self.options.contains_key(*key));
        let wanted = key.and_then(|key| self.options.get(key));
        scan::parse(wanted.map(String::as_str), arguments).unwrap_or_else(|problem| {
            self.mistake(key.unwrap_or_default(), &problem);
            None
        })
    }

    /// The list in JSON and the older one, which knows registries only.
    fn cache_imports(&mut self) -> Vec<CacheImport> {
        let mut imports = self.value("cache-imports", values::cache_imports);
        let registries = self.text("cache-from").unwrap_or_default();
        imports.extend(
            registries
                .split(',')
                .filter(|reference| !reference.is_empty())
                .map(|reference| CacheImport {
                    kind: "registry".to_owned(),
                    attributes: BTreeMap::from([("ref".to_owned(), reference.to_owned())]),
                }),
        );
        imports
    }
}

/// The predefined proxy arguments; their names may be in either case. Of several spellings BuildKit takes the last one
/// in order, which is that in lower case.
fn proxy(build_args: &BTreeMap<String, String>) -> Proxy {
    let find = |name: &str| {
        build_args
            .iter()
            .rfind(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    Proxy {
        http: find("http_proxy"),
        https: find("https_proxy"),
        ftp: find("ftp_proxy"),
        no: find("no_proxy"),
        all: find("all_proxy"),
    }
}

/// The first platform of the first worker; the one of this program when BuildKit names none.
fn build_platform(workers: &str) -> Platform {
    let workers: serde_json::Value = serde_json::from_str(workers).unwrap_or_default();
    let platform = &workers[0]["platforms"][0];
    let part = |name: &str| platform[name].as_str().unwrap_or_default();
    match (part("os"), part("architecture")) {
        ("", _) | (_, "") => Platform::host(),
        (os, architecture) => Platform::new(os, architecture, part("variant")),
    }
}

#[cfg(test)]
mod tests;

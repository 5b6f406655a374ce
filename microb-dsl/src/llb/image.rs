//! The OCI image config: what a stage starts with and what its steps make of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::platform::Platform;
use crate::step::{Command, Healthcheck};

/// The PATH of a container whose image sets none: BuildKit's `util/system/path.go`.
pub(super) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image config as the OCI image specification has it, with Docker's additions.
///
/// Keys that are not known here are kept as they are: a base image may carry more than we know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ImageConfig {
    architecture: String,
    os: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    variant: String,
    #[serde(default)]
    pub(super) config: ContainerConfig,
    #[serde(default = "no_layers")]
    rootfs: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<History>,
    #[serde(flatten)]
    other: Map<String, Value>,
    /// The base image's own config as the engine gave it, by which exporters know what is not new.
    #[serde(skip)]
    base: Option<Vec<u8>>,
}

/// The part of the config that a container is started with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerConfig {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) user: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) exposed_ports: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) env: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entrypoint: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cmd: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) volumes: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) working_dir: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) stop_signal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) healthcheck: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shell: Option<Vec<String>>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// One line of `docker history`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(default)]
    created_by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    comment: String,
    #[serde(default, skip_serializing_if = "is_false")]
    empty_layer: bool,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn no_layers() -> Value {
    serde_json::json!({"type": "layers", "diff_ids": []})
}

/// Some images write `null` where the specification has an object or a list.
fn without_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(without_nulls);
    }
}

impl ImageConfig {
    /// The config of an image without any layer.
    pub(super) fn empty(platform: &Platform) -> Self {
        Self {
            architecture: platform.architecture.clone(),
            os: platform.os.clone(),
            variant: platform.variant.clone(),
            config: ContainerConfig {
                env: vec![format!("PATH={DEFAULT_PATH}")],
                working_dir: "/".to_owned(),
                ..ContainerConfig::default()
            },
            rootfs: no_layers(),
            history: Vec::new(),
            other: Map::new(),
            base: None,
        }
    }

    /// Reads the config of a base image.
    pub(super) fn from_base(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut value: Value = serde_json::from_slice(json)?;
        without_nulls(&mut value);
        let mut image: Self = serde_json::from_value(value)?;
        image.base = Some(json.to_vec());
        // The time of the base image's making says nothing about this one.
        image.other.remove("created");
        if image.config.working_dir.is_empty() {
            "/".clone_into(&mut image.config.working_dir);
        }
        if image.config.variable("PATH").is_none() {
            image.config.env.push(format!("PATH={DEFAULT_PATH}"));
        }
        Ok(image)
    }

    /// Says which platform the image is for, in the normal form; `None` leaves that of the base.
    ///
    /// As `finalizeResultImage` of BuildKit's Dockerfile frontend: a variant is kept where the target names none.
    pub(super) fn set_platform(&mut self, target: Option<&Platform>) {
        if let Some(target) = target {
            let is_same = self.os == target.os && self.architecture == target.architecture;
            if !is_same {
                self.other.remove("os.version");
            }
            if !is_same || !target.variant.is_empty() {
                self.variant.clone_from(&target.variant);
            }
            self.os.clone_from(&target.os);
            self.architecture.clone_from(&target.architecture);
        }
        let normal = Platform::new(&self.os, &self.architecture, &self.variant);
        (self.os, self.architecture, self.variant) =
            (normal.os, normal.architecture, normal.variant);
    }

    /// Adds a line to `docker history`.
    pub(super) fn record(&mut self, created_by: String, empty_layer: bool, epoch: Option<u64>) {
        self.history.push(History {
            created: epoch.map(rfc3339),
            created_by,
            comment: "microb".to_owned(),
            empty_layer,
            other: Map::new(),
        });
    }

    /// The config of the base image, byte for byte; `None` where there is no such image.
    pub(super) fn into_base(self) -> Option<Vec<u8>> {
        self.base
    }

    /// The config as JSON, with a given time of making.
    pub(super) fn to_json(&self, epoch: Option<u64>) -> Vec<u8> {
        let mut image = self.clone();
        if let Some(epoch) = epoch {
            image
                .other
                .insert("created".to_owned(), rfc3339(epoch).into());
        }
        // Strings, numbers and maps with string keys always serialize.
        serde_json::to_vec(&image).unwrap_or_default()
    }
}

impl ContainerConfig {
    /// The value of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env
            .iter()
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
    }

    /// Sets an environment variable; one that is there keeps its place, as in Docker.
    pub(super) fn set_variable(&mut self, name: &str, value: &str) {
        let entry = format!("{name}={value}");
        let same = |known: &&mut String| known.split('=').next() == Some(name);
        match self.env.iter_mut().find(same) {
            Some(known) => *known = entry,
            None => self.env.push(entry),
        }
    }

    /// The `ONBUILD` lines that the image wants run in what is built on it. They run nowhere but in a Dockerfile.
    pub(super) fn triggers(&self) -> Option<&Vec<Value>> {
        let lines = self.other.get("OnBuild")?.as_array()?;
        (!lines.is_empty()).then_some(lines)
    }

    /// The shell that runs the shell form of a command.
    pub(super) fn argv(&self, command: &Command) -> Vec<String> {
        match command {
            Command::Exec(argv) => argv.clone(),
            Command::Shell(line) => {
                let shell = self.shell.clone();
                let mut argv = shell.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()]);
                argv.push(line.clone());
                argv
            }
        }
    }

    /// Sets the health check. The keys and the unit, nanoseconds, are those of Docker's image specification.
    pub(super) fn set_healthcheck(&mut self, check: &Healthcheck) {
        let test = match &check.command {
            None => vec!["NONE".to_owned()],
            Some(Command::Shell(line)) => vec!["CMD-SHELL".to_owned(), line.clone()],
            Some(Command::Exec(argv)) => std::iter::once("CMD".to_owned())
                .chain(argv.iter().cloned())
                .collect(),
        };
        let mut json = Map::from_iter([("Test".to_owned(), Value::from(test))]);
        for (key, time) in [
            ("Interval", check.interval),
            ("Timeout", check.timeout),
            ("StartPeriod", check.start_period),
            ("StartInterval", check.start_interval),
        ] {
            if let Some(nanoseconds) = time.and_then(|time| u64::try_from(time.as_nanos()).ok()) {
                json.insert(key.to_owned(), nanoseconds.into());
            }
        }
        if let Some(retries) = check.retries {
            json.insert("Retries".to_owned(), retries.into());
        }
        self.healthcheck = Some(Value::Object(json));
    }
}

/// A time in seconds since 1970 as RFC 3339 writes it, in UTC.
///
/// The days are counted by Howard Hinnant's `civil_from_days`.
fn rfc3339(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        // As `date -u -d @N +%Y-%m-%dT%H:%M:%SZ` prints them.
        for (epoch, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(epoch), written);
        }
    }

    #[test]
    fn what_a_base_image_says_is_kept_even_if_unknown() {
        let base = br#"{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","x.y":1,
            "config":{"Env":["PATH=/a","LANG=C.UTF-8"],"Cmd":["python3"],"Labels":null,"OnBuild":null,"MacAddress":"m"},
            "rootfs":{"type":"layers","diff_ids":["sha256:0"]},"history":[{"created_by":"x","author":"y"}]}"#;
        let image = ImageConfig::from_base(base).unwrap();
        let json: Value = serde_json::from_slice(&image.to_json(None)).unwrap();
        assert_eq!(json["x.y"], 1);
        assert_eq!(json["config"]["MacAddress"], "m");
        assert_eq!(json["config"]["Cmd"][0], "python3");
        assert_eq!(json["history"][0]["author"], "y");
        assert_eq!(json["rootfs"]["diff_ids"][0], "sha256:0");
        assert_eq!(json["created"], Value::Null);
        assert_eq!(image.into_base().as_deref(), Some(&base[..]));
    }

    #[test]
    fn the_target_is_the_platform_of_an_image() {
        let target = |text: &str| Some(text.parse::<Platform>().unwrap());
        for (base, target, expected) in [
            ("linux amd64 ", target("linux/arm64"), "linux arm64 "),
            ("linux arm64 v8", target("linux/arm64"), "linux arm64 "),
            ("linux arm64 v8", None, "linux arm64 "),
            ("linux amd64 v3", target("linux/amd64"), "linux amd64 v3"),
            ("linux amd64 v3", target("linux/arm/v6"), "linux arm v6"),
            ("linux arm v7", None, "linux arm v7"),
        ] {
            let [os, architecture, variant] = base.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{base}");
            };
            let json =
                serde_json::json!({ "os": os, "architecture": architecture, "variant": variant });
            let mut image = ImageConfig::from_base(json.to_string().as_bytes()).unwrap();
            image.set_platform(target.as_ref());
            let found = format!("{} {} {}", image.os, image.architecture, image.variant);
            assert_eq!(found, expected, "{base}");
        }
    }

    #[test]
    fn an_image_without_path_gets_the_default_one() {
        let image = ImageConfig::from_base(br#"{"architecture":"amd64","os":"linux"}"#).unwrap();
        assert_eq!(image.config.variable("PATH"), Some(DEFAULT_PATH));
    }

    #[test]
    fn a_variable_keeps_its_place() {
        let mut config = ContainerConfig::default();
        for (name, value) in [("A", "1"), ("AB", "2"), ("A", "3")] {
            config.set_variable(name, value);
        }
        assert_eq!(config.env, ["A=3", "AB=2"]);
        assert_eq!(config.variable("AB"), Some("2"));
    }
}

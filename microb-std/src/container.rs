//! How a container is run: the types behind `user`, `expose`, `stop_signal`, `healthcheck` and their kind.

use std::fmt;
use std::time::Duration;

use microb::grammar::{self, Mistake};
use microb::{Diagnostic, Span};
use serde_json::{Value as Json, json};

use crate::table::{Entry, Schema, Table, Value};

/// `user`: who the program runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name, for a user that is made; `nonroot` where only numbers are given.
    pub name: String,
    /// The number of the user.
    pub uid: u32,
    /// The number of the group.
    pub gid: u32,
    /// Where it stands, if it does.
    pub span: Option<Span>,
}

/// The number of the user and the group that an image runs as unless it says otherwise, `nonroot` of the distroless images.
pub const NONROOT: u32 = 65532;

impl Default for User {
    fn default() -> Self {
        Self::named("nonroot")
    }
}

impl User {
    fn named(name: &str) -> Self {
        let id = if name == "root" { 0 } else { NONROOT };
        Self {
            name: name.to_owned(),
            uid: id,
            gid: id,
            span: None,
        }
    }

    /// Whether it is root, who needs not be made.
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Its home folder.
    pub fn home(&self) -> String {
        if self.is_root() {
            "/root".to_owned()
        } else {
            format!("/home/{}", self.name)
        }
    }

    /// Reads a name, `UID` or `UID:GID`.
    fn parse(text: &str) -> Result<Self, Mistake> {
        let mistake = |message: String| {
            Mistake::new(message, 0..text.len())
                .help("write a name such as `app`, or numbers such as `1000:1000`")
        };
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let (uid, gid) = text.split_once(':').unwrap_or((text, text));
            return match (uid.parse(), gid.parse()) {
                (Ok(uid), Ok(gid)) => Ok(Self {
                    uid,
                    gid,
                    ..Self::named(if uid == 0 { "root" } else { "nonroot" })
                }),
                _ => Err(mistake(format!("`{text}` is no number of a user"))),
            };
        }
        // What `useradd` of Debian and Alpine both take.
        let is_name = text.len() <= 32
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c));
        if is_name {
            Ok(Self::named(text))
        } else {
            Err(mistake(format!("`{text}` is no name of a user")))
        }
    }
}

impl Value for User {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let user = if entry.is_integer() {
            let id = u32::try_from(entry.integer(0, u32::MAX.into())?).ok()?;
            Self::parse(&id.to_string()).ok()
        } else {
            entry.parse(Self::parse)
        };
        let span = Some(entry.span());
        user.map(|user| Self { span, ..user })
    }

    fn schema() -> Schema {
        Schema::any()
            .with("type", json!(["string", "integer"]))
            .example("\"app\"")
    }

    fn to_json(&self) -> Json {
        if *self == Self::named(&self.name) {
            json!(self.name)
        } else {
            json!(format!("{}:{}", self.uid, self.gid))
        }
    }
}

/// A port that the program listens on, as `EXPOSE` has it: `8000`, `53/udp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// From 1 to 65535.
    pub number: u16,
    /// `tcp`, `udp` or `sctp`, if said.
    pub protocol: Option<String>,
}

impl Port {
    fn parse(text: &str) -> Result<Self, Mistake> {
        grammar::port(text)?;
        let (number, protocol) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self {
            number: number.parse().unwrap_or_default(),
            protocol: (!protocol.is_empty()).then(|| protocol.to_owned()),
        })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match &self.protocol {
            Some(protocol) => write!(f, "/{protocol}"),
            None => Ok(()),
        }
    }
}

impl Value for Port {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        if entry.is_integer() {
            let number = u16::try_from(entry.integer(1, u16::MAX.into())?).ok()?;
            return Some(Self {
                number,
                protocol: None,
            });
        }
        entry.parse(Self::parse)
    }

    fn schema() -> Schema {
        Schema::any()
            .with("type", json!(["integer", "string"]))
            .example("8000")
    }
}

/// `stop_signal`: a signal by its name or number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopSignal(pub String);

impl Value for StopSignal {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        entry.parse(|text| grammar::signal(text).map(|()| Self(text.to_owned())))
    }

    fn schema() -> Schema {
        Schema::string().example("\"SIGINT\"")
    }

    fn to_json(&self) -> Json {
        json!(self.0)
    }
}

/// A length of time, `30s`, `1m30s`, `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Duration);

/// Units as Docker writes them (Go's `time.ParseDuration`), with their milliseconds.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

impl Time {
    fn parse(text: &str) -> Result<Self, Mistake> {
        let mistake = || {
            let help = match text.parse::<u32>() {
                Ok(seconds @ 1..) => format!("write `{seconds}s`"),
                _ => "write for instance `30s`, `1m30s` or `500ms`".to_owned(),
            };
            Mistake::new(format!("`{text}` is no time"), 0..text.len()).help(help)
        };
        let mut rest = text;
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: u64 = rest[..digits].parse().map_err(|_| mistake())?;
            let after = &rest[digits..];
            let letters = after.len()
                - after
                    .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                    .len();
            let unit = UNITS.iter().find(|(unit, _)| *unit == &after[..letters]);
            let (_, milliseconds) = unit.ok_or_else(mistake)?;
            let part = number.checked_mul(*milliseconds).ok_or_else(mistake)?;
            total = total.checked_add(part).ok_or_else(mistake)?;
            rest = &after[letters..];
        }
        match total {
            0 => Err(mistake()),
            total => Ok(Self(Duration::from_millis(total))),
        }
    }
}

impl Value for Time {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        // Without a unit it is not said what is counted; seconds are the likeliest.
        if entry.is_integer() {
            let seconds = entry.integer(1, u32::MAX.into())?;
            let error = Diagnostic::error(format!("`{seconds}` is no time: it has no unit"));
            entry.report(
                error
                    .at(&entry.span())
                    .help(format!("write `\"{seconds}s\"`")),
            );
            return None;
        }
        entry.parse(Self::parse)
    }

    fn schema() -> Schema {
        Schema::string()
            .pattern(r"^([0-9]+(ms|s|m|h))+$")
            .example("\"30s\"")
    }
}

/// How the engine sees that the container works: one of `http`, `tcp` and `command`.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct HealthcheckTable {
    /// A path that must answer without an error. No `curl` is needed.
    #[key(example = "/health", pattern = r"^/\S*$", check = url_path)]
    pub(crate) http: Option<microb::Spanned<String>>,
    /// The port of `http`; without it the one that the program listens on.
    pub(crate) port: Option<Port>,
    /// A port that must accept a connection.
    pub(crate) tcp: Option<Port>,
    /// A program that must end with exit status 0.
    pub(crate) command: Option<Vec<String>>,
    /// Time from one check to the next. The engine's default is 30 s.
    pub(crate) interval: Option<Time>,
    /// Time after which a check has failed. The engine's default is 30 s.
    pub(crate) timeout: Option<Time>,
    /// Time after the start in which failures do not count. The engine's default is 0 s.
    pub(crate) start_period: Option<Time>,
    /// Failures in a row that make the container unhealthy. The engine's default is 3.
    pub(crate) retries: Option<u32>,
}

/// What is written of a healthcheck.
pub(crate) enum WrittenHealthcheck {
    /// `false`: there is none, also if another target or the base image has one.
    Off,
    /// A table, and how many of its ways are written, whether they can be read or not.
    On {
        table: HealthcheckTable,
        ways: usize,
    },
}

impl Value for WrittenHealthcheck {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        match entry.boolean_if_any() {
            Some(false) => return Some(Self::Off),
            Some(true) => {
                let error = Diagnostic::error("it is not known how the engine sees that it works");
                let help = "write for instance `{ http = \"/health\" }`, or `false` for none";
                entry.report(error.at(&entry.span()).help(help));
                return None;
            }
            None => {}
        }
        let keys = entry.table()?;
        let ways = ["http", "tcp", "command"]
            .iter()
            .filter(|way| keys.has(way));
        Some(Self::On {
            ways: ways.count(),
            table: HealthcheckTable::from_keys(&keys)?,
        })
    }

    fn schema() -> Schema {
        let off = Schema::any().with("const", json!(false));
        off.or(HealthcheckTable::schema())
    }
}

fn url_path(text: &str) -> Result<(), Mistake> {
    let bad = text
        .char_indices()
        .find(|(_, c)| c.is_whitespace() || c.is_control());
    match bad {
        Some((at, c)) => Err(Mistake::new(
            "a path of a URL has no white space",
            at..at + c.len_utf8(),
        )
        .help("write `%20` for a space")),
        None if text.starts_with('/') => Ok(()),
        None => Err(
            Mistake::new(format!("`{text}` is no path of a URL"), 0..text.len())
                .help(path_and_port(text)),
        ),
    }
}

/// What to write instead of a whole URL: the host is the container itself.
fn path_and_port(text: &str) -> String {
    let Some((_, rest)) = text.split_once("://") else {
        return format!("write `/{text}`");
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host.rsplit_once(':') {
        Some((_, port)) => format!("write `http = \"/{path}\", port = {port}`"),
        None => format!("write `/{path}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_name_or_numbers() {
        let user = |name: &str, uid, gid| User {
            name: name.to_owned(),
            uid,
            gid,
            span: None,
        };
        for (text, expected) in [
            ("app", Some(user("app", 65532, 65532))),
            ("root", Some(user("root", 0, 0))),
            ("0", Some(user("root", 0, 0))),
            ("1000", Some(user("nonroot", 1000, 1000))),
            ("1000:50", Some(user("nonroot", 1000, 50))),
            ("", None),
            ("App", None),
            ("a b", None),
            ("1000:staff", None),
            ("4294967296", None),
        ] {
            assert_eq!(User::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_port_may_have_a_protocol() {
        for (text, expected) in [
            ("8000", Some("8000")),
            ("53/udp", Some("53/udp")),
            ("0", None),
            ("65536", None),
            ("80/http", None),
            ("80-90", None),
        ] {
            let found = Port::parse(text).map(|port| port.to_string());
            assert_eq!(found.ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_has_units() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("2h", Some(7_200_000)),
            ("", None),
            ("30", None),
            ("0s", None),
            ("1.5s", None),
            ("-1s", None),
            ("99999999999999999999h", None),
        ] {
            let found = Time::parse(text).ok();
            assert_eq!(
                found,
                expected.map(|ms| Time(Duration::from_millis(ms))),
                "{text}"
            );
        }
    }
}

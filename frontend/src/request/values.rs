//! The values of frontend options: each parser says what is wrong and what to write instead.

use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use microb_dsl::grammar::{self, Mistake};
use microb_dsl::llb::ImageResolveMode;
use microb_dsl::{Network, Platform};

use crate::gateway::CacheImport;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    grammar::boolean(text)
        .ok_or_else(|| format!("`{text}` is neither true nor false; write `true` or `false`"))
}

pub(super) fn platforms(text: &str) -> Result<Vec<Platform>, String> {
    let mut found: Vec<Platform> = Vec::new();
    for written in text.split(',') {
        let platform = platform(written.trim())?;
        if !found.contains(&platform) {
            found.push(platform);
        }
    }
    Ok(found)
}

/// A platform as clients write it, which do not normalize it: in any case, or the processor or the system alone, as
/// containerd's `platforms.Parse` takes it. The system is Linux then, and the processor this one's.
fn platform(text: &str) -> Result<Platform, String> {
    let lower = text.to_ascii_lowercase();
    if lower.contains('/') {
        return lower
            .parse()
            .map_err(|mistake: Mistake| mistake.to_string());
    }
    let alone = Platform::new("linux", &lower, "");
    if grammar::platform(&alone.to_string()).is_ok() {
        return Ok(alone);
    }
    let host = Platform::host();
    let system = Platform::new(&lower, &host.architecture, &host.variant);
    let known = grammar::platform(&system.to_string());
    known.map_err(|_| format!("`{text}` is no platform; write for instance `linux/arm64`"))
}

/// The values of `image-resolve-mode`, as `solver/pb/attr.go` in moby/buildkit names them.
pub(super) fn image_resolve_mode(text: &str) -> Result<ImageResolveMode, String> {
    match text {
        "default" => Ok(ImageResolveMode::Default),
        "pull" => Ok(ImageResolveMode::ForcePull),
        "local" => Ok(ImageResolveMode::PreferLocal),
        _ => Err(format!(
            "`{text}` is no mode; write `default`, `pull` or `local`"
        )),
    }
}

pub(super) fn network(text: &str) -> Result<Network, String> {
    match text {
        "sandbox" => Ok(Network::Default),
        "host" => Ok(Network::Host),
        "none" => Ok(Network::None),
        _ => Err(format!(
            "`{text}` is no network; write `sandbox`, `host` or `none`"
        )),
    }
}

/// `name=address,…`; names are lower-cased as BuildKit does.
pub(super) fn extra_hosts(text: &str) -> Result<Vec<(String, String)>, String> {
    fields(text)?
        .iter()
        .map(|field| {
            let (name, address) = field
                .split_once('=')
                .ok_or_else(|| format!("`{field}` is no host; write `name=address`"))?;
            let plain = address.trim_matches(['[', ']']);
            let address = IpAddr::from_str(plain)
                .map_err(|_| format!("`{address}` of host `{name}` is no IP address"))?;
            Ok((name.to_lowercase(), address.to_string()))
        })
        .collect()
}

/// `name=soft[:hard],…`; -1 is no limit.
pub(super) fn ulimits(text: &str) -> Result<Vec<(String, i64, i64)>, String> {
    /// Those of `github.com/docker/go-units`, `ulimit.go`.
    const NAMES: [&str; 15] = [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];
    let limit = |field: &str| {
        let (name, values) = field.split_once('=')?;
        let (soft, hard) = values.split_once(':').unwrap_or((values, values));
        let (soft, hard): (i64, i64) = (soft.parse().ok()?, hard.parse().ok()?);
        let below = hard == -1 || (soft != -1 && soft <= hard);
        (NAMES.contains(&name) && below).then(|| (name.to_owned(), soft, hard))
    };
    fields(text)?
        .iter()
        .map(|field| {
            limit(field).ok_or_else(|| {
                format!("`{field}` is no limit; write for instance `nofile=1024:2048`, the soft one first")
            })
        })
        .collect()
}

pub(super) fn bytes(text: &str) -> Result<Option<u64>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(size) => Ok(Some(size)),
        Err(_) => Err(format!("`{text}` is no number of bytes")),
    }
}

/// A limit: a number above 0.
pub(super) fn positive<T: FromStr + PartialOrd + Default>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| *number > T::default());
    number.ok_or_else(|| format!("`{text}` is no number above 0"))
}

/// The limit of memory and swap: a number above 0, or -1.
pub(super) fn swap(text: &str) -> Result<i64, String> {
    match text {
        "-1" => Ok(-1),
        _ => positive(text).map_err(|problem| format!("{problem}, nor -1")),
    }
}

/// Numbers of processors or nodes: `0-3,5` (`util/cpuset` in moby/buildkit).
pub(super) fn numbers(text: &str) -> Result<String, String> {
    const MAX: u16 = 8192;
    let number = |text: &str| text.trim().parse().ok().filter(|n: &u16| *n <= MAX);
    let is_range = |part: &str| match part.split_once('-') {
        Some((first, last)) => number(first).zip(number(last)).is_some_and(|(a, b)| a <= b),
        None => part.trim().is_empty() || number(part).is_some(),
    };
    match text.split(',').find(|part| !is_range(part)) {
        Some(part) => Err(format!(
            "`{part}` is no number of 0 to {MAX} and no range of them, as `0-3,5` has both"
        )),
        None => Ok(text.to_owned()),
    }
}

pub(super) fn epoch(text: &str) -> Result<Option<u64>, String> {
    text.parse()
        .map(Some)
        .map_err(|_| format!("`{text}` is no number of seconds since 1970"))
}

/// The option `cache-imports`: a JSON list of the control API's `CacheOptionsEntry`.
pub(super) fn cache_imports(text: &str) -> Result<Vec<CacheImport>, String> {
    let wrong = || format!("`{text}` is no list of caches in JSON");
    let entries: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    let import = |entry: &serde_json::Value| {
        // Go leaves out a map that is empty: `gha` needs no settings.
        let attributes = match entry.get("Attrs") {
            None | Some(serde_json::Value::Null) => None,
            Some(attributes) => Some(attributes.as_object()?),
        };
        Some(CacheImport {
            kind: entry.get("Type")?.as_str()?.to_owned(),
            attributes: attributes
                .into_iter()
                .flatten()
                .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect::<Option<_>>()?,
        })
    };
    entries
        .iter()
        .map(|entry| import(entry).ok_or_else(wrong))
        .collect()
}

/// The image config in metadata of an input, a JSON object of byte strings as Go writes them: in base64.
pub(super) fn image_config(text: &str) -> Result<Option<Vec<u8>>, String> {
    let metadata: serde_json::Value =
        serde_json::from_str(text).map_err(|_| format!("`{text}` is no JSON"))?;
    let Some(config) = metadata.get("containerimage.config") else {
        return Ok(None);
    };
    let decoded = config.as_str().and_then(|text| STANDARD.decode(text).ok());
    decoded
        .map(Some)
        .ok_or_else(|| format!("the image config `{config}` is no base64"))
}

/// The fields of a line of CSV (RFC 4180), which clients write lists as. One in quotes may have commas.
pub(super) fn fields(text: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (field, after) = match text.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match text.split_once(',') {
                Some((field, after)) => (field.trim().to_owned(), Some(after)),
                None => (text.trim().to_owned(), None),
            },
        };
        fields.push(field);
        rest = after;
    }
    Ok(fields)
}

/// The field behind the quote that opens it, and what follows its comma. Two quotes in it are one.
fn quoted_field(text: &str) -> Result<(String, Option<&str>), String> {
    let wrong = || format!("`\"{text}` has no quote at its end");
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or_else(wrong)?;
        field.push_str(part);
        if let Some(after) = after.strip_prefix('"') {
            field.push('"');
            rest = after;
            continue;
        }
        return match after.trim_start() {
            "" => Ok((field, None)),
            after => {
                let after = after.strip_prefix(',').ok_or_else(wrong)?;
                Ok((field, Some(after)))
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulimits_have_a_name_and_a_soft_limit_below_the_hard_one() {
        let limit = |soft, hard| Ok(vec![("nofile".to_owned(), soft, hard)]);
        assert_eq!(ulimits("nofile=1024"), limit(1024, 1024));
        assert_eq!(ulimits("nofile=1024:2048"), limit(1024, 2048));
        assert_eq!(ulimits("nofile=-1:-1"), limit(-1, -1));
        assert_eq!(ulimits("nofile=1:-1"), limit(1, -1));
        for wrong in [
            "nofile",
            "nofile=",
            "files=1",
            "nofile=2:1",
            "nofile=-1:1",
            "nofile=x",
            "nofile=1:2:3",
        ] {
            assert!(ulimits(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn fields_are_separated_as_in_csv() {
        for (text, expected) in [
            ("a=1, b", &["a=1", "b"][..]),
            (r#""a=1,2",b"#, &["a=1,2", "b"]),
            (r#"b,"say ""x""", c"#, &["b", r#"say "x""#, "c"]),
            ("a,", &["a", ""]),
        ] {
            assert_eq!(fields(text).unwrap(), expected, "{text}");
        }
        for wrong in [r#""a"#, r#""a"b"#] {
            assert!(fields(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn platforms_are_read_as_containerd_reads_them() {
        let host = Platform::host();
        let of_host = format!("linux/{}", host.architecture);
        for (text, expected) in [
            ("amd64", "linux/amd64"),
            ("x86_64", "linux/amd64"),
            ("aarch64", "linux/arm64"),
            ("arm", "linux/arm/v7"),
            ("linux/arm64/v8", "linux/arm64"),
            ("Linux/AMD64", "linux/amd64"),
            ("linux", &of_host),
            ("amd64, linux/amd64,arm64", "linux/amd64 linux/arm64"),
        ] {
            let found = platforms(text).unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(found.join(" ").starts_with(expected), "{text}: {found:?}");
        }
        for wrong in ["", "amd46", "linux/", "a/b/c/d"] {
            assert!(platforms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_names_with_an_address() {
        let host = |name: &str, ip: &str| (name.to_owned(), ip.to_owned());
        assert_eq!(
            extra_hosts("Db=10.0.0.1,v6=::1,w6=[::2]").unwrap(),
            [host("db", "10.0.0.1"), host("v6", "::1"), host("w6", "::2")]
        );
        assert!(extra_hosts("db").is_err());
        assert!(extra_hosts("db=host-gateway").is_err());
    }

    #[test]
    fn caches_are_read_as_buildx_writes_them() {
        let text = r#"[{"Type":"registry","Attrs":{"ref":"localhost:5000/cache"}}]"#;
        let imports = cache_imports(text).unwrap();
        assert_eq!(imports[0].kind, "registry");
        assert_eq!(imports[0].attributes["ref"], "localhost:5000/cache");
        for plain in [r#"[{"Type":"gha"}]"#, r#"[{"Type":"gha","Attrs":null}]"#] {
            let imports = cache_imports(plain).unwrap();
            assert_eq!(imports[0].kind, "gha");
            assert!(imports[0].attributes.is_empty());
        }
        for wrong in [
            "",
            "{}",
            "[1]",
            r#"[{"Attrs":{}}]"#,
            r#"[{"Type":"x","Attrs":{"a":1}}]"#,
        ] {
            assert!(cache_imports(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_config_of_an_input_is_base64_in_json() {
        // printf '{"os":"linux"}' | base64
        let text = r#"{"containerimage.config":"eyJvcyI6ImxpbnV4In0="}"#;
        assert_eq!(image_config(text), Ok(Some(br#"{"os":"linux"}"#.to_vec())));
        assert_eq!(image_config("{}"), Ok(None));
        assert!(image_config("x").is_err());
        assert!(image_config(r#"{"containerimage.config":1}"#).is_err());
    }

    #[test]
    fn a_wrong_value_is_an_error_that_shows_it() {
        let errors = [
            boolean("yes").unwrap_err(),
            image_resolve_mode("yes").unwrap_err(),
            network("yes").unwrap_err(),
            bytes("yes").unwrap_err(),
            bytes("-1").unwrap_err(),
            epoch("yes").unwrap_err(),
            platforms("yes").unwrap_err(),
        ];
        for error in errors {
            assert!(error.contains("`yes`") || error.contains("`-1`"), "{error}");
        }
    }
}

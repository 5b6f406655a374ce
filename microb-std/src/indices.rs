//! Package indices: options of the installer, and logins that no layer ever sees.

use std::collections::BTreeMap;

use microb::grammar::{percent_decoded, secret_login, without_login};
use microb::mount::{Mount, secret};
use microb::prelude::*;
use microb::{SourceFile, Spanned};

use crate::config::{Config, Credential, ExplicitPackage, Index, IndexRole};
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::Requirement;
use crate::tool_indices::{PYPI, is_same};

/// The installer's options for the indices of the configuration, those of uv's and Poetry's tables included.
///
/// An index is asked before `PyPI`, and what it has is not looked for elsewhere, so that nobody can
/// publish a private package's name on `PyPI` and be installed instead.
pub fn options(config: &Config) -> Vec<String> {
    config.indices.iter().flat_map(options_of).collect()
}

/// The same without the tables of uv and Poetry: for a lock, which says itself what comes from those.
pub fn options_for_lock(config: &Config) -> Vec<String> {
    let own = config.indices.iter().filter(|index| !index.of_tool);
    own.flat_map(options_of).collect()
}

fn options_of(index: &Index) -> Vec<String> {
    let url = &index.url.value;
    let named = format!("{}={url}", index.name);
    let mut words = match index.role {
        IndexRole::Extra => vec!["--index".to_owned(), named],
        IndexRole::Default => vec!["--default-index".to_owned(), named],
        // It stands in the file that lists what comes from it.
        IndexRole::Explicit(_) => Vec::new(),
    };
    words.extend(trust(index));
    words
}

fn trust(index: &Index) -> Vec<String> {
    if index.trust {
        let host = host(&index.url.value).to_owned();
        vec!["--allow-insecure-host".to_owned(), host]
    } else {
        Vec::new()
    }
}

/// The installer's options for one index alone, that of a lock. Where the configuration has the same one, its login and
/// its trust hold.
pub fn only(config: &Config, url: &str) -> Vec<String> {
    let (index, has_login) = (configured(config, url), secret_login(url).is_some());
    let url = without_login(url);
    let named = match index {
        Some(index) => format!("{}={url}", index.name),
        None if has_login => format!("{OF_LOCK}={url}"),
        None => url.into_owned(),
    };
    let mut words = vec!["--default-index".to_owned(), named];
    words.extend(index.into_iter().flat_map(trust));
    words
}

/// The index of the configuration that a lock means.
fn configured<'a>(config: &'a Config, url: &str) -> Option<&'a Index> {
    let url = without_login(url);
    let mut known = config.indices.iter();
    known.find(|index| is_same(&index.url.value, &url))
}

/// The name of an index that only a lock knows.
const OF_LOCK: &str = "index-of-lock";

/// The indices of the configuration, and that of a lock, if it is another one whose URL has a login.
pub(crate) fn asked(config: &Config, only: Option<&str>) -> Vec<Index> {
    let of_lock = only.and_then(|url| {
        secret_login(url)?;
        let file = SourceFile::new(OF_LOCK, url);
        let url = Spanned::new(url.to_owned(), file.whole());
        let (username, password) = login_in_url(&url);
        let plain = without_login(&url.value).into_owned();
        configured(config, &plain).is_none().then(|| Index {
            name: OF_LOCK.to_owned(),
            url: Spanned::new(plain, url.span),
            username,
            password,
            trust: false,
            role: IndexRole::Default,
            of_tool: false,
        })
    });
    config.indices.iter().cloned().chain(of_lock).collect()
}

/// The login in a URL, as if it stood beside it: so it is in no command line.
pub(crate) fn login_in_url(url: &Spanned<String>) -> (Option<Credential>, Option<Credential>) {
    let Some(login) = secret_login(&url.value) else {
        return (None, None);
    };
    let half = |text: &str| {
        // What is not encoded stands there as it is.
        let text = percent_decoded(text).unwrap_or_else(|| text.to_owned());
        Credential::Plain(Spanned::new(text, url.span.clone()))
    };
    let user = Some(login.user).filter(|user| !user.is_empty());
    (user.map(half), login.password.map(half))
}

/// pip's options: `only` is the index of a lock. Where there are several indices, pip asks all at once.
pub(crate) fn options_of_pip<'a>(
    indices: impl IntoIterator<Item = &'a Index>,
    only: Option<&str>,
    is_locked: bool,
) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(url) = only {
        words.extend(["--index-url".to_owned(), without_login(url).into_owned()]);
    }
    for index in indices {
        let url = &index.url.value;
        let flag = match index.role {
            _ if only.is_some() || is_locked && index.of_tool => None,
            IndexRole::Extra => Some("--extra-index-url"),
            IndexRole::Default => Some("--index-url"),
            IndexRole::Explicit(_) => None,
        };
        if let Some(flag) = flag {
            words.extend([flag.to_owned(), url.clone()]);
        }
        if index.trust {
            words.extend(["--trusted-host".to_owned(), host(url).to_owned()]);
        }
    }
    words
}

/// The hosts of indices with a login, as the beginning of the variables' names and the host without its port: `UV_INDEX_A=h`.
pub(crate) fn hosts_with_login<'a>(indices: impl IntoIterator<Item = &'a Index>) -> Vec<String> {
    let indices = indices.into_iter();
    indices
        .filter(|index| index.username.is_some())
        .map(|index| {
            let host = host_without_port(index);
            format!("UV_INDEX_{}={host}", in_variable(&index.name))
        })
        .collect()
}

fn host_without_port(index: &Index) -> &str {
    let host = host(&index.url.value);
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// The index that is asked instead of `PyPI`; `None` where `PyPI` is asked, under a name of its own or not.
pub(crate) fn in_place_of_pypi(config: &Config) -> Option<&Index> {
    let mut indices = config.indices.iter();
    let is_pypi = |index: &Index| is_same(&index.url.value, PYPI);
    if indices.clone().any(is_pypi) {
        return None;
    }
    indices.find(|index| index.role == IndexRole::Default)
}

/// Tells of two logins for one host: pip knows them by the host alone, and would send the one where the other belongs.
pub(crate) fn check_logins_of_pip(indices: &[Index], findings: &Findings) {
    let login = |index: &Index| {
        let halves = [&index.username, &index.password];
        halves.map(|half| half.as_ref().map(Credential::text).map(str::to_owned))
    };
    let with_login = indices.iter().filter(|index| index.username.is_some());
    for (n, index) in with_login.clone().enumerate() {
        let host = host_without_port(index);
        let mut before = with_login.clone().take(n);
        if before.any(|other| host_without_port(other) == host && login(other) != login(index)) {
            let message = format!(
                "pip knows one login for a host, and two indices at `{host}` have another each"
            );
            let error = Diagnostic::error(message).at(&index.url.span);
            findings.add(error.help("remove `installer = \"pip\"`: uv knows logins by the index"));
        }
    }
}

/// Packages of a lock that come from one index only, since the configuration says so.
pub(crate) fn place(pins: &mut [Pinned], indices: &[Index]) {
    for index in indices.iter().filter(|index| !index.of_tool) {
        for package in explicit(index) {
            let is_it = |pin: &&mut Pinned| {
                pin.name == package.name.value && pin.source == PinnedSource::Index
            };
            for pin in pins.iter_mut().filter(is_it) {
                pin.source = PinnedSource::OnlyIndex(index.url.value.clone());
            }
        }
    }
}

fn explicit(index: &Index) -> &[ExplicitPackage] {
    match &index.role {
        IndexRole::Explicit(packages) => packages,
        IndexRole::Extra | IndexRole::Default => &[],
    }
}

/// The requirements as a `pyproject.toml`, if one of them comes from an index of its own: a requirements file cannot say that.
///
/// <https://docs.astral.sh/uv/concepts/indexes/#pinning-a-package-to-an-index>
pub(crate) fn pyproject(config: &Config, requirements: &[Requirement]) -> Option<String> {
    let mut sources: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut text = String::from(
        "[project]\nname = \"requirements-of-the-image\"\nversion = \"0\"\ndependencies = [\n",
    );
    for line in crate::requirement::requirements_txt(requirements).lines() {
        text.extend(["    ", &quoted(line), ",\n"]);
    }
    text.push_str("]\n");
    for index in &config.indices {
        let is_listed = |package: &&ExplicitPackage| {
            let mut requirements = requirements.iter();
            requirements.any(|one| one.name == package.name.value && !one.is_url())
        };
        let listed: Vec<_> = explicit(index).iter().filter(is_listed).collect();
        if listed.is_empty() {
            continue;
        }
        let (name, url) = (quoted(&index.name), quoted(&index.url.value));
        text.extend(["\n[[tool.uv.index]]\nname = ", &name, "\nurl = ", &url]);
        text.push_str("\nexplicit = true\n");
        for package in listed {
            let marker = package.marker.as_ref();
            let marker = marker.map_or_else(String::new, |m| format!(", marker = {}", quoted(m)));
            let source = format!("{{ index = {name}{marker} }}");
            let of_package = sources.entry(&package.name.value).or_default();
            of_package.push(source);
        }
    }
    if sources.is_empty() {
        return None;
    }
    text.push_str("\n[tool.uv.sources]\n");
    for (name, sources) in sources {
        text.extend([&quoted(name), " = [", &sources.join(", "), "]\n"]);
    }
    Some(text)
}

/// A text as TOML writes it, which is as JSON does: neither has a control character here.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Logins from build secrets: mounted as variables, so that their values are in no layer and no cache key.
pub fn secrets<'a>(indices: impl IntoIterator<Item = &'a Index>) -> Vec<Mount> {
    variables(indices)
        .filter_map(|(name, credential)| match credential {
            Credential::Secret(id) => Some(secret(&id.value).env(name).at(&id.span).into()),
            Credential::IfGiven(id) => {
                let mount = secret(&id.value).env(name).optional();
                Some(mount.at(&id.span).into())
            }
            Credential::Plain(_) => None,
        })
        .collect()
}

/// Logins that stand in the file: variables of the build stage, which the final image does not have.
pub fn plain_logins<'a>(indices: impl IntoIterator<Item = &'a Index>) -> Vec<Step> {
    variables(indices)
        .filter_map(|(name, credential)| match credential {
            Credential::Plain(value) => Some(env(name, &value.value)),
            Credential::Secret(_) | Credential::IfGiven(_) => None,
        })
        .collect()
}

/// The variables that uv reads logins from, `UV_INDEX_NAME_USERNAME` and `UV_INDEX_NAME_PASSWORD`.
fn variables<'a>(
    indices: impl IntoIterator<Item = &'a Index>,
) -> impl Iterator<Item = (String, &'a Credential)> {
    indices.into_iter().flat_map(|index| {
        [("USERNAME", &index.username), ("PASSWORD", &index.password)]
            .into_iter()
            .filter_map(|(half, credential)| {
                Some((variable(&index.name, half), credential.as_ref()?))
            })
    })
}

fn variable(index: &str, half: &str) -> String {
    format!("UV_INDEX_{}_{half}", in_variable(index))
}

/// The name of an index as a part of a variable, for uv as for Poetry.
pub(crate) fn in_variable(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9') => c,
        _ => '_',
    };
    name.chars().map(letter).collect()
}

/// The host of a URL, with its port, without the user.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_keeps_its_port_and_loses_its_user() {
        for (url, expected) in [
            ("https://index.example/simple", "index.example"),
            ("http://127.0.0.1:8080/simple/", "127.0.0.1:8080"),
            ("https://me:pw@index.example?x=1", "index.example"),
        ] {
            assert_eq!(host(url), expected);
        }
    }
}

//! Package indices: options of the installer, and logins that no layer ever sees.

use microb::mount::{Mount, secret};
use microb::prelude::*;

use crate::config::{Config, Credential, Index};

/// The installer's options for the indices of the configuration.
///
/// An index is asked before `PyPI`, and what it has is not looked for elsewhere, so that nobody can
/// publish a private package's name on `PyPI` and be installed instead.
pub fn options(config: &Config) -> Vec<String> {
    config
        .indices
        .iter()
        .flat_map(|index| {
            let url = &index.url.value;
            let mut words = vec!["--index".to_owned(), format!("{}={url}", index.name)];
            if index.trust {
                words.extend(["--allow-insecure-host".to_owned(), host(url).to_owned()]);
            }
            words
        })
        .collect()
}

/// The installer's options for one index alone, that of a lock. Where the configuration has the same one, its login and
/// its trust hold.
pub fn only(config: &Config, url: &str) -> Vec<String> {
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    let known = config
        .indices
        .iter()
        .find(|index| plain(&index.url.value) == plain(url));
    match known {
        None => vec!["--default-index".to_owned(), url.to_owned()],
        Some(index) => {
            let mut words = vec![
                "--default-index".to_owned(),
                format!("{}={url}", index.name),
            ];
            if index.trust {
                words.extend(["--allow-insecure-host".to_owned(), host(url).to_owned()]);
            }
            words
        }
    }
}

/// Logins from build secrets: mounted as variables, so that their values are in no layer and no cache key.
pub fn secrets(config: &Config) -> Vec<Mount> {
    variables(config)
        .filter_map(|(name, credential)| match credential {
            Credential::Secret(id) => Some(secret(&id.value).env(name).into()),
            Credential::Plain(_) => None,
        })
        .collect()
}

/// Logins that stand in the file: variables of the build stage, which the final image does not have.
pub fn plain_logins(config: &Config) -> Vec<Step> {
    variables(config)
        .filter_map(|(name, credential)| match credential {
            Credential::Plain(value) => Some(env(name, &value.value)),
            Credential::Secret(_) => None,
        })
        .collect()
}

/// The variables that uv reads logins from, `UV_INDEX_NAME_USERNAME` and `UV_INDEX_NAME_PASSWORD`.
fn variables(config: &Config) -> impl Iterator<Item = (String, &Credential)> {
    config.indices.iter().flat_map(|index| {
        [("USERNAME", &index.username), ("PASSWORD", &index.password)]
            .into_iter()
            .filter_map(|(half, credential)| Some((variable(index, half), credential.as_ref()?)))
    })
}

fn variable(index: &Index, half: &str) -> String {
    let name = index.name.to_ascii_uppercase().replace(['-', '.'], "_");
    format!("UV_INDEX_{name}_{half}")
}

/// The host of a URL, with its port.
fn host(url: &str) -> &str {
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

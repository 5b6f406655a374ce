//! Rules about indices and logins.

use microb::Rule;

use super::rule;
use crate::config::Config;
use crate::mistake::Findings;

pub(super) static INSECURE_INDEX: Rule = rule(
    "InsecureIndex",
    "From an index without TLS, or whose certificate is not checked, everybody on the way can install anything",
);

pub(crate) static CREDENTIAL_IN_URL: Rule = rule(
    "CredentialInUrl",
    "A login in a URL is in the repository, in build logs and in the history of the image",
);

pub(crate) static PASSWORD_IN_FILE: Rule = rule(
    "PasswordInFile",
    "A password in a file is known to everybody who has the file",
);

pub(crate) static IGNORED_CREDENTIAL: Rule = rule(
    "IgnoredCredential",
    "Half of a login that is not used, since the other half says otherwise",
);

pub(super) fn check(config: &Config, findings: &Findings) {
    for index in &config.indices {
        let url = &index.url;
        let finding = if is_plain_http(&url.value) {
            INSECURE_INDEX
                .finding(format!("`{}` is asked without TLS", url.value))
                .help("write `https://`")
        } else if index.trust {
            INSECURE_INDEX
                .finding(format!(
                    "the certificate of `{}` is not checked: `trust = true`",
                    url.value
                ))
                .help("remove `trust`, and give the server a certificate that the base image knows")
        } else {
            continue;
        };
        findings.add(finding.at(&url.span));
    }
}

pub(super) fn is_plain_http(url: &str) -> bool {
    url.starts_with("http://")
}

/// Whether a URL has a password, or a user over http, where a user alone is a token.
pub(super) fn has_login(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((login, _)) = authority.rsplit_once('@') else {
        return false;
    };
    login.contains(':') || scheme.starts_with("http")
}

//! Rules about indices and logins.

use microb::grammar::secret_login;
use microb::{Diagnostic, Rule, Span};

use super::rule;
use crate::config::{AddSource, Config, Dependencies};
use crate::mistake::Findings;

pub(super) static INSECURE_INDEX: Rule = rule(
    "InsecureIndex",
    "From an index without TLS, or whose certificate is not checked, everybody on the way can install anything",
);

pub(super) static CREDENTIAL_IN_URL: Rule = rule(
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

/// A login that stands in a URL of a file.
pub(crate) fn credential_in_url(of: &str, place: &Span) -> Diagnostic {
    CREDENTIAL_IN_URL
        .finding(format!("the URL{of} contains a password or a token"))
        .at(place)
}

/// The URL of a package, or of the index that it comes from.
const IN_DEPENDENCY: &str = "fetch it over ssh, `git+ssh://git@HOST/…` with `docker build --ssh default`, or from an index of `indices` with `password_secret`";

const IN_ADDED_FILE: &str =
    "fetch it in a step of your own with a secret: `run = [{ command = […], secrets = […] }]`";

/// The same for what is installed.
pub(super) fn credential_of_dependency(of: &str, place: &Span) -> Diagnostic {
    credential_in_url(of, place).help(IN_DEPENDENCY)
}

/// URLs of requirements files and of locks, and those of `add_files`.
fn credentials(config: &Config, findings: &Findings) {
    let places = match &config.dependencies {
        Dependencies::File(file) => file.logins.as_slice(),
        Dependencies::Locked(set) => &set.logins,
        Dependencies::Listed(_) | Dependencies::FromBackend { .. } => &[],
    };
    for place in places {
        findings.add(credential_of_dependency("", place));
    }
    for file in config
        .add_files
        .iter()
        .chain(&config.add_files_before_build)
    {
        let (AddSource::Http(url) | AddSource::Git(url) | AddSource::Context(url)) =
            &file.src.value;
        if secret_login(url).is_some() {
            findings.add(credential_in_url("", &file.src.span).help(IN_ADDED_FILE));
        }
    }
}

pub(super) fn check(config: &Config, findings: &Findings) {
    credentials(config, findings);
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

//! `certificates`: authorities that the build trusts, and that are in no layer.

use microb::mount::Mount;
use microb::prelude::*;
use microb::step::Run;
use microb::{Context, Spanned};

use crate::config::{Certificate, Config};
use crate::location::within_context;
use crate::mistake::Findings;
use crate::target_table::CertificateTable;
use crate::text;
use crate::tree::escape;

/// Where the certificates are mounted.
const GIVEN: &str = "/run/certificates";

/// Where they stand with those of the image in one file, in memory.
const TRUSTED: &str = "/run/trusted";

/// Runs its arguments with variables that make uv, pip, git, requests and curl trust what the image trusts and what is given.
///
/// Each program takes one file instead of the system's, so all are joined. What the base image names wins over where
/// Debian, Alpine and Fedora have theirs.
const TRUST: &str = r#"for known in "$SSL_CERT_FILE" "$PIP_CERT" /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem /etc/pki/tls/certs/ca-bundle.crt /dev/null; do test -n "$known" && test -e "$known" && break; done
for one in "$known" /run/certificates/*; do cat "$one" && echo || exit 1; done > /run/trusted/all.pem
all=/run/trusted/all.pem
export SSL_CERT_FILE=$all PIP_CERT=$all GIT_SSL_CAINFO=$all REQUESTS_CA_BUNDLE=$all CURL_CA_BUNDLE=$all CARGO_HTTP_CAINFO=$all NODE_EXTRA_CA_CERTS=$all
exec "$@""#;

/// How a certificate in PEM begins: RFC 7468.
const PEM: &str = "-----BEGIN CERTIFICATE-----";

/// The entries of `certificates`.
pub(crate) fn resolve(
    written: Vec<Spanned<CertificateTable>>,
    project_dir: &str,
    cx: &dyn Context,
    findings: &Findings,
) -> Vec<Certificate> {
    let certificate = |entry: Spanned<CertificateTable>| {
        let CertificateTable { file, secret } = entry.value;
        match (file, secret) {
            (Some(file), None) => findings.keep(of_file(&file, project_dir, cx)),
            (None, Some(secret)) => Some(Certificate::Secret(secret)),
            (file, _) => {
                let what = if file.is_some() { "either" } else { "one of" };
                let message = format!("a certificate has {what} `file` or `secret`");
                let error = Diagnostic::error(message).at(&entry.span);
                findings.add(error.help("write for instance `{ secret = \"company_ca\" }`"));
                None
            }
        }
    };
    written.into_iter().filter_map(certificate).collect()
}

fn of_file(
    file: &Spanned<String>,
    project_dir: &str,
    cx: &dyn Context,
) -> Result<Certificate, Diagnostic> {
    let error =
        |what: &str| Diagnostic::error(format!("`{}` {what}", escape(&file.value))).at(&file.span);
    let inside = within_context(project_dir, &file.value);
    let Some(path) = inside.filter(|_| !file.value.starts_with('/')) else {
        return Err(error("is outside the build context")
            .help("write a path inside the build context, relative to `pyproject.toml`, or give it as a secret"));
    };
    let Some(content) = text::read(cx, &path)? else {
        return Err(
            error("is not in the build context").help("check the path, and `.dockerignore`")
        );
    };
    if content.text().contains("PRIVATE KEY-----") {
        return Err(error("has a private key in it").help("name a file with certificates alone"));
    }
    if !content.text().contains(PEM) {
        return Err(error("is no certificate in PEM").help(format!(
            "convert it: `openssl x509 -inform der -in {0} -out {0}.pem`",
            escape(&file.value)
        )));
    }
    Ok(Certificate::File(Spanned::new(path, file.span.clone())))
}

/// A command that trusts the certificates of the configuration.
pub(crate) fn trusting(config: &Config, argv: Vec<String>) -> Run {
    if config.certificates.is_empty() {
        return run(argv);
    }
    let shell = ["sh", "-c", TRUST, "sh"].map(str::to_owned);
    run(shell.into_iter().chain(argv).collect::<Vec<_>>())
        .mount(tmpfs(TRUSTED))
        .mounts(config.certificates.iter().enumerate().map(mount))
}

fn mount((n, certificate): (usize, &Certificate)) -> Mount {
    let target = format!("{GIVEN}/{}.pem", n + 1);
    match certificate {
        Certificate::File(path) => bind(target).path(format!("/{}", path.value)).into(),
        Certificate::Secret(id) => secret(&id.value).target(target).at(&id.span).into(),
    }
}

/// The step of [`trusting`], with the name that it would have if no certificate were needed.
pub(crate) fn named(config: &Config, step: Run, argv: &[String]) -> Vec<Step> {
    if config.certificates.is_empty() {
        step.into_steps()
    } else {
        step.called(argv.join(" "))
    }
}

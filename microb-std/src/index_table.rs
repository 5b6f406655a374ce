//! `indices`: where packages come from, and with which login.

use microb::{Diagnostic, Spanned};

use crate::config::{Credential, Index};
use crate::location::check_url;
use crate::mistake::Findings;
use crate::rules::{CREDENTIAL_IN_URL, IGNORED_CREDENTIAL, PASSWORD_IN_FILE};
use crate::tree::{self, Table};

const INDEX_KEYS: &[&str] = &[
    "url",
    "username",
    "username_secret",
    "password",
    "password_secret",
    "trust",
];

/// The entries of `indices`.
pub(crate) fn resolve(target: &Table<'_>) -> Vec<Index> {
    let tables = target.tables("indices");
    let index = |(n, table): (usize, &Table<'_>)| {
        let findings = table.findings();
        table.only(INDEX_KEYS);
        if !table.has("url") {
            findings.add(
                Diagnostic::error(format!("`{}` has no `url`", table.path()))
                    .at(table.span())
                    .help("add `url = \"https://…\"`"),
            );
        }
        let username = credential(table, "username");
        let mut password = credential(table, "password");
        if let (None, Some(_)) = (&username, &password) {
            let key = if table.has("password_secret") {
                "password_secret"
            } else {
                "password"
            };
            findings.add(
                IGNORED_CREDENTIAL
                    .finding(format!("`{key}` without a username is ignored"))
                    .at(&table.key_span(key))
                    .help("add `username`, or give the token as `username`"),
            );
            password = None;
        }
        let trust = table.boolean("trust").unwrap_or(false);
        let url = table.string("url")?;
        findings.keep(check_url(&url))?;
        advise(&url, password.as_ref(), findings);
        Some(Index {
            name: format!("index-{}", n + 1),
            url,
            username,
            password,
            trust,
        })
    };
    tables.iter().enumerate().filter_map(index).collect()
}

/// The value of `NAME_secret`, else of `NAME`.
fn credential(table: &Table<'_>, name: &str) -> Option<Credential> {
    let findings = table.findings();
    let secret_key = format!("{name}_secret");
    let plain = table.string(name);
    let Some(secret) = table.string(&secret_key) else {
        return plain.map(Credential::Plain);
    };
    if plain.is_some() {
        findings.add(
            IGNORED_CREDENTIAL
                .finding(format!(
                    "`{name}` is ignored, since `{secret_key}` is given"
                ))
                .at(&table.key_span(name))
                .help("remove it"),
        );
    }
    // `docker build --secret id=…,env=…` is a list with commas.
    let is_id = |c: char| !c.is_whitespace() && !c.is_control() && c != ',' && c != '"';
    if secret.value.is_empty() || !secret.value.chars().all(is_id) {
        findings.add(
            Diagnostic::error(format!(
                "`{}` is no id of a secret",
                tree::escape(&secret.value)
            ))
            .at(&secret.span)
            .help("write the `ID` of `docker build --secret id=ID,…`"),
        );
        return None;
    }
    Some(Credential::Secret(secret))
}

/// Warns of credentials that stand in the file.
fn advise(url: &Spanned<String>, password: Option<&Credential>, findings: &Findings) {
    let authority = url.value.split('/').nth(2).unwrap_or_default();
    if authority.contains('@') {
        findings.add(
            CREDENTIAL_IN_URL.finding(
                "the URL contains credentials, which everybody with the image's history can read",
            )
            .at(&url.span)
            .help("use `username_secret` and `password_secret`"),
        );
    }
    if let Some(Credential::Plain(password)) = password {
        findings.add(
            PASSWORD_IN_FILE
                .finding("the password stands in the file, where everybody can read it")
                .at(&password.span)
                .help("use `password_secret`"),
        );
    }
}

//! `indices`: where packages come from, and with which login.

use microb::{Diagnostic, Spanned};

use crate::config::{Credential, Index};
use crate::location::check_url;
use crate::mistake::Findings;
use crate::rules::{CREDENTIAL_IN_URL, IGNORED_CREDENTIAL, PASSWORD_IN_FILE};
use crate::table::Keyed;
use crate::target_table::IndexTable;
use crate::tree;

/// The entries of `indices`.
pub(crate) fn resolve(written: Vec<IndexTable>, findings: &Findings) -> Vec<Index> {
    let index = |(n, table): (usize, IndexTable)| {
        let IndexTable { url, trust, .. } = table;
        let username = credential("username", table.username, table.username_secret, findings);
        let password_key = [&table.password_secret, &table.password]
            .into_iter()
            .flatten()
            .map(|password| password.key.clone())
            .next();
        let mut password = credential("password", table.password, table.password_secret, findings);
        if let (None, Some(_), Some(key)) = (&username, &password, password_key) {
            findings.add(
                IGNORED_CREDENTIAL
                    .finding(format!("`{}` without a username is ignored", key.text()))
                    .at(&key)
                    .help("add `username`, or give the token as `username`"),
            );
            password = None;
        }
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
    written.into_iter().enumerate().filter_map(index).collect()
}

/// The value of `NAME_secret`, else of `NAME`.
fn credential(
    name: &str,
    plain: Option<Keyed<Spanned<String>>>,
    secret: Option<Keyed<Spanned<String>>>,
    findings: &Findings,
) -> Option<Credential> {
    let Some(Keyed { value: secret, .. }) = secret else {
        return plain.map(|plain| Credential::Plain(plain.value));
    };
    if let Some(plain) = plain {
        findings.add(
            IGNORED_CREDENTIAL
                .finding(format!(
                    "`{name}` is ignored, since `{name}_secret` is given"
                ))
                .at(&plain.key)
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

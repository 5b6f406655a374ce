//! `indices`: where packages come from, and with which login.

use microb::grammar::{secret_login, without_login};
use microb::{Diagnostic, Span, Spanned};

use crate::config::{Credential, ExplicitPackage, Index, IndexRole};
use crate::indices::login_in_url;
use crate::location::check_url;
use crate::mistake::{Findings, in_value};
use crate::requirement::{is_name, normalized};
use crate::rules::{IGNORED_CREDENTIAL, PASSWORD_IN_FILE, credential_in_url};
use crate::table::Keyed;
use crate::target_table::{IndexTable, secret_id};
use crate::tree::escape;

/// The user that indices take a token from: <https://pypi.org/help/#apitoken>.
pub(crate) const TOKEN_USER: &str = "__token__";

/// The entries of `indices`.
pub(crate) fn resolve(written: Vec<IndexTable>, findings: &Findings) -> Vec<Index> {
    let index = |(n, mut table): (usize, IndexTable)| {
        let is_default = table.default.take().is_some_and(|key| key.value);
        let role = role(is_default, table.packages.take(), findings);
        let url = table.url.clone();
        let trust = table.trust;
        let in_url = login_in_url(&url);
        let (username, password) = login(table, in_url.0, findings);
        findings.keep(check_url(&url))?;
        advise(&url, password.as_ref(), findings);
        Some(Index {
            name: format!("index-{}", n + 1),
            password: password.or(in_url.1),
            url: url.map(|url| without_login(&url).into_owned()),
            username,
            trust,
            role: role?,
            of_tool: false,
        })
    };
    let indices: Vec<Index> = written.into_iter().enumerate().filter_map(index).collect();
    let mut defaults = indices.iter().filter(|i| i.role == IndexRole::Default);
    if let (Some(first), Some(second)) = (defaults.next(), defaults.next()) {
        let message = format!(
            "two indices are the default: `{}` and `{}`",
            first.url.value, second.url.value
        );
        let error = Diagnostic::error(message).at(&second.url.span);
        findings.add(error.help("remove `default = true` from one of them"));
    }
    indices
}

/// When the index is asked. `None` after an error.
fn role(
    is_default: bool,
    packages: Option<Keyed<Vec<Spanned<String>>>>,
    findings: &Findings,
) -> Option<IndexRole> {
    let Some(Keyed { key, value }) = packages else {
        return Some(if is_default {
            IndexRole::Default
        } else {
            IndexRole::Extra
        });
    };
    if is_default {
        let error = Diagnostic::error("the default index is asked for every package").at(&key);
        findings.add(error.help("remove one of `packages` and `default`"));
        return None;
    }
    let package = |name: Spanned<String>| {
        if !is_name(&name.value) {
            let message = format!("`{}` is no name of a package", escape(&name.value));
            let error = Diagnostic::error(message).at(&name.span);
            findings.add(error.help("write the name alone, for instance `acme-core`"));
            return None;
        }
        Some(ExplicitPackage {
            name: name.map(|name| normalized(&name)),
            marker: None,
        })
    };
    if value.is_empty() {
        let error = Diagnostic::error("an index for no package is never asked").at(&key);
        findings.add(error.help("remove `packages`, or name those that come from it"));
        return None;
    }
    let packages: Vec<_> = value.into_iter().filter_map(package).collect();
    (!packages.is_empty()).then_some(IndexRole::Explicit(packages))
}

/// The two halves of the login. There is no password without a user.
fn login(
    table: IndexTable,
    user_in_url: Option<Credential>,
    findings: &Findings,
) -> (Option<Credential>, Option<Credential>) {
    let given = |key: &Option<Keyed<Spanned<String>>>| key.as_ref().map(|given| given.key.clone());
    let user_place = given(&table.username_secret).or_else(|| given(&table.username));
    let password_place = given(&table.password_secret).or_else(|| given(&table.password));
    let username = credential("username", table.username, table.username_secret, findings);
    let username = username.or(user_in_url);
    let password = credential("password", table.password, table.password_secret, findings);
    if let Some(Keyed { value: token, key }) = table.token_secret {
        if let Some(place) = &password_place {
            let message = format!(
                "`{}` and `token_secret` are both the password",
                place.text()
            );
            findings.add(
                Diagnostic::error(message)
                    .at(&key)
                    .help("remove one of them"),
            );
        }
        let user = username.unwrap_or_else(|| {
            let place = user_place.unwrap_or(key);
            Credential::Plain(Spanned::new(TOKEN_USER.to_owned(), place))
        });
        return (Some(user), secret(token, findings));
    }
    if let (None, Some(_), Some(key)) = (&username, &password, password_place) {
        findings.add(without_user(&key));
        return (None, None);
    }
    (username, password)
}

fn without_user(key: &Span) -> Diagnostic {
    IGNORED_CREDENTIAL
        .finding(format!("`{}` without a username is ignored", key.text()))
        .at(key)
        .help("add `username`, or give a token as `token_secret`")
}

/// The value of `NAME_secret`, else of `NAME`.
fn credential(
    name: &str,
    plain: Option<Keyed<Spanned<String>>>,
    by_secret: Option<Keyed<Spanned<String>>>,
    findings: &Findings,
) -> Option<Credential> {
    let Some(Keyed { value: id, .. }) = by_secret else {
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
    secret(id, findings)
}

fn secret(id: Spanned<String>, findings: &Findings) -> Option<Credential> {
    let checked = secret_id(&id.value).map_err(|mistake| in_value(mistake, &id));
    findings.keep(checked)?;
    Some(Credential::Secret(id))
}

/// Warns of credentials that stand in the file.
fn advise(url: &Spanned<String>, password: Option<&Credential>, findings: &Findings) {
    if secret_login(&url.value).is_some() {
        let finding = credential_in_url("", &url.span);
        findings.add(finding.help("use `username_secret` and `password_secret`"));
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

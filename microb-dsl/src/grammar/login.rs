//! Logins in URLs: what must not be shown.

use std::borrow::Cow;

/// The login of a URL: `https://USER:PASSWORD@host/`, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// What stands before the colon.
    pub user: &'a str,
    /// What stands after it.
    pub password: Option<&'a str>,
}

/// The login of a URL, if there is something secret in it: a password, or over HTTP a user alone, which is a token. The `git` of
/// `ssh://git@host` is neither, and a `${VARIABLE}` is none yet.
///
/// ```
/// use microb_dsl::grammar::secret_login;
///
/// assert_eq!(secret_login("git+https://ci:a@b@host/x").unwrap().password, Some("a@b"));
/// assert_eq!(secret_login("https://token@host").unwrap().user, "token");
/// assert_eq!(secret_login("ssh://git@host/x"), None);
/// assert_eq!(secret_login("https://${TOKEN}@host/x"), None);
/// ```
pub fn secret_login(url: &str) -> Option<Login<'_>> {
    let (scheme, _) = url.split_once("://")?;
    let (login, _) = authority(url)?.rsplit_once('@')?;
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let scheme = scheme.trim_start_matches("git+");
    let is_secret = match password {
        Some(password) => !is_variable(password),
        None => scheme.starts_with("http") && !is_variable(user),
    };
    is_secret.then_some(Login { user, password })
}

/// A URL as it may be shown: without its login, if there is something secret in that.
///
/// ```
/// use microb_dsl::grammar::without_login;
///
/// assert_eq!(without_login("https://ci:secret@host/x@1"), "https://host/x@1");
/// assert_eq!(without_login("ssh://git@host/x"), "ssh://git@host/x");
/// assert_eq!(without_login("git@host:x.git"), "git@host:x.git");
/// ```
pub fn without_login(url: &str) -> Cow<'_, str> {
    match (secret_login(url), url.split_once("://"), authority(url)) {
        (Some(_), Some((scheme, rest)), Some(authority)) => {
            let end = authority.rfind('@').map_or(0, |at| at + 1);
            Cow::Owned(format!("{scheme}://{}", &rest[end..]))
        }
        _ => Cow::Borrowed(url),
    }
}

/// What stands between the scheme and the path.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

fn is_variable(text: &str) -> bool {
    text.is_empty() || text.starts_with("${") && text.ends_with('}')
}

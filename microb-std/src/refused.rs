//! An index that refuses the installer: told under its own line, with what would log in.

use microb::prelude::*;

use crate::config::{Config, Credential, Index};
use crate::flavor;
use crate::index_table::TOKEN_USER;
use crate::indices::{host, in_variable};
use crate::tree::escape;

/// Where [`REFUSED_PY`] is.
const SCRIPT: &str = "/requirements/refused.py";

/// Runs the installer, and says with its exit code which index refused it.
const REFUSED_PY: &str = include_str!("refused.py");

/// The first exit code that is not the installer's own, and how many there are for each index.
const FIRST: u8 = 64;
const FOR_EACH: u8 = 4;

/// For so many indices there are codes below those that shells and engines give a meaning.
const MAX_INDICES: usize = 15;

/// The installation of packages that may come from an index of the configuration.
pub(crate) struct Watched<'a> {
    config: &'a Config,
    indices: Vec<&'a Index>,
}

/// `None` without an index that could refuse.
pub(crate) fn watched<'a>(
    config: &'a Config,
    indices: impl IntoIterator<Item = &'a Index>,
) -> Option<Watched<'a>> {
    let indices: Vec<_> = indices.into_iter().take(MAX_INDICES).collect();
    (!indices.is_empty()).then_some(Watched { config, indices })
}

/// The file that runs.
pub(crate) fn script() -> impl IntoSteps {
    mkfile(SCRIPT, REFUSED_PY)
}

impl Watched<'_> {
    /// What runs before the installer.
    pub(crate) fn words(&self) -> Vec<String> {
        let indices = self.indices.iter().map(|index| {
            let name = in_variable(&index.name);
            format!("UV_INDEX_{name}={}", index.url.value)
        });
        let program = [flavor::python(self.config), SCRIPT].map(str::to_owned);
        let end = ["--".to_owned()];
        program.into_iter().chain(indices).chain(end).collect()
    }

    /// The step with what its failure means.
    pub(crate) fn explained(&self, mut step: Vec<Step>) -> Vec<Step> {
        for (first, index) in (FIRST..).step_by(FOR_EACH.into()).zip(&self.indices) {
            for (code, is_forbidden, has_login) in [
                (first, false, false),
                (first + 1, false, true),
                (first + 2, true, false),
                (first + 3, true, true),
            ] {
                let error = Diagnostic::error(what(self.config, index, is_forbidden, has_login));
                let error = error.at(&index.url.span);
                step = step.on_exit_code(code, error.help(help(self.config, index, has_login)));
            }
        }
        step
    }
}

fn what(config: &Config, index: &Index, is_forbidden: bool, has_login: bool) -> String {
    let index = format!("the index `{}`", escape(&index.url.value));
    let status = if is_forbidden {
        "403 Forbidden"
    } else {
        "401 Unauthorized"
    };
    match has_login {
        true => format!("{index} answered {status} to the login that was given"),
        // Whether the netrc has one for it is not known.
        false if config.netrc_secret.is_some() => format!("{index} answered {status}"),
        false => format!("{index} answered {status}, and no login was given"),
    }
}

fn help(config: &Config, index: &Index, has_login: bool) -> String {
    let own = match [&index.username, &index.password] {
        [
            Some(Credential::IfGiven(user)),
            Some(Credential::IfGiven(password)),
        ] if !has_login => {
            let flag = |id: &str| format!("--secret id={id},env={id}");
            format!("add `{} {}`", flag(&user.value), flag(&password.value))
        }
        [None, None] if index.of_tool => {
            "give the index a `name`: then secrets of the names of its variables log in".to_owned()
        }
        [None, None] => "add `username_secret` and `password_secret`, or `token_secret`".to_owned(),
        [user, password] => {
            let names = [("the username", user), ("the password", password)];
            let names = names
                .into_iter()
                .filter_map(|(what, half)| named(what, half.as_ref()?));
            format!("check {}", names.collect::<Vec<_>>().join(" and "))
        }
    };
    match &config.netrc_secret {
        Some(id) => format!(
            "{own}, or the login for `{}` in the secret `{}`",
            escape(host(&index.url.value)),
            escape(&id.value)
        ),
        None => own,
    }
}

/// A half of a login, without its value. The user of all tokens is no news.
fn named(what: &str, credential: &Credential) -> Option<String> {
    match credential {
        Credential::Secret(id) | Credential::IfGiven(id) => {
            Some(format!("the secret `{}`", escape(&id.value)))
        }
        Credential::Plain(value) if value.value == TOKEN_USER => None,
        Credential::Plain(_) => Some(what.to_owned()),
    }
}

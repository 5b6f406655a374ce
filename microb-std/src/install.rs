//! The installation of packages into a virtual environment: where the installer needs the network, logins and keys.

use microb::mount::{Cache, Mount, secret};
use microb::prelude::*;

use crate::builder::UV_VERSION;
use crate::causes::{self, Wanted};
use crate::certificates::trusting;
use crate::config::{Config, Index, Installer};
use crate::flavor::{self, PYTHON};
use crate::indices;
use crate::refused;
use crate::requirement::{Requirement, requirements_txt};
use crate::table::Choice as _;

/// Where the installer is mounted.
pub(crate) const UV: &str = "/opt/uv/bin/uv";

/// Where ssh looks for the keys of hosts, when the client gives the secret `known_hosts`.
const KNOWN_HOSTS: &str = "/run/secrets/known_hosts";

/// Where uv, pip and git look for logins.
const NETRC: &str = "/root/.netrc";

/// Where the logins for pip are, in memory.
const LOGINS: &str = "/run/logins";

/// Where [`PIP_LOGINS_PY`] is.
const LOGINS_SCRIPT: &str = "/requirements/pip_logins.py";

/// Writes the logins that stand in variables into a netrc, and runs pip.
const PIP_LOGINS_PY: &str = include_str!("pip_logins.py");

/// The installation of what a requirements file lists.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Install<'a> {
    pub(crate) venv: &'a str,
    pub(crate) file: &'a str,
    /// Nothing is installed but what the file lists: it comes from a lock.
    pub(crate) is_locked: bool,
    /// The only index to ask, that of a lock.
    pub(crate) index: Option<&'a str>,
    /// Whether each line has a hash, which is checked then.
    pub(crate) has_hashes: bool,
    pub(crate) constraints: Option<&'a str>,
    /// Whether anything that is listed is fetched over ssh: only then does the step need keys.
    pub(crate) over_ssh: bool,
    /// Where the user asks for what is installed.
    pub(crate) wanted: &'a [Wanted],
}

impl Install<'_> {
    /// The steps, with the logins of the indices and the keys for ssh.
    pub(crate) fn steps(&self, config: &Config, installer: &Stage) -> impl IntoSteps + use<> {
        let words = match config.installer {
            Installer::Uv => self.uv(config),
            Installer::Pip => self.pip(config),
        };
        let asked = indices::asked(config, self.index);
        let logins = logins_of_pip(config, &asked);
        let watched = refused::watched(config, &config.indices);
        let watching = watched.as_ref().map(refused::Watched::words);
        let argv = [watching.unwrap_or_default(), logins.clone(), words.clone()];
        let argv = argv.concat();
        let running = |before: Vec<String>| {
            let run = trusting(config, [before, argv.clone()].concat());
            let mut install = match config.installer {
                Installer::Uv => run
                    .mount(kept(config, "/root/.cache/uv"))
                    .mount(tool(installer)),
                Installer::Pip => run.mount(kept(config, "/root/.cache/pip")),
            };
            if !logins.is_empty() {
                install = install.mount(tmpfs(LOGINS));
            }
            if self.over_ssh {
                let known_hosts = secret("known_hosts").target(KNOWN_HOSTS).optional();
                install = install.ssh().mount(known_hosts);
            }
            if let Some(id) = &config.netrc_secret {
                install = install.mount(secret(&id.value).target(NETRC).at(&id.span));
            }
            install.mounts(indices::secrets(&config.indices))
        };
        let python = flavor::python(config);
        let look = causes::of_installer(config.installer, python, self.wanted, running);
        let ssh_command = format!(
            "ssh -o StrictHostKeyChecking=accept-new -o GlobalKnownHostsFile={KNOWN_HOSTS}"
        );
        let install = running(Vec::new());
        let is_plain = config.certificates.is_empty() && logins.is_empty() && watched.is_none();
        let install = if is_plain {
            install.into_steps()
        } else {
            install.called(words.join(" "))
        };
        let install = install
            .on_failure_look(look)
            .on_failure(self.failure(config));
        (
            watched.is_some().then(refused::script),
            (!logins.is_empty()).then(|| mkfile(LOGINS_SCRIPT, PIP_LOGINS_PY)),
            indices::plain_logins(&asked),
            self.over_ssh.then(|| env("GIT_SSH_COMMAND", ssh_command)),
            config.netrc_secret.as_ref().map(|_| env("NETRC", NETRC)),
            match &watched {
                Some(watched) => watched.explained(install),
                None => install,
            },
        )
    }

    /// What is said when the installer fails, below its own words.
    fn failure(&self, config: &Config) -> Diagnostic {
        let tool = config.installer.as_str();
        let error = Diagnostic::error(format!("`{tool}` could not install these packages"));
        error.help(if self.has_hashes {
            "read above why; where a file is not what its hash says, find out who changed it before you lock again"
        } else {
            "read above why; then correct a name or a version, or list in `build_deps` what a package is compiled with"
        })
    }

    fn pip(&self, config: &Config) -> Vec<String> {
        let mut words = pip(config, self.venv, "install");
        let mut flag = |flag: &str| words.push(flag.to_owned());
        if self.is_locked {
            flag("--no-deps");
        }
        flag("--no-compile");
        if let Some(constraints) = self.constraints {
            flag("--constraint");
            flag(constraints);
        }
        if self.has_hashes {
            flag("--require-hashes");
        }
        words.extend(indices::options_of_pip(
            &config.indices,
            self.index,
            self.is_locked,
        ));
        words.extend(["--requirement".to_owned(), self.file.to_owned()]);
        words
    }

    fn uv(&self, config: &Config) -> Vec<String> {
        let python = format!("--python={}/bin/python", self.venv);
        let mut words = [UV, "pip", "install", &python].map(str::to_owned).to_vec();
        let mut flag = |flag: &str| words.push(flag.to_owned());
        if self.is_locked {
            flag("--no-deps");
        }
        if let Some(constraints) = self.constraints {
            flag("--constraints");
            flag(constraints);
        }
        if self.has_hashes {
            flag("--require-hashes");
        }
        words.extend(match self.index {
            Some(url) => indices::only(config, url),
            None if self.is_locked => indices::options_for_lock(config),
            None => indices::options(config),
        });
        words.extend(["--requirements".to_owned(), self.file.to_owned()]);
        words
    }
}

/// What the installer keeps from build to build. A wheel that it built wants the libraries of the image that it was built in,
/// and no tag of a wheel says which these are: so each image that builds has a cache of its own.
fn kept(config: &Config, folder: &str) -> Cache {
    let image = flavor::build_image(config).familiar();
    let name = image.split('@').next().unwrap_or_default();
    cache(folder).id(format!("{folder}-{name}"))
}

/// Fetches uv into `/opt/uv` with pip: from PyPI, or from the index that stands in its place.
pub(crate) fn fetch_uv(config: &Config) -> Vec<Step> {
    let version = config.uv_version.as_ref();
    let number = version.map_or(UV_VERSION, |version| &version.value);
    let requirement = format!("uv=={number}");
    let pip = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--root-user-action=ignore",
        "--no-compile",
        "--target=/opt/uv",
    ];
    let index = indices::in_place_of_pypi(config);
    let span = version.map(|version| &version.span);
    let span = span.or(index.map(|index| &index.url.span));
    let watched = refused::watched(config, index);
    let watching = watched.as_ref().map(refused::Watched::words);
    let logins = logins(PYTHON, index);
    let mut argv = [watching.unwrap_or_default(), logins.clone()].concat();
    argv.extend(pip.map(str::to_owned));
    argv.extend(indices::options_of_pip(index, None, false));
    argv.push(requirement.clone());
    let running = |before: Vec<String>| {
        let run = trusting(config, [before, argv.clone()].concat());
        let mut fetch = run.cache("/root/.cache/pip");
        if !logins.is_empty() {
            fetch = fetch.mount(tmpfs(LOGINS));
        }
        if let (Some(id), Some(_)) = (&config.netrc_secret, index) {
            fetch = fetch.mount(secret(&id.value).target(NETRC).at(&id.span));
        }
        fetch.mounts(indices::secrets(index))
    };
    let look = causes::of_fetching_uv(PYTHON, span, running);
    let failure = Diagnostic::error(format!("`uv` {number} could not be fetched"));
    let failure = failure.help(match index {
        None => {
            "read above why; without PyPI, write `default = true` at the index that has the package `uv`, or `installer = \"pip\"`"
        }
        Some(_) => "read above why; let the index have the package `uv`, or write `installer = \"pip\"`",
    });
    let fetch = running(Vec::new())
        .called(format!("pip install {requirement}"))
        .on_failure_look(look)
        .on_failure(failure)
        .at(span);
    (
        watched.is_some().then(refused::script),
        (!logins.is_empty()).then(|| mkfile(LOGINS_SCRIPT, PIP_LOGINS_PY)),
        indices::plain_logins(index),
        match &watched {
            Some(watched) => watched.explained(fetch),
            None => fetch,
        },
    )
        .into_steps()
}

/// What runs before pip, to give it the logins that uv finds by itself.
fn logins_of_pip(config: &Config, indices: &[Index]) -> Vec<String> {
    if config.installer == Installer::Uv {
        return Vec::new();
    }
    logins(flavor::python(config), indices)
}

/// What runs before a pip that needs logins; nothing without any.
fn logins<'a>(python: &str, indices: impl IntoIterator<Item = &'a Index>) -> Vec<String> {
    let hosts = indices::hosts_with_login(indices);
    if hosts.is_empty() {
        return Vec::new();
    }
    let netrc = format!("{LOGINS}/netrc");
    let mut words = [python, LOGINS_SCRIPT, &netrc].map(str::to_owned).to_vec();
    words.extend(hosts);
    words.push("--".to_owned());
    words
}

/// pip of the image, which works on another environment, with what keeps it quiet.
pub(crate) fn pip(config: &Config, venv: &str, command: &str) -> Vec<String> {
    let python = format!("--python={venv}/bin/python");
    let words = [flavor::python(config), "-m", "pip", &python, command];
    let flags = [
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
    ];
    words
        .iter()
        .chain(&flags)
        .map(|&word| word.to_owned())
        .collect()
}

/// The installer, as a program that is there only while a step runs.
pub(crate) fn tool(installer: &Stage) -> impl Into<Mount> + use<> {
    bind(UV).from(installer).path(UV)
}

/// The file that lists requirements: its name and its text. In `folder` it is called `name`, unless that cannot say it.
pub(crate) fn file(
    config: &Config,
    folder: &str,
    name: &str,
    requirements: &[Requirement],
) -> (String, String) {
    match indices::pyproject(config, requirements) {
        // The installer knows it by its name.
        Some(text) => (format!("{folder}/{name}/pyproject.toml"), text),
        None => (
            format!("{folder}/{name}.txt"),
            requirements_txt(requirements),
        ),
    }
}

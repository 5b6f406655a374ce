//! The formats of lock files, by their names.

/// Who wrote a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Uv,
    Pylock,
    Poetry,
    Pdm,
    Pipenv,
    /// A requirements file, as rye writes it.
    Requirements,
}

impl Format {
    /// The names that locks have, in the order in which they are told.
    pub(crate) const NAMES: &'static [&'static str] = &[
        "uv.lock",
        "pylock.toml",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "requirements.lock",
    ];

    /// The format of a file, by its name.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit('.').next();
        Some(match name {
            "uv.lock" => Self::Uv,
            "poetry.lock" => Self::Poetry,
            "pdm.lock" => Self::Pdm,
            "Pipfile.lock" => Self::Pipenv,
            // PEP 751 has names such as pylock.dev.toml too.
            "pylock.toml" => Self::Pylock,
            name if name.starts_with("pylock.") && ending == Some("toml") => Self::Pylock,
            // uv keeps the lock of a script beside it.
            name if name.ends_with(".py.lock") => Self::Uv,
            _ if matches!(ending, Some("lock" | "txt")) => Self::Requirements,
            _ => return None,
        })
    }

    /// The command that writes the lock anew.
    pub(crate) fn command(self, path: &str) -> String {
        match self {
            Self::Uv => {
                let name = path.rsplit('/').next().unwrap_or(path);
                match name.strip_suffix(".lock") {
                    Some("uv") | None => "uv lock".to_owned(),
                    Some(script) => format!("uv lock --script {script}"),
                }
            }
            Self::Pylock => format!("uv export --format pylock.toml --output-file {path}"),
            Self::Poetry => "poetry lock".to_owned(),
            Self::Pdm => "pdm lock".to_owned(),
            Self::Pipenv => "pipenv lock".to_owned(),
            Self::Requirements => {
                format!("uv pip compile --generate-hashes pyproject.toml --output-file {path}")
            }
        }
    }
}

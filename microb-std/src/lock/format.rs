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

    /// Whether a lock of this text may have a folder of the build context among its packages, besides the project itself.
    ///
    /// It is asked before the recipe reads the lock, which is most of what a frontend does until it answers.
    pub(super) fn may_have_folders(self, text: &str) -> bool {
        let has = |words: &str| text.contains(words);
        match self {
            Self::Uv => {
                let folders = ["editable = ", "directory = ", "virtual = "];
                let count = |words: &&str| text.matches(*words).count();
                folders.iter().map(count).sum::<usize>() > 1
            }
            Self::Pylock => has("directory"),
            Self::Poetry => has("\"directory\""),
            Self::Pdm => has("path = "),
            Self::Pipenv => has("\"path\""),
            Self::Requirements => true,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The locks are those that the tools themselves wrote.
    #[test]
    fn folders_of_a_lock_are_seen_without_reading_it() {
        macro_rules! lock {
            ($path:literal) => {
                include_str!(concat!("../../tests/locks/cases/", $path))
            };
        }
        for (format, text, expected) in [
            (Format::Poetry, lock!("poetry-path/poetry.lock"), true),
            (Format::Poetry, lock!("poetry-big/poetry.lock"), false),
            (Format::Pdm, lock!("pdm-path/pdm.lock"), true),
            (Format::Pdm, lock!("pdm-big/pdm.lock"), false),
            (Format::Pipenv, lock!("pipenv-path/Pipfile.lock"), true),
            (Format::Pipenv, lock!("pipenv-category/Pipfile.lock"), false),
            (Format::Pylock, lock!("pylock-uv-sources/pylock.toml"), true),
            (Format::Pylock, lock!("pylock-pip/pylock.toml"), true),
            (Format::Pylock, lock!("pylock-pdm/pylock.toml"), false),
            (Format::Uv, lock!("uv-path/uv.lock"), true),
            (Format::Uv, lock!("uv-workspace/uv.lock"), true),
            (Format::Uv, lock!("uv-big/uv.lock"), false),
        ] {
            assert_eq!(format.may_have_folders(text), expected, "{format:?}");
        }
    }
}

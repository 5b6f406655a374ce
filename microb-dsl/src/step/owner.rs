//! Who owns a file, and who a program runs as.

use std::fmt;

/// Who owns a file: user and group by number or name, as in `COPY --chown=65532:65532`.
///
/// ```
/// # use microb_dsl::Owner;
/// assert_eq!(Owner::from(1000), Owner::from((1000, 1000)));
/// assert_eq!(Owner::from("1000:100"), Owner::from((1000, 100)));
/// assert_eq!(Owner::from("app".to_owned()).to_string(), "app");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Id,
    /// The group; `None` means the user's own group.
    pub group: Option<Id>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// By number.
    Number(u32),
    /// By a name in the stage's own `/etc/passwd` or `/etc/group`.
    Name(String),
}

impl Owner {
    /// User and group of the same number.
    pub fn id(id: u32) -> Self {
        Self {
            user: Id::Number(id),
            group: Some(Id::Number(id)),
        }
    }

    /// Whether it is known only from a stage's own passwd and group files.
    pub(crate) fn has_name(&self) -> bool {
        let named = |id: &Id| matches!(id, Id::Name(name) if name != "root");
        named(&self.user) || self.group.as_ref().is_some_and(named)
    }
}

/// Writes `USER[:GROUP]`, the form of `--chown` and `USER`.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.user)?;
        match &self.group {
            Some(group) => write!(f, ":{group}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<u32> for Owner {
    fn from(id: u32) -> Self {
        Self::id(id)
    }
}

impl From<(u32, u32)> for Owner {
    /// User and group.
    fn from((user, group): (u32, u32)) -> Self {
        Self {
            user: Id::Number(user),
            group: Some(Id::Number(group)),
        }
    }
}

impl From<String> for Owner {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Owner {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&str> for Owner {
    /// Reads `USER[:GROUP]`, as `--chown` does.
    fn from(text: &str) -> Self {
        let id = |text: &str| {
            text.parse()
                .map_or_else(|_| Id::Name(text.to_owned()), Id::Number)
        };
        match text.split_once(':') {
            Some((user, group)) => Self {
                user: id(user),
                group: Some(id(group)),
            },
            None => Self {
                user: id(text),
                group: None,
            },
        }
    }
}

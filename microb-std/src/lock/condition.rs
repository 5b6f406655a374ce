//! When a package is wanted: what a lock's markers leave open until the installer runs.

use std::collections::BTreeSet;

/// So many alternatives are kept apart. Beyond them a package is always wanted, since one too many does no harm.
const MAX_ALTERNATIVES: usize = 64;

/// Alternatives, of which one must hold; each is a set of comparisons, of which all must hold.
///
/// What is known of the image is decided already, so nearly always it is [`always`](Self::always) or
/// [`never`](Self::never).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition(BTreeSet<BTreeSet<String>>);

impl Condition {
    pub(super) fn always() -> Self {
        Self(BTreeSet::from([BTreeSet::new()]))
    }

    pub(super) fn never() -> Self {
        Self(BTreeSet::new())
    }

    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::always() } else { Self::never() }
    }

    /// A comparison that only the installer can make.
    pub(super) fn open(comparison: String) -> Self {
        Self(BTreeSet::from([BTreeSet::from([comparison])]))
    }

    pub(super) fn is_never(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let mut all = BTreeSet::new();
        for left in &self.0 {
            all.extend(other.0.iter().map(|right| left | right));
            if all.len() > MAX_ALTERNATIVES {
                return Self::always();
            }
        }
        Self(all).simplified()
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let all: BTreeSet<_> = &self.0 | &other.0;
        if all.len() > MAX_ALTERNATIVES {
            return Self::always();
        }
        Self(all).simplified()
    }

    /// Without alternatives that ask for more than another one.
    fn simplified(self) -> Self {
        let is_weakest = |one: &&BTreeSet<String>| {
            !self
                .0
                .iter()
                .any(|other| other != *one && other.is_subset(one))
        };
        Self(self.0.iter().filter(is_weakest).cloned().collect())
    }

    /// The environment marker; `None` if it always holds.
    pub(super) fn marker(&self) -> Option<String> {
        if *self == Self::always() {
            return None;
        }
        let alternatives: Vec<String> = self
            .0
            .iter()
            .map(|all| {
                let all: Vec<_> = all.iter().map(String::as_str).collect();
                all.join(" and ")
            })
            .collect();
        Some(alternatives.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Condition {
        Condition::open(text.to_owned())
    }

    #[test]
    fn conditions_are_joined_and_simplified() {
        let (a, b) = (open("a"), open("b"));
        for (condition, marker) in [
            (a.and(&b), Some("a and b")),
            (a.or(&b), Some("a or b")),
            (a.or(&a.and(&b)), Some("a")),
            (a.or(&Condition::always()), None),
            (a.and(&Condition::always()), Some("a")),
            (b.and(&a).or(&a.and(&b)), Some("a and b")),
        ] {
            assert_eq!(condition.marker().as_deref(), marker);
        }
        assert!(a.and(&Condition::never()).is_never());
        assert_eq!(a.or(&Condition::never()), a);
    }

    #[test]
    fn too_many_alternatives_are_always_true() {
        let pair = |n: usize| open(&format!("a{n}")).or(&open(&format!("b{n}")));
        let all = (0..7).fold(Condition::always(), |all, n| all.and(&pair(n)));
        assert_eq!(all.marker(), None);
    }
}

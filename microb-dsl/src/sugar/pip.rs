//! Packages of a Python package index.

use crate::into_steps::IntoSteps;
use crate::mount::cache;
use crate::step::{Step, run};

/// Installs Python packages. Made by [`pip`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Pip {
    requirements: Vec<String>,
    cache: Option<String>,
}

/// `RUN ["pip", "install", …, requirements]`, without a cache left in the layer. Without requirements there is no step.
///
/// Each requirement is one argument, in the order given, each once. Whether it is one of PEP 508 is
/// [`grammar::requirement`](fn@crate::grammar::requirement)'s question.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*, sugar::pip};
/// assert_eq!(
///     dockerfile::steps(pip(["numpy>=1.26", "humanize"]))?,
///     "RUN [\"pip\", \"install\", \"--no-cache-dir\", \"numpy>=1.26\", \"humanize\"]\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn pip<S: Into<String>>(requirements: impl IntoIterator<Item = S>) -> Pip {
    Pip {
        requirements: requirements.into_iter().map(Into::into).collect(),
        cache: None,
    }
}

impl Pip {
    /// Keeps downloads and built wheels from build to build, in a cache of this id.
    ///
    /// A wheel that was built may fit one interpreter and one distribution only; pip tells them apart by their tags,
    /// except for the distribution, so the id names that: `debian-trixie-amd64`.
    ///
    /// # Example
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*, sugar::pip};
    /// assert_eq!(
    ///     dockerfile::steps(pip(["numpy"]).cached("debian-trixie-amd64"))?,
    ///     "RUN --mount=type=cache,target=/var/cache/pip,id=debian-trixie-amd64-pip-cache \
    ///     [\"pip\", \"install\", \"--cache-dir=/var/cache/pip\", \"numpy\"]\n",
    /// );
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn cached(mut self, id: impl Into<String>) -> Self {
        self.cache = Some(id.into());
        self
    }
}

impl IntoSteps for Pip {
    fn into_steps(self) -> Vec<Step> {
        if self.requirements.is_empty() {
            return Vec::new();
        }
        let option = match self.cache {
            Some(_) => "--cache-dir=/var/cache/pip",
            None => "--no-cache-dir",
        };
        let mut argv = ["pip", "install", option].map(str::to_owned).to_vec();
        for requirement in self.requirements {
            if !argv[3..].contains(&requirement) {
                argv.push(requirement);
            }
        }
        match self.cache {
            // pip's cache is made for several at once.
            Some(id) => run(argv)
                .mount(cache("/var/cache/pip").id(format!("{id}-pip-cache")))
                .into_steps(),
            None => run(argv).into_steps(),
        }
    }
}

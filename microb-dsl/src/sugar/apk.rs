//! Alpine packages.

use crate::into_steps::IntoSteps;
use crate::mount::{Sharing, cache};
use crate::step::{Step, run};

/// Installs Alpine packages. Made by [`apk`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Apk {
    packages: Vec<String>,
    cache: Option<String>,
}

/// `RUN apk add --no-cache packages`, without a log left in the layer. Without packages there is no step.
///
/// Each package is one word of the command line, in the order given, each once. Whether it is a package that `apk`
/// takes is [`grammar::alpine_package`](crate::grammar::alpine_package)'s question.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*, sugar::apk};
/// assert_eq!(
///     dockerfile::steps(apk(["libpq", "curl>=8"]))?,
///     "RUN apk add --no-cache libpq 'curl>=8' && rm -f /var/log/apk.log\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn apk<S: Into<String>>(packages: impl IntoIterator<Item = S>) -> Apk {
    Apk {
        packages: packages.into_iter().map(Into::into).collect(),
        cache: None,
    }
}

impl Apk {
    /// Keeps downloads from build to build, in a cache of this id, for instance `alpine-3.23-amd64`.
    ///
    /// The index is fetched anew each time: an old one names packages that the server no longer has.
    ///
    /// # Example
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*, sugar::apk};
    /// assert_eq!(
    ///     dockerfile::steps(apk(["libpq"]).cached("alpine-3.23-amd64"))?,
    ///     "RUN --mount=type=cache,target=/var/cache/apk,id=alpine-3.23-amd64-apk-cache,sharing=locked \
    ///     apk add --update-cache --cache-dir /var/cache/apk libpq && rm -f /var/log/apk.log\n",
    /// );
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn cached(mut self, id: impl Into<String>) -> Self {
        self.cache = Some(id.into());
        self
    }
}

impl IntoSteps for Apk {
    fn into_steps(self) -> Vec<Step> {
        if self.packages.is_empty() {
            return Vec::new();
        }
        let options = match self.cache {
            Some(_) => "--update-cache --cache-dir /var/cache/apk",
            None => "--no-cache",
        };
        let install = run(format!(
            "apk add {options} {} && rm -f /var/log/apk.log",
            super::words(&self.packages).join(" ")
        ));
        match self.cache {
            Some(id) => install
                .mount(
                    cache("/var/cache/apk")
                        .id(format!("{id}-apk-cache"))
                        .sharing(Sharing::Locked),
                )
                .into_steps(),
            None => install.into_steps(),
        }
    }
}

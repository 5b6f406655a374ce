//! Debian packages.

use crate::into_steps::IntoSteps;
use crate::mount::{Sharing, cache, tmpfs};
use crate::step::{Step, run};

/// Installs Debian packages. Made by [`apt`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step does nothing until a stage takes it with `.then(…)`"]
pub struct Apt {
    packages: Vec<String>,
    cache: Option<String>,
}

/// `RUN apt-get update … && apt-get install … packages`, and only the packages are left in the layer: no lists, no
/// downloads, no logs. Without packages there is no step.
///
/// Each package is one word of the command line, in the order given, each once. Whether it is a package that `apt-get`
/// takes is [`grammar::debian_package`](crate::grammar::debian_package)'s question.
///
/// # Example
///
/// ```
/// # use microb_dsl::{dockerfile, prelude::*, sugar::apt};
/// assert_eq!(dockerfile::steps(apt(["libpq5", "curl"]))?, "\
/// RUN --mount=type=tmpfs,target=/var/cache/apt \\
///     --mount=type=tmpfs,target=/var/lib/apt/lists \\
///     apt-get update -o APT::Update::Error-Mode=any \
///     && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libpq5 curl \
///     && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache /var/cache/debconf/tmp.ci
/// ");
/// assert_eq!(dockerfile::steps(apt(Vec::<String>::new()))?, "");
/// # Ok::<(), Diagnostics>(())
/// ```
pub fn apt<S: Into<String>>(packages: impl IntoIterator<Item = S>) -> Apt {
    Apt {
        packages: packages.into_iter().map(Into::into).collect(),
        cache: None,
    }
}

impl Apt {
    /// Keeps lists and downloads from build to build, in caches of this id.
    ///
    /// Packages of one name and version differ between distributions, so the id names what is installed from:
    /// `debian-trixie-amd64`. Without an id nothing is kept.
    ///
    /// Debian's images delete what is downloaded to `/var/cache/apt/archives` (their `docker-clean`), so downloads
    /// go to a folder beside it.
    ///
    /// # Example
    ///
    /// ```
    /// # use microb_dsl::{dockerfile, prelude::*, sugar::apt};
    /// assert_eq!(dockerfile::steps(apt(["curl"]).cached("debian-trixie-amd64"))?, "\
    /// RUN --mount=type=cache,target=/var/cache/apt,id=debian-trixie-amd64-apt-cache,sharing=locked \\
    ///     --mount=type=cache,target=/var/lib/apt/lists,id=debian-trixie-amd64-apt-lists,sharing=locked \\
    ///     apt-get update -o APT::Update::Error-Mode=any \
    ///     && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ///     -o APT::Keep-Downloaded-Packages=true -o Dir::Cache::archives=kept/ curl \
    ///     && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache /var/cache/debconf/tmp.ci
    /// ");
    /// # Ok::<(), Diagnostics>(())
    /// ```
    pub fn cached(mut self, id: impl Into<String>) -> Self {
        self.cache = Some(id.into());
        self
    }
}

impl IntoSteps for Apt {
    fn into_steps(self) -> Vec<Step> {
        if self.packages.is_empty() {
            return Vec::new();
        }
        let keep = match self.cache {
            Some(_) => " -o APT::Keep-Downloaded-Packages=true -o Dir::Cache::archives=kept/",
            None => "",
        };
        // Without it apt goes on without the lists that it did not get, and then there is no package. apt before 2.1 ignores it.
        let install = run(format!(
            "apt-get update -o APT::Update::Error-Mode=any \
            && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends{keep} {} \
            && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache /var/cache/debconf/tmp.ci",
            super::words(&self.packages).join(" ")
        ));
        let [archives, lists] = ["/var/cache/apt", "/var/lib/apt/lists"];
        let install = match self.cache {
            Some(id) => install
                .mount(locked(archives, format!("{id}-apt-cache")))
                .mount(locked(lists, format!("{id}-apt-lists"))),
            None => install.mount(tmpfs(archives)).mount(tmpfs(lists)),
        };
        install.into_steps()
    }
}

/// apt locks its folders and gives up when they are locked, so builds have to wait for each other.
fn locked(target: &str, id: String) -> crate::mount::Cache {
    cache(target).id(id).sharing(Sharing::Locked)
}

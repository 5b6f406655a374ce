//! What a `pyproject.toml` means for an image, after every check.

use std::collections::BTreeMap;
use std::fmt;

use microb::step::Healthcheck;
use microb::{ImageRef, Span, Spanned};

use crate::container::{Port, StopSignal, User};
use crate::pinned::PinnedSet;
use crate::program::Program;
use crate::requirement::Requirement;
use crate::system_needs::SystemNeed;
use crate::table::Choice;

/// The image that one target of a `pyproject.toml` describes. Made by [`Config::resolve`].
///
/// Every list is in the order of the file and every map is sorted, so that equal files give equal images.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Config {
    /// The target's name, the `NAME` of `[tool.microb.target.NAME]`, or `None` if the file has no target.
    pub target: Option<Spanned<String>>,
    /// `extends`: the target whose keys this one has too, which are in this configuration.
    pub extends: Option<Spanned<String>>,
    /// `api_version`.
    pub api_version: ApiVersion,
    /// The folder of the project in the build context, without slashes at its ends; empty for the root.
    pub project_dir: String,
    /// The text to build with, where the build context has no such `pyproject.toml`: it has another one
    /// (`docker build -f other.toml`), or none.
    pub definition: Option<String>,
    /// The file name of a script with inline metadata (PEP 723); `definition` is its text. Such a project is
    /// [`Packaging::Sources`].
    pub script: Option<String>,
    /// The interpreter, and why this one.
    pub python: Python,
    /// The project's own metadata.
    pub project: Project,
    /// `[build-system]`, or what PEP 517 and PEP 518 say when there is none.
    pub build_system: BuildSystem,
    /// What to install beside the project itself.
    pub dependencies: Dependencies,
    /// Packages in folders of the build context that the lock installs with the project, such as members of its
    /// workspace: each is built into a wheel of its own.
    pub members: Vec<Member>,
    /// Folders in the project's own that are other projects of its workspace, and no part of it.
    pub other_projects: Vec<String>,
    /// `flavor`: the family of base images.
    pub flavor: Flavor,
    /// `build_deps`: packages of the distribution in the build stage, and those that are known to be needed. Validated, without repetitions.
    pub build_deps: Vec<Spanned<String>>,
    /// `system_deps`: packages of the distribution in the final image, and those that are known to be needed. Validated, without repetitions.
    pub system_deps: Vec<Spanned<String>>,
    /// `automatic_deps`: what the dependencies are known to need of the distribution, in the order of their names.
    /// `build_deps` and `system_deps` have these packages.
    pub system_needs: Vec<SystemNeed>,
    /// `env`, with build arguments substituted: for the build and for the final stage.
    pub env: BTreeMap<String, Spanned<String>>,
    /// The labels from the metadata, and the user's own, which win.
    pub labels: BTreeMap<String, Spanned<String>>,
    /// `annotations` of the image's manifest, with build arguments substituted.
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// `indices`, in the order in which they are to be asked, and then those of `[[tool.uv.index]]` and
    /// `[[tool.poetry.source]]`.
    pub indices: Vec<Index>,
    /// `netrc_secret`: the id of a build secret that holds logins for indices and git over https.
    pub netrc_secret: Option<Spanned<String>>,
    /// `certificates`: authorities that the build trusts beside the usual ones.
    pub certificates: Vec<Certificate>,
    /// `entrypoint`, as an argument list.
    pub entrypoint: Option<Spanned<Vec<String>>>,
    /// `command`, as an argument list.
    pub command: Option<Spanned<Vec<String>>>,
    /// `user`, else `nonroot`.
    pub user: User,
    /// `workdir`; `None` means `/app`.
    pub workdir: Option<Spanned<String>>,
    /// `expose`; what was found in the project has a port of its own.
    pub expose: Vec<Spanned<Port>>,
    /// `volumes`: absolute paths.
    pub volumes: Vec<Spanned<String>>,
    /// `stop_signal`; the engine's default is `SIGTERM`.
    pub stop_signal: Option<Spanned<StopSignal>>,
    /// `healthcheck`.
    pub healthcheck: Option<Spanned<Healthcheck>>,
    /// `base_image`: instead of the official image of the flavor.
    pub base_image: Option<Spanned<ImageRef>>,
    /// `build_image`: instead of `base_image` or the official one.
    pub build_image: Option<Spanned<ImageRef>>,
    /// `build_network`: whether what builds the project's wheel may use the network.
    pub build_network: bool,
    /// `run`: commands of the project's own, after everything is installed.
    pub run: Vec<OwnStep>,
    /// `compile`: whether the modules in the environment are compiled.
    pub compile: bool,
    /// `prune`: patterns of files of the dependencies to leave out, relative to `site-packages`.
    pub prune: Vec<Spanned<String>>,
    /// `installer`: what installs packages.
    pub installer: Installer,
    /// `check_libraries`: whether the finished image is searched for shared libraries that it lacks.
    pub check_libraries: bool,
    /// `uv_version`, else what `required-version` of `[tool.uv]`, mise or asdf name: a version, or `0.7.*`. `None` means
    /// [`UV_VERSION`](crate::builder::UV_VERSION).
    pub uv_version: Option<Spanned<String>>,
    /// The folder that Python finds the modules of `entrypoint` and `command` in, if it is not the project's own.
    pub source_path: Option<String>,
    /// What runs, found in the project; only when neither `entrypoint` nor `command` is given.
    pub program: Option<Program>,
    /// `copy_files`: into the final image.
    pub copy_files: Vec<CopyFile>,
    /// `add_files`: into the final image.
    pub add_files: Vec<AddFile>,
    /// `copy_files_before_build`: into the build stage, before anything is installed there.
    pub copy_files_before_build: Vec<CopyFile>,
    /// `add_files_before_build`: into the build stage, before anything is installed there.
    pub add_files_before_build: Vec<AddFile>,
    /// The first dependency that is fetched over ssh, if there is one: the install step needs an ssh mount.
    pub ssh: Option<Span>,
    /// The first dependency that is fetched with git, or what takes the project's version from there, if there is any:
    /// the build stage needs `git`.
    pub git: Option<Span>,
}

/// The version of the `[tool.microb]` tables. There is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Choice)]
#[choice(crate = crate::table)]
pub enum ApiVersion {
    /// `"v1"`.
    #[default]
    V1,
}

/// What installs packages, and builds the project's wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Choice)]
#[choice(crate = crate::table)]
pub enum Installer {
    /// uv, of a version that microb pins.
    #[default]
    Uv,
    /// The pip of the images.
    Pip,
}

/// The family of base images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Choice)]
#[choice(crate = crate::table)]
pub enum Flavor {
    /// Debian: `python:3.14` builds, `python:3.14-slim` runs.
    #[default]
    Debian,
    /// Alpine: `python:3.14-alpine` builds and runs.
    Alpine,
}

/// The chosen interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// The version, whose text is the image's tag.
    pub version: PythonVersion,
    /// What the choice was made from.
    pub origin: PythonOrigin,
    /// Where that stands; `None` for the default.
    pub span: Option<Span>,
    /// `requires-python` or Poetry's `python`, as written, for the check of the finished image.
    pub requires: Option<Spanned<String>>,
    /// Why it is not the version that is chosen without a lock.
    pub passed_over: Option<PassedOver>,
}

/// A version that a lock is older than: what it pins would be compiled there, and not for the one that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The version.
    pub version: PythonVersion,
    /// A package of the lock that has no wheel for it, with its version: `pydantic-core 2.33.2`.
    pub package: String,
    /// The path of the lock in the build context.
    pub lock: String,
}

/// A version of `CPython`, as an image tag names it: `3.14`, or `3.12.3` where only that one will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PythonVersion {
    /// The second part: 14 in 3.14. The first is always 3.
    pub minor: u32,
    /// The third part, if the version is pinned to it.
    pub patch: Option<u32>,
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

/// What a version was chosen from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PythonOrigin {
    /// `python_version` of the target.
    Explicit,
    /// The name of `base_image`, or of `build_image`: `python:3.13-slim`.
    Image,
    /// The file `.python-version`, `mise.toml` or `.tool-versions`.
    VersionFile,
    /// `requires-python`, or `python` in Poetry's dependencies.
    Requires,
    /// Nothing was said.
    Default,
}

/// The project's metadata, from `[project]` or `[tool.poetry]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Project {
    /// The name as written; `None` in a file that has tool tables only.
    pub name: Option<Spanned<String>>,
    /// The name in PEP 503's normal form: lower case, with single dashes.
    pub normalized_name: Option<String>,
    /// The version, when the file says it; `None` if the build backend computes it.
    pub version: Option<Spanned<String>>,
    /// Programs that the project installs, with the function that each calls, `module:function`.
    pub scripts: BTreeMap<String, Spanned<String>>,
    /// How the project gets into the image.
    pub packaging: Packaging,
    /// Why its files are copied as they are, where the project does not say so itself.
    pub no_package: Option<String>,
}

/// How the project itself gets into the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packaging {
    /// A wheel is built and installed.
    #[default]
    Wheel,
    /// It is no package (`package-mode = false`, `package = false`, no `[build-system]`, nothing to build): its files are
    /// copied.
    Sources,
}

/// `[build-system]`, PEP 517 and PEP 518.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSystem {
    /// `requires`; `setuptools>=40.8.0` when the file has no `[build-system]`.
    pub requires: Vec<Requirement>,
    /// `build-backend`, for instance `hatchling.build`.
    pub backend: String,
    /// `backend-path`: folders of the project that hold its own backend.
    pub backend_path: Vec<String>,
    /// Whether the file has the table at all.
    pub declared: bool,
    /// Whether the backend may ask for more than `requires` when it sees the project (PEP 517's
    /// `get_requires_for_build_wheel`), as setuptools does for `setup_requires` and hatchling for build hooks.
    pub may_ask: bool,
    /// The project's folder, if its backend has to see the whole build context around it, for its version comes from a git
    /// repository above.
    pub within: Option<String>,
}

impl BuildSystem {
    /// The build requirements as a requirements file: sorted, one a line.
    pub fn requirements_txt(&self) -> String {
        crate::requirement::requirements_txt(&self.requires)
    }
}

/// A project in a folder of the build context that is installed with the one that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name in PEP 503's normal form.
    pub name: String,
    /// The folder in the build context, without slashes at its ends, with the place where the lock lists it.
    pub path: Spanned<String>,
    /// How it is built.
    pub build_system: BuildSystem,
}

/// What to install beside the project itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependencies {
    /// The requirements that the project lists, those of the chosen extras included.
    Listed(Vec<Requirement>),
    /// A requirements file, instead of what the project lists.
    File(RequirementsFile),
    /// What a lock file pins for this target.
    Locked(PinnedSet),
    /// Only the build backend knows them: a stage has to ask it for the metadata.
    FromBackend {
        /// What a table of the backend's own lists, as Poetry's does: names, extras and markers, and no versions. `None` if
        /// not even these are known.
        listed: Option<Vec<Requirement>>,
        /// The chosen extras, in PEP 685's normal form, sorted.
        extras: Vec<String>,
        /// What says so, if anything does.
        span: Option<Span>,
    },
}

impl Dependencies {
    /// The text of the requirements file to install from: no comments, and for a list sorted and normalized.
    ///
    /// `None` when only the backend knows.
    pub fn requirements_txt(&self) -> Option<String> {
        match self {
            Self::Listed(requirements) => Some(crate::requirement::requirements_txt(requirements)),
            Self::File(file) => Some(file.requirements.clone()),
            Self::Locked(set) => {
                let batches = set.batches(crate::builder::REQUIREMENTS).into_iter();
                Some(batches.map(|batch| batch.requirements).collect())
            }
            Self::FromBackend { .. } => None,
        }
    }
}

/// A requirements file with all files that it includes, as one text that can be written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementsFile {
    /// The file's path in the build context.
    pub path: Spanned<String>,
    /// Requirements and options, one a line, in order, without comments. Local paths are relative to the
    /// root of the build context and start with `./`.
    pub requirements: String,
    /// The same for what `-c` includes; empty if nothing does.
    pub constraints: String,
    /// Whether any requirement has a `--hash`, or the file says `--require-hashes`.
    pub has_hashes: bool,
    /// The requirements that have a name, in order.
    pub listed: Vec<Requirement>,
    /// Whether a tool wrote the file, so that it has what other packages need beside what the project lists.
    pub is_compiled: bool,
    /// Files and folders of the build context that requirements name, sorted, without a leading `./`.
    pub local_paths: Vec<Spanned<String>>,
    /// Where URLs with a password or a token stand.
    pub logins: Vec<Span>,
}

/// A package index beside PyPI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// A name of our own for environment variables: `index-1` for the first.
    pub name: String,
    /// `url`, with http or https.
    pub url: Spanned<String>,
    /// `username_secret`, else `username`.
    pub username: Option<Credential>,
    /// `password_secret`, else `password`. There is none without a username.
    pub password: Option<Credential>,
    /// `trust`: the server's certificate is not checked, and http is fine.
    pub trust: bool,
    /// When it is asked.
    pub role: IndexRole,
    /// Whether it stands in the tables of uv or Poetry only. A lock says itself what it takes from such an index.
    pub of_tool: bool,
}

/// When an index is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IndexRole {
    /// For every package, before the default index; what it has is not looked for elsewhere.
    #[default]
    Extra,
    /// For every package that no other has, instead of `PyPI`.
    Default,
    /// For these packages, and they come from nowhere else. Of one name several may differ in their markers.
    Explicit(Vec<ExplicitPackage>),
}

/// A package that comes from one index only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplicitPackage {
    /// The name in PEP 503's normal form, with its place.
    pub name: Spanned<String>,
    /// Where the choice holds, an environment marker; everywhere without one.
    pub marker: Option<String>,
}

/// The certificate of an authority, one or several in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// A file of the build context.
    File(Spanned<String>),
    /// The id of a build secret.
    Secret(Spanned<String>),
}

/// One half of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The value stands in the file.
    Plain(Spanned<String>),
    /// The id of a build secret that holds the value.
    Secret(Spanned<String>),
    /// The id of a build secret that holds the value, if the client gives it.
    IfGiven(Spanned<String>),
}

impl Credential {
    /// The value, or the id of the secret.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Secret(text) | Self::IfGiven(text) => &text.value,
        }
    }
}

/// One entry of `run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnStep {
    /// `command`: the program and its arguments; at least the program.
    pub command: Spanned<Vec<String>>,
    /// `secrets`: build secrets that the command sees.
    pub secrets: Vec<OwnSecret>,
    /// `ssh`: whether it can use the agent of `docker build --ssh default`.
    pub ssh: bool,
    /// `network`: whether it has a network.
    pub network: bool,
}

/// A build secret of an own step: the file `/run/secrets/ID`, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSecret {
    /// The id, of `docker build --secret id=ID,…`.
    pub id: Spanned<String>,
    /// The variable that has the value.
    pub env: Option<String>,
    /// The file that has it, an absolute path.
    pub target: Option<String>,
}

/// One entry of `copy_files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFile {
    /// What to copy.
    pub src: Spanned<String>,
    /// Where to.
    pub dst: Spanned<String>,
    /// Where from; the build context if not said.
    pub from: Option<Spanned<CopyFrom>>,
}

/// What the `from` of a copy means, in the order in which it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyFrom {
    /// `builder`: this target's build stage.
    Builder,
    /// The final stage of another target: see [`Config::resolve_target`].
    Target(String),
    /// A named build context, `docker build --build-context NAME=…`.
    NamedContext(String),
    /// An image.
    Image(ImageRef),
}

/// One entry of `add_files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddFile {
    /// What to add.
    pub src: Spanned<AddSource>,
    /// Where to.
    pub dst: Spanned<String>,
    /// `checksum`: `sha256:` and 64 hexadecimal digits.
    pub checksum: Option<Spanned<String>>,
}

/// What an `add_files` entry fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddSource {
    /// A file over http or https.
    Http(String),
    /// A git repository, `https://….git`, `git@…`, with an optional `#REF:SUBDIR`.
    Git(String),
    /// A file of the build context; a local archive is unpacked.
    Context(String),
}

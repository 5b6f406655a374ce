//! The keys of `[tool.microb.target.NAME]`: the one declaration behind the reader, the check for unknown keys and the schema.

use microb::grammar::{Mistake, absolute_path};
use microb::{ImageRef, Spanned};

use crate::config::{ApiVersion, Flavor, Installer};
use crate::container::{Port, StopSignal, User, WrittenHealthcheck};
use crate::location::within_context;
use crate::own_step_table::WrittenStep;
use crate::python::Wanted;
use crate::table::{Field, FileSchema, Key, Keyed, Map, Schema, Table, Value};

/// An image that is made of the project. `docker build --target NAME` chooses it.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct TargetTable {
    /// Version of these tables.
    #[key(default)]
    pub(crate) api_version: ApiVersion,
    /// Another target, whose keys this one has too unless it says them itself. It has the other's `command` too, unless it has an `entrypoint` of its own. `env`, `labels` and `annotations` add to those of the other.
    #[key(example = "default")]
    pub(crate) extends: Option<Spanned<String>>,
    /// The interpreter: `"3"`, `"3.13"` or `"3.13.2"`. Otherwise that of `.python-version`, `mise.toml` or `.tool-versions`, otherwise the best that `requires-python` allows.
    pub(crate) python_version: Option<Spanned<Wanted>>,
    /// Packages of the distribution for the build, not in the image.
    #[key(example = ["gcc", "libpq-dev"], pattern = r"^[A-Za-z0-9_]\S*$")]
    pub(crate) build_deps: Vec<Spanned<String>>,
    /// Packages of the distribution in the image.
    #[key(example = ["libpq5"], pattern = r"^[A-Za-z0-9_]\S*$")]
    pub(crate) system_deps: Vec<Spanned<String>>,
    /// Whether packages are added that dependencies are known to need, such as libpq5 for psycopg2. It is so with official images.
    pub(crate) automatic_deps: Option<bool>,
    /// Environment variables, in the build and in the image. Values may use build arguments: `$VAR`, `${VAR:-default}`.
    #[key(old = "environment", names = r"^[^0-9=\s][^=\s]*$")]
    pub(crate) env: Map<Spanned<String>>,
    /// Further package indices, which are asked before PyPI.
    pub(crate) indices: Vec<IndexTable>,
    /// The id of a build secret that holds a netrc file: logins for indices and for git over https.
    #[key(example = "netrc", pattern = r#"^[^\s,"]+$"#, check = secret_id)]
    pub(crate) netrc_secret: Option<Spanned<String>>,
    /// Certificates of authorities that uv, pip, git and your own steps trust in the build, beside those of the build image.
    pub(crate) certificates: Vec<Spanned<CertificateTable>>,
    /// Labels of the image, which win over those from the project's metadata. Values may use build arguments, as those of `env`.
    #[key(names = r"^\S+$")]
    pub(crate) labels: Map<Spanned<String>>,
    /// Annotations of the image's manifest, which registries show. Values may use build arguments, as those of `env`.
    #[key(names = r"^\S+$")]
    pub(crate) annotations: Map<Spanned<String>>,
    /// The program of the image, as a list of words.
    #[key(example = ["python", "-m", "app"])]
    pub(crate) entrypoint: Option<Spanned<Vec<String>>>,
    /// The program's arguments when none are given, as a list of words.
    #[key(example = ["--port", "8000"])]
    pub(crate) command: Option<Spanned<Vec<String>>>,
    /// Who the program runs as: a name, a number or `"UID:GID"`. Without it the user 65532, `nonroot`.
    #[key(default)]
    pub(crate) user: User,
    /// The folder that the program starts in, if it is not `/app`.
    #[key(example = "/data", pattern = "^/", check = absolute_path)]
    pub(crate) workdir: Option<Spanned<String>>,
    /// Ports that the program listens on.
    #[key(example = [8000])]
    pub(crate) expose: Vec<Spanned<Port>>,
    /// Folders for data that outlives the container. They belong to the user.
    #[key(example = ["/data"], pattern = "^/", check = volume)]
    pub(crate) volumes: Vec<Spanned<String>>,
    /// The signal that ends the program.
    pub(crate) stop_signal: Option<Spanned<StopSignal>>,
    /// How the engine sees that the container works; `false` for no check, also where another target or the base image has one.
    pub(crate) healthcheck: Option<Spanned<WrittenHealthcheck>>,
    /// Optional dependencies to install.
    #[key(pattern = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    pub(crate) extras: Option<Keyed<Vec<Spanned<String>>>>,
    /// Dependency groups to install: those of `[dependency-groups]`, Poetry, PDM, or a category of the Pipfile.
    #[key(pattern = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    pub(crate) groups: Option<Keyed<Vec<Spanned<String>>>>,
    /// The lock file to install from. Otherwise the only one that stands beside the definition.
    #[key(example = "uv.lock", pattern = r"^[^/]")]
    pub(crate) lock: Option<Keyed<Spanned<String>>>,
    /// A requirements file to install instead of `dependencies` and `extras`.
    #[key(example = "requirements.txt", pattern = r"^[^/]")]
    pub(crate) requirements: Option<Spanned<String>>,
    /// Files to copy into the image.
    pub(crate) copy_files: Vec<CopyTable>,
    /// Files to fetch, or archives to unpack, into the image.
    pub(crate) add_files: Vec<AddTable>,
    /// Files to copy into the build stage, before anything is installed there.
    pub(crate) copy_files_before_build: Vec<CopyTable>,
    /// Files to fetch, or archives to unpack, into the build stage, before anything is installed there.
    pub(crate) add_files_before_build: Vec<AddTable>,
    /// Commands to run when everything is installed, in a copy of the project: each a list of words, or a table with `command`.
    /// What they change in `/app` is in the image, and a build whose command fails has failed: a target for tests needs no more.
    #[key(example = [["pytest"]])]
    pub(crate) run: Vec<WrittenStep>,
    /// Whether what builds the project's wheel may use the network, as backends that compile Rust do.
    #[key(default = false)]
    pub(crate) build_network: bool,
    /// Whether installed modules are compiled, but for tests, so that programs start faster.
    #[key(default = true)]
    pub(crate) compile: bool,
    /// Files of the dependencies to leave out: patterns relative to `site-packages`.
    #[key(example = ["pandas/tests", "**/*.pyi"], pattern = "^[^/]", check = pattern_inside)]
    pub(crate) prune: Vec<Spanned<String>>,
    /// The image that the program runs on, with Python in it, instead of the official one.
    #[key(example = "registry.example.com/python:3.14-slim")]
    pub(crate) base_image: Option<Spanned<ImageRef>>,
    /// The image that builds, with the same Python at the same place. Without it `base_image`, or the official one.
    #[key(example = "registry.example.com/python:3.14")]
    pub(crate) build_image: Option<Spanned<ImageRef>>,
    /// What installs packages: uv, or the pip of the images.
    #[key(default)]
    pub(crate) installer: Installer,
    /// Whether the finished image is searched for shared libraries that it lacks.
    #[key(default = true)]
    pub(crate) check_libraries: bool,
    /// The version of uv that installs. Otherwise the one that `required-version` of `[tool.uv]`, `mise.toml` or
    /// `.tool-versions` name, or microb's own.
    #[key(example = "0.13.9", pattern = r"^[0-9]+(\.[0-9]+)*$", check = three_numbers)]
    pub(crate) uv_version: Option<Spanned<String>>,
    /// The family of base images.
    #[key(default)]
    pub(crate) flavor: Flavor,
}

/// A package index beside PyPI.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct IndexTable {
    /// The address, with http or https.
    #[key(example = "https://…", pattern = r"^https?://[^/\s]")]
    pub(crate) url: Spanned<String>,
    /// The user of the login. Everybody can read it; see `username_secret`.
    pub(crate) username: Option<Keyed<Spanned<String>>>,
    /// The id of a build secret that holds the user: the `ID` of `docker build --secret id=ID,…`.
    #[key(pattern = r#"^[^\s,"]+$"#)]
    pub(crate) username_secret: Option<Keyed<Spanned<String>>>,
    /// The password of the login. Everybody can read it; see `password_secret`.
    pub(crate) password: Option<Keyed<Spanned<String>>>,
    /// The id of a build secret that holds the password: the `ID` of `docker build --secret id=ID,…`.
    #[key(pattern = r#"^[^\s,"]+$"#)]
    pub(crate) password_secret: Option<Keyed<Spanned<String>>>,
    /// The id of a build secret that holds a token: a password whose user, if no other is given, is `__token__`.
    #[key(pattern = r#"^[^\s,"]+$"#)]
    pub(crate) token_secret: Option<Keyed<Spanned<String>>>,
    /// Whether it is asked instead of PyPI, for what no other index has.
    pub(crate) default: Option<Keyed<bool>>,
    /// The only packages that it is asked for. They come from nowhere else.
    #[key(example = ["acme-core"], pattern = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    pub(crate) packages: Option<Keyed<Vec<Spanned<String>>>>,
    /// Whether http, and a certificate that nobody vouches for, are fine.
    #[key(default)]
    pub(crate) trust: bool,
}

/// The certificate of an authority: one of `file` and `secret`.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct CertificateTable {
    /// A file of the build context, in PEM.
    #[key(example = "certificates/company.pem", pattern = r"^[^/]")]
    pub(crate) file: Option<Spanned<String>>,
    /// The id of a build secret that holds it: the `ID` of `docker build --secret id=ID,…`.
    #[key(pattern = r#"^[^\s,"]+$"#, check = secret_id)]
    pub(crate) secret: Option<Spanned<String>>,
}

/// A file or a folder to copy.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct CopyTable {
    /// What to copy.
    #[key(pattern = r"\S")]
    pub(crate) src: Spanned<String>,
    /// Where to.
    #[key(pattern = r"\S")]
    pub(crate) dst: Spanned<String>,
    /// Where from: `builder`, another target, a named build context or an image. Otherwise the build context.
    pub(crate) from: Option<Spanned<String>>,
}

/// A file to fetch, or an archive to unpack.
#[derive(Table)]
#[table(crate = crate::table)]
pub(crate) struct AddTable {
    /// A path of the build context, a URL or a git repository.
    #[key(pattern = r"\S")]
    pub(crate) src: Spanned<String>,
    /// Where to.
    #[key(pattern = r"\S")]
    pub(crate) dst: Spanned<String>,
    /// What a file from a URL must be.
    #[key(pattern = "^sha256:[0-9a-f]{64}$")]
    pub(crate) checksum: Option<Spanned<String>>,
}

/// What can stand in `docker build --secret id=…,env=…`, a list with commas.
pub(crate) fn secret_id(text: &str) -> Result<(), Mistake> {
    let is_allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != ',' && c != '"';
    if !text.is_empty() && text.chars().all(is_allowed) {
        return Ok(());
    }
    let message = format!("`{}` is no id of a secret", crate::tree::escape(text));
    let mistake = Mistake::new(message, 0..text.len());
    Err(mistake.help("write the `ID` of `docker build --secret id=ID,…`"))
}

/// A pattern of files below a folder that does not match all of them.
fn pattern_inside(text: &str) -> Result<(), Mistake> {
    let mistake = |message: String| Mistake::new(message, 0..text.len());
    if text.starts_with('/') || text.split('/').any(|part| part == ".." || part == ".") {
        let message = format!("`{text}` is not relative to `site-packages`");
        return Err(mistake(message).help("write for instance `pandas/tests`"));
    }
    if text.split('/').all(|part| part.chars().all(|c| c == '*')) {
        let message = format!("`{text}` would remove everything");
        return Err(mistake(message).help("name what is not needed, for instance `**/*.pyi`"));
    }
    Ok(())
}

/// A version of uv, which is three numbers.
fn three_numbers(text: &str) -> Result<(), Mistake> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.split('.').count() == 3 && text.split('.').all(is_number) {
        return Ok(());
    }
    let mistake = Mistake::new(format!("`{text}` is no version of uv"), 0..text.len());
    Err(mistake.help(format!(
        "write for instance `{}`",
        crate::builder::UV_VERSION
    )))
}

/// The names of a target's keys.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TargetTable::KEYS.iter().map(|key| key.name)
}

/// `[tool.microb.target]`
const TARGET: Key = Key {
    name: "target",
    description: "The images that are made of the project, by their names. Without `--target`, the one called `default` is built, or the only one.",
    old: None,
    example: None,
    pattern: None,
    names: None,
};

/// The JSON schema of what the standard recipe reads of a `pyproject.toml` as its own: `[tool.microb]`.
///
/// A fork adds its own tables with [`FileSchema::table`].
pub fn schema() -> FileSchema {
    let target = Field::<Targets>::new(&TARGET, None, |_| Ok(()));
    let microb = Schema::table("How microb builds images of the project.").key(&target);
    FileSchema::new("pyproject.toml").at("tool.microb", &microb)
}

/// `[tool.microb.target]`, for the schema.
struct Targets;

impl Value for Targets {
    fn read(_: &crate::table::Entry<'_>) -> Option<Self> {
        Some(Self)
    }

    fn schema() -> Schema {
        Schema::map(TargetTable::schema())
    }

    fn missing() -> Option<Self> {
        Some(Self)
    }
}

/// An absolute path of a folder without the program: a volume keeps the program of the first image that ran, or has none.
fn volume(path: &str) -> Result<(), Mistake> {
    absolute_path(path)?;
    // What leads above the root ends there.
    let folder = within_context("", path).unwrap_or_default();
    let is_of_program = ["", "app", "app/.venv"].contains(&folder.as_str());
    if !is_of_program && !folder.starts_with("app/.venv/") {
        return Ok(());
    }
    let problem = format!("`{path}` has the program in it, which a volume hides");
    let help = "name a folder for data alone, such as `/app/data`";
    Err(Mistake::new(problem, 0..path.len()).help(help))
}

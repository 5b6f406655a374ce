//! The functions of microb's language with their literals checked by the compiler.
//!
//! The law: **a macro is the function of the same name with its literals checked, and nothing more.**
//! Same arguments, same result, same methods after it. An argument that is no literal is passed on as it is.
//!
//! | macro | is |
//! |---|---|
//! | [`image!`]`("python:3.14")` | `"python:3.14".parse::<ImageRef>()`, without the error |
//! | [`platform!`]`("linux/arm64")` | `"linux/arm64".parse::<Platform>()`, without the error |
//! | [`stage!`]` { from "…" as name; … }` | `from(…).named("name").then(…)` |
//! | [`run!`]`("a b {x} {xs...}")`, [`run!`]`["a", "b", x]` | `run(["a", "b", x])` |
//! | [`sh!`]`("a b {x}")` | `run("a b …")`, with the value in quotes |
//! | [`entrypoint!`], [`cmd!`] | `entrypoint([…])`, `cmd([…])`; arguments like [`run!`] |
//! | [`copy!`]`("a" => "/b")`, [`add!`] | `copy("a", "/b")`, `add(…)` |
//! | [`env!`]`(A = "1", B = x)`, [`label!`]`("a" = "1")` | `env("A", "1")`, a list of them |
//! | [`apt!`]`["curl"]`, [`apk!`], [`pip!`] | `apt(["curl"])`, `apk(…)`, `pip(…)` |
//!
//! Two derives make types of what users write into the definition file: [`macro@Table`] and [`macro@Choice`].
//!
//! All mistakes of an invocation are reported, each where it stands, with what to write instead.
//! What is wrong is decided by `grammar` in `microb-dsl`, which the run time uses too.
//!
//! The macros come with `use microb::prelude::*;`, except for `env!`: the standard library has one of this name,
//! which would be ambiguous. In `stage!` it is there; elsewhere write `microb::env!` or `use microb::env;`.
//!
//! The expansions name `::microb::…`, so a crate that uses the macros has `microb` among its dependencies.

use proc_macro::TokenStream;

mod add;
mod apk;
mod apt;
mod argv;
mod arrow;
mod copy;
mod env;
mod image;
mod label;
mod list;
mod literals;
mod pairs;
mod pip;
mod platform;
mod report;
mod sh;
mod stage;
mod table;
mod template;

/// A reference to an image that is known to be one: a value of type `ImageRef`.
///
/// Checked: the grammar of references as Docker reads them, lower case, a tag or a digest.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(image!("python:3.14"), "python:3.14".parse::<ImageRef>().unwrap());
/// assert_eq!(dockerfile::render(&from(image!("python:3.14")))?, "FROM python:3.14\n");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn image(input: TokenStream) -> TokenStream {
    image::expand(input.into()).into()
}

/// What an image runs on, known to be a platform: a value of type `Platform`.
///
/// Checked: the form `OS/ARCHITECTURE[/VARIANT]`, and that the system and the processor are ones that images are for.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let arm = StagePlatform::Fixed(platform!("linux/arm64"));
/// assert_eq!(
///     dockerfile::render(&from(image!("python:3.14")).on(arm))?,
///     "FROM --platform=linux/arm64 python:3.14\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn platform(input: TokenStream) -> TokenStream {
    platform::expand(input.into()).into()
}

/// `FROM image AS name` and the steps after it: a value of type `Stage`.
///
/// The first line is a Dockerfile's in lower case: an image, `scratch`, or any expression that `from` takes;
/// `as name` may be missing, and a name with a dash is a string.
/// Then come statements of ordinary Rust: the value of each expression is a step, in blocks of `if`, `for` and `match` too;
/// `let` and `?` are what they are everywhere.
///
/// Checked: the image, the name, that `entrypoint`, `cmd` and `healthcheck` come once in one straight line,
/// that the literal of a `.mode(…)` is octal, and that of a `.checksum(…)` a digest or a commit.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let (tests, extra) = (true, ["a", "b; rm -rf /"]);
/// let build = stage! {
///     from "python:3.14" as build;
///     apt!["libffi-dev"];
///     for package in extra {
///         run!("pip install {package}");
///     }
///     if tests {
///         run!("pytest -q");
///     }
///     env!(PIP_USER = "1");
/// };
/// let by_functions = from(image!("python:3.14"))
///     .named("build")
///     .then(apt(["libffi-dev"]))
///     .then(extra.map(|package| run(["pip", "install", package])))
///     .then(tests.then(|| run(["pytest", "-q"])))
///     .then(env("PIP_USER", "1"));
/// assert_eq!(build, by_functions);
///
/// let runtime = stage! {
///     from scratch;
///     copy!("/app" => "/app").from(&stage! { from "python:3.14" as tools; });
///     user(65532);
/// };
/// assert_eq!(dockerfile::render(&runtime)?, "\
/// FROM python:3.14 AS tools
///
/// FROM scratch
/// COPY --from=tools /app /app
/// USER 65532:65532
/// ");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn stage(input: TokenStream) -> TokenStream {
    stage::expand(input.into()).into()
}

/// `RUN apt-get install …`: the function `apt` of a list.
///
/// Checked: names of packages (Debian Policy 5.6.1), architectures, versions and suites; one package a string, each once, no options.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let curl = "curl";
/// assert_eq!(apt!["libpq5=15.1-2", curl], apt(["libpq5=15.1-2", curl]));
/// assert!(dockerfile::steps(apt!["libpq5"])?.contains("apt-get install -y --no-install-recommends libpq5"));
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn apt(input: TokenStream) -> TokenStream {
    apt::expand(input.into()).into()
}

/// `RUN apk add …`: the function `apk` of a list.
///
/// Checked: names, tags and versions of packages (apk-world(5)); one package a string, each once, no options.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(apk!["libpq", "curl>=8"], apk(["libpq", "curl>=8"]));
/// assert_eq!(
///     dockerfile::steps(apk!["libpq"])?,
///     "RUN apk add --no-cache libpq && rm -f /var/log/apk.log\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn apk(input: TokenStream) -> TokenStream {
    apk::expand(input.into()).into()
}

/// `RUN ["pip", "install", …]`: the function `pip` of a list.
///
/// Checked: requirements (PEP 508 and PEP 440), one a string, each name once unless the markers differ, no options.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(pip!["numpy>=1.26", "humanize"], pip(["numpy>=1.26", "humanize"]));
/// assert_eq!(
///     dockerfile::steps(pip!["numpy>=1.26"])?,
///     "RUN [\"pip\", \"install\", \"--no-cache-dir\", \"numpy>=1.26\"]\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn pip(input: TokenStream) -> TokenStream {
    pip::expand(input.into()).into()
}

/// `RUN ["program", "argument"]`: the function `run` of a program and its arguments. There is no shell.
///
/// One literal is a template. It is split into words as a shell would: white space separates, quotes and `\` keep together.
/// `{x}` is the value of a variable, always one word or a part of one; `{xs...}` is a list, each value a word;
/// `{{` and `}}` are braces. Several arguments are the words themselves.
///
/// Checked: quotes, braces, that nothing in it is for a shell (`|`, `&&`, `$HOME`, `*`), and the program's name.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let (package, options) = ("a b; rm -rf /", ["-q", "--no-deps"]);
/// assert_eq!(run!("make all"), run(["make", "all"]));
/// assert_eq!(run!["pip", "install", package], run(["pip", "install", package]));
/// assert_eq!(
///     dockerfile::steps(run!("pip install {options...} {package}").cache("/c"))?,
///     "RUN --mount=type=cache,target=/c [\"pip\", \"install\", \"-q\", \"--no-deps\", \"a b; rm -rf /\"]\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn run(input: TokenStream) -> TokenStream {
    argv::expand(input.into(), "run", argv::First::Program).into()
}

/// `RUN line`: the function `run` of a line for the shell.
///
/// The line is a literal. `{x}` is the value of a variable in quotes, so that it is always one word or a part of one;
/// `{xs...}` is a list, each value a word; `{{` and `}}` are braces, so `${HOME}` is written `$HOME` or `${{HOME}}`.
///
/// Checked: quotes and braces, and that values stand where they can be words: not in quotes, comments,
/// here-documents, backticks or arithmetic.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let folder = "my files";
/// assert_eq!(sh!("make && make install"), run("make && make install"));
/// assert_eq!(
///     dockerfile::steps(sh!("mkdir -p {folder} && cp -r src/* {folder}"))?,
///     "RUN mkdir -p 'my files' && cp -r src/* 'my files'\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn sh(input: TokenStream) -> TokenStream {
    sh::expand(input.into()).into()
}

/// `ENTRYPOINT ["program", "argument"]`: the function `entrypoint`, with arguments like [`run!`].
///
/// A program under a shell gets no signals, so there is none.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(entrypoint!("python -m app"), entrypoint(["python", "-m", "app"]));
/// assert_eq!(dockerfile::steps(entrypoint!["uvicorn", "app:app"])?, "ENTRYPOINT [\"uvicorn\", \"app:app\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn entrypoint(input: TokenStream) -> TokenStream {
    argv::expand(input.into(), "entrypoint", argv::First::Program).into()
}

/// `CMD ["argument"]`: the function `cmd`, with arguments like [`run!`].
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(cmd!("--port 8000"), cmd(["--port", "8000"]));
/// assert_eq!(dockerfile::steps(cmd!("--help"))?, "CMD [\"--help\"]\n");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn cmd(input: TokenStream) -> TokenStream {
    argv::expand(input.into(), "cmd", argv::First::Argument).into()
}

/// `COPY source destination`: the function `copy`, with `=>` between, since the two are confused too easily.
///
/// Checked: the source stays in what is copied from, the destination is absolute or begins with `.`,
/// and several sources go to a folder.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// let build = from(image!("python:3.14")).named("build");
/// assert_eq!(copy!(["a", "b"] => "/dst/"), copy(["a", "b"], "/dst/"));
/// assert_eq!(dockerfile::steps(copy!("/app" => "/app").from(&build))?, "COPY --from=build /app /app\n");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn copy(input: TokenStream) -> TokenStream {
    copy::expand(input.into()).into()
}

/// `ADD source destination`: the function `add`, with `=>` between.
///
/// Checked: as for [`copy!`], that a URL is in `http(…)` or `git(…)`, and the literal of their `.checksum(…)`.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(dockerfile::steps(add!("site.tar.gz" => "/srv/"))?, "ADD site.tar.gz /srv/\n");
/// assert_eq!(
///     dockerfile::steps(add!(http("https://example.org/a.txt") => "/"))?,
///     "ADD https://example.org/a.txt /\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn add(input: TokenStream) -> TokenStream {
    add::expand(input.into()).into()
}

/// `ENV name=value`: the function `env`; of several pairs, a list of its results.
///
/// Checked: names, each once; no literal value for what looks like a secret; no `$PATH`, since values are literal.
///
/// ```
/// use microb::{dockerfile, env, prelude::*};
///
/// let home = String::from("/app");
/// assert_eq!(env!(HOME = &home), env("HOME", &home));
/// assert_eq!(dockerfile::steps(env!(A = "1", HOME = home))?, "ENV A=1\nENV HOME=/app\n");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn env(input: TokenStream) -> TokenStream {
    env::expand(input.into()).into()
}

/// `LABEL name=value`: the function `label`; of several pairs, a list of its results.
///
/// Checked: keys, each once; under `org.opencontainers.image.` those that the OCI knows.
///
/// ```
/// use microb::{dockerfile, prelude::*};
///
/// assert_eq!(
///     dockerfile::steps(label!("org.opencontainers.image.title" = "My app"))?,
///     "LABEL org.opencontainers.image.title=\"My app\"\n",
/// );
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro]
pub fn label(input: TokenStream) -> TokenStream {
    label::expand(input.into()).into()
}

/// A struct as a table of the definition file with typed keys: the traits `Table` and `Value` of `microb::table`.
///
/// Each field is a key of the same name, and its documentation is what editors show.
/// `#[table("tool.acme")]` says where the table stands; without it, the struct is a table in another one, or the whole file.
/// `Option`, `Vec` and maps may be missing; other keys may if they have a default.
///
/// | `#[key(…)]` | meaning |
/// |---|---|
/// | `default = 8080`, `default` | the value of a missing key; that of the type |
/// | `name = "cost-center"` | the key's name, if it is not the field's |
/// | `old = "costcenter"` | an old spelling: accepted with a warning |
/// | `check = absolute_path` | a function `&str -> Result<_, grammar::Mistake>` for each string of the value |
/// | `pattern = "^/"` | the same for editors, as a regular expression |
/// | `names = "^[A-Z_]+$"` | the same for the names of a map |
/// | `example = "payments"` | what messages and editors propose |
///
/// ```
/// use microb::{MemoryContext, grammar::absolute_path, prelude::*};
///
/// /// What the platform team asks of every service.
/// #[derive(Table)]
/// #[table("tool.acme")]
/// struct Acme {
///     /// The team that answers for the image.
///     team: Spanned<String>,
///     /// The port that the service listens on.
///     #[key(default = 8080)]
///     port: u16,
///     /// Folders that the service writes to.
///     #[key(check = absolute_path, pattern = "^/")]
///     volumes: Vec<String>,
///     /// Who pays.
///     #[key(name = "cost-center")]
///     cost_center: Option<String>,
/// }
///
/// let cx = MemoryContext::new("[tool.acme]\nteam = 'payments'\nvolumes = ['/data']\n");
/// let acme = Acme::read(&cx)?;
/// assert_eq!((acme.team.value.as_str(), acme.port), ("payments", 8080));
///
/// let cx = MemoryContext::new("[tool.acme]\nport = '80'\nvolumes = ['data']\ncostcenter = 'x'\n");
/// assert_eq!(Acme::read(&cx).err().unwrap().to_string(), "\
/// pyproject.toml:1:1: error: `tool.acme` has no `team` (add `team = \"…\"`)
/// pyproject.toml:2:8: error: `tool.acme.port` must be an integer, found a string (write `80`, without quotes)
/// pyproject.toml:3:13: error: `data` is no absolute path (write `/data`)
/// pyproject.toml:4:1: error: unknown key `costcenter` in `tool.acme` (write `cost-center`)");
/// # Ok::<(), Diagnostics>(())
/// ```
#[proc_macro_derive(Table, attributes(table, key))]
pub fn table(input: TokenStream) -> TokenStream {
    table::expand(input.into()).into()
}

/// An enum as one of several strings: the traits `Choice` and `Value` of `microb::table`.
///
/// The strings are the names of the variants in kebab case, or their `#[key(name = "…")]`.
///
/// ```
/// use microb::{prelude::*, table::Choice as _};
///
/// #[derive(Choice)]
/// enum Tier {
///     /// Somebody is called at night.
///     VeryHigh,
///     /// It waits until the morning.
///     #[key(name = "low")]
///     Normal,
/// }
///
/// assert_eq!(Tier::VeryHigh.as_str(), "very-high");
/// assert_eq!(Tier::Normal.as_str(), "low");
/// ```
#[proc_macro_derive(Choice, attributes(choice, key))]
pub fn choice(input: TokenStream) -> TokenStream {
    table::choice(input.into()).into()
}

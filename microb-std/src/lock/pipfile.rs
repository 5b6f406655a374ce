//! `Pipfile.lock`: for each category of packages a list with markers.

use std::collections::BTreeMap;

use microb::digest::sha256;
use microb::{Diagnostic, SourceFile, Spanned};

use super::condition::Condition;
use super::environment::Environment;
use super::fields::{
    self, at_path, checked_name, checked_url, checked_version, git, hashes, index, local, required,
    string,
};
use super::json::{Json, Separators};
use super::{Question, other_digest, unknown_version};
use crate::mistake::Findings;
use crate::pinned::{Pinned, PinnedSource};
use crate::requirement::normalized;
use crate::text;
use crate::tool_indices::PYPI;
use crate::tree::{self, Table, escape};

/// `pipfile-spec`, the version of the format.
const SPEC: &str = "6";

/// The category of what is always installed.
const DEFAULT: &str = "default";

/// What the Pipfile calls the categories of the lock that have other names there.
const CATEGORIES: &[(&str, &str)] = &[("dev-packages", "develop"), ("dev", "develop")];

/// Tables of a Pipfile that are no categories.
const OTHER_TABLES: &[&str] = &[
    "source",
    "packages",
    "dev-packages",
    "requires",
    "scripts",
    "pipfile",
    "pipenv",
];

/// The packages that the target gets.
pub(super) fn read(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<Pinned>, Diagnostic> {
    let Some(meta) = root.table_if_any("_meta") else {
        return Err(unknown_version(root, "_meta"));
    };
    if meta.integer_if_any("pipfile-spec").as_deref() != Some(SPEC) {
        return Err(unknown_version(&meta, "pipfile-spec"));
    }
    question.compare(|| check(root, &meta, question))?;
    if let Some(extra) = question.extras.first() {
        return Err(Diagnostic::error("Pipenv knows no `extras` of a project")
            .at(&extra.span)
            .help("remove it; for a category of the Pipfile, write `groups`"));
    }
    let environment = question.environment(std::collections::BTreeSet::new());
    let sources = Sources::read(&meta)?;
    let mut pins: BTreeMap<String, Pinned> = BTreeMap::new();
    for category in categories(root, question)? {
        let Some(packages) = root.table(&category) else {
            continue;
        };
        for key in packages.keys() {
            let Some(entry) = packages.table(&key.value) else {
                continue;
            };
            let pin = pin(key, &entry, &sources, &environment, question)?;
            if let Some(pin) = pin {
                pins.entry(pin.name.clone()).or_insert(pin);
            }
        }
    }
    Ok(pins.into_values().collect())
}

/// The categories that the target asks for, `default` first.
fn categories(root: &Table<'_>, question: &Question<'_>) -> Result<Vec<String>, Diagnostic> {
    let keys = root.keys().into_iter().map(|key| key.value);
    let locked: Vec<String> = keys
        .filter(|key| key != "_meta" && key != DEFAULT)
        .collect();
    let mut known: Vec<String> = locked.iter().map(|name| normalized(name)).collect();
    known.extend(CATEGORIES.iter().map(|(name, _)| (*name).to_owned()));
    let mut chosen = vec![DEFAULT.to_owned()];
    for group in question.chosen(&[], &known)?.groups {
        let meant = CATEGORIES.iter().find(|(name, _)| *name == group);
        let meant = meant.map_or(group.as_str(), |(_, category)| category);
        chosen.extend(
            locked
                .iter()
                .filter(|name| normalized(name) == meant)
                .cloned(),
        );
    }
    Ok(chosen)
}

/// `_meta.sources` by their names; the first is asked for what names none.
struct Sources {
    urls: Vec<(String, Spanned<String>)>,
}

impl Sources {
    fn read(meta: &Table<'_>) -> Result<Self, Diagnostic> {
        let mut urls = Vec::new();
        for source in meta.tables("sources") {
            urls.push((string(&source, "name")?.value, string(&source, "url")?));
        }
        Ok(Self { urls })
    }

    fn of(&self, entry: &Table<'_>, package: &str) -> Result<PinnedSource, Diagnostic> {
        let Some(named) = entry.string_if_any("index") else {
            let first = self.urls.first();
            return first.map_or(Ok(PinnedSource::Index), |(_, url)| index(package, url));
        };
        let mut urls = self.urls.iter().filter(|(name, _)| *name == named.value);
        let Some((_, url)) = urls.next() else {
            let message = format!("no source of the lock is called `{}`", escape(&named.value));
            return Err(Diagnostic::error(message).at(&named.span));
        };
        index(package, url)
    }
}

fn pin(
    key: Spanned<String>,
    entry: &Table<'_>,
    sources: &Sources,
    environment: &Environment,
    question: &Question<'_>,
) -> Result<Option<Pinned>, Diagnostic> {
    let name = checked_name(key)?;
    let marker = entry.string_if_any("markers");
    let condition: Condition = environment.holds(marker.as_ref())?;
    if condition.is_never() {
        return Ok(None);
    }
    let version = match entry.string_if_any("version") {
        None => None,
        Some(text) => Some(version(&text, &name.value)?),
    };
    let Some(source) = source(entry, &name.value, version.is_some(), sources, question)? else {
        return Ok(None);
    };
    let hashes = hashes(&entry.strings_if_any("hashes"))?;
    // Pipenv has none of what is no package of an index.
    let may_lack = matches!(source, PinnedSource::Url(_));
    let hashes = required(hashes, &source, may_lack, (&name.value, &name.span))?;
    Ok(Some(Pinned {
        name: name.value,
        version,
        source,
        hashes,
        wheels: Vec::new(),
        marker: condition.marker(),
        span: name.span,
    }))
}

/// `==1.0`
fn version(text: &Spanned<String>, name: &str) -> Result<String, Diagnostic> {
    let Some(version) = text.value.strip_prefix("==") else {
        let message = format!(
            "the lock has `{}` instead of a version of `{name}`, since Pipenv ran where nothing needs it",
            escape(&text.value)
        );
        return Err(Diagnostic::error(message).at(&text.span).help(
            "run `pipenv lock` on Linux with the image's Python, or remove the package from the Pipfile",
        ));
    };
    checked_version(&Spanned::new(version.to_owned(), text.span.clone()))
}

/// Where a package comes from; `None` for the project itself.
fn source(
    entry: &Table<'_>,
    name: &str,
    has_version: bool,
    sources: &Sources,
    question: &Question<'_>,
) -> Result<Option<PinnedSource>, Diagnostic> {
    if let Some(url) = entry.string_if_any("git") {
        let subdirectory = entry.string_if_any("subdirectory");
        return git(&url, &string(entry, "ref")?, subdirectory.as_ref()).map(Some);
    }
    if let Some(path) = entry.string_if_any("path") {
        let inside = local(question.folder, &path)?;
        if inside == question.project_dir {
            return Ok(None);
        }
        return Ok(Some(at_path(inside)));
    }
    if let Some(url) = entry.string_if_any("file") {
        let is_url = url.value.contains("://");
        return Ok(Some(if is_url {
            PinnedSource::Url(checked_url(&url)?)
        } else {
            fields::file(local(question.folder, &url)?)
        }));
    }
    if !has_version {
        string(entry, "version")?;
    }
    sources.of(entry, name).map(Some)
}

/// Compares the digest that the lock has of the Pipfile, if the build context has one.
///
/// What it is of: `Pipfile.get_hash` in <https://github.com/sarugaku/plette/blob/0.4.4/src/plette/pipfiles.py>.
fn check(root: &Table<'_>, meta: &Table<'_>, question: &Question<'_>) -> Result<(), Diagnostic> {
    let path = match question.folder {
        "" => "Pipfile".to_owned(),
        folder => format!("{folder}/Pipfile"),
    };
    let Some(file) = text::read(question.cx, &path)? else {
        return Ok(());
    };
    let findings = Findings::default();
    let Some(tree) = tree::parse(&file, &findings) else {
        return Err(findings.first_error().unwrap_or_else(|| broken(&file)));
    };
    let pipfile = Table::root(&tree, &file, &findings);
    let known = meta
        .table_if_any("hash")
        .and_then(|hash| hash.string_if_any("sha256"));
    if known
        .as_ref()
        .is_none_or(|known| known.value == digest(&pipfile))
    {
        return Ok(());
    }
    let place = meta.key_span("hash");
    let changed = ["packages", "dev-packages"]
        .iter()
        .zip([DEFAULT, "develop"])
        .find_map(|(table, category)| {
            let locked = root.table_if_any(category)?;
            let has: Vec<String> = locked
                .keys()
                .iter()
                .map(|key| normalized(&key.value))
                .collect();
            let wanted = pipfile.table_if_any(table)?.keys();
            let new = wanted
                .into_iter()
                .find(|key| !has.contains(&normalized(&key.value)))?;
            Some((format!("`{}` is not in it", escape(&new.value)), new.span))
        });
    Err(other_digest(question.file_name(), &place, changed))
}

fn broken(file: &SourceFile) -> Diagnostic {
    Diagnostic::error(format!("`{}` is broken", file.name())).at(&file.whole())
}

fn digest(pipfile: &Table<'_>) -> String {
    let meta = Json::table([
        (
            "sources",
            pipfile
                .raw("source")
                .map_or_else(default_sources, Json::Toml),
        ),
        ("requires", Json::or_empty(pipfile.raw("requires"))),
    ]);
    let mut all = BTreeMap::from([
        ("_meta".to_owned(), meta),
        (DEFAULT.to_owned(), Json::or_empty(pipfile.raw("packages"))),
        (
            "develop".to_owned(),
            Json::or_empty(pipfile.raw("dev-packages")),
        ),
    ]);
    for key in pipfile.keys() {
        if !OTHER_TABLES.contains(&key.value.as_str()) && !all.contains_key(&key.value) {
            all.insert(key.value.clone(), Json::or_empty(pipfile.raw(&key.value)));
        }
    }
    sha256(Json::Table(all).text(Separators::COMPACT).as_bytes())
}

/// What Pipenv takes for a Pipfile without `[[source]]`.
fn default_sources<'a>() -> Json<'a> {
    let source = Json::table([
        ("name", Json::Text("pypi".to_owned())),
        ("url", Json::Text(PYPI.to_owned())),
        ("verify_ssl", Json::True),
    ]);
    Json::List(vec![source])
}

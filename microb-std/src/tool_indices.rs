//! Indices in the tables of uv and Poetry. Their logins are build secrets with the names of the variables that the
//! tools themselves read.

use microb::grammar::without_login;
use microb::{Context, Diagnostic, Spanned};

use crate::config::{Credential, Dependencies, ExplicitPackage, Index, IndexRole, Installer};
use crate::dependencies::Listed;
use crate::indices;
use crate::location::check_url;
use crate::metadata::Tables;
use crate::mistake::Findings;
use crate::requirement::{Requirement, normalized};
use crate::rules::{UNREAD_SOURCE, credential_in_url};
use crate::text;
use crate::tree::{self, Table, escape, list};

/// `PyPI`, as uv and Poetry know it.
pub(crate) const PYPI: &str = "https://pypi.org/simple";

/// What is installed, which indices may say something about.
pub(crate) struct Lists<'a> {
    pub(crate) listed: &'a Listed,
    /// What building needs.
    pub(crate) build: &'a [Requirement],
    pub(crate) dependencies: &'a mut Dependencies,
    pub(crate) installer: Installer,
}

/// `indices`, and those of uv's and Poetry's tables behind them.
pub(crate) fn resolve(
    own: Vec<Index>,
    tables: &Tables<'_>,
    cx: &dyn Context,
    lists: &mut Lists<'_>,
    findings: &Findings,
) -> Vec<Index> {
    let mut of_tools = uv(tables, findings);
    of_tools.extend(poetry(tables, findings));
    if let Dependencies::Locked(set) = &lists.dependencies {
        let folder = set.path.value.rsplit_once('/');
        of_tools.extend(of_workspace(cx, folder.map_or("", |(folder, _)| folder)));
    }
    let all = joined(own, of_tools);
    match &mut *lists.dependencies {
        Dependencies::Locked(set) => indices::place(&mut set.pins, &all),
        Dependencies::Listed(_) if lists.installer == Installer::Pip => {
            needs_lock(all.iter(), findings);
        }
        Dependencies::Listed(_) => lists.check_named(&all, findings),
        Dependencies::File(_) => needs_lock(all.iter().filter(|index| !index.of_tool), findings),
        Dependencies::FromBackend { .. } => needs_lock(all.iter(), findings),
    }
    all
}

/// One that is in both has the login that `indices` says.
fn joined(own: Vec<Index>, of_tools: Vec<Index>) -> Vec<Index> {
    let mut all = own;
    for index in of_tools {
        let same = |known: &&mut Index| is_same(&known.url.value, &index.url.value);
        let Some(known) = all.iter_mut().find(same) else {
            all.push(index);
            continue;
        };
        if !known.of_tool {
            known.name = index.name;
            if known.role == IndexRole::Extra {
                known.role = index.role;
            }
        }
    }
    only_one_default(&mut all);
    all
}

/// The indices of the workspace whose lock is in this folder: their logins are needed for its members, too.
fn of_workspace(cx: &dyn Context, folder: &str) -> Vec<Index> {
    let path = match folder {
        "" => "pyproject.toml".to_owned(),
        folder => format!("{folder}/pyproject.toml"),
    };
    // What is wrong with another file than the project's is not told here.
    let quiet = Findings::default();
    let Ok(Some(file)) = text::read(cx, &path) else {
        return Vec::new();
    };
    let Some(tree) = tree::parse(&file, &quiet) else {
        return Vec::new();
    };
    uv(&Tables::of(Table::root(&tree, &file, &quiet)), &quiet)
}

/// Whether two URLs are those of one index.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The default that `indices` names is stronger than that of a tool.
fn only_one_default(all: &mut [Index]) {
    let is_default = |index: &&mut Index| index.role == IndexRole::Default;
    for index in all.iter_mut().filter(is_default).skip(1) {
        index.role = IndexRole::Extra;
    }
}

/// `[[tool.uv.index]]`: <https://docs.astral.sh/uv/concepts/indexes/>.
fn uv(tables: &Tables<'_>, findings: &Findings) -> Vec<Index> {
    let Some(uv) = tables.tool("uv").filter(|uv| uv.has("index")) else {
        return Vec::new();
    };
    let mut indices = Vec::new();
    for (n, table) in uv.tables("index").iter().enumerate() {
        let Some(url) = table.string("url") else {
            continue;
        };
        if table
            .string_if_any("format")
            .is_some_and(|format| format.value == "flat")
        {
            let finding = UNREAD_SOURCE.finding("an index with `format = \"flat\"` is not read");
            let finding = finding.at(&table.key_span("format"));
            findings.add(finding.help("lock the project with `uv lock`"));
            continue;
        }
        let name = table.string_if_any("name");
        let is = |key| table.boolean_if_any(key) == Some(true);
        let role = match (is("explicit"), is("default")) {
            (true, _) => IndexRole::Explicit(name.as_ref().map_or_else(Vec::new, |name| {
                let places = places(&uv, name);
                places.into_iter().map(|place| place.package).collect()
            })),
            (false, true) => IndexRole::Default,
            (false, false) => IndexRole::Extra,
        };
        indices.extend(index(name, n, "UV_INDEX", url, role, findings));
    }
    unknown_indices(&uv, &indices, findings);
    indices
}

/// A package of `tool.uv.sources` that names an index.
struct Place {
    package: ExplicitPackage,
    index: Spanned<String>,
}

/// What `tool.uv.sources` takes from the index of this name.
fn places(uv: &Table<'_>, name: &Spanned<String>) -> Vec<Place> {
    let mut places = all_places(uv);
    places.retain(|place| place.index.value == name.value);
    places
}

fn all_places(uv: &Table<'_>) -> Vec<Place> {
    let Some(sources) = uv.table_if_any("sources") else {
        return Vec::new();
    };
    let mut places = Vec::new();
    for key in sources.keys() {
        for table in crate::uv_sources::entries(&sources, &key.value) {
            let Some(index) = table.string_if_any("index") else {
                continue;
            };
            places.push(Place {
                package: ExplicitPackage {
                    name: key.clone().map(|name| normalized(&name)),
                    marker: table.string_if_any("marker").map(|marker| marker.value),
                },
                index,
            });
        }
    }
    places
}

fn unknown_indices(uv: &Table<'_>, known: &[Index], findings: &Findings) {
    for place in all_places(uv) {
        if known.iter().any(|index| index.name == place.index.value) {
            continue;
        }
        let message = format!("no index is called `{}`", escape(&place.index.value));
        let error = Diagnostic::error(message).at(&place.index.span);
        let names: Vec<&str> = known.iter().map(|index| index.name.as_str()).collect();
        findings.add(
            match microb::nearest(&place.index.value, names.iter().copied()) {
                Some(near) => error.help(format!("write `{near}`")),
                None if names.is_empty() => error.help("add it as `[[tool.uv.index]]`"),
                None => error.help(format!("the indices are {}", list(&names))),
            },
        );
    }
}

/// `[[tool.poetry.source]]`: <https://python-poetry.org/docs/repositories/#package-sources>.
///
/// Poetry asks primary sources, then `PyPI` unless a primary one takes its place, then supplemental ones.
fn poetry(tables: &Tables<'_>, findings: &Findings) -> Vec<Index> {
    let poetry = tables.tool("poetry").filter(|poetry| poetry.has("source"));
    let Some(poetry) = poetry else {
        return Vec::new();
    };
    let (mut primary, mut supplemental, mut explicit) = (Vec::new(), Vec::new(), Vec::new());
    for (n, table) in poetry.tables("source").iter().enumerate() {
        let Some(name) = table.string("name") else {
            continue;
        };
        let is_pypi = name.value.eq_ignore_ascii_case("pypi");
        let url = match table.string_if_any("url") {
            Some(url) => url,
            None if is_pypi => name.clone().map(|_| PYPI.to_owned()),
            None => {
                findings.add(no_url(&name));
                continue;
            }
        };
        let priority = table.string_if_any("priority");
        let (list, role) = match priority.as_ref().map_or("primary", |p| &p.value) {
            "supplemental" | "secondary" => (&mut supplemental, IndexRole::Extra),
            "explicit" => (
                &mut explicit,
                IndexRole::Explicit(of_source(&poetry, &name)),
            ),
            _ => (&mut primary, IndexRole::Extra),
        };
        list.extend(index(
            Some(name),
            n,
            "POETRY_HTTP_BASIC",
            url,
            role,
            findings,
        ));
    }
    if primary.is_empty() && !supplemental.is_empty() {
        let place = poetry.key_span("source");
        primary.push(pypi(place));
    }
    primary.extend(supplemental);
    if let Some(last) = primary.last_mut() {
        last.role = IndexRole::Default;
    }
    primary.extend(explicit);
    primary
}

fn no_url(name: &Spanned<String>) -> Diagnostic {
    let message = format!("the source `{}` has no `url`", escape(&name.value));
    Diagnostic::error(message)
        .at(&name.span)
        .help("add `url = \"https://…/simple\"`")
}

/// `PyPI` where it has a place among others.
fn pypi(place: microb::Span) -> Index {
    Index {
        name: "pypi".to_owned(),
        url: Spanned::new(PYPI.to_owned(), place),
        username: None,
        password: None,
        trust: false,
        role: IndexRole::Extra,
        of_tool: true,
    }
}

/// The dependencies of Poetry's table that say `source = "NAME"`.
fn of_source(poetry: &Table<'_>, name: &Spanned<String>) -> Vec<ExplicitPackage> {
    let Some(dependencies) = poetry.table_if_any("dependencies") else {
        return Vec::new();
    };
    let of_source = |key: Spanned<String>| {
        let table = dependencies.table_if_any(&key.value)?;
        let source = table.string_if_any("source")?;
        (source.value == name.value).then(|| ExplicitPackage {
            name: key.map(|name| normalized(&name)),
            marker: None,
        })
    };
    dependencies
        .keys()
        .into_iter()
        .filter_map(of_source)
        .collect()
}

/// An index with the logins that a client may give. `None` after an error.
fn index(
    name: Option<Spanned<String>>,
    n: usize,
    variables: &str,
    url: Spanned<String>,
    role: IndexRole,
    findings: &Findings,
) -> Option<Index> {
    findings.keep(check_url(&url))?;
    let (user, password) = indices::login_in_url(&url);
    if password.is_some() {
        let finding = credential_in_url("", &url.span);
        findings.add(finding.help("give it as a build secret"));
    }
    let half = |half: &str| {
        let name = name.as_ref()?;
        let id = format!("{variables}_{}_{half}", indices::in_variable(&name.value));
        Some(Credential::IfGiven(Spanned::new(id, url.span.clone())))
    };
    Some(Index {
        username: user.or_else(|| half("USERNAME")),
        password: password.or_else(|| half("PASSWORD")),
        name: name.map_or_else(|| format!("tool-index-{}", n + 1), |name| name.value),
        url: url.map(|url| without_login(&url).into_owned()),
        trust: false,
        role,
        of_tool: true,
    })
}

impl Lists<'_> {
    /// An explicit index that no requirement names is never asked: what should come from it would come from elsewhere.
    fn check_named(&self, indices: &[Index], findings: &Findings) {
        let of_extras = self.listed.extras.values().flatten();
        let listed = match &self.dependencies {
            Dependencies::Listed(listed) => listed.as_slice(),
            _ => &[],
        };
        let direct: Vec<&Requirement> = listed
            .iter()
            .chain(&self.listed.dependencies)
            .chain(of_extras)
            .chain(self.build)
            .collect();
        for package in packages(indices.iter().filter(|index| !index.of_tool)) {
            let name = &package.name;
            if direct.iter().any(|one| one.name == name.value) {
                continue;
            }
            let message = format!(
                "`{}` is no direct dependency, and without a lock it would come from another index",
                name.value
            );
            let error = Diagnostic::error(message).at(&name.span);
            findings.add(error.help(format!(
                "add `\"{}\"` to `dependencies`, or lock the project",
                name.value
            )));
        }
    }
}

fn packages<'a>(
    indices: impl Iterator<Item = &'a Index>,
) -> impl Iterator<Item = &'a ExplicitPackage> {
    indices.flat_map(|index| match &index.role {
        IndexRole::Explicit(packages) => packages.as_slice(),
        IndexRole::Extra | IndexRole::Default => &[],
    })
}

/// A list that is passed on as it is cannot say which index a package comes from.
fn needs_lock<'a>(indices: impl Iterator<Item = &'a Index>, findings: &Findings) {
    for package in packages(indices) {
        let name = &package.name;
        let message = format!(
            "that `{}` comes from an index of its own needs a lock file, or uv and a list in `project.dependencies`",
            name.value
        );
        let error = Diagnostic::error(message).at(&name.span);
        findings.add(error.help("lock the project, for instance with `uv lock`"));
    }
}

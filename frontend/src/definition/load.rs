//! Reading the definition file through the gateway.

use std::borrow::Cow;
use std::collections::BTreeMap;

use microb_dsl::{Diagnostic, Diagnostics, Source, SourceFile};

use super::{MAX_SIZE, decode, too_large};
use crate::files::reason;
use crate::gateway::{Failure, Gateway, Graph, Reference};
use crate::ignore::IGNORE_FILE;
use crate::recipe::Recipe;
use crate::request::Request;
use crate::sources::{self, Solved};

/// What clients call a definition file when they name none (`frontend/dockerui` in moby/buildkit).
const DEFAULT_FILENAME: &str = "Dockerfile";

/// Where the definition is, when it is not in a remote context. `None` is the client's folder.
pub(crate) fn given(request: &Request, inputs: &BTreeMap<String, Vec<u8>>) -> Option<Source> {
    let given = inputs.get(&request.definition_local);
    given
        .filter(|_| !request.definition_is_local)
        .map(|definition| sources::input(definition))
}

/// Which definition file is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    filename: Cow<'a, str>,
    /// The name of a recipe that has no definition file: of `filename` there is only the ignore file that goes with it.
    instead: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(request: &'a Request, recipe: &'a Recipe) -> Self {
        let default = recipe.filename.as_deref();
        let filename = request.filename.as_deref().or(default);
        Self {
            filename: filename.unwrap_or(DEFAULT_FILENAME).into(),
            instead: default.is_none().then(|| recipe.name()),
        }
    }

    pub(crate) fn called(&self, filename: String) -> Self {
        Self {
            filename: filename.into(),
            instead: self.instead,
        }
    }

    pub(crate) fn ignore_file(&self) -> String {
        format!("{}{IGNORE_FILE}", self.filename)
    }
}

/// A definition file that was read.
pub(crate) struct Definition {
    pub(crate) file: SourceFile,
    /// The ignore file beside it.
    pub(crate) ignore_file: Option<Vec<u8>>,
    /// The digest of the vertex that loaded it.
    pub(crate) vertex: String,
    /// The graph that loaded it.
    pub(crate) origin: Graph,
}

impl Definition {
    pub(crate) async fn load(
        gateway: &Gateway,
        request: &Request,
        wanted: &Wanted<'_>,
        given: Option<Source>,
    ) -> Result<Self, Failure> {
        let name = request.definition_local.as_str();
        let filename = &wanted.filename;
        let definition = wanted.instead.is_none().then(|| filename.to_string());
        let source = given.unwrap_or_else(|| {
            sources::folder(request, name, name)
                .follow_paths(definition.into_iter().chain([wanted.ignore_file()]))
                .whole()
                .into()
        });
        let label = match wanted.instead {
            None => format!("load build definition from {filename}"),
            Some(_) => format!("load {}", wanted.ignore_file()),
        };
        let solved = sources::solve(gateway, &source, &request.build_platform, &label)
            .await
            .map_err(|failure| {
                failure.context(format!(
                    "cannot read `{filename}` from the client's folder `{name}`"
                ))
            })?;
        Self::read(gateway, wanted, solved).await
    }

    pub(crate) async fn read(
        gateway: &Gateway,
        wanted: &Wanted<'_>,
        solved: Solved,
    ) -> Result<Self, Failure> {
        let reference = &solved.reference;
        let ignore_name = wanted.ignore_file();
        let (file, ignore_file) = tokio::join!(
            definition_file(gateway, wanted, reference),
            gateway.read_file(reference, &ignore_name, None),
        );
        Ok(Self {
            file: file?,
            ignore_file: ignore_file?,
            vertex: solved.vertex,
            origin: solved.graph,
        })
    }
}

/// The definition file; for a recipe without one an empty file that is called like the recipe.
async fn definition_file(
    gateway: &Gateway,
    wanted: &Wanted<'_>,
    reference: &Reference,
) -> Result<SourceFile, Failure> {
    if let Some(name) = wanted.instead {
        return Ok(SourceFile::new(name, ""));
    }
    let filename = &*wanted.filename;
    let content = gateway
        .read_file(reference, filename, Some(MAX_SIZE + 1))
        .await
        .map_err(|failure| unreadable(filename, &failure))?
        .ok_or_else(|| missing(filename))?;
    if content.len() > MAX_SIZE as usize {
        let stat = gateway.stat_file(reference, filename).await.ok().flatten();
        let size = stat.map(|stat| stat.size);
        return Err(Diagnostics::from(too_large(filename, &content, size)).into());
    }
    Ok(decode(filename, content).map_err(Diagnostics::from)?)
}

fn missing(filename: &str) -> Failure {
    let finding = Diagnostic::error(format!("there is no file `{filename}`")).help(
        "name the file with `docker build -f FILE`; buildctl wants folders: \
         `--local context=DIR --local dockerfile=DIR --opt filename=FILE`",
    );
    Diagnostics::from(finding).into()
}

fn unreadable(filename: &str, failure: &Failure) -> Failure {
    let problem = format!("cannot read `{filename}`: {}", reason(failure));
    Diagnostics::from(Diagnostic::error(problem)).into()
}

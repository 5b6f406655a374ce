//! Answers to questions about a build (`docker build --call`, `--check`), in the forms of BuildKit's `frontend/subrequests`.

mod describe;
mod lint;
mod outline;
mod places;
mod table;
mod targets;

use std::collections::BTreeMap;
use std::sync::Arc;

use microb_dsl::Target;
use serde::Serialize;

use crate::build::Build;
use crate::context;
use crate::gateway::{Failure, Outcome, References};
use crate::recipe::Recipe;
use crate::request::Subrequest;

/// The version of each answer's format: BuildKit has not changed any of them since the first.
const VERSION: &str = "1.0.0";

/// The answer to a question that needs no file: what can be asked, or that there is no answer.
pub(crate) fn without_files(subrequest: &Subrequest) -> Option<Result<Outcome, Failure>> {
    match subrequest {
        Subrequest::Describe => Some(describe::answer()),
        Subrequest::Other(name) => Some(Err(Failure::unsupported(name))),
        Subrequest::Outline | Subrequest::Targets | Subrequest::Lint => None,
    }
}

/// The answer to a question about the definition file.
pub(crate) async fn with_files(
    build: &Build,
    recipe: &Recipe,
    subrequest: &Subrequest,
) -> Result<Outcome, Failure> {
    match subrequest {
        Subrequest::Outline => outline::answer(build, recipe).await,
        Subrequest::Targets => targets::answer(build, recipe).await,
        Subrequest::Lint => lint::answer(build, recipe).await,
        Subrequest::Describe | Subrequest::Other(_) => {
            Err(Failure::new("microb bug: a question that needs no file"))
        }
    }
}

/// The images that the definition file describes; `None` if the recipe does not say.
async fn list(build: &Build, recipe: &Recipe) -> Result<Option<Vec<Target>>, Failure> {
    let Some(targets) = &recipe.targets else {
        return Ok(None);
    };
    let answer = context::run(
        recipe.name.clone(),
        Arc::clone(targets),
        Arc::clone(&build.gateway),
        Arc::clone(&build.request),
        Arc::clone(&build.files),
        build.request.build_platform.clone(),
    );
    Ok(Some(answer.await.result?))
}

/// A result that is no image: data for programs, the same as text, and the version of the form.
fn result(data: &impl Serialize, text: String, version: &str) -> Result<Outcome, Failure> {
    let json = serde_json::to_vec_pretty(data)
        .map_err(|error| Failure::new(format!("microb bug: an answer that is no JSON: {error}")))?;
    Ok(Outcome {
        references: References::One(None),
        metadata: BTreeMap::from([
            ("result.json".to_owned(), json),
            ("result.txt".to_owned(), text.into_bytes()),
            ("version".to_owned(), version.as_bytes().to_vec()),
        ]),
        sboms: BTreeMap::new(),
    })
}

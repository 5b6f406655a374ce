//! What the parts of a build share, and its first: running the recipe. Then come `plan`, `resolve` and `lowered`.

use std::collections::BTreeMap;
use std::sync::Arc;

use microb_dsl::rule::{self, Checks};
use microb_dsl::{Diagnostic, Platform, Stage};

use crate::context::{self, Answer};
use crate::files::Files;
use crate::gateway::{Failure, Gateway};
use crate::lowered::lower;
use crate::recipe::Recipe;
use crate::request::Request;

/// What all parts of one build share.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) request: Arc<Request>,
    /// The definitions that the client sent, by name.
    pub(crate) inputs: Arc<BTreeMap<String, Vec<u8>>>,
    pub(crate) files: Arc<Files>,
    /// Which findings the user wants to hear of.
    pub(crate) checks: Arc<Checks>,
}

/// What is found without building: for `docker build --check`.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) errors: Vec<Diagnostic>,
    /// Why the engine cannot build it, for instance since an image is missing.
    pub(crate) failure: Option<Failure>,
}

impl Findings {
    /// Takes over other findings.
    pub(crate) fn add(&mut self, other: Self) {
        for (list, found) in [
            (&mut self.warnings, other.warnings),
            (&mut self.errors, other.errors),
        ] {
            for finding in found {
                if !list.contains(&finding) {
                    list.push(finding);
                }
            }
        }
        self.failure = self.failure.take().or(other.failure);
    }
}

impl Build {
    /// Runs the recipe for one platform.
    pub(crate) async fn run(&self, recipe: &Recipe, platform: Platform) -> Answer<Stage> {
        let mut answer = context::run(
            recipe.name.clone(),
            Arc::clone(&recipe.function),
            Arc::clone(&self.gateway),
            Arc::clone(&self.request),
            Arc::clone(&self.files),
            platform,
        )
        .await;
        if let Ok(stage) = &answer.result {
            answer.warnings.extend(rule::check(stage));
        }
        answer
    }

    /// Runs the recipe for the first platform.
    pub(crate) async fn run_once(&self, recipe: &Recipe) -> Answer<Stage> {
        let first = self.request.target_platforms().first();
        let platform = first.unwrap_or(&self.request.build_platform);
        self.run(recipe, platform.clone()).await
    }

    /// Everything that is wrong and can be found without building, for the first platform.
    pub(crate) async fn inspect(&self, recipe: &Recipe) -> Findings {
        let answer = self.run_once(recipe).await;
        let mut findings = Findings {
            warnings: answer.warnings,
            ..Findings::default()
        };
        match answer.result {
            Err(mistakes) => findings.errors.extend(mistakes),
            Ok(stage) => match self.inspect_stage(recipe, answer.platform, stage).await {
                Ok(warnings) => findings.warnings.extend(warnings),
                Err(failure) => findings.failure = Some(failure),
            },
        }
        findings
    }

    async fn inspect_stage(
        &self,
        recipe: &Recipe,
        platform: Platform,
        stage: Stage,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let plan = self.plan_platform(recipe, platform, stage).await?;
        let mut plans = vec![plan];
        self.resolve_images(&mut plans).await?;
        let lowered = lower(plans)?;
        Ok(lowered.into_iter().flat_map(|one| one.warnings).collect())
    }

    /// Says that limits are asked for that the engine cannot keep.
    pub(crate) async fn warn_of_limits(&self) -> Result<(), Failure> {
        if self.request.limits.is_none() || self.gateway.keeps_limits() {
            return Ok(());
        }
        let warning = Diagnostic::warning(
            "the limits of memory and processors have no effect: this BuildKit is too old to keep them",
        );
        self.gateway.warn(&self.files.vertex, &warning).await
    }

    /// Shows the findings that the user wants, each once, at the vertex that loaded the definition. Gives those that
    /// stop the build.
    pub(crate) async fn tell(
        &self,
        findings: Vec<Diagnostic>,
        recipe: &Recipe,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let review = self.checks.review(findings, &recipe.rules);
        for warning in &review.warnings {
            self.gateway.warn(&self.files.vertex, warning).await?;
        }
        Ok(review.into_errors())
    }
}

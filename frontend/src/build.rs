//! The parts of a build: running the recipe, resolving what it names, lowering, solving.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use microb_dsl::llb::{self, Inputs, Lowered};
use microb_dsl::rule::Checks;
use microb_dsl::{
    Base, Context, Diagnostic, Diagnostics, Inspection, Platform, Source, Stage, label,
    llb::Capabilities, rule,
};

use crate::context::{self, Answer};
use crate::files::Files;
use crate::gateway::{Failure, Gateway, Graph, Outcome};
use crate::meanings::{self, Meanings};
use crate::needs::{self, Need};
use crate::recipe::Recipe;
use crate::request::Request;
use crate::result::Built;
use crate::sources::{self, Named};
use crate::{decisions, panics};

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

/// What is built for one platform.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stage: Stage,
    pub(crate) inputs: Inputs,
    /// What to look at when the stage is built.
    pub(crate) inspections: Vec<Inspection>,
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
    async fn run(&self, recipe: &Recipe, platform: Platform) -> Answer<Stage> {
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
        let first = self.request.platforms.first();
        let platform = first.unwrap_or(&self.request.build_platform);
        self.run(recipe, platform.clone()).await
    }

    /// Runs the recipe once for each platform, side by side, and shows its warnings.
    pub(crate) async fn plan(&self, recipe: &Recipe) -> Result<Vec<Plan>, Failure> {
        let runs = self.request.platforms.iter().map(|platform| {
            let (build, recipe, platform) = (self.clone(), recipe.clone(), platform.clone());
            async move { build.run(&recipe, platform).await }
        });
        let answers = all(runs).await;
        let warnings = answers.iter().flat_map(|answer| &answer.warnings);
        let refused = self.tell(warnings.cloned().collect(), recipe).await?;
        let mut decisions = Vec::new();
        let stages = answers.into_iter().map(|answer| {
            for decision in answer.decisions {
                if !decisions.contains(&decision) {
                    decisions.push(decision);
                }
            }
            let (platform, inspections) = (answer.platform, answer.inspections);
            answer.result.map(|stage| (platform, stage, inspections))
        });
        let stages = match (every(stages), Diagnostics::or(refused, ())) {
            (Ok(stages), Ok(())) => stages,
            (Err(mistakes), Ok(())) | (Ok(_), Err(mistakes)) => return Err(mistakes.into()),
            (Err(mistakes), Err(refused)) => return Err(mistakes.and(refused).into()),
        };
        let plans = stages.into_iter().map(|(platform, stage, inspections)| {
            let (build, recipe) = (self.clone(), recipe.clone());
            async move {
                let plan = build.plan_platform(&recipe, platform, stage).await?;
                Ok(Plan {
                    inspections,
                    ..plan
                })
            }
        });
        let platform = &self.request.build_platform;
        let shown = decisions::show(&self.gateway, platform, &recipe.name, &decisions);
        let (plans, shown) = tokio::join!(all(plans), shown);
        shown?;
        plans.into_iter().collect()
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

    /// What the recipe leaves out of the build context; nothing when the user says what to leave out.
    async fn ignored(&self, recipe: &Recipe, platform: &Platform) -> Result<Vec<String>, Failure> {
        if recipe.ignores.is_none() || !self.files.has_no_ignore_file() {
            return Ok(Vec::new());
        }
        let asked = recipe.clone();
        let answer = context::run(
            recipe.name.clone(),
            Arc::new(move |cx: &dyn Context| Ok(asked.ignored(cx))),
            Arc::clone(&self.gateway),
            Arc::clone(&self.request),
            Arc::clone(&self.files),
            platform.clone(),
        );
        Ok(answer.await.result?)
    }

    async fn plan_platform(
        &self,
        recipe: &Recipe,
        platform: Platform,
        stage: Stage,
    ) -> Result<Plan, Failure> {
        let ignored = self.ignored(recipe, &platform).await?;
        let request = &self.request;
        // After the recipe's own steps, so that the client's labels win.
        let labels = request
            .labels
            .iter()
            .map(|(name, value)| label(name, value));
        let stage = stage.then(labels.collect::<Vec<_>>());
        let mut inputs = Inputs {
            build_platform: request.build_platform.clone(),
            images: BTreeMap::new(),
            context: self.files.context_for(&stage, &ignored),
            named_contexts: BTreeMap::new(),
            context_configs: BTreeMap::new(),
            capabilities: self.capabilities(),
            run_options: request.run_options.clone(),
            no_cache: request.no_cache.clone(),
            image_resolve_mode: request.image_resolve_mode,
            cache_namespace: request.cache_namespace.clone(),
            source_date_epoch: request.source_date_epoch,
            name_platforms: request.platforms.len() > 1,
            platform,
        };
        self.add_named_contexts(&stage, &mut inputs).await?;
        Ok(Plan {
            stage,
            inputs,
            inspections: Vec::new(),
        })
    }

    fn capabilities(&self) -> Capabilities {
        self.gateway.llb_capabilities()
    }

    /// Says what the named contexts that the stage uses are, with the image configs that the client sent for them.
    async fn add_named_contexts(&self, stage: &Stage, inputs: &mut Inputs) -> Result<(), Failure> {
        for name in context_names(stage) {
            let (gateway, request) = (&self.gateway, &self.request);
            let platform = &inputs.platform;
            let found = sources::named(gateway, request, &self.inputs, &name, platform).await?;
            let Some(Named { source, config }) = found else {
                continue;
            };
            inputs
                .context_configs
                .extend(config.map(|config| (name.clone(), config)));
            inputs.named_contexts.insert(name, source);
        }
        Ok(())
    }

    /// Lowers all plans, and shows what is wrong with the images. The mistakes of all are told at once.
    pub(crate) async fn lower(
        &self,
        plans: Vec<Plan>,
        recipe: &Recipe,
    ) -> Result<Vec<LoweredPlan>, Failure> {
        let mut lowered = lower(plans)?;
        let warnings = lowered.iter_mut();
        let warnings = warnings.flat_map(|one| std::mem::take(&mut one.warnings));
        let warnings = warnings.collect();
        Diagnostics::or(self.tell(warnings, recipe).await?, ())?;
        Ok(lowered)
    }

    /// Solves all graphs, side by side.
    ///
    /// What needs a secret or an agent, or says what its failures mean, is built now, not when it is exported: only then its
    /// failure is ours to tell.
    pub(crate) async fn solve(&self, lowered: Vec<LoweredPlan>) -> Result<Vec<Built>, Failure> {
        let solves = lowered.into_iter().map(|plan| {
            let build = self.clone();
            async move {
                let reference = match &plan.lowered.definition {
                    None => None,
                    Some(definition) => {
                        let graph = build.files.name_origin(Graph::new(definition)?);
                        let graph = graph.limited(build.request.limits.clone());
                        let imports = &build.request.cache_imports;
                        let solved = if plan.is_built_later() {
                            build.gateway.solve(graph, imports).await
                        } else {
                            let built = build.gateway.build(graph, imports).await;
                            built.map_err(|failure| plan.explain(failure))
                        };
                        Some(solved?.single()?)
                    }
                };
                Ok(Built {
                    platform: plan.plan.inputs.platform.clone(),
                    reference,
                    config: plan.lowered.config,
                    annotations: plan.annotations,
                })
            }
        });
        all(solves).await.into_iter().collect()
    }
}

/// A plan that was lowered.
#[derive(Debug)]
pub(crate) struct LoweredPlan {
    /// What it was made from.
    pub(crate) plan: Arc<Plan>,
    lowered: Lowered,
    /// The annotations of the image's manifest.
    annotations: BTreeMap<String, String>,
    /// What the client has to give.
    needs: Vec<Need>,
    /// What the failures of its steps mean.
    meanings: Meanings,
    /// What is wrong with the finished image or what it is made of.
    warnings: Vec<Diagnostic>,
}

impl LoweredPlan {
    /// Whether its failure is told by somebody else: by a look at the image, which builds it, or by the client.
    fn is_built_later(&self) -> bool {
        let is_looked_at = !self.plan.inspections.is_empty();
        self.needs.is_empty() && (self.meanings.is_empty() || is_looked_at)
    }

    fn explain(&self, failure: Failure) -> Failure {
        let failure = needs::explain(failure, &self.needs);
        meanings::explain(failure, &self.meanings)
    }
}

fn lower(plans: Vec<Plan>) -> Result<Vec<LoweredPlan>, Diagnostics> {
    every(plans.into_iter().map(|plan| {
        let lowered = llb::lower(&plan.stage, &plan.inputs)?;
        let user = user(&lowered.config);
        let mut warnings = rule::check_platforms(&plan.stage, &plan.inputs);
        warnings.extend(rule::check_user(&plan.stage, user.as_deref()));
        Ok(LoweredPlan {
            warnings,
            needs: needs::of(&plan.stage),
            meanings: meanings::of(&plan.stage, &lowered.vertices),
            annotations: plan.stage.annotations(),
            plan: Arc::new(plan),
            lowered,
        })
    }))
}

/// The user of an image config; `None` for an image that has no program to run, as one that only carries files.
fn user(config: &[u8]) -> Option<String> {
    let image: serde_json::Value = serde_json::from_slice(config).ok()?;
    let config = &image["config"];
    let has = |key: &str| {
        config[key]
            .as_array()
            .is_some_and(|words| !words.is_empty())
    };
    let user = config["User"].as_str().unwrap_or_default();
    (has("Entrypoint") || has("Cmd")).then(|| user.to_owned())
}

/// The names that a context may have to take part in a build: those that the stages name, and those of their images,
/// since a context may stand for an image.
fn context_names(stage: &Stage) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for stage in stage.stages() {
        match stage.base() {
            Base::NamedContext(name) => names.insert(name.clone()),
            Base::Image(image) => names.insert(image.familiar()),
            _ => false,
        };
        names.extend(stage.sources().filter_map(|source| match source {
            Source::NamedContext(name) => Some(name.clone()),
            Source::Image(image) => Some(image.familiar()),
            _ => None,
        }));
    }
    names
}

/// All values, or all mistakes, each once: several platforms usually make the same ones.
fn every<T>(results: impl Iterator<Item = Result<T, Diagnostics>>) -> Result<Vec<T>, Diagnostics> {
    let (mut values, mut mistakes) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(found) => {
                for mistake in found {
                    if !mistakes.contains(&mistake) {
                        mistakes.push(mistake);
                    }
                }
            }
        }
    }
    Diagnostics::or(mistakes, values)
}

/// Runs tasks side by side and gives their results in order. A panic in one goes on in the caller.
pub(crate) async fn all<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(running.len());
    for task in running {
        match task.await {
            Ok(result) => results.push(result),
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
    results
}

/// Runs a build; a panic in it becomes a failure that the user sees.
pub(crate) async fn guarded(
    build: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
) -> Result<Outcome, Failure> {
    match tokio::spawn(build).await {
        Ok(result) => result,
        Err(stopped) => {
            let panic = panics::last(stopped.into_panic().as_ref());
            Err(Failure::new(format!("microb bug: {panic}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microb_dsl::ImageRef;

    #[test]
    fn a_mistake_that_all_platforms_make_is_told_once() {
        let mistake = |text: &str| Diagnostics::from(Diagnostic::error(text));
        let found: Result<Vec<()>, _> = every(
            [
                Err(mistake("a")),
                Err(mistake("a").and(mistake("b"))),
                Ok(()),
            ]
            .into_iter(),
        );
        assert_eq!(found.unwrap_err(), mistake("a").and(mistake("b")));
    }

    #[test]
    fn contexts_are_looked_up_for_every_name_that_a_stage_uses() {
        let image: ImageRef = "python:3.14".parse().unwrap();
        let other: ImageRef = "acme/tools".parse().unwrap();
        let below = microb_dsl::from(image);
        let stage = microb_dsl::from(Base::NamedContext("base".to_owned()))
            .then(microb_dsl::copy("a", "/a").from(&below))
            .then(microb_dsl::copy("b", "/b").from(other))
            .then(microb_dsl::copy("c", "/c").from(microb_dsl::named_context("files")));
        let names: Vec<String> = context_names(&stage).into_iter().collect();
        assert_eq!(names, ["acme/tools:latest", "base", "files", "python:3.14"]);
    }
}

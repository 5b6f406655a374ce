//! What is built for each platform: the recipe's stage, with all that it is lowered with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use microb_dsl::llb::Inputs;
use microb_dsl::{Base, Context, Diagnostics, Inspection, Platform, Source, Stage, label};

use crate::build::Build;
use crate::gateway::Failure;
use crate::recipe::Recipe;
use crate::sources::{self, Named};
use crate::tasks::{all, every};
use crate::{context, decisions};

/// What is built for one platform.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stage: Stage,
    pub(crate) inputs: Inputs,
    /// What to look at when the stage is built.
    pub(crate) inspections: Vec<Inspection>,
}

impl Build {
    /// Runs the recipe once for each platform, side by side, and shows its warnings.
    pub(crate) async fn plan(&self, recipe: &Recipe) -> Result<Vec<Plan>, Failure> {
        let runs = self.request.target_platforms().iter().map(|platform| {
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

    pub(crate) async fn plan_platform(
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
            platform_is_given: !request.platforms.is_empty(),
            images: BTreeMap::new(),
            context: self.files.context_for(&stage, &ignored),
            named_contexts: BTreeMap::new(),
            context_configs: BTreeMap::new(),
            capabilities: self.gateway.llb_capabilities(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use microb_dsl::ImageRef;

    #[test]
    fn contexts_are_looked_up_for_every_name_that_a_stage_uses() {
        let image: ImageRef = "python:3.14".parse().unwrap();
        let other: ImageRef = "acme/tools".parse().unwrap();
        let below = microb_dsl::from(image);
        let stage = microb_dsl::from(microb_dsl::named_context("base"))
            .then(microb_dsl::copy("a", "/a").from(&below))
            .then(microb_dsl::copy("b", "/b").from(other))
            .then(microb_dsl::copy("c", "/c").from(microb_dsl::named_context("files")));
        let names: Vec<String> = context_names(&stage).into_iter().collect();
        assert_eq!(names, ["acme/tools:latest", "base", "files", "python:3.14"]);
    }
}

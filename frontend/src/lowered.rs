//! Plans as LLB: what is wrong with them, and their solution.

use std::collections::BTreeMap;
use std::sync::Arc;

use microb_dsl::llb::{self, Lowered};
use microb_dsl::{Diagnostic, Diagnostics, rule};

use crate::build::Build;
use crate::gateway::{Failure, Graph};
use crate::meanings::{self, Meanings};
use crate::needs::{self, Need};
use crate::plan::Plan;
use crate::recipe::Recipe;
use crate::result::Built;
use crate::tasks::{all_succeed, every};

impl Build {
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

    /// Solves all graphs, side by side, up to the first failure.
    ///
    /// A plan that needs a secret or an agent, or whose steps say what their failures mean, is built now rather than by the
    /// exporter: only then can we explain its failure.
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
                        let solved = if plan.can_stay_lazy() {
                            build.gateway.solve(graph, imports).await
                        } else {
                            match build.gateway.build(graph, imports).await {
                                Ok(built) => Ok(built),
                                Err(failure) => Err(plan.explain(failure, &build).await),
                            }
                        };
                        Some(solved?.single()?)
                    }
                };
                Ok(Built {
                    platform: plan.plan.inputs.platform.clone(),
                    reference,
                    config: plan.lowered.config,
                    base_config: plan.lowered.base_config,
                    annotations: plan.annotations,
                })
            }
        });
        all_succeed(solves).await
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
    pub(crate) warnings: Vec<Diagnostic>,
}

impl LoweredPlan {
    /// Whether the solve may stay lazy: an inspection or the exporter will build it, and its failure needs no explanation
    /// from us.
    fn can_stay_lazy(&self) -> bool {
        let is_looked_at = !self.plan.inspections.is_empty();
        self.needs.is_empty() && (self.meanings.is_empty() || is_looked_at)
    }

    async fn explain(&self, failure: Failure, build: &Build) -> Failure {
        let failure = needs::explain(failure, &self.needs);
        build.explain(failure, &self.meanings, &self.plan).await
    }
}

/// Lowers all plans, or tells the mistakes of all.
pub(crate) fn lower(plans: Vec<Plan>) -> Result<Vec<LoweredPlan>, Diagnostics> {
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

//! Looks at finished images before they are given back: what a recipe asked for with `Context::inspect`.

use std::sync::Arc;

use microb_dsl::llb::{self, Lowered, NoCache};
use microb_dsl::{Diagnostic, Diagnostics, Inspection, Judgment, Stage};

use crate::build::Build;
use crate::gateway::{Failure, Graph};
use crate::lowered::LoweredPlan;
use crate::meanings;
use crate::plan::Plan;
use crate::recipe::Recipe;
use crate::tasks::all_succeed;

/// How often a look may lead to another one.
const MAX_LOOKS: usize = 8;

/// A look at one image.
#[derive(Debug)]
pub(crate) struct Look {
    inspection: Inspection,
    image: Arc<Plan>,
}

/// What is to be looked at in all images.
pub(crate) fn looks(images: &[LoweredPlan]) -> Vec<Look> {
    let of = |image: &LoweredPlan| {
        let plan = Arc::clone(&image.plan);
        let asked = plan.inspections.clone().into_iter();
        asked.map(move |inspection| Look {
            inspection,
            image: Arc::clone(&plan),
        })
    };
    images.iter().flat_map(of).collect()
}

impl Build {
    /// Looks, side by side, and shows what is found. The first look that fails ends the others.
    pub(crate) async fn inspect_images(
        &self,
        looks: Vec<Look>,
        recipe: &Recipe,
    ) -> Result<(), Failure> {
        let looking = looks.into_iter().map(|look| {
            let build = self.clone();
            async move { build.inspect_image(look).await }
        });
        let found = all_succeed(looking).await?;
        let mut findings: Vec<Diagnostic> = Vec::new();
        for finding in found.into_iter().flatten() {
            // Images for several platforms usually have the same mistakes.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        if findings.is_empty() {
            return Ok(());
        }
        Ok(Diagnostics::or(self.tell(findings, recipe).await?, ())?)
    }

    async fn inspect_image(&self, look: Look) -> Result<Vec<Diagnostic>, Failure> {
        let Look {
            mut inspection,
            image,
        } = look;
        for _ in 0..MAX_LOOKS {
            let report = self.report(&inspection, &image).await?;
            match inspection.judge(&report) {
                Judgment::Findings(findings) => return Ok(findings),
                Judgment::More(next) => inspection = next,
            }
        }
        Err(Failure::new(format!(
            "the recipe's inspections do not end: {MAX_LOOKS} of them asked for another one"
        )))
    }

    /// Builds what has the report, and reads it.
    async fn report(&self, inspection: &Inspection, image: &Plan) -> Result<Vec<u8>, Failure> {
        let plan = self.plan_inspection(inspection, image).await?;
        let lowered = llb::lower(&plan.stage, &plan.inputs)?;
        match self.build_report(inspection, &lowered).await {
            Ok(report) => Ok(report),
            Err(failure) => {
                let meanings = meanings::of(&plan.stage, &lowered.vertices);
                Err(self.explain(failure, &meanings, &plan).await)
            }
        }
    }

    /// Looks at what a step began with that failed. Its cause may be gone the next time, so no cache is asked.
    pub(crate) async fn look_before(
        &self,
        inspection: &Inspection,
        before: &Stage,
        plan: &Plan,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let mut inputs = plan.inputs.clone();
        let stage = inspection.stage(before);
        inputs.no_cache = NoCache::Stages(stage.name().into_iter().map(str::to_owned).collect());
        let lowered = llb::lower(&stage, &inputs)?;
        let report = self.build_report(inspection, &lowered).await?;
        Ok(match inspection.judge(&report) {
            Judgment::Findings(findings) => findings,
            Judgment::More(_) => Vec::new(),
        })
    }

    async fn build_report(
        &self,
        inspection: &Inspection,
        lowered: &Lowered,
    ) -> Result<Vec<u8>, Failure> {
        let path = inspection.report();
        let missing = || Failure::new(format!("the recipe's inspection wrote no file `{path}`"));
        let graph = Graph::new(lowered.definition.as_ref().ok_or_else(missing)?)?;
        let built = self.gateway.build(graph, &self.request.cache_imports);
        let reference = built.await?.single()?;
        let report = self.gateway.read_file(&reference, path, None).await?;
        report.ok_or_else(missing)
    }

    /// The stage that has the report, with what is known of its images already.
    async fn plan_inspection(
        &self,
        inspection: &Inspection,
        image: &Plan,
    ) -> Result<Plan, Failure> {
        let plan = Plan {
            stage: inspection.stage(&image.stage),
            inputs: image.inputs.clone(),
            inspections: Vec::new(),
        };
        let wanted = llb::images(&plan.stage, &plan.inputs);
        let is_known = wanted
            .iter()
            .all(|image| plan.inputs.images.contains_key(image));
        let mut plans = [plan];
        if !is_known {
            self.resolve_images(&mut plans).await?;
        }
        let [plan] = plans;
        Ok(plan)
    }
}

//! SBOMs of the image and of what it was built from, made by a scanner as BuildKit would start it.
//!
//! BuildKit itself scans the image only (`frontend/attestations/sbom` and `docs/attestations/sbom-protocol.md` in
//! moby/buildkit). A result that has an SBOM is not scanned again.

use std::collections::BTreeMap;
use std::sync::Arc;

use microb_dsl::llb::{self, ResolvedImage};
use microb_dsl::{
    Mount, Stage, StagePlatform, bind, copy, env, from, mkdir, run, scratch, tmpfs, user,
};

use crate::build::Build;
use crate::gateway::{Failure, Found, Graph, Reference};
use crate::plan::Plan;
use crate::request::Scan;
use crate::resolve::no_image;

// Where a scanner finds what it scans, and where it writes: the paths of `sbom.go`.
const IMAGE: &str = "/run/src/core/sbom";
const EXTRAS: &str = "/run/src/extras/";
const OUTPUT: &str = "/run/out/";

impl Build {
    /// Plans the scan of each plan's image; none when BuildKit's own will do.
    pub(crate) async fn plan_scans(&self, plans: &[Plan]) -> Result<Vec<Plan>, Failure> {
        let Some(scan) = &self.request.scan else {
            return Ok(Vec::new());
        };
        let (platform, mode) = (
            &self.request.build_platform,
            self.request.image_resolve_mode,
        );
        let name = format!("[internal] load metadata for {}", scan.scanner);
        let scanner = self
            .gateway
            .resolve_image(&scan.scanner, platform, mode, name);
        let scanner = match scanner.await? {
            Found::Image(found) => found,
            Found::Other(identifier) => return Err(no_image(&scan.scanner, &identifier)),
        };
        let argv = argv(&scanner).ok_or_else(|| {
            let image = scan.scanner.familiar();
            Failure::new(format!("the scanner `{image}` has no command"))
        })?;
        let plans = plans.iter().map(|plan| {
            let mut inputs = plan.inputs.clone();
            let named = (scan.scanner.clone(), platform.clone());
            inputs.images.insert(named, scanner.clone());
            let stage = scan_stage(scan, &argv, &plan.stage);
            Plan {
                stage,
                inputs,
                inspections: Vec::new(),
            }
        });
        Ok(plans.collect())
    }

    /// Makes the SBOMs, by platform.
    pub(crate) async fn scan(
        &self,
        plans: Vec<Plan>,
    ) -> Result<BTreeMap<String, Reference>, Failure> {
        let mut sboms = BTreeMap::new();
        for plan in plans {
            let lowered = llb::lower(&plan.stage, &plan.inputs)?;
            if let Some(definition) = &lowered.definition {
                let gateway = Arc::clone(&self.gateway);
                let solved = gateway.solve(Graph::new(definition)?, &[]).await?;
                sboms.insert(plan.inputs.platform.to_string(), solved.single()?);
            }
        }
        Ok(sboms)
    }
}

/// What the scanner's image runs.
fn argv(scanner: &ResolvedImage) -> Option<Vec<String>> {
    let config: serde_json::Value = serde_json::from_slice(&scanner.config).ok()?;
    let words = ["Entrypoint", "Cmd"].map(|key| config["config"][key].as_array());
    let words = words.into_iter().flatten().flatten();
    let argv: Vec<String> = words
        .filter_map(|word| Some(word.as_str()?.to_owned()))
        .collect();
    (!argv.is_empty()).then_some(argv)
}

/// A stage whose root has the files that the scanner wrote.
fn scan_stage(scan: &Scan, argv: &[String], image: &Stage) -> Stage {
    let extras = extras(scan, image);
    let has_extras = !extras.is_empty();
    let given = scan.parameters.iter();
    let scanned = from(scan.scanner.clone())
        .on(StagePlatform::Build)
        .named("sbom")
        .then((
            // Whatever user the image is for: what is scanned is not its own.
            user(0),
            env("BUILDKIT_SCAN_DESTINATION", OUTPUT),
            env("BUILDKIT_SCAN_SOURCE", IMAGE),
            has_extras.then(|| env("BUILDKIT_SCAN_SOURCE_EXTRAS", EXTRAS)),
            given
                .map(|(name, value)| env(format!("BUILDKIT_SCAN_{name}"), value))
                .collect::<Vec<_>>(),
            mkdir(OUTPUT),
            run(argv)
                .mount(bind(IMAGE).from(image))
                .mounts(extras)
                .mount(tmpfs("/tmp")),
        ));
    scratch()
        .named("sbom")
        .then(copy(OUTPUT, "/").from(&scanned))
}

/// The stages that the image was built from and the build context, as far as they are wanted.
fn extras(scan: &Scan, image: &Stage) -> Vec<Mount> {
    let folder = |name: &str| format!("{EXTRAS}sbom-{name}");
    let mut stages = image.stages();
    stages.pop();
    let mut mounts: Vec<Mount> = Vec::new();
    for stage in &stages {
        let name = stage.name().filter(|name| scan.stages.include(name));
        mounts.extend(name.map(|name| bind(folder(name)).from(stage).into()));
    }
    if scan.context.include(image.name().unwrap_or_default()) {
        mounts.push(bind(folder("context")).into());
    }
    mounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Stages;

    #[test]
    fn an_image_runs_its_entrypoint_with_its_command() {
        for (config, expected) in [
            (
                r#"{"config": {"Entrypoint": ["a"], "Cmd": ["b", "c"]}}"#,
                Some("a b c"),
            ),
            (r#"{"config": {"Cmd": ["b"]}}"#, Some("b")),
            (r#"{"config": {}}"#, None),
            ("{", None),
        ] {
            let scanner = ResolvedImage {
                reference: None,
                digest: None,
                config: config.into(),
            };
            let found = argv(&scanner).map(|argv| argv.join(" "));
            assert_eq!(found.as_deref(), expected, "{config}");
        }
    }

    #[test]
    fn the_stages_of_the_wanted_names_are_mounted_and_the_image_is_no_extra() {
        let image = |name: &str| from(name.parse::<microb_dsl::ImageRef>().unwrap());
        let build = image("python:3.14").named("build");
        let other = image("alpine:3.23").named("other");
        let last = image("python:3.14-slim")
            .named("app")
            .then((copy("/a", "/a").from(&build), copy("/b", "/b").from(&other)));
        for (stages, context, expected) in [
            (
                Stages::All(true),
                Stages::All(false),
                "sbom-build sbom-other",
            ),
            (
                Stages::Named(vec!["build".to_owned()]),
                Stages::All(true),
                "sbom-build sbom-context",
            ),
            (
                Stages::All(false),
                Stages::Named(vec!["app".to_owned()]),
                "sbom-context",
            ),
            (
                Stages::Named(vec!["app".to_owned()]),
                Stages::All(false),
                "",
            ),
        ] {
            let scan = Scan {
                scanner: "scanner:1".parse().unwrap(),
                parameters: BTreeMap::new(),
                stages,
                context,
            };
            let stage = scan_stage(&scan, &["scan".to_owned()], &last);
            let text = microb_dsl::dockerfile::render(&stage).unwrap();
            let names = text
                .split(',')
                .filter_map(|part| part.strip_prefix("target=/run/src/extras/"));
            let names = names.map(|name| name.split_whitespace().next().unwrap());
            assert_eq!(names.collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }
}

//! Rules about the images of a stage, which need the engine's answers.

use super::{PAGES, Rule};
#[cfg(feature = "llb")]
use crate::{
    diagnostic::Diagnostic,
    llb::{Inputs, base_image},
    stage::Stage,
};

/// By the name that the same rule has in Dockerfiles.
pub(super) static INVALID_BASE_IMAGE_PLATFORM: Rule = Rule::new(
    "InvalidBaseImagePlatform",
    "The programs of an image for another platform do not run, or not in the image that is built",
)
.pages(PAGES);

/// Whether base images are for the platform that a stage is for, as far as the engine resolved them.
///
/// An index that lacks the platform cannot be resolved at all; an image that is for one platform only can.
#[cfg(feature = "llb")]
pub fn check_platforms(stage: &Stage, inputs: &Inputs) -> Vec<Diagnostic> {
    let stages = stage.stages();
    let findings = stages.iter().filter_map(|stage| {
        let (image, expected) = base_image(stage, inputs)?;
        let resolved = inputs.images.get(&(image.clone(), expected.clone()))?;
        let config: serde_json::Value = serde_json::from_slice(&resolved.config).ok()?;
        let part = |name: &str| config[name].as_str().filter(|part| !part.is_empty());
        let (os, architecture) = (part("os")?, part("architecture")?);
        // As with Dockerfiles: a variant is no other platform.
        if (os, architecture) == (&*expected.os, &*expected.architecture) {
            return None;
        }
        let mut finding = INVALID_BASE_IMAGE_PLATFORM
            .finding(format!(
                "the base image `{}` is for {os}/{architecture}, and the stage is for {expected}",
                image.familiar()
            ))
            .help("name an image that is for all platforms of the build, or build for another one with `--platform`");
        finding.span = stage.span().cloned();
        Some(finding)
    });
    findings.collect()
}

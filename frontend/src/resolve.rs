//! What the engine knows of the images of a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use microb_dsl::llb::{self, ResolvedImage};
use microb_dsl::{ImageRef, Platform, Source};

use crate::build::Build;
use crate::gateway::{Failure, Found};
use crate::plan::Plan;
use crate::tasks::all;
use crate::{images, sources};

impl Build {
    /// Asks for the digest and the config of each image that the plans name, each once, side by side.
    pub(crate) async fn resolve_images(&self, plans: &mut [Plan]) -> Result<(), Failure> {
        let mut resolved: BTreeMap<(ImageRef, Platform), ResolvedImage> = BTreeMap::new();
        let mut refused: Option<Failure> = None;
        for ((image, platform), found) in self.look_up(plans).await {
            let known = match found {
                Ok(Found::Image(found)) => {
                    resolved.insert((image, platform), found);
                    continue;
                }
                Ok(Found::Other(identifier)) => self.replace(plans, &image, &identifier).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = known {
                let failure = images::unresolved(failure, &image, plans);
                refused = Some(match refused {
                    Some(first) => first.and(failure),
                    None => failure,
                });
            }
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        for plan in plans {
            plan.inputs.images.clone_from(&resolved);
        }
        Ok(())
    }

    async fn look_up(&self, plans: &[Plan]) -> Vec<((ImageRef, Platform), Result<Found, Failure>)> {
        let wanted: BTreeSet<(ImageRef, Platform)> = plans
            .iter()
            .flat_map(|plan| llb::images(&plan.stage, &plan.inputs))
            .collect();
        let calls = wanted.into_iter().map(|(image, platform)| {
            let (gateway, mode) = (Arc::clone(&self.gateway), self.request.image_resolve_mode);
            async move {
                let name = format!("[internal] load metadata for {image}");
                let found = gateway.resolve_image(&image, &platform, mode, name).await;
                ((image, platform), found)
            }
        });
        all(calls).await
    }

    /// A source policy puts something else in the place of an image. Where a named context is the image, that is what
    /// the context is (`namedcontext.go` of BuildKit's `dockerui`).
    async fn replace(
        &self,
        plans: &mut [Plan],
        image: &ImageRef,
        identifier: &str,
    ) -> Result<(), Failure> {
        let is_image = |source: &Source| matches!(source, Source::Image(found) if found == image);
        let mut is_context = false;
        for plan in plans {
            let contexts = &mut plan.inputs.named_contexts;
            for (name, source) in contexts.iter_mut().filter(|(_, source)| is_image(source)) {
                is_context = true;
                let (gateway, request) = (&self.gateway, &self.request);
                *source = sources::replacement(gateway, request, name, identifier).await?;
            }
        }
        if is_context {
            return Ok(());
        }
        Err(no_image(image, identifier))
    }
}

/// The failure of what must be an image, and is something else.
pub(crate) fn no_image(image: &ImageRef, identifier: &str) -> Failure {
    Failure::new(format!(
        "a source policy replaces the image `{}` by `{identifier}`, which is no image",
        image.familiar(),
    ))
}

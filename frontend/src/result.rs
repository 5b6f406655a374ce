//! What BuildKit gets back: images, each with its config, and what exporters read of them.

use std::collections::BTreeMap;

use microb_dsl::Platform;
use serde_json::json;

use crate::build::Build;
use crate::gateway::{Outcome, Reference, References};

// The keys of a result's metadata are those of `exporter/containerimage/exptypes/types.go` in moby/buildkit.
const IMAGE_CONFIG: &str = "containerimage.config";
const BASE_CONFIG: &str = "containerimage.base.config";
const PLATFORMS: &str = "refs.platforms";
// What an annotation's key begins with, and where the image is one of several, with its platform: `annotations.go` beside it.
const ANNOTATION: &str = "annotation";
// That of the time of layers is in `exporter/exptypes/types.go`.
const EPOCH: &str = "source.date.epoch";

/// An image that was solved.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) platform: Platform,
    pub(crate) reference: Option<Reference>,
    pub(crate) config: Vec<u8>,
    pub(crate) base_config: Option<Vec<u8>>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The JSON of `exptypes.Platforms`, whose platforms are those of the OCI image specification.
fn platforms(built: &[Built]) -> Vec<u8> {
    let entries: Vec<_> = built
        .iter()
        .map(|image| {
            let Platform {
                os,
                architecture,
                variant,
            } = &image.platform;
            let mut platform = json!({ "os": os, "architecture": architecture });
            if !variant.is_empty() {
                platform["variant"] = json!(variant);
            }
            json!({ "ID": image.platform.to_string(), "Platform": platform })
        })
        .collect();
    json!({ "Platforms": entries }).to_string().into_bytes()
}

impl Build {
    /// What BuildKit gets back: one image, or one for each platform.
    pub(crate) fn outcome(&self, built: Vec<Built>, sboms: BTreeMap<String, Reference>) -> Outcome {
        let several = self.request.multi_platform;
        let mut metadata = metadata(&built, several);
        if let Some(time) = self.request.source_date_epoch {
            metadata.insert(EPOCH.to_owned(), time.to_string().into_bytes());
        }
        let mut images = built.into_iter();
        let references = if several {
            let all = images.map(|image| (image.platform.to_string(), image.reference));
            References::Many(all.collect())
        } else {
            References::One(images.next().and_then(|image| image.reference))
        };
        Outcome {
            references,
            metadata,
            sboms,
        }
    }
}

/// What is said of the images; with several, even if it is one, each key names the platform.
fn metadata(built: &[Built], several: bool) -> BTreeMap<String, Vec<u8>> {
    let mut metadata = BTreeMap::from([(PLATFORMS.to_owned(), platforms(built))]);
    for image in built {
        let (of_config, of_annotation) = if several {
            let platform = &image.platform;
            (format!("/{platform}"), format!("-manifest[{platform}]"))
        } else {
            Default::default()
        };
        metadata.insert(format!("{IMAGE_CONFIG}{of_config}"), image.config.clone());
        let base = image.base_config.iter().cloned();
        metadata.extend(base.map(|config| (format!("{BASE_CONFIG}{of_config}"), config)));
        let annotations = image.annotations.iter();
        metadata.extend(annotations.map(|(name, text)| {
            let key = format!("{ANNOTATION}{of_annotation}.{name}");
            (key, text.clone().into_bytes())
        }));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(platform: &str) -> Built {
        Built {
            platform: platform.parse().unwrap(),
            reference: None,
            config: b"{}".to_vec(),
            base_config: None,
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn each_image_has_its_config_and_that_of_its_base() {
        let (mut arm, plain) = (built("linux/arm64"), built("linux/amd64"));
        arm.base_config = Some(b"base".to_vec());
        arm.annotations.insert("a".to_owned(), "b".to_owned());
        let images = [arm, plain];
        let found = |several, n| {
            let found = metadata(images.get(..n).unwrap(), several);
            let texts = found
                .into_iter()
                .filter(|(key, _)| key != PLATFORMS)
                .map(|(key, text)| format!("{key}={}", String::from_utf8(text).unwrap()));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(
            found(false, 1),
            [
                "annotation.a=b",
                "containerimage.base.config=base",
                "containerimage.config={}"
            ]
        );
        assert_eq!(
            found(true, 2),
            [
                "annotation-manifest[linux/arm64].a=b",
                "containerimage.base.config/linux/arm64=base",
                "containerimage.config/linux/amd64={}",
                "containerimage.config/linux/arm64={}"
            ]
        );
    }

    #[test]
    fn platforms_are_listed_as_exporters_read_them() {
        let built = ["linux/amd64", "linux/arm/v7"].map(built);
        // The form of `exptypes.Platforms` in Go.
        let expected = json!({ "Platforms": [
            { "ID": "linux/amd64", "Platform": { "os": "linux", "architecture": "amd64" } },
            { "ID": "linux/arm/v7", "Platform": { "os": "linux", "architecture": "arm", "variant": "v7" } },
        ]});
        let listed: serde_json::Value = serde_json::from_slice(&platforms(&built)).unwrap();
        assert_eq!(listed, expected);
    }
}

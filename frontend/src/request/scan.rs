//! What is scanned for an SBOM besides the image: the client asks with build arguments, as for Dockerfiles.

use std::collections::BTreeMap;

use microb_dsl::ImageRef;
use microb_dsl::grammar::Mistake;

/// `defaultSBOMGenerator` in `frontend/attestations/parse.go` of moby/buildkit.
const DEFAULT_SCANNER: &str = "docker/buildkit-syft-scanner:stable-1";

/// A scan that is more than the one that BuildKit does by itself: of the image, and of what it was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The scanner (`--sbom=generator=…`).
    pub scanner: ImageRef,
    /// What else it is given: names and values.
    pub parameters: BTreeMap<String, String>,
    /// Which stages are scanned (`BUILDKIT_SBOM_SCAN_STAGE`).
    pub stages: Stages,
    /// For which targets the build context is (`BUILDKIT_SBOM_SCAN_CONTEXT`).
    pub context: Stages,
}

/// All stages, or those of some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stages {
    /// All, or none.
    All(bool),
    /// Those of these names.
    Named(Vec<String>),
}

impl Stages {
    /// Reads a boolean or a list of names, as `isEnabledForStage` in `dockerfile2llb/convert.go` does.
    fn parse(text: &str) -> Self {
        match super::values::boolean(text) {
            Ok(all) => Self::All(all),
            Err(_) => Self::Named(text.split(',').map(str::to_owned).collect()),
        }
    }

    /// Whether the stage of this name is one of them.
    pub fn include(&self, name: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Named(names) => names.iter().any(|one| one == name),
        }
    }
}

/// Reads the settings. `None` when no SBOM is wanted, or BuildKit's own scan of the image is all that is.
///
/// # Errors
///
/// When the scanner is no image.
pub(super) fn parse(
    wanted: Option<&str>,
    arguments: &BTreeMap<String, String>,
) -> Result<Option<Scan>, String> {
    let stages = |name: &str| {
        let text = arguments.get(name).map(String::as_str);
        text.filter(|text| !text.is_empty())
            .map_or(Stages::All(false), Stages::parse)
    };
    let [stages, context] = ["BUILDKIT_SBOM_SCAN_STAGE", "BUILDKIT_SBOM_SCAN_CONTEXT"].map(stages);
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    if [&stages, &context]
        .iter()
        .all(|one| **one == Stages::All(false))
    {
        return Ok(None);
    }
    let mut scanner = DEFAULT_SCANNER.to_owned();
    let mut parameters = BTreeMap::new();
    for field in super::values::fields(wanted)? {
        match field.split_once('=').unwrap_or((&field, "")) {
            ("generator", image) => image.clone_into(&mut scanner),
            (name, value) => drop(parameters.insert(name.to_owned(), value.to_owned())),
        }
    }
    Ok(Some(Scan {
        scanner: scanner
            .parse()
            .map_err(|mistake: Mistake| mistake.to_string())?,
        parameters,
        stages,
        context,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: Option<&str>, stage: &str, context: &str, expected: Option<(&str, &str)>) {
        let arguments = [
            ("BUILDKIT_SBOM_SCAN_STAGE", stage),
            ("BUILDKIT_SBOM_SCAN_CONTEXT", context),
        ];
        let arguments = arguments.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let found = parse(wanted, &arguments.into()).unwrap();
        let found = found.map(|scan| {
            let names = ["build", "wheel", "context"]
                .into_iter()
                .filter(|name| match *name {
                    "context" => scan.context.include("build"),
                    name => scan.stages.include(name),
                });
            (scan.scanner.familiar(), names.collect::<Vec<_>>().join(" "))
        });
        let expected = expected.map(|(scanner, names)| (scanner.to_owned(), names.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn stages_are_scanned_when_an_sbom_is_wanted_and_they_are_named() {
        check(None, "true", "true", None);
        check(Some(""), "", "", None);
        check(Some(""), "false", "0", None);
        let default = DEFAULT_SCANNER;
        check(Some(""), "true", "", Some((default, "build wheel")));
        check(Some(""), "wheel,other", "", Some((default, "wheel")));
        check(Some(""), "", "1", Some((default, "context")));
        check(
            Some("generator=a/b"),
            "1",
            "build",
            Some(("a/b:latest", "build wheel context")),
        );
    }

    #[test]
    fn a_scanner_has_parameters() {
        let arguments = BTreeMap::from([("BUILDKIT_SBOM_SCAN_STAGE".to_owned(), "1".to_owned())]);
        let scan = parse(Some("generator=a/b:1,LEVEL=high"), &arguments)
            .unwrap()
            .unwrap();
        assert_eq!(
            scan.parameters,
            BTreeMap::from([("LEVEL".to_owned(), "high".to_owned())])
        );
        assert!(parse(Some("generator=A/b"), &arguments).is_err());
    }
}

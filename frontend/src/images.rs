//! Images that cannot be resolved, told at the place where the user's file names them.

use microb_dsl::llb::Inputs;
use microb_dsl::{Base, Diagnostic, ImageRef, Source, Span, Stage};

use crate::gateway::Failure;
use crate::plan::Plan;

/// Why an image could not be resolved: the engine's words, the first place that asks for the image, and what else
/// a plain name may have been meant to be.
pub(crate) fn unresolved(failure: Failure, image: &ImageRef, plans: &[Plan]) -> Failure {
    let span = plans
        .iter()
        .find_map(|plan| place(&plan.stage, &plan.inputs, image));
    let name = as_written(image, span.as_ref());
    let reason = failure.message();
    let mut finding = Diagnostic::error(format!("cannot resolve the image `{name}`: {reason}"));
    finding.span = span.map(|span| quoted(&name, &span).unwrap_or(span));
    if !name.contains(['/', ':', '@']) {
        finding = finding.help(format!(
            "`{name}` is no target and no build context, so it is taken for an image; \
             pass `--build-context {name}=…`"
        ));
    }
    failure.told_as(finding)
}

/// The place of the first stage or step that takes files from the image.
fn place(stage: &Stage, inputs: &Inputs, image: &ImageRef) -> Option<Span> {
    let means_it = |source: &Source| match source {
        Source::Image(found) => found == image,
        Source::NamedContext(name) => matches!(
            inputs.named_contexts.get(name),
            Some(Source::Image(found)) if found == image
        ),
        _ => false,
    };
    stage.stages().iter().find_map(|stage| {
        let is_base = match stage.base() {
            Base::Image(found) => found == image,
            Base::NamedContext(name) => means_it(&Source::NamedContext(name.clone())),
            _ => false,
        };
        let base = stage.span().filter(|_| is_base);
        let mut steps = stage.steps().iter();
        base.or_else(|| {
            steps.find_map(|step| {
                let span = step.origin.span.as_ref();
                span.filter(|_| step.sources().into_iter().any(means_it))
            })
        })
        .cloned()
    })
}

/// The image itself, when it stands in quotes on the line of the step that uses it.
fn quoted(name: &str, span: &Span) -> Option<Span> {
    let line = span.file().line(span.start().line)?;
    ['"', '\''].into_iter().find_map(|quote| {
        let text = format!("{quote}{name}{quote}");
        let start = line.text().find(&text)?;
        Some(line.sub(start..start + text.len()))
    })
}

/// The name as the user wrote it: a tag that is nowhere in the file was added.
fn as_written(image: &ImageRef, span: Option<&Span>) -> String {
    let full = image.familiar();
    match full.strip_suffix(":latest") {
        Some(name) if !span.is_some_and(|span| span.file().text().contains(&full)) => {
            name.to_owned()
        }
        _ => full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microb_dsl::{Platform, SourceFile, copy, from};

    /// The image is asked for at `text` in the file, and a step before it asks for another one.
    #[track_caller]
    fn check(image: &str, text: &str, expected: &str) {
        let file = SourceFile::new("pyproject.toml", format!("a = 1\n{text}\n"));
        let reference: ImageRef = image.parse().unwrap();
        let other: ImageRef = "other:1".parse().unwrap();
        let mut step = microb_dsl::Step::from(copy("a", "/a").from(reference.clone()));
        step.origin.span = file.find(text);
        let mut first = microb_dsl::Step::from(copy("a", "/a").from(other));
        first.origin.span = file.find("a = 1");
        let stage = from(Base::Scratch).then(vec![first, step]);
        let inputs = Inputs::offline(Platform::host());
        let plan = Plan {
            stage,
            inputs,
            inspections: Vec::new(),
        };
        let told = unresolved(Failure::new("not found"), &reference, &[plan]);
        // Past `from = `: the image itself is underlined.
        assert!(told.message().contains("--> pyproject.toml:2:8"), "{told}");
        assert!(told.message().contains(expected), "{told}");
        let is_helped = told.message().contains("--build-context");
        assert_eq!(is_helped, expected.contains("is no target"), "{told}");
    }

    #[test]
    fn an_image_that_cannot_be_resolved_has_the_place_that_asks_for_it() {
        check("shared", "from = 'shared'", "`shared` is no target");
        let found = "cannot resolve the image `tools:1`: not found";
        check("tools:1", "from = 'tools:1'", found);
        let found = "cannot resolve the image `acme/tools`: not found";
        check("acme/tools", "from = 'acme/tools'", found);
        let found = "cannot resolve the image `tools:latest`: not found";
        check("tools:latest", "from = 'tools:latest'", found);
    }
}

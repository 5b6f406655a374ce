//! Where the Dockerfile frontend would run a stage on another platform than the recipe says.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::stage::{Base, Stage, StageKey, StagePlatform};
use crate::step::Instruction;

use super::no_form;

/// The platforms of the stages seen so far: as the recipe has them, and as a Dockerfile has them.
#[derive(Default)]
pub(super) struct Platforms(BTreeMap<StageKey, (StagePlatform, StagePlatform)>);

impl Platforms {
    /// Takes note of a stage whose dependencies were seen before, and finds a `run` on the wrong platform.
    pub(super) fn check(&mut self, stage: &Stage) -> Option<Diagnostic> {
        let own = stage.platform().clone();
        let (inherited, rendered) = match stage.base() {
            Base::Stage(base) => self.of(base),
            Base::Merge(stages) => stages
                .first()
                .map(|first| self.of(first))
                .unwrap_or_default(),
            // `FROM scratch` ignores `--platform`.
            Base::Scratch => (StagePlatform::Target, StagePlatform::Target),
            Base::Image(_) | Base::NamedContext(_) | Base::Diff { .. } | Base::Definition(_) => {
                (StagePlatform::Target, own.clone())
            }
        };
        let meant = if own == StagePlatform::Target {
            inherited
        } else {
            own
        };
        let wrong = meant != rendered && runs(stage);
        self.0.insert(stage.key(), (meant, rendered));
        wrong.then(|| {
            no_form(
                "a stage's platform",
                "a stage that is not from an image runs on the platform of its base",
            )
        })
    }

    fn of(&self, stage: &Stage) -> (StagePlatform, StagePlatform) {
        self.0.get(&stage.key()).cloned().unwrap_or_default()
    }
}

fn runs(stage: &Stage) -> bool {
    stage
        .steps()
        .iter()
        .any(|step| matches!(step.instruction, Instruction::Run(_)))
}

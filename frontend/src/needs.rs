//! Secrets and agents that a build cannot do without, and what to type when they were not given.

use microb_dsl::{Diagnostic, Instruction, Mount, Span, Stage};

use crate::gateway::Failure;

/// A secret or an agent that a step asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    kind: Kind,
    id: String,
    /// The place that asks for it, if it has one of its own.
    own_span: Option<Span>,
    /// The place of the first step that asks for it.
    span: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    Agent,
}

/// What the steps of a stage, and of all stages that it needs, cannot do without.
pub(crate) fn of(stage: &Stage) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for stage in stage.stages() {
        for step in stage.steps() {
            let Instruction::Run(run) = &step.instruction else {
                continue;
            };
            for (kind, id, own_span) in run.mounted().iter().filter_map(required) {
                if !needs
                    .iter()
                    .any(|known| (known.kind, known.id.as_str()) == (kind, id))
                {
                    needs.push(Need {
                        kind,
                        id: id.to_owned(),
                        own_span: own_span.cloned(),
                        span: step.origin.span.clone(),
                    });
                }
            }
        }
    }
    needs
}

fn required(mount: &Mount) -> Option<(Kind, &str, Option<&Span>)> {
    match mount {
        Mount::Secret(secret) if secret.is_required() => {
            Some((Kind::Secret, secret.name(), secret.span()))
        }
        Mount::Ssh(ssh) if ssh.is_required() => Some((Kind::Agent, ssh.name(), None)),
        Mount::Secret(_) | Mount::Ssh(_) | Mount::Cache(_) | Mount::Bind(_) | Mount::Tmpfs(_) => {
            None
        }
    }
}

/// Says which flag is missing, when that is why the build failed.
pub(crate) fn explain(failure: Failure, needs: &[Need]) -> Failure {
    let Some(missing) = needs.iter().find(|need| need.is_missing(failure.message())) else {
        return failure;
    };
    let Need {
        kind,
        id,
        own_span,
        span,
    } = missing;
    let finding = match kind {
        Kind::Secret => Diagnostic::error(format!("the secret `{id}` was not given")).help(
            format!("add `--secret id={id},src=FILE` or `--secret id={id},env=VARIABLE`"),
        ),
        Kind::Agent => Diagnostic::error(format!("no ssh agent `{id}` was given")).help(format!(
            "add `--ssh {id}`, with a running agent, or `--ssh {id}=KEYFILE`"
        )),
    };
    match (own_span, span) {
        (Some(own), _) => failure.told_at_its_place(finding.at(own)),
        (None, Some(step)) => failure.told_as(finding.at(step)),
        (None, None) => failure.told_as(finding),
    }
}

impl Need {
    /// Whether the engine says that it was not given, in the words of `solver/llbsolver/mounts/mount.go`,
    /// `session/secrets/secrets.go` and `session/sshforward/sshprovider` in moby/buildkit.
    fn is_missing(&self, message: &str) -> bool {
        let id = &self.id;
        match self.kind {
            Kind::Secret => message.ends_with(&format!("secret {id}: not found")),
            Kind::Agent => [
                format!("unset ssh forward key {id}"),
                format!("no SSH key \"{id}\" forwarded from the client"),
            ]
            .iter()
            .any(|words| message.ends_with(words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use microb_dsl::prelude::*;

    use super::*;

    #[test]
    fn the_flag_is_named_for_what_is_required_and_missing() {
        let stage = scratch().then(
            run("x")
                .mount(secret("a"))
                .mount(secret("b").optional())
                .mount(ssh())
                .mount(cache("/c")),
        );
        let needs = of(&stage);
        for (words, expected) in [
            (
                "failed: secret a: not found",
                "error: the secret `a` was not given\nhelp: add `--secret id=a,src=FILE` or `--secret id=a,env=VARIABLE`",
            ),
            (
                "unset ssh forward key default",
                "error: no ssh agent `default` was given\nhelp: add `--ssh default`, with a running agent, or `--ssh default=KEYFILE`",
            ),
            (
                "no SSH key \"default\" forwarded from the client",
                "error: no ssh agent `default` was given\nhelp: add `--ssh default`, with a running agent, or `--ssh default=KEYFILE`",
            ),
            ("secret b: not found", "secret b: not found"),
            ("secret aa: not found", "secret aa: not found"),
        ] {
            let told = explain(Failure::new(words), &needs);
            assert_eq!(told.message(), expected, "{words}");
        }
    }
}

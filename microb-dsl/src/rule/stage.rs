//! The rules that every recipe has: what can be seen in its stages, whatever made them.

use super::secret;
use super::{PAGES, Rule};
use crate::diagnostic::Diagnostic;
use crate::grammar::without_login;
use crate::reference::ImageRef;
use crate::source::{Git, Http, Source};
use crate::span::Span;
use crate::stage::{Base, Stage};
use crate::step::{Command, Id, Instruction, Owner, Setting, Step};

pub(super) static SECRET_IN_IMAGE: Rule = Rule::new(
    "SecretInImage",
    "Who has an image can read its variables and labels, so they are no place for secrets",
)
.pages(PAGES);

pub(super) static TOKEN_IN_IMAGE: Rule = Rule::new(
    "TokenInImage",
    "A token or a private key in an image is known to everybody who can pull it",
)
.error()
.pages(PAGES);

pub(super) static LATEST_IMAGE: Rule = Rule::new(
    "LatestImage",
    "An image without a version is another one after each of its releases",
)
.pages(PAGES);

pub(super) static UNVERIFIED_DOWNLOAD: Rule = Rule::new(
    "UnverifiedDownload",
    "What is behind a URL can change; a checksum tells",
)
.pages(PAGES);

pub(super) static INSECURE_DOWNLOAD: Rule = Rule::new(
    "InsecureDownload",
    "Without TLS and without a checksum, everybody on the way can change what is fetched",
)
.pages(PAGES);

pub(super) static MOVING_GIT_REFERENCE: Rule = Rule::new(
    "MovingGitReference",
    "A branch is another commit after each push",
)
.pages(PAGES);

pub(super) static ROOT_USER: Rule = Rule::new(
    "RootUser",
    "A program that runs as root has more rights than it needs",
)
.pages(PAGES);

pub(super) static SHELL_ENTRYPOINT: Rule = Rule::new(
    "ShellEntrypoint",
    "A shell around a program keeps the signals that should stop it",
)
.pages(PAGES);

/// What the rules of the language find in a stage and in all stages that it needs.
pub fn check(stage: &Stage) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for stage in stage.stages() {
        if let Base::Image(image) = stage.base() {
            findings.extend(latest(image, stage.span()));
        }
        for step in stage.steps() {
            let span = step.origin.span.as_ref();
            findings.extend(setting(step, span));
            findings.extend(
                step.sources()
                    .into_iter()
                    .filter_map(|source| source_of(source, span)),
            );
        }
    }
    // What several stages begin with is told once, at its place.
    let is_placed = |one: &Diagnostic| {
        let same = |other: &Diagnostic| other.message == one.message && other.span.is_some();
        one.span.is_some() || !findings.iter().any(same)
    };
    findings
        .iter()
        .filter(|one| is_placed(one))
        .cloned()
        .collect()
}

fn setting(step: &Step, span: Option<&Span>) -> Option<Diagnostic> {
    let Instruction::Config(setting) = &step.instruction else {
        return None;
    };
    let finding = match setting {
        Setting::Env { name, value } => secret("variable", name, value)?.help(format!(
            "give it to the container, `docker run --env {name}`, or to a step as a build secret"
        )),
        Setting::Label { name, value } => secret("label", name, value)?.help("remove it"),
        Setting::Annotation { name, value } => secret("annotation", name, value)?.help("remove it"),
        Setting::Entrypoint(command) => shell(command, "entrypoint")?,
        Setting::Cmd(command) => shell(command, "command")?,
        Setting::Path(_)
        | Setting::User(_)
        | Setting::Expose(_)
        | Setting::Volume(_)
        | Setting::Shell(_)
        | Setting::StopSignal(_)
        | Setting::Healthcheck(_) => return None,
    };
    Some(finding.at(span))
}

/// A variable or a label that is a secret, or looks like one.
fn secret(what: &str, name: &str, value: &str) -> Option<Diagnostic> {
    if let Some(kind) = secret::certain(value) {
        return Some(TOKEN_IN_IMAGE.finding(format!("the {what} `{name}` holds {kind}")));
    }
    let why = secret::likely(name, value)?;
    Some(SECRET_IN_IMAGE.finding(format!("the {what} `{name}` looks like a secret: {why}")))
}

/// A line for a shell that neither ends in the program itself (`exec`) nor needs the shell to stay.
fn shell(command: &Command, what: &str) -> Option<Diagnostic> {
    let line = match command {
        Command::Shell(line) => line.as_str(),
        Command::Exec(argv) => match argv.as_slice() {
            [shell, flags, line, ..] if is_shell(shell) && is_line_flag(flags) => line.as_str(),
            _ => return None,
        },
    };
    if line.split_whitespace().any(|word| word == "exec") {
        return None;
    }
    let short: String = line.chars().take(40).collect();
    Some(
        SHELL_ENTRYPOINT
            .finding(format!("the {what} runs in a shell, which does not pass signals on"))
            .help(format!(
                "write the program and its arguments as a list, or `exec {short}` if the shell is needed"
            )),
    )
}

fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    ["sh", "bash", "dash", "ash"].contains(&name)
}

fn is_line_flag(flag: &str) -> bool {
    flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c')
}

fn source_of(source: &Source, span: Option<&Span>) -> Option<Diagnostic> {
    match source {
        Source::Image(image) => latest(image, span),
        Source::Http(http) => download(http, span),
        Source::Git(git) => repository(git, span),
        Source::Context
        | Source::NamedContext(_)
        | Source::Stage(_)
        | Source::Local(_)
        | Source::Definition(_)
        | Source::Scratch => None,
    }
}

fn latest(image: &ImageRef, span: Option<&Span>) -> Option<Diagnostic> {
    let name = image.familiar();
    let repository = name.strip_suffix(":latest")?;
    let finding = LATEST_IMAGE
        .finding(format!("`{name}` is another image after each release"))
        .help(format!("name a version: `{repository}:VERSION`"));
    Some(finding.at(span))
}

fn download(http: &Http, span: Option<&Span>) -> Option<Diagnostic> {
    if http.checksum.is_some() {
        return None;
    }
    let url = without_login(&http.url);
    let finding = if url.starts_with("http://") {
        INSECURE_DOWNLOAD
            .finding(format!(
                "`{url}` is fetched without TLS and without a checksum"
            ))
            .help("write `https://`, or give the `checksum` of the file")
    } else {
        UNVERIFIED_DOWNLOAD
            .finding(format!("`{url}` is fetched without a checksum"))
            .help("give the `checksum` of the file: `sha256:` and what `sha256sum FILE` prints")
    };
    Some(finding.at(span))
}

fn repository(git: &Git, span: Option<&Span>) -> Option<Diagnostic> {
    let remote = without_login(&git.remote);
    let is_commit = |text: &String| text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit());
    let is_pinned = git.checksum.is_some() || git.reference.as_ref().is_some_and(is_commit);
    if is_pinned {
        return None;
    }
    if remote.starts_with("http://") || remote.starts_with("git://") {
        let finding = INSECURE_DOWNLOAD
            .finding(format!(
                "`{remote}` is fetched without TLS and without a commit"
            ))
            .help("write `https://`, or name the commit after `#`");
        return Some(finding.at(span));
    }
    let problem = match git.reference.as_deref() {
        None => format!("`{remote}` is fetched from its default branch"),
        Some(branch) if is_branch(branch) => {
            format!("`{remote}` is fetched from the branch `{branch}`")
        }
        Some(_) => return None,
    };
    let finding = MOVING_GIT_REFERENCE
        .finding(problem)
        .help("name a tag or a commit after `#`");
    Some(finding.at(span))
}

/// The usual names of branches; what else a reference may be is a tag.
fn is_branch(reference: &str) -> bool {
    let name = reference.trim_start_matches("refs/heads/");
    name != reference || ["HEAD", "main", "master", "develop", "dev", "trunk"].contains(&name)
}

/// What is wrong with the user that the image runs as.
///
/// The last user that a step sets decides, in the stage or its bases; without one `user`, which is the user of the
/// finished image's config where that is known.
pub fn check_user(stage: &Stage, user: Option<&str>) -> Option<Diagnostic> {
    let mut next = Some(stage.clone());
    while let Some(stage) = next {
        for step in stage.steps().iter().rev() {
            if let Instruction::Config(Setting::User(owner)) = &step.instruction {
                return is_root(owner).then(|| runs_as_root().at(step.origin.span.as_ref()));
            }
        }
        next = match stage.base() {
            Base::Stage(below) => Some(below.clone()),
            Base::Merge(stages) => stages.first().cloned(),
            Base::Diff { upper, .. } => Some(upper.clone()),
            Base::Scratch | Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => None,
        };
    }
    let name = user?.split(':').next().unwrap_or_default();
    ["", "0", "root"].contains(&name).then(runs_as_root)
}

fn runs_as_root() -> Diagnostic {
    ROOT_USER
        .finding("the image runs as root")
        .help("set another user, for instance 65532")
}

fn is_root(owner: &Owner) -> bool {
    match &owner.user {
        Id::Number(number) => *number == 0,
        Id::Name(name) => name == "root",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{add, cmd, copy, entrypoint, env, from, git, http, label, scratch, user};

    /// The rules that a stage of these steps breaks.
    #[track_caller]
    fn check_steps(steps: impl crate::IntoSteps, expected: &[&str]) {
        let stage = scratch().then(steps);
        let mut found = check(&stage);
        found.extend(check_user(&stage, None));
        let names: Vec<&str> = found
            .iter()
            .filter_map(|found| Some(found.rule?.name))
            .collect();
        assert_eq!(names, expected, "{found:?}");
    }

    #[test]
    fn variables_and_labels_are_no_place_for_secrets() {
        check_steps(env("TOKEN", "abc"), &["SecretInImage"]);
        check_steps(env("ID", "AKIAIOSFODNN7EXAMPLE"), &["TokenInImage"]);
        check_steps(label("org.acme.token", "abc"), &["SecretInImage"]);
        check_steps((env("PORT", "80"), label("title", "token")), &[]);
    }

    #[test]
    fn what_is_fetched_should_be_known() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let digest = format!("sha256:{}", "0".repeat(64));
        check_steps(add(http("http://h/a"), "/"), &["InsecureDownload"]);
        check_steps(add(http("https://h/a"), "/"), &["UnverifiedDownload"]);
        check_steps(add(http("http://h/a").checksum(digest), "/"), &[]);
        check_steps(add(git("https://h/a.git"), "/"), &["MovingGitReference"]);
        check_steps(
            add(git("git@h:a.git").reference("main"), "/"),
            &["MovingGitReference"],
        );
        check_steps(
            add(git("git://h/a.git").reference("v1"), "/"),
            &["InsecureDownload"],
        );
        check_steps(add(git("git://h/a.git").reference(commit), "/"), &[]);
        check_steps(add(git("https://h/a.git").reference("v1"), "/"), &[]);
        for step in [
            add(http("https://me:secret@h/a"), "/"),
            add(http("http://me:secret@h/a"), "/"),
            add(git("https://secret@h/a.git"), "/"),
            add(git("http://secret@h/a.git"), "/"),
        ] {
            let found = check(&scratch().then(step));
            assert!(found[0].message.contains("://h/a"), "{found:?}");
        }
    }

    #[test]
    fn an_image_should_have_a_version() {
        let image = |name: &str| name.parse::<ImageRef>().unwrap();
        check_steps(copy("a", "/").from(image("tools")), &["LatestImage"]);
        check_steps(copy("a", "/").from(image("tools:1")), &[]);
        let pinned = format!("tools:latest@sha256:{}", "0".repeat(64));
        check_steps(copy("a", "/").from(image(&pinned)), &[]);
        let file = crate::SourceFile::new("pyproject.toml", "python");
        let placed = from(image("python")).at(Some(&file.whole()));
        let both = from(image("python")).then(copy("a", "/").from(&placed));
        let found = check(&both);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].span.is_some());
        let found = check(&from(image("python:latest")));
        assert_eq!(
            found[0].message,
            "`python:latest` is another image after each release"
        );
    }

    #[test]
    fn a_shell_should_not_stay_around_the_program() {
        check_steps(entrypoint("app --serve"), &["ShellEntrypoint"]);
        check_steps(entrypoint(["sh", "-c", "app"]), &["ShellEntrypoint"]);
        check_steps(cmd(["/bin/bash", "-ec", "app"]), &["ShellEntrypoint"]);
        check_steps(cmd(["/bin/bash", "-ec", "cd x && exec app $A"]), &[]);
        check_steps((entrypoint(["app"]), cmd(["sh"])), &[]);
    }

    #[test]
    fn the_last_user_decides() {
        check_steps((user(65532), user(0)), &["RootUser"]);
        check_steps((user(0), user(65532)), &[]);
        check_steps((), &[]);
        let base = scratch().then(user(65532));
        assert_eq!(check_user(&from(&base), Some("")), None);
        let image: ImageRef = "tools:1".parse().unwrap();
        for (of_the_base, is_root) in [("", true), ("root:root", true), ("0", true), ("app", false)]
        {
            let found = check_user(&from(image.clone()), Some(of_the_base));
            assert_eq!(found.is_some(), is_root, "{of_the_base}");
        }
        assert_eq!(check_user(&from(image), None), None);
    }
}

//! `explain`: what each step reads, and which steps a change runs again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use microb_dsl::explain::{self, Planned, Tree};
use microb_dsl::llb;
use microb_dsl::patterns::Patterns;
use microb_dsl::{Diagnostic, Diagnostics, Stage};

use super::arguments::Inputs;
use super::folder::{self, Contents};
use super::revision::Revision;
use super::{print, show};
use crate::directory_context::DirectoryContext;
use crate::ignore::{self, IGNORE_FILE};
use crate::recipe::Recipe;

/// The name of the local source that is the build context on the command line.
const CONTEXT: &str = "context";

/// Prints what makes each step run again, or which steps a change runs again.
pub(super) fn explain(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let inputs = Inputs::new(recipe, matches);
    let project = Project::open(recipe, &inputs)?;
    let changed = matches.get_many::<PathBuf>("changed").into_iter().flatten();
    let changed: Vec<&PathBuf> = changed.collect();
    let text = match matches.get_one::<String>("since") {
        Some(since) => since_text(recipe, &project, &inputs, since)?,
        None if changed.is_empty() => project.text(recipe)?,
        None => project.changed_text(recipe, &changed)?,
    };
    print(text.as_bytes())
}

/// A folder, and what the recipe makes of it.
pub(super) struct Project {
    cx: Arc<DirectoryContext>,
    inputs: Inputs,
    pub(super) stage: Stage,
    /// The same with the steps that look at it when it is finished.
    inspected: Stage,
    lowering: llb::Inputs,
    /// `None` if there is none, and the recipe's own patterns hold.
    ignore_file: Option<String>,
    ignored: Patterns,
}

impl Project {
    pub(super) fn open(recipe: &Recipe, inputs: &Inputs) -> Result<Self, Diagnostics> {
        Self::of(recipe, inputs, show::context(recipe, inputs)?)
    }

    fn of(
        recipe: &Recipe,
        inputs: &Inputs,
        cx: Arc<DirectoryContext>,
    ) -> Result<Self, Diagnostics> {
        let stage = show::stage_of(recipe, inputs, &cx)?;
        let ignored = match cx.ignored() {
            Some(ignored) => ignored.clone(),
            None => ignore::defaults(&recipe.ignored(&*cx), &stage),
        };
        Ok(Self {
            inspected: inspected(&stage, &cx),
            stage,
            lowering: show::lowering_inputs(inputs)?,
            inputs: inputs.clone(),
            ignore_file: folder::ignore_file(&cx, inputs).map(|(name, _)| name),
            ignored,
            cx,
        })
    }

    /// The same project at another time.
    pub(super) fn since(&self, recipe: &Recipe, since: &str) -> Result<Before, Diagnostics> {
        let definition = folder::definition_path(&self.cx, &self.inputs);
        let path = Path::new(since);
        if path.is_dir() {
            let mut inputs = self.inputs.clone();
            path.clone_into(&mut inputs.folder);
            if let Some(definition) = definition {
                inputs.file = Some(path.join(definition));
            }
            return Ok(Before {
                project: Self::open(recipe, &inputs)?,
                revision: None,
            });
        }
        let revision = Revision::open(self.cx.folder(), since)?;
        let cx = show::open(recipe, &self.inputs)?;
        let cx = cx.earlier(revision.earlier(), &definition.unwrap_or_default())?;
        let cx = show::with_ignore_file(cx, &self.inputs)?;
        Ok(Before {
            project: Self::of(recipe, &self.inputs, Arc::new(cx))?,
            revision: Some(revision),
        })
    }

    /// Who says what is not sent.
    fn ignored_by(&self, recipe: &Recipe) -> String {
        match &self.ignore_file {
            Some(file) => file.clone(),
            None => format!("without a {IGNORE_FILE}, {}", recipe.name()),
        }
    }

    /// What is not part of the build context though nobody asked for that.
    fn left_out(&self) -> String {
        if self.ignore_file.is_some() || self.ignored.is_empty() {
            return String::new();
        }
        let patterns = self.ignored.texts().join(", ");
        format!(
            "\nThere is no {IGNORE_FILE}, so these are not sent: {patterns}; an empty one would send everything.\n"
        )
    }

    fn planned(&self, tree: Tree) -> Planned<'_> {
        Planned::new(&self.inspected, &self.lowering).tree(CONTEXT, tree)
    }

    fn text(&self, recipe: &Recipe) -> Result<String, Diagnostics> {
        let explained = explain::explain(&self.inspected, &self.lowering)?;
        let mut reads = self.cx.reads();
        reads.insert(self.cx.definition_name().to_owned(), true);
        let named = |there: bool| {
            let paths = reads
                .iter()
                .filter(move |(_, is_there)| **is_there == there);
            let paths: Vec<&str> = paths.map(|(path, _)| path.as_str()).collect();
            paths.join(", ")
        };
        let listed = self.cx.lists();
        let listed: Vec<String> = listed.iter().map(|path| format!("{path}/")).collect();
        let lists = match listed.join(", ").as_str() {
            "" => String::new(),
            "/" => ", the names in its folder".to_owned(),
            folders => format!(", the names in the folders {folders}"),
        };
        let looked_for = match named(false).as_str() {
            "" => String::new(),
            paths => format!(", and looked for {paths}"),
        };
        Ok(format!(
            "The recipe reads {}{lists}{looked_for}.\n\
             That changes steps only by the values in them: `{} explain --since REV` compares.\n{}{}\n{explained}",
            named(true),
            recipe.name(),
            self.decided(),
            self.left_out(),
        ))
    }

    /// What the recipe chose without being told.
    fn decided(&self) -> String {
        let decisions = self.cx.decisions();
        let lines: Vec<String> = decisions
            .iter()
            .map(|decision| format!("\n  {decision}"))
            .collect();
        match lines.concat() {
            lines if lines.is_empty() => lines,
            lines => format!("\nNobody said, so it decided:{lines}\n"),
        }
    }

    fn changed_text(&self, recipe: &Recipe, changed: &[&PathBuf]) -> Result<String, Diagnostics> {
        let before = folder::tree(&self.cx, &self.ignored, Contents::Ignored)?;
        let mut after = before.clone();
        let mut notes = BTreeSet::new();
        for given in changed {
            let path = self.inside(given)?;
            notes.extend(self.notes(recipe, &path, &before));
            if !self.ignored.leave_out(&path) {
                after = after.with_changed(&path);
            }
        }
        let reruns = explain::reruns(&self.planned(before), &self.planned(after))?;
        Ok(with_notes(&reruns.to_string(), &notes))
    }

    /// What the answer does not say about a path.
    fn notes(&self, recipe: &Recipe, path: &str, tree: &Tree) -> Vec<String> {
        if path.is_empty() {
            return Vec::new();
        }
        let definition = folder::definition_path(&self.cx, &self.inputs);
        let is_read = definition.as_deref() == Some(path)
            || self.cx.reads().contains_key(path)
            || self.ignore_file.as_deref() == Some(path)
            || path == IGNORE_FILE;
        let mut notes = Vec::new();
        if is_read {
            notes.push(format!(
                "`{path}` also says what the steps are: `{} explain --since REV` compares them with those of another time",
                recipe.name()
            ));
        } else if self.ignored.leave_out(path) {
            notes.push(format!(
                "`{path}` is not sent: {} leaves it out",
                self.ignored_by(recipe)
            ));
        } else if tree.get(path).is_none() {
            notes.push(format!(
                "there is no `{path}`: it is taken for a file that is new, or was there before"
            ));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if self.cx.lists().contains(folder) {
                notes.push(format!(
                    "the recipe looks at the names beside `{path}`: another one may change the steps"
                ));
            }
        }
        notes
    }

    /// A path from the working directory as a path of the build context.
    fn inside(&self, given: &Path) -> Result<String, Diagnostic> {
        let outside = || {
            let error = Diagnostic::error(format!(
                "`{}` is not in the build context `{}`",
                given.display(),
                self.inputs.folder.display()
            ));
            let below = self.inputs.folder.join(given);
            let real = fs::canonicalize(&below);
            if real.is_ok_and(|real| real.starts_with(self.cx.folder())) {
                error.help(format!(
                    "write `{}`: paths start at the working directory",
                    below.display()
                ))
            } else {
                error
            }
        };
        let path = std::path::absolute(given).map_err(|_| outside())?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(outside());
        };
        let path = if given.ends_with("..") || given.ends_with(".") {
            fs::canonicalize(&path).map_err(|_| outside())?
        } else {
            nearest(folder).join(name)
        };
        let path = path.strip_prefix(self.cx.folder()).map_err(|_| outside())?;
        path.to_str().map(str::to_owned).ok_or_else(outside)
    }
}

/// What a build runs: the stage, and the first of the looks at it, which is the only one unless it finds something.
fn inspected(stage: &Stage, cx: &DirectoryContext) -> Stage {
    match cx.inspections().first() {
        Some(inspection) => inspection.stage(stage),
        None => stage.clone(),
    }
}

/// The real path of a folder, as far as it is there.
fn nearest(folder: &Path) -> PathBuf {
    match (
        fs::canonicalize(folder),
        folder.parent(),
        folder.file_name(),
    ) {
        (Err(_), Some(above), Some(name)) => nearest(above).join(name),
        (Ok(real), _, _) => real,
        (Err(_), _, _) => folder.to_owned(),
    }
}

/// A project as it was.
pub(super) struct Before {
    pub(super) project: Project,
    /// The revision, if it was no folder of its own.
    revision: Option<Revision>,
}

fn since_text(
    recipe: &Recipe,
    project: &Project,
    inputs: &Inputs,
    since: &str,
) -> Result<String, Diagnostics> {
    let before = project.since(recipe, since)?;
    let contents = match before.revision {
        Some(_) => Contents::Ignored,
        None => Contents::Hashed,
    };
    let now = folder::tree(&project.cx, &project.ignored, contents)?;
    let then = match &before.revision {
        Some(revision) => {
            let all = folder::tree(&project.cx, &before.project.ignored, contents)?;
            let mut then = Tree::default();
            for (path, entry) in revision.tree(&all).entries() {
                if !before.project.ignored.leave_out(path) {
                    then.insert(path, entry.clone());
                }
            }
            then
        }
        None => folder::tree(&before.project.cx, &before.project.ignored, contents)?,
    };
    let mut notes = BTreeSet::new();
    if before.revision.is_some() && now.get(".git").is_some() {
        let folder = inputs.folder.display();
        notes.insert(format!(
            "`.git` of `{folder}` is sent too and changes with every commit, which is not looked at here: name it in {}",
            project.ignore_file.as_deref().unwrap_or(IGNORE_FILE)
        ));
    }
    let reruns = explain::reruns(&before.project.planned(then), &project.planned(now))?;
    Ok(with_notes(&reruns.to_string(), &notes))
}

fn with_notes(text: &str, notes: &BTreeSet<String>) -> String {
    let notes: Vec<String> = notes.iter().map(|note| format!("note: {note}\n")).collect();
    if notes.is_empty() {
        text.to_owned()
    } else {
        format!("{text}\n{}", notes.concat())
    }
}

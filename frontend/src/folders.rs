//! Folders of the client below its root: those that a recipe reads like the root, and all, where a file may be anywhere.

use std::collections::BTreeMap;

use microb_dsl::context::is_skipped;
use tokio::sync::Mutex;

use crate::files;
use crate::gateway::{Failure, Gateway, Reference};
use crate::request::Request;
use crate::{sent, sources};

/// Suffix of the shared key of the files that are looked for everywhere.
const FIND_KEY: &str = "microb-find";

/// More folders than these are not looked into: each costs a call to the engine.
const MAX_FOLDERS: usize = 2_000;

/// What was sent of folders below the root, each with what the recipe's patterns match in it.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<BTreeMap<String, Reference>>);

impl Folders {
    /// What holds a file that no pattern matches in the root, but one would in the file's own folder.
    ///
    /// Then the recipe reads that folder like a root, so that all is sent at once that it may ask for there.
    pub(crate) async fn holding(
        &self,
        gateway: &Gateway,
        request: &Request,
        local: &str,
        patterns: &[String],
        path: &str,
    ) -> Result<Option<Reference>, Failure> {
        let mut known = self.0.lock().await;
        let holds = |(folder, _): &(&String, &Reference)| {
            below(folder, path).is_some_and(|inside| sent::covers(patterns, inside))
        };
        if let Some((_, reference)) = known.iter().find(holds) {
            return Ok(Some(reference.clone()));
        }
        let Some((folder, name)) = path.rsplit_once('/') else {
            return Ok(None);
        };
        // A name that would be a pattern itself.
        let is_pattern = folder.contains(['*', '?', '[', '\\']);
        if is_pattern || !sent::covers(patterns, name) {
            return Ok(None);
        }
        let wanted: Vec<String> = patterns
            .iter()
            .map(|pattern| format!("{folder}/{pattern}"))
            .collect();
        let label = format!("load project files of {folder}");
        let solved = files::part(gateway, request, local, &wanted, &label).await?;
        known.insert(folder.to_owned(), solved.reference.clone());
        Ok(Some(solved.reference))
    }

    /// What holds the names in a folder, if it was sent.
    pub(crate) async fn listing(&self, folder: &str) -> Option<Reference> {
        let known = self.0.lock().await;
        let holds =
            |(known, _): &(&String, &Reference)| *known == folder || below(known, folder).is_some();
        // The nearest: one further above has less of it.
        known.iter().rev().find(holds).map(|(_, one)| one.clone())
    }
}

/// A path as it is below a folder.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// All files of this name in the client's folder, as a tree that holds nothing else.
pub(crate) async fn files_named(
    gateway: &Gateway,
    request: &Request,
    local: &str,
    name: &str,
) -> Result<Reference, Failure> {
    let folder = sources::folder(request, local, format!("{local}-{FIND_KEY}"))
        .include([format!("**/{name}")])
        .exclude(["**/.*", "**/node_modules"])
        .whole();
    let label = format!("look for {name}");
    let solved = sources::solve(gateway, &folder.into(), &request.build_platform, &label).await?;
    Ok(solved.reference)
}

/// The paths of the files of this name in a tree, sorted.
pub(crate) async fn find(
    gateway: &Gateway,
    tree: &Reference,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    let mut count = 0;
    while let Some(folder) = open.pop() {
        count += 1;
        if count > MAX_FOLDERS {
            return Err(Failure::new(format!(
                "the build context has more than {MAX_FOLDERS} folders to look into"
            )));
        }
        let path = if folder.is_empty() { "." } else { &folder };
        let entries = gateway.read_dir(tree, path).await?;
        for entry in entries.into_iter().flatten() {
            let path = match folder.as_str() {
                "" => entry.path.clone(),
                folder => format!("{folder}/{}", entry.path),
            };
            let is_folder = entry.is_folder();
            if is_folder && !is_skipped(&entry.path) {
                open.push(path);
            } else if !is_folder && entry.path == name {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

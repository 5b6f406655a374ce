//! The project's files, as far as looking for a program may read them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use microb::{Context, SourceFile};

use crate::text;

/// More folders than these are not listed: each costs a call to the engine.
const MAX_FOLDERS: usize = 60;

/// More modules than these are not read: each costs a call to the engine.
const MAX_MODULES: usize = 90;

/// The project's folder. Folders are named by their path in it, with a `/` at the end; it is itself the empty one.
pub(crate) struct Folders<'a> {
    cx: &'a dyn Context,
    project_dir: &'a str,
    listed: RefCell<BTreeMap<String, Vec<String>>>,
    left: Cell<usize>,
}

impl<'a> Folders<'a> {
    pub(crate) fn new(cx: &'a dyn Context, project_dir: &'a str) -> Self {
        Self {
            cx,
            project_dir,
            listed: RefCell::default(),
            left: Cell::new(MAX_MODULES),
        }
    }

    /// The path in the build context of a file of the project.
    pub(crate) fn path(&self, file: &str) -> String {
        match self.project_dir {
            "" => file.to_owned(),
            project => format!("{project}/{file}"),
        }
    }

    /// The names in a folder.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        if let Some(known) = self.listed.borrow().get(folder) {
            return known.clone();
        }
        if self.listed.borrow().len() >= MAX_FOLDERS {
            return Vec::new();
        }
        let path = self.path(folder);
        let path = match path.trim_end_matches('/') {
            "" => ".",
            path => path,
        };
        let names = self.cx.list(path).unwrap_or_default();
        let mut listed = self.listed.borrow_mut();
        listed.entry(folder.to_owned()).or_insert(names).clone()
    }

    /// Whether a folder has a file or folder of this name.
    pub(crate) fn has(&self, folder: &str, name: &str) -> bool {
        self.list(folder).iter().any(|found| found == name)
    }

    /// Whether a module of this name is found from a folder.
    pub(crate) fn has_module(&self, folder: &str, name: &str) -> bool {
        let file = format!("{name}.py");
        let names = self.list(folder);
        names.iter().any(|found| *found == name || *found == file)
    }

    /// The text of a module. `None` if there is none, or if enough was read.
    pub(crate) fn read(&self, file: &str) -> Option<SourceFile> {
        self.left.set(self.left.get().checked_sub(1)?);
        text::read(self.cx, &self.path(file)).ok().flatten()
    }
}

//! A folder of this machine as the context of a recipe, for the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use microb_dsl::context::{absent, inside, is_skipped};
use microb_dsl::patterns::Patterns;
use microb_dsl::{
    Context, Decision, Diagnostic, Inspection, Platform, ReadError, SourceFile, Told,
};

use crate::{definition, ignore};

/// A folder with a definition file, and what a client would say about the build.
#[derive(Debug)]
#[must_use]
pub struct DirectoryContext {
    folder: PathBuf,
    definition: SourceFile,
    build_args: BTreeMap<String, String>,
    named_contexts: BTreeSet<String>,
    target: Option<String>,
    platform: Platform,
    build_platform: Platform,
    warnings: Told<Diagnostic>,
    decisions: Told<Decision>,
    inspections: Told<Inspection>,
    is_check: bool,
    reads: Mutex<BTreeMap<String, bool>>,
    lists: Mutex<BTreeSet<String>>,
    earlier: Option<Earlier>,
    ignored: Option<Patterns>,
}

/// Reads a file as it was, by its path; `None` if it was not there.
pub(crate) type ReadEarlier = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Files of the folder as they were at another time.
pub(crate) struct Earlier {
    /// Those that were not as they are now, each with whether it was there.
    pub(crate) paths: BTreeMap<String, bool>,
    /// The content of one of them, if it was there.
    pub(crate) read: ReadEarlier,
}

impl Earlier {
    /// The names in a folder as they were, given those that are there now.
    fn names(&self, folder: &str, now: Vec<String>) -> Vec<String> {
        let mut names: BTreeSet<String> = now.into_iter().collect();
        for (path, was_there) in &self.paths {
            let inside = match folder {
                "" => Some(path.as_str()),
                folder => path
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(inside) = inside else { continue };
            match (inside.split_once('/'), was_there) {
                (None, false) => drop(names.remove(inside)),
                (None, true) => drop(names.insert(inside.to_owned())),
                (Some((name, _)), true) => drop(names.insert(name.to_owned())),
                // Another file may have been in that folder.
                (Some(_), false) => {}
            }
        }
        names.into_iter().collect()
    }
}

impl fmt::Debug for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Earlier").field(&self.paths).finish()
    }
}

impl DirectoryContext {
    /// A context over `folder`, for the platform of this machine. `definition` is relative to the working directory.
    ///
    /// # Errors
    ///
    /// When the folder is none, or the definition file is missing, too large or not UTF-8.
    pub fn open(folder: &Path, definition: &Path) -> Result<Self, Diagnostic> {
        Self::over(folder, || read_definition(definition))
    }

    /// The same for a recipe without a definition file; `name` is the recipe's.
    ///
    /// # Errors
    ///
    /// When the folder is none.
    pub fn without_definition(folder: &Path, name: &str) -> Result<Self, Diagnostic> {
        Self::over(folder, || Ok(SourceFile::new(name, "")))
    }

    fn over(
        folder: &Path,
        definition: impl FnOnce() -> Result<SourceFile, Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let folder_shown = folder.display();
        let root = fs::canonicalize(folder).map_err(|error| {
            Diagnostic::error(format!(
                "cannot open the folder `{folder_shown}`: {}",
                reason(&error)
            ))
        })?;
        if !root.is_dir() {
            return Err(
                Diagnostic::error(format!("`{folder_shown}` is not a folder"))
                    .help("name the folder that is the build context, and the file with `-f`"),
            );
        }
        Ok(Self {
            folder: root,
            definition: definition()?,
            build_args: BTreeMap::new(),
            named_contexts: BTreeSet::new(),
            target: None,
            platform: Platform::host(),
            build_platform: Platform::host(),
            warnings: Told::default(),
            decisions: Told::default(),
            inspections: Told::default(),
            is_check: false,
            reads: Mutex::default(),
            lists: Mutex::default(),
            earlier: None,
            ignored: None,
        })
    }

    /// Looks at the folder as it was at another time.
    ///
    /// # Errors
    ///
    /// When the definition, whose path in the folder is given, was not there.
    pub(crate) fn earlier(
        mut self,
        earlier: Earlier,
        definition: &str,
    ) -> Result<Self, Diagnostic> {
        if earlier.paths.contains_key(definition) {
            let content = (earlier.read)(definition).ok_or_else(|| {
                Diagnostic::error(format!("there was no `{definition}` at that time"))
            })?;
            let file = definition::decode(definition, content)?;
            self.definition = SourceFile::new(self.definition.name(), file.text());
        }
        self.earlier = Some(earlier);
        Ok(self)
    }

    /// What was asked for so far, each with whether it is there.
    pub fn reads(&self) -> BTreeMap<String, bool> {
        self.reads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The folders whose names were asked for so far; the root is empty.
    pub fn lists(&self) -> BTreeSet<String> {
        self.lists
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The name of the definition file.
    pub(crate) fn definition_name(&self) -> &str {
        self.definition.name()
    }

    /// The real path of the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of the folder, as it is or was. Nobody is told that it was asked for.
    pub(crate) fn look_at(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let inside = inside(path).ok_or_else(|| ReadError::outside(path).reason)?;
        if let Some(earlier) = &self.earlier
            && earlier.paths.contains_key(&inside)
        {
            return Ok((earlier.read)(&inside));
        }
        match self.locate(path)? {
            Some(file) => read_file(&file).map(Some),
            None => Ok(None),
        }
    }

    /// Gives build arguments.
    pub fn build_args(mut self, args: impl IntoIterator<Item = (String, String)>) -> Self {
        self.build_args.extend(args);
        self
    }

    /// Gives the names of the named contexts.
    pub fn named_contexts(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.named_contexts.extend(names);
        self
    }

    /// Asks for a target.
    pub fn with_target(mut self, target: Option<String>) -> Self {
        self.target = target;
        self
    }

    /// Asks for another platform than that of this machine.
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Says that only findings are wanted, as `docker build --check` does.
    pub fn with_check(mut self, is_check: bool) -> Self {
        self.is_check = is_check;
        self
    }

    /// Says what an ignore file leaves out, which a client would not send. Without this, all files are there.
    pub fn ignoring(mut self, patterns: Patterns) -> Self {
        self.ignored = Some(patterns);
        self
    }

    /// What an ignore file leaves out; `None` if there is no such file.
    pub(crate) fn ignored(&self) -> Option<&Patterns> {
        self.ignored.as_ref()
    }

    /// The decisions so far, in order.
    pub fn decisions(&self) -> Vec<Decision> {
        self.decisions.all()
    }

    /// What the recipe asked to look at so far, in order.
    pub fn inspections(&self) -> Vec<Inspection> {
        self.inspections.all()
    }

    /// The warnings so far, in order.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.warnings.all()
    }

    /// The names in a folder as it is, each with whether it is a folder. Links are not followed.
    fn entries(&self, folder: &str) -> Result<Vec<(String, bool)>, String> {
        let entries = fs::read_dir(self.folder.join(folder)).map_err(|error| reason(&error))?;
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let is_folder = entry.file_type().ok()?.is_dir();
            Some((entry.file_name().into_string().ok()?, is_folder))
        };
        Ok(entries.filter_map(entry).collect())
    }

    /// The file behind a path of the build context; `None` if there is none.
    fn locate(&self, path: &str) -> Result<Option<PathBuf>, String> {
        let inside = inside(path).ok_or_else(|| ReadError::outside(path).reason)?;
        let file = match fs::canonicalize(self.folder.join(inside)) {
            Ok(file) => file,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(reason(&error)),
        };
        if !file.starts_with(&self.folder) {
            return Err("it is a symbolic link that leads out of the build context".to_owned());
        }
        Ok(Some(file))
    }

    /// The names in a folder, as it is or was. Nobody is told that it was asked for.
    fn names(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let error = |reason| ReadError {
            path: folder.to_owned(),
            reason,
        };
        let located = match folder {
            "." | "" => Some(self.folder.clone()),
            folder => self.locate(folder).map_err(error)?,
        };
        let inside = inside(folder).unwrap_or_default();
        let names = match located {
            Some(folder) => read_names(&folder).map_err(error)?,
            None => Vec::new(),
        };
        let mut names = match &self.earlier {
            Some(earlier) => earlier.names(&inside, names),
            None => names,
        };
        if let Some(ignored) = &self.ignored {
            names.retain(|name| {
                let path = Path::new(&inside).join(name);
                let is_folder = self.folder.join(&path).is_dir();
                ignore::shows(ignored, &path.to_string_lossy(), is_folder)
            });
        }
        Ok(names)
    }
}

impl Context for DirectoryContext {
    fn definition(&self) -> &SourceFile {
        &self.definition
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let error = |reason| ReadError {
            path: path.to_owned(),
            reason,
        };
        let inside = inside(path);
        let is_left_out = |path: &String| {
            let ignored = self.ignored.as_ref();
            ignored.is_some_and(|ignored| ignore::hides(ignored, path))
        };
        if inside.as_ref().is_some_and(is_left_out) {
            return Ok(None);
        }
        let content = self.look_at(path).map_err(error)?;
        if let Some(inside) = inside {
            self.reads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(inside, content.is_some());
        }
        Ok(content)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let names = self.names(folder)?;
        self.lists
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(inside(folder).unwrap_or_default());
        Ok(names)
    }

    /// That a path of a copy is there says nothing about the steps, so the folders on the way are not among [`Self::lists`].
    fn absent(&self, paths: &[String]) -> Result<Vec<String>, ReadError> {
        // What leads out of the folder, or cannot be read, has nothing to copy.
        absent(paths, |folder| Ok(self.names(folder).unwrap_or_default()))
    }

    fn find(&self, name: &str) -> Result<Vec<String>, ReadError> {
        let mut found = Vec::new();
        let mut open = vec![String::new()];
        while let Some(folder) = open.pop() {
            let error = |reason| ReadError {
                path: folder.clone(),
                reason,
            };
            for (entry, is_folder) in self.entries(&folder).map_err(error)? {
                let path = match folder.as_str() {
                    "" => entry.clone(),
                    folder => format!("{folder}/{entry}"),
                };
                if is_folder && !is_skipped(&entry) {
                    open.push(path);
                } else if !is_folder && entry == name {
                    found.push(path);
                }
            }
        }
        let ignored = self.ignored.as_ref();
        found.retain(|path| ignored.is_none_or(|ignored| !ignored.leave_out(path)));
        found.sort();
        Ok(found)
    }

    fn build_arg(&self, name: &str) -> Option<&str> {
        self.build_args.get(name).map(String::as_str)
    }

    fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn build_platform(&self) -> &Platform {
        &self.build_platform
    }

    fn has_named_context(&self, name: &str) -> bool {
        self.named_contexts.contains(name)
    }

    fn is_check(&self) -> bool {
        self.is_check
    }

    fn warn(&self, warning: Diagnostic) {
        self.warnings.add(warning);
    }

    fn decided(&self, decision: Decision) {
        self.decisions.add(decision);
    }

    fn inspect(&self, inspection: Inspection) {
        self.inspections.add(inspection);
    }
}

/// Reads the definition file. Its name is the last part of the path, as BuildKit's clients send it.
fn read_definition(path: &Path) -> Result<SourceFile, Diagnostic> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let shown = path.display().to_string();
    if metadata.is_file() && metadata.len() > definition::MAX_SIZE.into() {
        return Err(definition::too_large(&shown, b"", Some(metadata.len())));
    }
    let content = read_file(path)
        .map_err(|reason| Diagnostic::error(format!("cannot read `{shown}`: {reason}")))?;
    let file = definition::decode(&shown, content)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(SourceFile::new(name.to_string_lossy(), file.text()))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let shown = path.display();
    if is_missing(error) {
        return Diagnostic::error(format!("there is no file `{shown}`"))
            .help("name the folder of the project, or its definition file with `-f FILE`");
    }
    Diagnostic::error(format!("cannot read `{shown}`: {}", reason(error)))
}

/// Reads a regular file. A pipe or a device could block or never end.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if metadata.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    fs::read(path).map_err(|error| reason(&error))
}

/// The names in a folder, sorted. A file has none.
fn read_names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(reason(&error)),
    };
    // A name that is no text cannot be asked for.
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

/// `NotADirectory`: a part of the path is a file, so there is nothing behind it either.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The system's words, without the number of the error.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.to_lowercase()
}

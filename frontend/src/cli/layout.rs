//! The frontend as an OCI image layout in a folder, for engines that do not see the client's images.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::time::Duration;

use microb_dsl::Diagnostic;

use crate::pack::{FrontendImage, Layout};

/// After this time no build reads a layout any more, and a new one takes its place.
const LIFETIME: Duration = Duration::from_hours(24);

/// Where the layout is. It is kept in the user's cache folder, since the client reads it when this program is gone.
pub(super) fn layout(image: &FrontendImage, tag: &str) -> Result<PathBuf, Diagnostic> {
    let name = tag.replace(['/', ':'], "-");
    let all = cache_folder().join("microb-frontends");
    let folder = all.join(&name);
    if folder.join("index.json").exists() {
        return Ok(folder);
    }
    remove_old(&all);
    // Another build may do the same at this moment: each writes its own, and one of them wins.
    let draft = all.join(format!("{name}.{}", std::process::id()));
    let written = write(image, tag, &draft, &folder);
    // It is there only if something went wrong, which is told already.
    let _ = fs::remove_dir_all(&draft);
    written.map_err(|error| {
        let shown = folder.display();
        Diagnostic::error(format!(
            "cannot write the frontend image to `{shown}`: {error}"
        ))
    })?;
    Ok(folder)
}

fn write(image: &FrontendImage, tag: &str, draft: &Path, folder: &Path) -> io::Result<()> {
    Layout::new(tag, slice::from_ref(image)).write_folder(draft)?;
    match fs::rename(draft, folder) {
        Err(_) if folder.join("index.json").exists() => Ok(()),
        renamed => renamed,
    }
}

/// Removes the layouts of earlier executables: every compilation makes another one.
fn remove_old(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map(|modified| modified.elapsed().unwrap_or_default());
        if age.is_ok_and(|age| age > LIFETIME) {
            // What cannot be removed is tried again the next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn cache_folder() -> PathBuf {
    let folder = |name, below| std::env::var_os(name).map(|home| Path::new(&home).join(below));
    folder("XDG_CACHE_HOME", "")
        .or_else(|| folder("HOME", ".cache"))
        .filter(|folder| folder.is_absolute())
        .unwrap_or_else(std::env::temp_dir)
}

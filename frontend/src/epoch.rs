//! Takes the build's time from one of its contexts: `SOURCE_DATE_EPOCH=context`, or the name of a named context
//! (`frontend/dockerfile/dockerfile2llb/epoch.go` in moby/buildkit).

use microb_dsl::{Diagnostics, Source};

use crate::gateway::{Failure, Gateway, Reference};
use crate::request::{ContextSource, Request};
use crate::sources::{self, Download};

/// The name that stands for the build context itself.
pub(crate) const CONTEXT: &str = "context";

/// Replaces the name of a context with that context's time. A local folder, an image and an input have no time.
pub(crate) async fn resolve(gateway: &Gateway, request: Request) -> Result<Request, Failure> {
    let Some(name) = &request.epoch_of else {
        return Ok(request);
    };
    let platform = &request.build_platform;
    let source = if name == CONTEXT {
        Some(request.context.clone())
    } else {
        let named = request.named_context(name, platform);
        named.map_err(Diagnostics::from)?.map(|(source, _)| source)
    };
    let time = match source {
        Some(ContextSource::Http(url)) => {
            let download = Download::of(gateway, platform, &url).await?;
            match download.modified(gateway).await? {
                0 if download.is_archive(gateway).await? => {
                    let files = download.unpacked(gateway, platform)?;
                    youngest(gateway, &request, &files).await?
                }
                0 => None,
                modified => Some(modified),
            }
        }
        Some(ContextSource::Git(git)) if sources::has_commit_times(gateway) => {
            of_commit(gateway, &request, &Source::Git(git.commit_times())).await?
        }
        _ => None,
    };
    Ok(request.at(time))
}

/// The time of the youngest file.
async fn youngest(
    gateway: &Gateway,
    request: &Request,
    files: &Source,
) -> Result<Option<u64>, Failure> {
    let mut walk = Walk::of(gateway, request, files).await?;
    let mut youngest = None;
    while let Some(time) = walk.next(gateway).await? {
        youngest = youngest.max(Some(time));
    }
    Ok(youngest)
}

/// The time of a commit, which all of its files have: one is looked for, and a large repository is not walked through.
async fn of_commit(
    gateway: &Gateway,
    request: &Request,
    files: &Source,
) -> Result<Option<u64>, Failure> {
    let mut walk = Walk::of(gateway, request, files).await?;
    walk.next(gateway).await
}

/// The times of the files of a tree, one after the other.
struct Walk {
    tree: Reference,
    folders: Vec<String>,
    times: Vec<u64>,
}

impl Walk {
    async fn of(gateway: &Gateway, request: &Request, files: &Source) -> Result<Self, Failure> {
        let name = "load times of SOURCE_DATE_EPOCH";
        let solved = sources::solve(gateway, files, &request.build_platform, name).await?;
        Ok(Self {
            tree: solved.reference,
            folders: vec![".".to_owned()],
            times: Vec::new(),
        })
    }

    /// The time of the next file. Lists a folder only when those before it are used up.
    async fn next(&mut self, gateway: &Gateway) -> Result<Option<u64>, Failure> {
        loop {
            if let Some(time) = self.times.pop() {
                return Ok(Some(time));
            }
            let Some(folder) = self.folders.pop() else {
                return Ok(None);
            };
            let entries = gateway.read_dir(&self.tree, &folder).await?;
            for entry in entries.unwrap_or_default() {
                if entry.is_folder() {
                    self.folders.push(format!("{folder}/{}", entry.path));
                } else if entry.is_file() {
                    self.times.push(entry.modified);
                }
            }
        }
    }
}

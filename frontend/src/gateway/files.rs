//! Reading files of a solved result.

use bollard_buildkit_proto::fsutil::types::Stat;
use bollard_buildkit_proto::moby::buildkit::v1::frontend as api;

use super::failure::Failure;
use super::outcome::Reference;
use super::{Gateway, caps};

/// How many of the units in which the engine tells times are a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// What is known about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStat {
    /// Its path; in a list of a folder, its name.
    pub path: String,
    /// Type and permission bits, as Go's `os.FileMode` has them.
    pub mode: u32,
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed last, in seconds since 1970.
    pub modified: u64,
}

impl FileStat {
    /// Whether it is a folder: the highest bit of Go's `os.FileMode`.
    pub fn is_folder(&self) -> bool {
        self.mode & (1 << 31) != 0
    }

    /// Whether it is a file: no bit of `os.ModeType` is set.
    pub fn is_file(&self) -> bool {
        const MODE_TYPE: u32 = 1 << 31 | 1 << 27 | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;
        self.mode & MODE_TYPE == 0
    }
}

impl Gateway {
    /// The content of a file, or its first `limit` bytes. `None` when there is no such file.
    ///
    /// # Errors
    ///
    /// When the path is no regular file, or building it fails.
    pub async fn read_file(
        &self,
        reference: &Reference,
        path: &str,
        limit: Option<u32>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let request = api::ReadFileRequest {
            r#ref: reference.0.clone(),
            file_path: path.to_owned(),
            range: limit.map(|length| api::FileRange {
                offset: 0,
                length: length.into(),
            }),
            mount_index: 0,
        };
        let read: Result<api::ReadFileResponse, Failure> = self.call("ReadFile", request).await;
        match read {
            Ok(read) => Ok(Some(read.data)),
            Err(failure) if is_missing(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The entries of a folder. `None` when there is no such folder.
    ///
    /// # Errors
    ///
    /// When building it fails, or the engine is too old to list a folder.
    pub async fn read_dir(
        &self,
        reference: &Reference,
        path: &str,
    ) -> Result<Option<Vec<FileStat>>, Failure> {
        self.require(caps::READ_DIR)?;
        let request = api::ReadDirRequest {
            r#ref: reference.0.clone(),
            dir_path: path.to_owned(),
            ..Default::default()
        };
        let read: Result<api::ReadDirResponse, Failure> = self.call("ReadDir", request).await;
        match read {
            Ok(read) => Ok(Some(read.entries.into_iter().map(file_stat).collect())),
            Err(failure) if is_missing(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What is known about a file. `None` when there is no such file.
    ///
    /// # Errors
    ///
    /// When building it fails, or the engine is too old to tell.
    pub async fn stat_file(
        &self,
        reference: &Reference,
        path: &str,
    ) -> Result<Option<FileStat>, Failure> {
        self.require(caps::STAT_FILE)?;
        let request = api::StatFileRequest {
            r#ref: reference.0.clone(),
            path: path.to_owned(),
            mount_index: 0,
        };
        let found: Result<api::StatFileResponse, Failure> = self.call("StatFile", request).await;
        match found {
            Ok(found) => Ok(found.stat.map(file_stat)),
            Err(failure) if is_missing(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn file_stat(stat: Stat) -> FileStat {
    FileStat {
        path: stat.path,
        mode: stat.mode,
        size: stat.size.try_into().unwrap_or(0),
        modified: (stat.mod_time / NANOSECONDS).try_into().unwrap_or(0),
    }
}

/// The gateway has no code for this: Go's words for ENOENT, and for ENOTDIR (a part of the path is a file), are all there is.
fn is_missing(failure: &Failure) -> bool {
    ["no such file or directory", "not a directory"]
        .iter()
        .any(|words| failure.message().ends_with(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_told_from_one_that_cannot_be_read() {
        for (message, missing) in [
            ("open a/b: no such file or directory", true),
            ("open a/b: not a directory", true),
            ("a is not a regular file", false),
            ("open a: permission denied", false),
        ] {
            assert_eq!(is_missing(&Failure::new(message)), missing, "{message}");
        }
    }
}

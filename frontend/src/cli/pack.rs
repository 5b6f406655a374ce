//! `pack`: writes the program as a frontend image, for one platform or for several.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;

use clap::ArgMatches;
use microb_dsl::grammar::Mistake;
use microb_dsl::{Diagnostic, Diagnostics, Platform};

use super::{executable, image_name};
use crate::pack::{Executable, FrontendImage, Layout};
use crate::recipe::Recipe;

/// An executable to pack, `[PLATFORM=]FILE`.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    /// What its header does not say: `linux/arm/v6` and `linux/arm/v7` have one ELF machine.
    platform: Option<Platform>,
    file: PathBuf,
}

impl std::str::FromStr for Packed {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let (platform, file) = match text.split_once('=') {
            Some((platform, file)) => (Some(platform), file),
            None => (None, text),
        };
        Ok(Self {
            platform: platform.map(str::parse).transpose()?,
            file: file.into(),
        })
    }
}

/// Writes the archive.
pub(super) fn pack(recipe: &Recipe, matches: &ArgMatches) -> Result<(), Diagnostics> {
    let output = matches
        .get_one::<String>("output")
        .map_or("-", String::as_str);
    if output == "-" && io::stdout().is_terminal() {
        return Err(Diagnostic::error("an archive is no text for a terminal")
            .help(format!(
                "write `{} pack | docker image load`, or name a file with `-o`",
                recipe.name()
            ))
            .into());
    }
    let images = images(recipe, matches)?;
    let tag = matches.get_one::<String>("tag").map_or("", String::as_str);
    let layout = Layout::new(tag, &images);
    let written = if output == "-" {
        layout.write_archive(io::stdout().lock())
    } else {
        File::create(output).and_then(|file| layout.write_archive(BufWriter::new(file)))
    };
    written.map_err(|error| Diagnostic::error(format!("cannot write `{output}`: {error}")).into())
}

/// One image of each executable; of this program if none is named.
fn images(recipe: &Recipe, matches: &ArgMatches) -> Result<Vec<FrontendImage>, Diagnostic> {
    let name = image_name(recipe);
    let packed = |executable: &Executable, platform| {
        let image = executable.pack(&name, platform)?;
        image
            .compressed()
            .map_err(|error| Diagnostic::error(format!("cannot compress the image: {error}")))
    };
    let Some(named) = matches.get_many::<Packed>("executable") else {
        return Ok(vec![packed(&executable(None)?, None)?]);
    };
    let mut images: Vec<FrontendImage> = Vec::new();
    for one in named {
        let image = packed(&executable(Some(&one.file))?, one.platform.clone())?;
        let platform = image.platform();
        if images.iter().any(|other| other.platform() == platform) {
            let file = one.file.display();
            return Err(Diagnostic::error(format!(
                "`{file}` is a second executable for `{platform}`"
            ))
            .help("write `--executable PLATFORM=FILE` if its header does not tell its platform"));
        }
        images.push(image);
    }
    Ok(images)
}

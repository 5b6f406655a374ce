//! What the recipe chose without being told, in words for the build's progress and for `explain`.

use microb::{Decision, Span, shell};

use crate::config::{Config, Dependencies, PythonOrigin};
use crate::tool_versions;

impl Config {
    /// What was chosen where the file leaves it open, and why.
    pub fn decisions(&self) -> Vec<Decision> {
        let all = [
            self.interpreter(),
            self.uv(),
            self.dependency_source(),
            self.place_of_sources(),
            self.process(),
        ];
        let told = all.into_iter().flatten().chain(self.system_packages());
        told.map(|(what, why)| Decision { what, why }).collect()
    }

    fn interpreter(&self) -> Option<(String, String)> {
        let why = match self.python.origin {
            PythonOrigin::Explicit => return None,
            PythonOrigin::Image => {
                let image = self.base_image.as_ref().or(self.build_image.as_ref())?;
                format!("the image `{}` has it", image.value.familiar())
            }
            PythonOrigin::VersionFile => {
                let file = self.python.span.as_ref()?.file().name();
                format!("{file} says so")
            }
            PythonOrigin::Requires => {
                let requires = self.python.requires.as_ref()?;
                format!("the project requires `{}`", requires.value)
            }
            PythonOrigin::Default => "nothing requires another one".to_owned(),
        };
        let why = match &self.python.passed_over {
            Some(over) => format!(
                "{why}, and {} has no wheel of {} for {}",
                over.lock, over.package, over.version
            ),
            None => why,
        };
        Some((format!("Python {}", self.python.version), why))
    }

    fn uv(&self) -> Option<(String, String)> {
        let version = self.uv_version.as_ref()?;
        let file = version.span.file();
        tool_versions::is_one(file).then(|| {
            let what = format!("uv {}", version.value);
            (what, format!("{} says so", file.name()))
        })
    }

    fn dependency_source(&self) -> Option<(String, String)> {
        match &self.dependencies {
            Dependencies::Locked(set) => {
                let (packages, them) = match set.pins.len() {
                    1 => ("1 package".to_owned(), "it"),
                    many => (format!("{many} packages"), "them"),
                };
                Some((packages, format!("{} pins {them}", set.path.value)))
            }
            Dependencies::FromBackend { listed, .. } => {
                let why = match listed {
                    Some(_) => "there is no lock, and the table is Poetry's own",
                    None => "pyproject.toml does not list them",
                };
                let what = "the build backend is asked for the dependencies";
                Some((what.to_owned(), why.to_owned()))
            }
            Dependencies::File(file) => found("requirements.txt", &file.path.span),
            Dependencies::Listed(listed) => found("Pipfile", &listed.first()?.text.span),
        }
    }

    fn system_packages(&self) -> impl Iterator<Item = (String, String)> {
        self.system_needs.iter().map(|need| {
            let places = [
                (&need.build, "for the build"),
                (&need.runtime, "in the image"),
            ];
            let places = places
                .into_iter()
                .filter(|(packages, _)| !packages.is_empty());
            let places = places.map(|(packages, place)| format!("{} {place}", packages.join(", ")));
            let what = places.collect::<Vec<_>>().join(", ");
            let count = need.build.len() + need.runtime.len();
            let them = if count == 1 { "it" } else { "them" };
            (what, format!("{} needs {them}", need.dependency.value))
        })
    }

    fn place_of_sources(&self) -> Option<(String, String)> {
        let why = self.project.no_package.clone()?;
        Some(("the files as they are in /app".to_owned(), why))
    }

    fn process(&self) -> Option<(String, String)> {
        if self.entrypoint.is_some() || self.command.is_some() {
            return None;
        }
        let Some(program) = &self.program else {
            return Some(("runs python".to_owned(), "no program was found".to_owned()));
        };
        let words = program.argv.value.iter();
        let words: Vec<_> = words.map(|word| shell::quote(word)).collect();
        Some((format!("runs {}", words.join(" ")), program.why.clone()))
    }
}

/// A file that lists the dependencies, where the definition does not name it.
fn found(name: &str, listed: &Span) -> Option<(String, String)> {
    let file = listed.file().name();
    file.ends_with(name).then(|| {
        let what = format!("the dependencies of {file}");
        (what, "pyproject.toml lists none".to_owned())
    })
}

//! What a build did, read from `docker build --progress rawjson`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The stage that the frontend looks at a finished image with, which is no part of it.
const ASIDE: &str = "inspection";

/// One vertex of the build graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vertex {
    pub(crate) name: String,
    /// The digests of what it is made from.
    inputs: Vec<String>,
    pub(crate) cached: bool,
    pub(crate) completed: bool,
    /// When it began and ended, in RFC 3339 without the `Z`, so that the order of texts is that of times.
    started: String,
    ended: String,
}

/// The vertices of a build by digest.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) vertices: BTreeMap<String, Vertex>,
}

impl Progress {
    /// Reads a JSON object a line (`client.SolveStatus` of BuildKit); other lines are the client's own words.
    pub(crate) fn parse(text: &str) -> Self {
        let mut progress = Self::default();
        let objects = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for object in objects {
            for vertex in object["vertexes"].as_array().into_iter().flatten() {
                progress.update(vertex);
            }
        }
        assert!(!progress.vertices.is_empty(), "no progress in {text}");
        progress.take_for_cached_what_ended_before();
        progress
    }

    /// The same of a build that others ran beside, with what `--metadata-file` wrote of it.
    pub(crate) fn parse_own(text: &str, metadata: &Value) -> Self {
        let mut progress = Self::parse(text);
        progress.leave_out_other_builds(&own_steps(metadata));
        progress
    }

    fn update(&mut self, vertex: &Value) {
        let text = |key: &str| vertex[key].as_str().unwrap_or_default().to_owned();
        let known = self.vertices.entry(text("digest")).or_default();
        known.name = text("name");
        let inputs = vertex["inputs"].as_array().into_iter().flatten();
        known.inputs = inputs
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        known.cached |= vertex["cached"] == true;
        known.completed |= vertex["completed"].is_string();
        for (known, key) in [
            (&mut known.started, "started"),
            (&mut known.ended, "completed"),
        ] {
            if let Some(time) = vertex[key].as_str() {
                time.trim_end_matches('Z').clone_into(known);
            }
        }
    }

    /// A step of an earlier build of this project may still be held by a third one that needs what it made. It is told
    /// again then as it was (`MultiWriter.Add` in `util/progress/multiwriter.go` of moby/buildkit), and did not run again.
    fn take_for_cached_what_ended_before(&mut self) {
        let is_first =
            |vertex: &&Vertex| vertex.name.starts_with("[internal] load build definition");
        let begun = self.vertices.values().find(is_first);
        let begun = begun.map_or(String::new(), |vertex| vertex.started.clone());
        for vertex in self.vertices.values_mut() {
            vertex.cached |= vertex.completed && vertex.ended < begun;
        }
    }

    /// Forgets the steps that the engine told of although they are of a build that ran at the same time.
    ///
    /// Two steps that turn out to do the same become one, the other build's, with all that it is made from (`addJobs` in
    /// `solver/jobs.go` of moby/buildkit). Another build's step stays if it stands for one of this build, whose result
    /// was used and which never ended.
    fn leave_out_other_builds(&mut self, own: &BTreeSet<String>) {
        let used = own
            .iter()
            .filter_map(|digest| self.vertices.get(digest))
            .filter(|vertex| vertex.ran())
            .flat_map(|vertex| &vertex.inputs)
            .filter_map(|digest| self.vertices.get(digest));
        let unfinished = used.filter(|vertex| !vertex.completed);
        let unfinished: BTreeSet<_> = unfinished.map(|vertex| vertex.name.clone()).collect();
        self.vertices.retain(|digest, vertex| {
            let is_of_image = vertex.stage().is_some_and(|stage| stage != ASIDE);
            !is_of_image || own.contains(digest) || unfinished.contains(&vertex.name)
        });
    }

    /// The names of the steps that did something: neither came out of the cache, nor are part of every build.
    pub(crate) fn steps_that_ran(&self) -> Vec<&str> {
        let mut names: Vec<_> = self
            .vertices
            .values()
            .filter(|vertex| vertex.ran())
            .map(Vertex::short_name)
            .collect();
        names.retain(|name| !is_in_every_build(name));
        names.sort_unstable();
        names
    }
}

impl Vertex {
    /// `wheel 1/2` of `[wheel 1/2] COPY . /src`.
    pub(crate) fn place(&self) -> Option<&str> {
        let (place, _) = self.name.strip_prefix('[')?.split_once("] ")?;
        place.contains('/').then_some(place)
    }

    /// Whether it did something.
    pub(crate) fn ran(&self) -> bool {
        self.completed && !self.cached
    }

    /// `wheel` of `[wheel 1/2] COPY . /src`.
    fn stage(&self) -> Option<&str> {
        self.place()?.split_once(' ').map(|(stage, _)| stage)
    }

    /// The name without the stage and the number of the step.
    pub(crate) fn short_name(&self) -> &str {
        match self.name.split_once("] ") {
            Some((place, name)) if place.contains('/') => name,
            _ => &self.name,
        }
    }
}

/// What a person wants to read of the progress of a build that failed: the client's own words, what programs wrote,
/// and which steps failed. Text that is no such progress is returned as it is.
pub(crate) fn readable(text: &str) -> String {
    text.lines()
        .flat_map(|line| match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(status)) => words(&Value::Object(status)),
            _ => vec![line.to_owned()],
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn words(status: &Value) -> Vec<String> {
    let list = |key: &str| status[key].as_array().into_iter().flatten();
    let written = list("logs").filter_map(|log| {
        let bytes = BASE64_STANDARD.decode(log["data"].as_str()?).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    });
    let failed = list("vertexes").filter_map(|vertex| {
        let error = vertex["error"].as_str()?;
        Some(format!("{}: {error}", vertex["name"]))
    });
    written.chain(failed).collect()
}

/// Looking up images, loading files and writing the result.
fn is_in_every_build(name: &str) -> bool {
    [
        "[internal] ",
        "[microb] ",
        "resolve image config for ",
        "docker-image://",
        "FROM ",
        "exporting to ",
        "resolving provenance",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// The digests of the steps that an image is made of, as the provenance of its build lists them.
fn own_steps(metadata: &Value) -> BTreeSet<String> {
    let steps = &metadata["buildx.build.provenance"]["buildConfig"]["digestMapping"];
    let steps = steps.as_object();
    let steps = steps.unwrap_or_else(|| panic!("no steps in {metadata:#}"));
    let and_without_cache = |digest: &String| [digest.clone(), without_cache(digest)];
    steps.keys().flat_map(and_without_cache).collect()
}

/// The digest that a step has which is to run whatever the cache has (`loadUnlocked` in `solver/jobs.go` of moby/buildkit).
fn without_cache(digest: &str) -> String {
    sha256(format!("{digest}-ignorecache").as_bytes())
}

/// An OCI digest, `sha256:` and 64 digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    let digits = sum.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<String>())
}

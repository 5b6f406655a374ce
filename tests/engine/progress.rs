//! What a build did, read from `docker build --progress rawjson`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// One vertex of the build graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vertex {
    pub(crate) name: String,
    /// The digests of what it is made from.
    inputs: Vec<String>,
    pub(crate) cached: bool,
    pub(crate) completed: bool,
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
        progress.leave_out_other_builds();
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
    }

    /// Forgets the steps that the engine told of although they are of a build that ran at the same time.
    ///
    /// Two steps that turn out to do the same become one, the other build's, with all that it is made from (`addJobs` in
    /// `solver/jobs.go` of moby/buildkit). So a last step of a stage is this build's, and all that it is made from.
    /// Another build's step stays if it stands for one of this build, whose result was used and which never ended.
    fn leave_out_other_builds(&mut self) {
        let needed: BTreeSet<_> = self
            .vertices
            .values()
            .flat_map(|vertex| &vertex.inputs)
            .collect();
        let is_end =
            |digest: &String, vertex: &Vertex| !needed.contains(digest) && vertex.is_last();
        let ends = self
            .vertices
            .iter()
            .filter(|(digest, vertex)| is_end(digest, vertex));
        let mut open: Vec<_> = ends.map(|(digest, _)| digest.clone()).collect();
        let mut own = BTreeSet::new();
        while let Some(digest) = open.pop() {
            if let Some(vertex) = self.vertices.get(&digest)
                && own.insert(digest)
            {
                open.extend(vertex.inputs.iter().cloned());
            }
        }
        let did = |digest: &&String| self.vertices[*digest].ran();
        let used = own
            .iter()
            .filter(did)
            .flat_map(|digest| &self.vertices[digest].inputs);
        let used = used.filter_map(|digest| self.vertices.get(digest));
        let unfinished = used.filter(|vertex| !vertex.completed);
        let unfinished: BTreeSet<_> = unfinished.map(|vertex| vertex.name.clone()).collect();
        self.vertices.retain(|digest, vertex| {
            vertex.place().is_none() || own.contains(digest) || unfinished.contains(&vertex.name)
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

    /// Whether it is the last step of its stage, `[wheel 2/2]`.
    fn is_last(&self) -> bool {
        let number = self.place().and_then(|place| place.rsplit(' ').next());
        let parts = number.and_then(|number| number.split_once('/'));
        parts.is_some_and(|(step, of)| step == of)
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

//! What a build did, read from `docker build --progress rawjson`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// One vertex of the build graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vertex {
    pub(crate) name: String,
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
        progress
    }

    fn update(&mut self, vertex: &Value) {
        let text = |key: &str| vertex[key].as_str().unwrap_or_default().to_owned();
        let known = self.vertices.entry(text("digest")).or_default();
        known.name = text("name");
        known.cached |= vertex["cached"] == true;
        known.completed |= vertex["completed"].is_string();
    }

    /// The names of the steps that did something: neither came out of the cache, nor are part of every build.
    pub(crate) fn steps_that_ran(&self) -> Vec<&str> {
        let did = |vertex: &&Vertex| vertex.completed && !vertex.cached;
        let mut names: Vec<_> = self
            .vertices
            .values()
            .filter(did)
            .map(Vertex::short_name)
            .collect();
        names.retain(|name| !is_in_every_build(name));
        names.sort_unstable();
        names
    }
}

impl Vertex {
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

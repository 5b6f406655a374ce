//! The interpreter that draws a stage: stages as lanes, steps as nodes, copies and mounts as edges.

mod layout;
mod mermaid;
mod svg;

use std::collections::BTreeMap;

use crate::describe::{base, describe, is_layer};
use crate::grammar::without_login;
use crate::mount::Mount;
use crate::source::Source;
use crate::stage::{Base, Stage, StageKey};
use crate::step::{Instruction, Step};

/// A recipe as Mermaid text, which forges and editors show as a picture.
///
/// ```
/// # use microb_dsl::{graph, prelude::*};
/// let build = scratch().named("build").then(mkfile("/hello", "hello\n"));
/// let stage = scratch().named("final").then(copy("/hello", "/hello").from(&build));
/// assert_eq!(graph::mermaid(&stage), "\
/// flowchart TB
///   subgraph lane0[\"build\"]
///     n0_0[\"FROM scratch\"]
///     n0_1[\"COPY &lt;&lt;EOF /hello\"]
///     n0_0 --> n0_1
///   end
///   subgraph lane1[\"final\"]
///     n1_0[\"FROM scratch\"]
///     n1_1[\"COPY --from=build /hello /hello\"]
///     n1_0 --> n1_1
///   end
///   n0_1 -- \"/hello\" --> n1_1
/// ");
/// ```
pub fn mermaid(stage: &Stage) -> String {
    mermaid::draw(&Picture::of(stage))
}

/// A recipe as a picture that a browser shows as it is: it needs no network and no script.
pub fn svg(stage: &Stage) -> String {
    svg::draw(&Picture::of(stage))
}

/// What is drawn, whatever it is drawn with.
#[derive(Debug)]
struct Picture {
    lanes: Vec<Lane>,
    edges: Vec<Edge>,
}

/// A stage, or the sources from outside.
#[derive(Debug)]
struct Lane {
    title: String,
    nodes: Vec<Node>,
    /// Whether each node follows from the one before.
    is_sequence: bool,
}

/// A step that writes to the file system, a base, or a source.
#[derive(Debug)]
struct Node {
    text: String,
    /// Caches, secrets and the like, which the step sees and the image does not have.
    notes: Vec<String>,
}

/// The place of a node: the lane, and the node in it.
type Place = (usize, usize);

/// Bytes that go from one lane to another.
#[derive(Debug)]
struct Edge {
    from: Place,
    to: Place,
    label: String,
    kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EdgeKind {
    /// Kept in the image.
    Copied,
    /// There only while the step runs.
    Mounted,
    /// The stage starts where the other one ends.
    Continued,
}

impl Picture {
    fn of(stage: &Stage) -> Self {
        let mut drawing = Drawing::default();
        for (n, stage) in stage.stages().iter().enumerate() {
            drawing.stage(stage, n);
        }
        drawing.finish()
    }
}

/// A picture in the making. The lane of the sources from outside comes first, once it is known whether there is one.
#[derive(Debug, Default)]
struct Drawing {
    lanes: Vec<Lane>,
    /// Edges by number of the stage; a source from outside has no lane yet.
    edges: Vec<(Origin, Place, String, EdgeKind)>,
    outside: Vec<String>,
    last: BTreeMap<StageKey, Place>,
}

/// Where an edge starts.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Stage(Place),
    Outside(usize),
}

impl Drawing {
    fn stage(&mut self, stage: &Stage, lane: usize) {
        let first = Node {
            text: format!(
                "FROM {}",
                base(stage.base(), |stage| {
                    stage.name().unwrap_or("a stage").to_owned()
                })
            ),
            notes: Vec::new(),
        };
        let mut nodes = vec![first];
        let below: &[&Stage] = match stage.base() {
            Base::Stage(base) => &[base],
            Base::Diff { lower, upper } => &[lower, upper],
            Base::Merge(stages) => &stages.iter().collect::<Vec<_>>(),
            Base::Scratch | Base::Image(_) | Base::NamedContext(_) | Base::Definition(_) => &[],
        };
        for stage in below {
            let last = self.last.get(&stage.key()).copied().map(Origin::Stage);
            self.edge(last, (lane, 0), String::new(), EdgeKind::Continued);
        }
        for step in stage.steps().iter().filter(|step| is_layer(step)) {
            let place = (lane, nodes.len());
            nodes.push(node(step));
            self.edges_of(step, place);
        }
        self.last.insert(stage.key(), (lane, nodes.len() - 1));
        self.lanes.push(Lane {
            title: stage
                .name()
                .map_or_else(|| format!("stage {lane}"), str::to_owned),
            nodes,
            is_sequence: true,
        });
    }

    fn edges_of(&mut self, step: &Step, place: Place) {
        match &step.instruction {
            Instruction::Copy(copy) => {
                let origin = self.origin(&copy.from);
                let label = copy.sources.join(" ");
                self.edge(origin, place, label, EdgeKind::Copied);
            }
            Instruction::Run(run) => {
                for mount in &run.mounts {
                    if let Mount::Bind(bind) = mount {
                        let origin = self.origin(&bind.from);
                        self.edge(origin, place, bind.path.clone(), EdgeKind::Mounted);
                    }
                }
            }
            _ => {}
        }
    }

    fn edge(&mut self, from: Option<Origin>, to: Place, label: String, kind: EdgeKind) {
        if let Some(from) = from {
            self.edges.push((from, to, label, kind));
        }
    }

    fn origin(&mut self, source: &Source) -> Option<Origin> {
        let name = match source {
            Source::Stage(stage) => return self.last.get(&stage.key()).copied().map(Origin::Stage),
            Source::Scratch => return None,
            Source::Context => "build context".to_owned(),
            Source::NamedContext(name) => format!("build context {name}"),
            Source::Image(image) => image.familiar(),
            Source::Http(http) => without_login(&http.url).into_owned(),
            Source::Git(git) => without_login(&git.remote).into_owned(),
            Source::Local(local) => format!("folder {}", local.name),
            Source::Definition(_) => "foreign definition".to_owned(),
        };
        let known = self.outside.iter().position(|known| *known == name);
        Some(Origin::Outside(known.unwrap_or_else(|| {
            self.outside.push(name);
            self.outside.len() - 1
        })))
    }

    fn finish(self) -> Picture {
        let shift = usize::from(!self.outside.is_empty());
        let outside = Lane {
            title: "from outside".to_owned(),
            nodes: self
                .outside
                .into_iter()
                .map(|text| Node {
                    text,
                    notes: Vec::new(),
                })
                .collect(),
            is_sequence: false,
        };
        let shifted = |(lane, node): Place| (lane + shift, node);
        let edges = self.edges.into_iter().map(|(from, to, label, kind)| Edge {
            from: match from {
                Origin::Stage(place) => shifted(place),
                Origin::Outside(node) => (0, node),
            },
            to: shifted(to),
            label,
            kind,
        });
        Picture {
            edges: edges.collect(),
            lanes: Some(outside)
                .filter(|lane| !lane.nodes.is_empty())
                .into_iter()
                .chain(self.lanes)
                .collect(),
        }
    }
}

fn node(step: &Step) -> Node {
    let notes = match &step.instruction {
        Instruction::Run(run) => run.mounts.iter().filter_map(note).collect(),
        _ => Vec::new(),
    };
    let text = match &step.origin.name {
        Some(name) => name.to_string(),
        None => describe(&step.instruction),
    };
    Node { text, notes }
}

/// A mount in words; binds are edges.
fn note(mount: &Mount) -> Option<String> {
    match mount {
        Mount::Bind(_) => None,
        Mount::Cache(cache) => Some(format!("cache {}", cache.name())),
        Mount::Secret(secret) => Some(format!("secret {}", secret.id)),
        Mount::Ssh(_) => Some("ssh".to_owned()),
        Mount::Tmpfs(tmpfs) => Some(format!("tmpfs {}", tmpfs.target)),
    }
}

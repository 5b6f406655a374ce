//! Which steps run again: BuildKit's cache, played through on what is known of two builds.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{Files, Layers, Same};
use super::tree::Tree;
use crate::llb::cache::{Change, Effect, Input, KnownBy, Vertex};

/// A build: its vertices, and the folders that its client sends, by the names of the local sources.
#[derive(Debug)]
pub(super) struct Build<'a> {
    pub(super) vertices: Vec<Vertex>,
    pub(super) trees: BTreeMap<&'a str, &'a Tree>,
}

/// What becomes of a vertex in a build after another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The earlier build's vertex at this place has its result.
    Cached(usize),
    /// It runs, for these reasons.
    Runs(Vec<Reason>),
    /// It runs if one of these comes true; otherwise it is the earlier vertex at this place.
    MayRun(usize, Vec<Reason>),
}

/// Why a vertex runs, or when. Vertices are places in the later build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// What it takes its root or a mount from runs, or may run.
    After(usize),
    /// These paths, relative to what it takes, are other files than before.
    Files {
        from: usize,
        path: String,
        differ: BTreeSet<String>,
    },
    /// What this vertex makes at a path may be other files than before.
    Made { by: usize, path: String },
    /// No earlier step does the same.
    Changed,
}

/// Plays the later build against the cache that the earlier one left.
pub(super) fn fates(before: &Build<'_>, after: &Build<'_>) -> Vec<Fate> {
    let mut solver = Solver {
        before,
        after,
        layers: Layers::default(),
        files_before: Vec::new(),
        files_after: Vec::new(),
        fates: Vec::new(),
        by_root: BTreeMap::new(),
        by_name: BTreeMap::new(),
        by_key: BTreeMap::new(),
    };
    for (n, vertex) in before.vertices.iter().enumerate() {
        let files = files_of(&mut solver.layers, before, vertex, &solver.files_before, n);
        solver.files_before.push(files);
        let root = (vertex.key.as_str(), root(vertex));
        solver.by_root.entry(root).or_default().push(n);
        let name = (vertex.key.as_str(), vertex.name.as_str());
        solver.by_name.entry(name).or_insert(n);
        solver.by_key.entry(&vertex.key).or_insert(n);
    }
    for (n, vertex) in after.vertices.iter().enumerate() {
        solver.add(n, vertex);
    }
    solver.fates
}

struct Solver<'a> {
    before: &'a Build<'a>,
    after: &'a Build<'a>,
    layers: Layers,
    files_before: Vec<Files>,
    files_after: Vec<Files>,
    fates: Vec<Fate>,
    /// The earlier vertices by key and by the vertex that they stand on, where they stand on one.
    by_root: BTreeMap<(&'a str, Option<usize>), Vec<usize>>,
    /// One of them for each key and name, and one for each key: it tells why nothing matches.
    by_name: BTreeMap<(&'a str, &'a str), usize>,
    by_key: BTreeMap<&'a str, usize>,
}

/// The files of a vertex, given those of the vertices before it. A result that nothing is known of gets this number.
fn files_of(
    layers: &mut Layers,
    build: &Build<'_>,
    vertex: &Vertex,
    earlier: &[Files],
    number: usize,
) -> Files {
    let unknown = Files {
        base: Some(number),
        top: None,
    };
    let nothing = Files {
        base: None,
        top: None,
    };
    let of = |place: &Option<usize>| place.and_then(|place| earlier.get(place)).copied();
    match &vertex.effect {
        Effect::Unknown => unknown,
        Effect::Local(name) => match build.trees.get(name.as_str()) {
            Some(tree) => layers.of_tree(tree),
            None => unknown,
        },
        Effect::Files(root, changes) => {
            changes
                .iter()
                .fold(of(root).unwrap_or(nothing), |files, change| {
                    let from = match change {
                        Change::Copy { from, .. } => of(from),
                        _ => None,
                    };
                    layers.changed(files, change, from)
                })
        }
    }
}

/// The vertex that a vertex stands on: the first input that is known by its history.
fn root(vertex: &Vertex) -> Option<usize> {
    let by_history = |input: &&Input| matches!(input.known_by, KnownBy::History(_));
    Some(vertex.inputs.iter().find(by_history)?.vertex)
}

impl Solver<'_> {
    fn add(&mut self, n: usize, vertex: &Vertex) {
        let fate = self.fate(vertex);
        let files = match &fate {
            Fate::Cached(earlier) => self.files_before.get(*earlier).copied(),
            Fate::Runs(_) | Fate::MayRun(..) => None,
        };
        let number = self.before.vertices.len() + n;
        let files = files.unwrap_or_else(|| {
            files_of(
                &mut self.layers,
                self.after,
                vertex,
                &self.files_after,
                number,
            )
        });
        self.files_after.push(files);
        self.fates.push(fate);
    }

    /// The best that any earlier vertex with the same key allows.
    fn fate(&self, vertex: &Vertex) -> Fate {
        // What a client sends is looked at in every build, and then known by its content.
        let is_sent = |name: &String| self.after.trees.contains_key(name.as_str());
        if matches!(&vertex.effect, Effect::Local(name) if is_sent(name)) {
            return Fate::Runs(Vec::new());
        }
        let mut best = Fate::Runs(vec![Reason::Changed]);
        for (candidate, earlier) in self.candidates(vertex) {
            match self.against(vertex, earlier, candidate) {
                Fate::Cached(place) => return Fate::Cached(place),
                fate @ Fate::MayRun(..) if matches!(best, Fate::Runs(_)) => best = fate,
                fate @ Fate::Runs(_) if best == Fate::Runs(vec![Reason::Changed]) => best = fate,
                Fate::Runs(_) | Fate::MayRun(..) => {}
            }
        }
        best
    }

    /// The earlier vertices that may be the same, and one whose differences a person expects to hear of.
    fn candidates<'v>(&'v self, vertex: &'v Vertex) -> impl Iterator<Item = (usize, &'v Vertex)> {
        let key = vertex.key.as_str();
        let root = match root(vertex).map(|root| self.fates.get(root)) {
            // Nothing that stood on something else matches.
            Some(Some(Fate::Runs(_)) | None) => None,
            Some(Some(Fate::Cached(place) | Fate::MayRun(place, _))) => Some(Some(*place)),
            None => Some(None),
        };
        let same_root = root.and_then(|root| self.by_root.get(&(key, root)));
        let expected = self.by_name.get(&(key, vertex.name.as_str()));
        let expected = expected.or_else(|| self.by_key.get(key));
        let places = expected.into_iter().chain(same_root.into_iter().flatten());
        places.filter_map(|place| Some((*place, self.before.vertices.get(*place)?)))
    }

    fn against(&self, vertex: &Vertex, earlier: &Vertex, place: usize) -> Fate {
        let (mut certain, mut possible) = (Vec::new(), Vec::new());
        for (now, then) in vertex.inputs.iter().zip(&earlier.inputs) {
            match self.input(now, then) {
                Difference::None => {}
                Difference::Certain(reason) => certain.push(reason),
                Difference::Possible(reasons) => possible.extend(reasons),
            }
        }
        match (vertex.inputs.len() == earlier.inputs.len(), certain.len()) {
            (false, _) => Fate::Runs(vec![Reason::Changed]),
            (true, 0) if possible.is_empty() => Fate::Cached(place),
            (true, 0) => Fate::MayRun(place, possible),
            (true, _) => Fate::Runs(certain),
        }
    }

    fn input(&self, now: &Input, then: &Input) -> Difference {
        let wanted = |input: &Input| match &input.known_by {
            KnownBy::History(paths) => paths.clone(),
            KnownBy::Content(paths) => paths.iter().map(|one| one.path.clone()).collect(),
        };
        let is_same_part = wanted(now) == wanted(then);
        let by_history = match self.fates.get(now.vertex) {
            Some(Fate::Cached(place)) if *place == then.vertex && is_same_part => {
                return Difference::None;
            }
            Some(Fate::MayRun(place, _)) if *place == then.vertex && is_same_part => {
                Difference::Possible(vec![Reason::After(now.vertex)])
            }
            Some(Fate::Cached(_) | Fate::MayRun(..) | Fate::Runs(_)) | None => {
                Difference::Certain(Reason::After(now.vertex))
            }
        };
        match (&now.known_by, &then.known_by) {
            (KnownBy::Content(now_paths), KnownBy::Content(then_paths))
                if now_paths.len() == then_paths.len() =>
            {
                match (self.content(now, then), by_history) {
                    // What may come out of the cache cannot differ for certain.
                    (Difference::Certain(_), possible @ Difference::Possible(_)) => possible,
                    (by_content, _) => by_content,
                }
            }
            _ => by_history,
        }
    }

    fn content(&self, now: &Input, then: &Input) -> Difference {
        let (KnownBy::Content(now_paths), KnownBy::Content(then_paths)) =
            (&now.known_by, &then.known_by)
        else {
            return Difference::None;
        };
        let (Some(files), Some(files_then)) = (
            self.files_after.get(now.vertex),
            self.files_before.get(then.vertex),
        ) else {
            return Difference::Certain(Reason::Changed);
        };
        let mut possible = Vec::new();
        for (paths, paths_then) in now_paths.iter().zip(then_paths) {
            let selected = self.layers.select(*files, paths);
            let before = self.layers.select(*files_then, paths_then);
            match selected.compare(&before) {
                Same::Yes => {}
                Same::No(differ) => {
                    return Difference::Certain(Reason::Files {
                        from: now.vertex,
                        path: paths.path.clone(),
                        differ,
                    });
                }
                Same::Depends(parts) => possible.extend(self.makers(now, &parts, &paths.path)),
            }
        }
        if possible.is_empty() {
            Difference::None
        } else {
            possible.sort();
            possible.dedup();
            Difference::Possible(possible)
        }
    }

    /// The vertices of the later build that make what is not known.
    fn makers(&self, input: &Input, parts: &BTreeSet<(usize, String)>, path: &str) -> Vec<Reason> {
        let made = parts.iter().filter_map(|(result, path)| {
            let by = result.checked_sub(self.before.vertices.len())?;
            let path = path.clone();
            Some(Reason::Made { by, path })
        });
        let made: Vec<Reason> = made.collect();
        if made.is_empty() {
            vec![Reason::Made {
                by: input.vertex,
                path: path.to_owned(),
            }]
        } else {
            made
        }
    }
}

/// How an input differs from an earlier one.
enum Difference {
    None,
    Certain(Reason),
    Possible(Vec<Reason>),
}

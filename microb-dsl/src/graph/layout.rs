//! Where everything of a picture is: stages below each other, and beside them the tracks of what one takes from another.
//!
//! Nothing overlaps by construction: lines run on tracks to the right of all boxes, one track for each node that
//! others take from, and what they carry is written in the box where they end.

use std::collections::BTreeMap;

use super::{Edge, EdgeKind, Lane, Node, Picture, Place};

/// Sizes in pixels.
const MARGIN: usize = 8;
const TITLE: usize = 30;
const LINE: usize = 16;
const PADDING: usize = 8;
const NODE_GAP: usize = 14;
const LANE_GAP: usize = 12;
const TRACK: usize = 9;
/// The room for an arrow head and a line's end.
const PORT: usize = 16;
/// The least distance between two lines at the side of a box.
const PORT_GAP: usize = 9;
/// The least width of a lane, so that its text stays readable.
const LEAST_LANE: usize = 160;
/// The width of a character at 12 pixels, with some room for fonts that are wider than most.
const CHAR: usize = 15; // halves of a pixel
/// Lines of a node's text; what is longer is cut.
const MAX_LINES: usize = 6;

/// A picture with places.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) lanes: Vec<LaneBox<'a>>,
    pub(super) trunks: Vec<Trunk>,
}

/// A lane: its title, its box and its nodes.
#[derive(Debug)]
pub(super) struct LaneBox<'a> {
    pub(super) lane: &'a Lane,
    pub(super) title: String,
    pub(super) area: Area,
    pub(super) nodes: Vec<NodeBox<'a>>,
}

/// A node: its box and its lines of text, each with whether it is a note.
#[derive(Debug)]
pub(super) struct NodeBox<'a> {
    pub(super) node: &'a Node,
    pub(super) area: Area,
    pub(super) lines: Vec<(String, bool)>,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// All lines from one node: out of it at its right side, down its track, and into others.
#[derive(Debug)]
pub(super) struct Trunk {
    /// The track, from the left.
    pub(super) x: usize,
    /// Where it leaves its node.
    pub(super) start: (usize, usize),
    /// Where it ends: the points, and what goes there.
    pub(super) ends: Vec<((usize, usize), EdgeKind)>,
}

/// Lays out a picture of this width, or a wider one where the tracks would leave no room for the stages.
pub(super) fn layout(picture: &Picture, wanted: usize) -> Layout<'_> {
    let by_source = by_source(&picture.edges);
    let tracks = tracks(&by_source);
    let n_tracks = tracks.values().max().map_or(0, |last| last + 1);
    let gutter = if n_tracks == 0 {
        0
    } else {
        PORT + n_tracks * TRACK
    };
    let beside = 2 * MARGIN + gutter;
    let lane_width = wanted.saturating_sub(beside).max(LEAST_LANE);
    let mut y = MARGIN;
    let mut lanes = Vec::new();
    for (n, lane) in picture.lanes.iter().enumerate() {
        let lane = lane_box(picture, lane, n, y, lane_width);
        y += lane.area.height + LANE_GAP;
        lanes.push(lane);
    }
    let ports = ports(picture, &lanes);
    let right = MARGIN + lane_width;
    let trunks = by_source.iter().map(|(source, edges)| Trunk {
        x: right + PORT + tracks.get(source).copied().unwrap_or_default() * TRACK,
        start: ports.get(&(*source, None)).copied().unwrap_or_default(),
        ends: edges
            .iter()
            .filter_map(|(n, edge)| Some((*ports.get(&(edge.to, Some(*n)))?, edge.kind)))
            .collect(),
    });
    Layout {
        width: lane_width + beside,
        height: y,
        trunks: trunks.collect(),
        lanes,
    }
}

type BySource<'a> = BTreeMap<Place, Vec<(usize, &'a Edge)>>;

/// The edges by the node that they start from, each with its number.
fn by_source(edges: &[Edge]) -> BySource<'_> {
    let mut sources: BySource<'_> = BTreeMap::new();
    for (n, edge) in edges.iter().enumerate() {
        sources.entry(edge.from).or_default().push((n, edge));
    }
    sources
}

/// The track of each node that others take from: the shortest lines run next to the boxes.
fn tracks(sources: &BySource<'_>) -> BTreeMap<Place, usize> {
    let reach = |edges: &[(usize, &Edge)]| edges.iter().map(|(_, edge)| edge.to).max();
    let mut spans: Vec<(Place, Place)> = sources
        .iter()
        .filter_map(|(from, edges)| Some((*from, reach(edges)?)))
        .collect();
    let length = |(from, to): &(Place, Place)| (to.0 - from.0.min(to.0), to.1);
    spans.sort_by_key(length);
    let mut taken: Vec<Vec<(Place, Place)>> = Vec::new();
    let mut tracks = BTreeMap::new();
    for span in spans {
        let free = taken.iter().position(|track| {
            track
                .iter()
                .all(|other| span.1 < other.0 || other.1 < span.0)
        });
        let track = free.unwrap_or_else(|| {
            taken.push(Vec::new());
            taken.len() - 1
        });
        if let Some(spans) = taken.get_mut(track) {
            spans.push(span);
        }
        tracks.insert(span.0, track);
    }
    tracks
}

fn lane_box<'a>(
    picture: &Picture,
    lane: &'a Lane,
    number: usize,
    y: usize,
    width: usize,
) -> LaneBox<'a> {
    let mut next = y + TITLE;
    let inside = Area {
        x: MARGIN + PADDING,
        y: next,
        width: width - 2 * PADDING,
        height: 0,
    };
    let mut nodes = Vec::new();
    for (n, node) in lane.nodes.iter().enumerate() {
        let lines = lines(picture, node, (number, n), characters(inside.width));
        let n_ports = picture
            .edges
            .iter()
            .filter(|edge| edge.to == (number, n))
            .count()
            + 1;
        let height = (lines.len() * LINE + PADDING + 4).max((n_ports + 1) * PORT_GAP);
        let area = Area {
            y: next,
            height,
            ..inside
        };
        nodes.push(NodeBox { node, area, lines });
        next += height + NODE_GAP;
    }
    LaneBox {
        lane,
        title: cut(&lane.title, characters(inside.width) * 5 / 6),
        area: Area {
            x: MARGIN,
            y,
            width,
            height: next - y - NODE_GAP + PADDING,
        },
        nodes,
    }
}

/// How many characters fit into a box.
fn characters(width: usize) -> usize {
    (width.saturating_sub(2 * PADDING) * 2 / CHAR).max(8)
}

/// The points at the right side of each node: one for each line that ends there, and one for those that start there.
fn ports(
    picture: &Picture,
    lanes: &[LaneBox<'_>],
) -> BTreeMap<(Place, Option<usize>), (usize, usize)> {
    let mut ports = BTreeMap::new();
    for (n, lane) in lanes.iter().enumerate() {
        for (m, node) in lane.nodes.iter().enumerate() {
            let place = (n, m);
            let edges = picture.edges.iter().enumerate();
            let ends = edges
                .filter(|(_, edge)| edge.to == place)
                .map(|(edge, _)| Some(edge));
            let starts = picture.edges.iter().any(|edge| edge.from == place);
            let keys: Vec<Option<usize>> = ends.chain(starts.then_some(None)).collect();
            let area = node.area;
            for (k, key) in keys.iter().enumerate() {
                let y = area.y + area.height * (k + 1) / (keys.len() + 1);
                ports.insert((place, *key), (area.x + area.width, y));
            }
        }
    }
    ports
}

/// The lines of a node: its text, what it mounts, and its notes.
fn lines(picture: &Picture, node: &Node, place: Place, width: usize) -> Vec<(String, bool)> {
    let mut text = wrapped(&node.text, width);
    if text.len() > MAX_LINES {
        text.truncate(MAX_LINES);
        if let Some(last) = text.last_mut() {
            *last = format!("{}…", cut(last, width - 1).trim_end_matches('…'));
        }
    }
    let mounts = picture
        .edges
        .iter()
        .filter(|edge| edge.to == place && edge.kind == EdgeKind::Mounted);
    let mounts = mounts.map(|edge| format!("mount {} of {}", edge.label, source(picture, edge)));
    let notes = mounts.chain(node.notes.iter().cloned());
    let notes = notes.flat_map(|note| wrapped(&note, width));
    let text = text.into_iter().map(|line| (line, false));
    text.chain(notes.map(|line| (line, true))).collect()
}

/// What an edge comes from: a stage, or something from outside.
fn source<'a>(picture: &'a Picture, edge: &Edge) -> &'a str {
    match picture.lanes.get(edge.from.0) {
        Some(lane) if lane.is_sequence => &lane.title,
        Some(lane) => lane.nodes.get(edge.from.1).map_or("", |node| &node.text),
        None => "",
    }
}

/// The text in lines, broken at spaces where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for piece in pieces(word, width) {
            match lines.last_mut() {
                Some(line) if line.is_empty() => *line = piece,
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

/// A word in pieces that fit into a line, broken behind a slash or an equals sign where there is one.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let mut rest = chars.as_slice();
    let mut pieces = Vec::new();
    while rest.len() > width {
        let joints = rest.iter().take(width).rposition(|c| "/=,".contains(*c));
        let end = joints
            .filter(|place| *place > width / 3)
            .map_or(width, |place| place + 1);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece.iter().collect());
        rest = after;
    }
    pieces.push(rest.iter().collect());
    pieces
}

/// The text, with an ellipsis in place of what does not fit.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn overlap(a: Area, b: Area) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    /// Stages that all take from all before them.
    fn tangle(n: usize) -> Stage {
        let mut stages: Vec<Stage> = Vec::new();
        for k in 0..n {
            let mut stage = scratch().named(format!("stage-{k}"));
            for (j, other) in stages.iter().enumerate() {
                let path = format!("/a/rather/long/path/of/some/stage/{j}");
                stage = if (j + k) % 2 == 0 {
                    stage.then(copy(path.as_str(), "/").from(other))
                } else {
                    stage.then(run(["make"]).mount(bind("/m").from(other).path(path)))
                };
            }
            stages.push(stage);
        }
        stages.pop().unwrap()
    }

    /// A stage that takes from so many images.
    fn copies_of_images(n: usize) -> Stage {
        let copies = (0..n).map(|n| {
            let image: ImageRef = format!("image-{n}").parse().unwrap();
            Step::from(copy("/a", "/a").from(image))
        });
        scratch().then(copies.collect::<Vec<_>>())
    }

    #[test]
    fn no_line_crosses_a_box_and_no_text_leaves_one() {
        let tangles = [360, 960].map(|width| (width, width, tangle(6)));
        // So many tracks that the narrow picture is as wide as they and the stage beside them need.
        let many = copies_of_images(45);
        for (wanted, width, stage) in tangles.into_iter().chain([(360, 597, many)]) {
            let picture = Picture::of(&stage);
            let layout = layout(&picture, wanted);
            assert_eq!(layout.width, width);
            let boxes: Vec<Area> = layout
                .lanes
                .iter()
                .flat_map(|lane| lane.nodes.iter().map(|node| node.area))
                .collect();
            for (n, a) in boxes.iter().enumerate() {
                assert!(boxes[n + 1..].iter().all(|b| !overlap(*a, *b)), "{a:?}");
            }
            let right = boxes.iter().map(|area| area.x + area.width).max().unwrap();
            for trunk in &layout.trunks {
                assert!(right < trunk.x && trunk.x < width, "{trunk:?}");
            }
            for node in layout.lanes.iter().flat_map(|lane| &lane.nodes) {
                let fits = characters(node.area.width);
                assert!(
                    node.lines
                        .iter()
                        .all(|(line, _)| line.chars().count() <= fits)
                );
                assert!(node.lines.len() * LINE < node.area.height);
            }
        }
    }

    #[test]
    fn two_lines_never_share_a_piece_of_a_track() {
        let stage = tangle(7);
        let picture = Picture::of(&stage);
        let layout = layout(&picture, 360);
        let spans: Vec<(usize, usize, usize)> = layout
            .trunks
            .iter()
            .map(|trunk| {
                let last = trunk.ends.iter().map(|((_, y), _)| *y).max().unwrap();
                (trunk.x, trunk.start.1, last)
            })
            .collect();
        for (n, (x, from, to)) in spans.iter().enumerate() {
            for (other_x, other_from, other_to) in &spans[n + 1..] {
                assert!(
                    x != other_x || to < other_from || other_to < from,
                    "{spans:?}"
                );
            }
        }
    }

    #[test]
    fn long_text_is_wrapped_and_cut() {
        let node = Node {
            text: format!("RUN {} end", "x".repeat(300)),
            notes: vec!["cache /c".to_owned()],
        };
        let picture = Picture {
            lanes: Vec::new(),
            edges: Vec::new(),
        };
        let lines = lines(&picture, &node, (0, 0), 31);
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert!(lines.iter().all(|(line, _)| line.chars().count() <= 31));
        assert!(lines[MAX_LINES - 1].0.ends_with('…'));
        assert_eq!(lines[MAX_LINES], ("cache /c".to_owned(), true));
    }
}

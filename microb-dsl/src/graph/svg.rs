//! The picture as SVG. A lane stands to the right of all lanes that it takes bytes from, so arrows go to the right.

use super::{Edge, EdgeKind, Lane, Node, Picture, Place};

/// Sizes in pixels at the picture's own scale; a viewer fits it to its width.
const LANE_WIDTH: usize = 270;
const GAP: usize = 90;
const MARGIN: usize = 24;
const TITLE: usize = 44;
const LINE: usize = 17;
const PADDING: usize = 9;
const NODE_GAP: usize = 16;
/// Characters that fit into one line of a node.
const LINE_CHARS: usize = 31;
/// Lines of a node's text; what is longer is cut.
const MAX_LINES: usize = 4;

const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1d2733}\
.title{font-weight:bold;font-size:15px}.note{fill:#5b6b7c}.label{font-size:11px;fill:#37516b}\
.lane{fill:#f3f6f9;stroke:#d5dde5}.node{fill:#fff;stroke:#8fa3b7}\
path{fill:none;stroke:#5d7f9f;stroke-width:1.6}.mounted{stroke-dasharray:5 4}.continued{stroke-width:3.2}";

pub(super) fn draw(picture: &Picture) -> String {
    let layouts = layouts(picture);
    let bottom = |lane: &Layout| lane.top + lane.height;
    let height = layouts.iter().map(bottom).max().unwrap_or(0) + MARGIN;
    let width = layouts
        .iter()
        .map(|lane| lane.x + LANE_WIDTH)
        .max()
        .unwrap_or(0)
        + MARGIN;
    let mut parts = vec![format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>Stages and steps of the build</title>\n<style>{STYLE}</style>\n\
         <marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0,0L8,4L0,8z\" style=\"fill:#5d7f9f\"/></marker>\n"
    )];
    for (lane, layout) in picture.lanes.iter().zip(&layouts) {
        parts.push(lane_box(lane, layout));
    }
    parts.extend(picture.edges.iter().map(|edge| arrow(edge, &layouts)));
    for (lane, layout) in picture.lanes.iter().zip(&layouts) {
        let nodes = lane.nodes.iter().zip(&layout.nodes);
        parts.extend(nodes.map(|(node, span)| node_box(node, layout.x, *span)));
    }
    parts.push("</svg>\n".to_owned());
    parts.concat()
}

/// Where a lane and its nodes are.
struct Layout {
    x: usize,
    top: usize,
    height: usize,
    /// Top and height of each node.
    nodes: Vec<(usize, usize)>,
}

/// The lanes in columns: those of one column stand below each other.
fn layouts(picture: &Picture) -> Vec<Layout> {
    let mut bottoms: Vec<usize> = Vec::new();
    let place = |(lane, column): (&Lane, usize)| {
        if bottoms.len() <= column {
            bottoms.resize(column + 1, MARGIN);
        }
        let layout = Layout::of(lane, MARGIN + column * (LANE_WIDTH + GAP), bottoms[column]);
        bottoms[column] += layout.height + NODE_GAP;
        layout
    };
    let columns = columns(picture);
    picture.lanes.iter().zip(columns).map(place).collect()
}

/// The column of each lane: one further than the furthest that it takes from. Lanes come after what they take from.
fn columns(picture: &Picture) -> Vec<usize> {
    let mut columns = vec![0; picture.lanes.len()];
    for lane in 0..columns.len() {
        let incoming = picture.edges.iter().filter(|edge| edge.to.0 == lane);
        let furthest = incoming.filter_map(|edge| columns.get(edge.from.0)).max();
        let column = furthest.map_or(0, |column| column + 1);
        if let Some(own) = columns.get_mut(lane) {
            *own = column;
        }
    }
    columns
}

impl Layout {
    fn of(lane: &Lane, x: usize, top: usize) -> Self {
        let mut next = top + TITLE;
        let mut nodes = Vec::new();
        for node in &lane.nodes {
            let height = lines(node).len() * LINE + 2 * PADDING;
            nodes.push((next, height));
            next += height + NODE_GAP;
        }
        Self {
            x,
            top,
            height: next - top,
            nodes,
        }
    }

    fn middle(&self, node: usize) -> usize {
        let (top, height) = self.nodes.get(node).copied().unwrap_or_default();
        top + height / 2
    }
}

fn lane_box(lane: &Lane, layout: &Layout) -> String {
    let mut parts = vec![format!(
        "<rect class=\"lane\" x=\"{}\" y=\"{}\" width=\"{LANE_WIDTH}\" height=\"{}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n",
        layout.x,
        layout.top,
        layout.height,
        layout.x + PADDING,
        layout.top + TITLE / 2 + 5,
        escaped(&cut(&lane.title, 28)),
    )];
    if lane.is_sequence {
        let center = layout.x + LANE_WIDTH / 2;
        for pair in layout.nodes.windows(2) {
            if let [(top, height), (next, _)] = pair {
                parts.push(format!(
                    "<path d=\"M{center},{}V{next}\" marker-end=\"url(#head)\"/>\n",
                    top + height
                ));
            }
        }
    }
    parts.concat()
}

fn node_box(node: &Node, x: usize, (top, height): (usize, usize)) -> String {
    let (left, width) = (x + PADDING, LANE_WIDTH - 2 * PADDING);
    let mut parts = vec![format!(
        "<g><title>{}</title><rect class=\"node\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>\n",
        escaped(&node.text)
    )];
    for (n, (line, is_note)) in lines(node).into_iter().enumerate() {
        let class = if is_note { " class=\"note\"" } else { "" };
        let (x, y) = (left + PADDING, top + PADDING + (n + 1) * LINE - 4);
        parts.push(format!(
            "<text{class} x=\"{x}\" y=\"{y}\">{}</text>\n",
            escaped(&line)
        ));
    }
    parts.push("</g>\n".to_owned());
    parts.concat()
}

/// An arrow from the side of one node to the side of another.
fn arrow(edge: &Edge, layouts: &[Layout]) -> String {
    let point = |(lane, node): Place| layouts.get(lane).map(|lane| (lane.x, lane.middle(node)));
    let (Some((from_x, from_y)), Some((to_x, to_y))) = (point(edge.from), point(edge.to)) else {
        return String::new();
    };
    let (start, end) = (from_x + LANE_WIDTH - PADDING, to_x + PADDING);
    let class = match edge.kind {
        EdgeKind::Copied => "copied",
        EdgeKind::Mounted => "mounted",
        EdgeKind::Continued => "continued",
    };
    format!(
        "<path class=\"{class}\" d=\"M{start},{from_y}C{},{from_y} {},{to_y} {end},{to_y}\" marker-end=\"url(#head)\"/>\n\
         <text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        start + GAP / 2,
        end.saturating_sub(GAP / 2),
        end - PADDING - 4,
        to_y.saturating_sub(5),
        escaped(&cut(&edge.label, 22)),
    )
}

/// The lines of a node, each with whether it is a note.
fn lines(node: &Node) -> Vec<(String, bool)> {
    let mut text = wrapped(&node.text);
    if text.len() > MAX_LINES {
        text.truncate(MAX_LINES);
        if let Some(last) = text.last_mut() {
            *last = cut(&format!("{last} …………"), LINE_CHARS);
        }
    }
    let notes = node.notes.iter().map(|note| (cut(note, LINE_CHARS), true));
    text.into_iter()
        .map(|line| (line, false))
        .chain(notes)
        .collect()
}

/// The text in lines of [`LINE_CHARS`] characters, broken at spaces where there are any.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for piece in pieces(word) {
            match lines.last_mut() {
                Some(line) if line.is_empty() => *line = piece,
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= LINE_CHARS => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

/// A word in pieces that fit into a line.
fn pieces(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    chars
        .chunks(LINE_CHARS)
        .map(|piece| piece.iter().collect())
        .collect()
}

/// The text, with an ellipsis in place of what does not fit.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

/// Text as XML and HTML want it. Control characters have no place there.
pub(super) fn escaped(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    visible
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_and_cut() {
        let node = Node {
            text: format!("RUN {} end", "x".repeat(300)),
            notes: vec!["cache /c".to_owned()],
        };
        let lines = lines(&node);
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert!(
            lines
                .iter()
                .all(|(line, _)| line.chars().count() <= LINE_CHARS)
        );
        assert!(lines[MAX_LINES - 1].0.ends_with('…'));
        assert_eq!(lines[MAX_LINES], ("cache /c".to_owned(), true));
    }

    #[test]
    fn user_text_cannot_become_markup() {
        assert_eq!(
            escaped("<b a=\"1\">&\u{7}"),
            "&lt;b a=&quot;1&quot;&gt;&amp; "
        );
    }
}

//! The picture as Mermaid text.

use super::{EdgeKind, Node, Picture, Place};

pub(super) fn draw(picture: &Picture) -> String {
    let mut lines = vec!["flowchart TB".to_owned()];
    for (n, lane) in picture.lanes.iter().enumerate() {
        lines.push(format!("  subgraph lane{n}[\"{}\"]", escaped(&lane.title)));
        for (m, node) in lane.nodes.iter().enumerate() {
            lines.push(format!("    {}[\"{}\"]", id((n, m)), text(node)));
        }
        if lane.is_sequence && lane.nodes.len() > 1 {
            let ids: Vec<String> = (0..lane.nodes.len()).map(|m| id((n, m))).collect();
            lines.push(format!("    {}", ids.join(" --> ")));
        }
        lines.push("  end".to_owned());
    }
    for edge in &picture.edges {
        let (from, to, label) = (id(edge.from), id(edge.to), escaped(&edge.label));
        lines.push(match edge.kind {
            EdgeKind::Copied => format!("  {from} -- \"{label}\" --> {to}"),
            EdgeKind::Mounted => format!("  {from} -. \"{label}\" .-> {to}"),
            EdgeKind::Continued => format!("  {from} ==> {to}"),
        });
    }
    lines.push(String::new());
    lines.join("\n")
}

fn id((lane, node): Place) -> String {
    format!("n{lane}_{node}")
}

fn text(node: &Node) -> String {
    let lines = std::iter::once(&node.text).chain(&node.notes);
    let lines: Vec<String> = lines.map(|line| escaped(line)).collect();
    lines.join("<br>")
}

/// Mermaid reads labels as HTML, and a number sign starts its own entities.
fn escaped(text: &str) -> String {
    super::svg::escaped(text).replace('#', "#35;")
}

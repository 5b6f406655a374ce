//! The picture as SVG: once as wide as a phone and once as a desktop's window; style sheets choose.

use super::layout::{Area, LaneBox, Layout, NodeBox, Trunk, layout};
use super::{EdgeKind, Picture};

/// The widths of both pictures in pixels, where nothing needs more.
const NARROW: usize = 360;
const WIDE: usize = 960;

/// The room for the legend at the bottom, in pixels.
const LEGEND: usize = 26;

/// How many colors the lines have; see [`STYLE`].
const COLORS: usize = 8;

/// Colors for light and dark, each at least three times as bright or dark as what it stands on (WCAG 2, 1.4.11).
const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1d2733}\
.title{font-weight:bold;font-size:14px}.note{fill:#52616f}\
.back{fill:#fff}.lane{fill:#f1f4f7;stroke:#d5dde5}.node{fill:#fff;stroke:#8fa3b7}\
.line{fill:none;stroke:currentColor;stroke-width:1.8}.halo{fill:none;stroke:#fff;stroke-width:6}\
.mounted{stroke-dasharray:4 3}.continued{stroke-width:3.4}.head{fill:currentColor;stroke:none}\
.s{color:#6b7f93}.c0{color:#1f6fb5}.c1{color:#b3541e}.c2{color:#2c7d4f}.c3{color:#8a4bb0}.c4{color:#ad2e4f}.c5{color:#6d6a10}.c6{color:#0f7f86}.c7{color:#5a4fcf}\
.wide{display:none}\
@media(prefers-color-scheme:dark){text{fill:#e3e9ef}.note{fill:#a3b1be}.back{fill:#10161c}\
.lane{fill:#1a222b;stroke:#313e4b}.node{fill:#10161c;stroke:#5f7387}.halo{stroke:#10161c}.s{color:#8497a9}\
.c0{color:#62a8e5}.c1{color:#e89a63}.c2{color:#67bd8c}.c3{color:#c193e0}.c4{color:#ea7f9b}.c5{color:#c2bd55}\
.c6{color:#4fbcc3}.c7{color:#a29bf0}}";

pub(super) fn draw(picture: &Picture) -> String {
    let narrow = layout(picture, NARROW);
    let wide = layout(picture, WIDE);
    let (height, tall) = (wide.height + LEGEND, narrow.height + LEGEND);
    let (width, slim) = (wide.width, narrow.width);
    let parts = [
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{slim}\" height=\"{tall}\" role=\"img\">\n\
             <title>Stages and steps of the build</title>\n\
             <meta xmlns=\"http://www.w3.org/1999/xhtml\" name=\"viewport\" content=\"width=device-width\"/>\n\
             <style>{STYLE}\
             @media(min-width:{width}px){{:root{{width:{width}px;height:{height}px;margin:0 auto;display:block}}\
             .wide{{display:inline}}.narrow{{display:none}}}}</style>\n"
        ),
        "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n".to_owned(),
        group("narrow", &narrow),
        group("wide", &wide),
        "</svg>\n".to_owned(),
    ];
    parts.concat()
}

fn group(class: &str, layout: &Layout<'_>) -> String {
    let mut parts = vec![format!("<g class=\"{class}\">\n")];
    parts.extend(layout.lanes.iter().map(lane_box));
    // What turns into a box crosses over what runs past it, and the halo shows that.
    let trunks = || layout.trunks.iter().enumerate();
    parts.extend(trunks().map(|(n, trunk)| stem(trunk, n % COLORS)));
    parts.extend(trunks().map(|(n, trunk)| branches(trunk, n % COLORS)));
    parts.push(legend(layout));
    parts.push("</g>\n".to_owned());
    parts.concat()
}

fn rectangle(class: &str, area: Area, radius: usize) -> String {
    let Area {
        x,
        y,
        width,
        height,
    } = area;
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>\n"
    )
}

fn lane_box(lane: &LaneBox<'_>) -> String {
    let (x, y) = (lane.area.x + 8, lane.area.y + 20);
    let mut parts = vec![
        rectangle("lane", lane.area, 8),
        format!(
            "<text class=\"title\" x=\"{x}\" y=\"{y}\">{}</text>\n",
            escaped(&lane.title)
        ),
    ];
    if lane.lane.is_sequence {
        for pair in lane.nodes.windows(2) {
            if let [above, below] = pair {
                parts.push(down(above.area, below.area));
            }
        }
    }
    parts.extend(lane.nodes.iter().map(node_box));
    parts.concat()
}

/// The arrow from a step to the next.
fn down(above: Area, below: Area) -> String {
    let x = above.x + 20;
    let (from, to) = (above.y + above.height, below.y);
    let neck = to.saturating_sub(6);
    format!(
        "<g class=\"s\"><path class=\"line\" d=\"M{x},{from}V{neck}\"/>\
         <path class=\"head\" d=\"M{},{neck}h8l-4,6z\"/></g>\n",
        x - 4
    )
}

fn node_box(node: &NodeBox<'_>) -> String {
    let area = node.area;
    let mut parts = vec![
        format!("<g><title>{}</title>", escaped(&node.node.text)),
        rectangle("node", area, 5),
    ];
    let text_height = node.lines.len() * 16;
    let top = area.y + (area.height.saturating_sub(text_height)) / 2;
    for (n, (line, is_note)) in node.lines.iter().enumerate() {
        let class = if *is_note { " class=\"note\"" } else { "" };
        let (x, y) = (area.x + 8, top + n * 16 + 12);
        parts.push(format!(
            "<text{class} x=\"{x}\" y=\"{y}\">{}</text>\n",
            escaped(line)
        ));
    }
    parts.push("</g>\n".to_owned());
    parts.concat()
}

/// The line down a track.
fn stem(trunk: &Trunk, color: usize) -> String {
    let ((_, y), x) = (trunk.start, trunk.x);
    let last = trunk.ends.iter().map(|((_, y), _)| *y).max().unwrap_or(y);
    format!("<g class=\"c{color}\"><path class=\"line\" d=\"M{x},{y}V{last}\"/></g>\n")
}

/// The lines from a node to its track, and from there into others.
fn branches(trunk: &Trunk, color: usize) -> String {
    let ((start, y), x) = (trunk.start, trunk.x);
    let mut parts = vec![format!(
        "<g class=\"c{color}\">{}",
        branch("line", start, y, x)
    )];
    for ((end, y), kind) in &trunk.ends {
        let class = match kind {
            EdgeKind::Copied => "line",
            EdgeKind::Mounted => "line mounted",
            EdgeKind::Continued => "line continued",
        };
        parts.push(branch(class, end + 7, *y, x));
        parts.push(format!("<path class=\"head\" d=\"M{end},{y}l8,-4.5v9z\"/>"));
    }
    parts.push("</g>\n".to_owned());
    parts.concat()
}

/// A line from a track at `x` to its left.
fn branch(class: &str, left: usize, y: usize, x: usize) -> String {
    let halo = x.saturating_sub(3);
    format!(
        "<path class=\"halo\" d=\"M{halo},{y}H{}\"/><path class=\"{class}\" d=\"M{x},{y}H{left}\"/>",
        left + 10
    )
}

fn legend(layout: &Layout<'_>) -> String {
    let y = layout.height + 6;
    let item = |x: usize, class: &str, text: &str| {
        format!(
            "<path class=\"line{class}\" d=\"M{x},{y}h22\"/><text class=\"note\" x=\"{}\" y=\"{}\">{text}</text>",
            x + 28,
            y + 4
        )
    };
    let items = [
        item(16, "", "copied"),
        item(112, " mounted", "mounted"),
        item(216, " continued", "built upon"),
    ];
    format!("<g class=\"s\">{}</g>\n", items.concat())
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
    use crate::prelude::*;

    #[test]
    fn user_text_cannot_become_markup() {
        assert_eq!(
            escaped("<b a=\"1\">&\u{7}"),
            "&lt;b a=&quot;1&quot;&gt;&amp; "
        );
    }

    #[test]
    fn nothing_is_fetched_and_nothing_is_run() {
        let stage = scratch().then(add(http("https://example.org/a.js"), "/"));
        let svg = draw(&Picture::of(&stage));
        for word in ["href", "url(", "@import", "<script", "src="] {
            assert!(!svg.contains(word), "{word}");
        }
    }
}

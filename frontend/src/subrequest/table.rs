//! Tables as Go's `text/tabwriter` aligns them, which prints all answers of BuildKit.

/// Lines of cells. All cells but the last of a line are as wide as the widest of their column and `padding` spaces.
pub(super) fn table<const N: usize>(lines: &[[&str; N]], padding: usize) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or_default() + padding
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (n, cell) in line.iter().enumerate() {
            text.push_str(cell);
            if n + 1 < N {
                let missing = widths[n] - cell.chars().count();
                text.extend(std::iter::repeat_n(' ', missing));
            }
        }
        text.push('\n');
    }
    text
}

/// Text of a cell: one line, without the characters that would move columns.
pub(super) fn cell(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // What `docker build --call outline` prints for a Dockerfile with `ARG PORT=8000`, with `·` for a space.
    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = [["BUILD ARG", "VALUE", "DESCRIPTION"], ["PORT", "8000", ""]];
        assert_eq!(
            table(&lines, 3).replace(' ', "·"),
            "BUILD·ARG···VALUE···DESCRIPTION\nPORT········8000····\n"
        );
        assert_eq!(table(&[["é", "x"], ["ab", "y"]], 1), "é  x\nab y\n");
    }
}

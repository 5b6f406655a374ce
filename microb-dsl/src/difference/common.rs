//! The longest common subsequence of two lists.

/// More pairs than this are not compared: what is between the common start and the common end counts as replaced.
const MAX_PAIRS: usize = 4_000_000;

/// An item of one or of both of two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned<T> {
    Both(T),
    Removed(T),
    Added(T),
}

/// Two lists as one, with as many items in common as possible.
pub(super) fn aligned<'a, T: PartialEq>(before: &'a [T], after: &'a [T]) -> Vec<Aligned<&'a T>> {
    let pairs = before.iter().zip(after);
    let start = pairs.take_while(|(a, b)| a == b).count();
    let (common, before) = before.split_at(start);
    let (_, after) = after.split_at(start);
    let pairs = before.iter().rev().zip(after.iter().rev());
    let end = pairs.take_while(|(a, b)| a == b).count();
    let (before, _) = before.split_at(before.len() - end);
    let (after, common_end) = after.split_at(after.len() - end);
    let mut all: Vec<Aligned<&T>> = common.iter().map(Aligned::Both).collect();
    all.extend(middle(before, after));
    all.extend(common_end.iter().map(Aligned::Both));
    all
}

fn middle<'a, T: PartialEq>(before: &'a [T], after: &'a [T]) -> Vec<Aligned<&'a T>> {
    if before.len().saturating_mul(after.len()) > MAX_PAIRS {
        let removed = before.iter().map(Aligned::Removed);
        return removed.chain(after.iter().map(Aligned::Added)).collect();
    }
    let lengths = lengths(before, after);
    let at = |a: usize, b: usize| lengths.get(a).and_then(|row| row.get(b)).copied();
    let (mut a, mut b) = (0, 0);
    let mut all = Vec::new();
    loop {
        match (before.get(a), after.get(b)) {
            (Some(x), Some(y)) if x == y => {
                all.push(Aligned::Both(x));
                (a, b) = (a + 1, b + 1);
            }
            (Some(x), None) => {
                all.push(Aligned::Removed(x));
                a += 1;
            }
            (Some(x), Some(_)) if at(a + 1, b) >= at(a, b + 1) => {
                all.push(Aligned::Removed(x));
                a += 1;
            }
            (_, Some(y)) => {
                all.push(Aligned::Added(y));
                b += 1;
            }
            (None, None) => return all,
        }
    }
}

/// How long the longest common subsequence is from each pair of places on.
fn lengths<T: PartialEq>(before: &[T], after: &[T]) -> Vec<Vec<usize>> {
    let mut below = vec![0; after.len() + 1];
    let mut rows = vec![below.clone()];
    for x in before.iter().rev() {
        let mut row = vec![0; after.len() + 1];
        for (b, y) in after.iter().enumerate().rev() {
            row[b] = if x == y {
                below[b + 1] + 1
            } else {
                row[b + 1].max(below[b])
            };
        }
        rows.push(row.clone());
        below = row;
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &str) {
        let before: Vec<char> = before.chars().collect();
        let after: Vec<char> = after.chars().collect();
        let text: Vec<String> = aligned(&before, &after)
            .into_iter()
            .map(|part| match part {
                Aligned::Both(c) => c.to_string(),
                Aligned::Removed(c) => format!("-{c}"),
                Aligned::Added(c) => format!("+{c}"),
            })
            .collect();
        assert_eq!(text.join(" "), expected);
    }

    #[test]
    fn as_much_as_possible_is_common() {
        check("", "", "");
        check("abc", "abc", "a b c");
        check("abc", "axc", "a -b +x c");
        check("ab", "xaby", "+x a b +y");
        check("abcdef", "abef", "a b -c -d e f");
        check("axbycz", "abc", "a -x b -y c -z");
    }
}

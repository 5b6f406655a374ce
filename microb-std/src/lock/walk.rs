//! From what the project asks for to all that it needs.

use std::collections::BTreeMap;

use microb::Diagnostic;

use super::condition::Condition;

/// All that can be reached from the roots, each with the condition under which it is.
///
/// Cycles are fine. `edges` names what a node needs, and under which condition.
pub(super) fn reach<N: Ord + Clone>(
    roots: Vec<(N, Condition)>,
    mut edges: impl FnMut(&N) -> Result<Vec<(N, Condition)>, Diagnostic>,
) -> Result<BTreeMap<N, Condition>, Diagnostic> {
    let mut reached: BTreeMap<N, Condition> = BTreeMap::new();
    let mut open = roots;
    while let Some((node, condition)) = open.pop() {
        let before = reached.get(&node);
        let now = before.map_or_else(|| condition.clone(), |before| before.or(&condition));
        if condition.is_never() || before == Some(&now) {
            continue;
        }
        for (next, condition) in edges(&node)? {
            open.push((next, condition.and(&now)));
        }
        reached.insert(node, now);
    }
    Ok(reached)
}

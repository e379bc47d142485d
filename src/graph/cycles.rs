//! Strongly connected components and topological order, both linear and without recursion.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Who needs whom: `needs[a]` lists what `a` waits for.
pub type Needs = [Vec<usize>];

/// The component of every vertex; two vertices share one exactly when each reaches the other.
/// (Tarjan's algorithm with an explicit stack: plans may be deeper than a thread's stack.)
#[must_use]
pub fn components(needs: &Needs) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = needs.len();
    let mut index = vec![UNSEEN; count];
    let mut low = vec![0; count];
    let mut component = vec![UNSEEN; count];
    let mut open: Vec<usize> = Vec::new();
    let mut work: Vec<(usize, usize)> = Vec::new();
    let (mut next, mut made) = (0, 0);
    for root in 0..count {
        if index[root] != UNSEEN {
            continue;
        }
        work.push((root, 0));
        while let Some((at, child)) = work.pop() {
            if child == 0 {
                index[at] = next;
                low[at] = next;
                next += 1;
                open.push(at);
            }
            if let Some(&to) = needs[at].get(child) {
                work.push((at, child + 1));
                if index[to] == UNSEEN {
                    work.push((to, 0));
                } else if component[to] == UNSEEN {
                    low[at] = low[at].min(index[to]);
                }
                continue;
            }
            if let Some(&(parent, _)) = work.last() {
                low[parent] = low[parent].min(low[at]);
            }
            if low[at] == index[at] {
                while let Some(member) = open.pop() {
                    component[member] = made;
                    if member == at {
                        break;
                    }
                }
                made += 1;
            }
        }
    }
    component
}

/// Groups of vertices that wait for each other, each in ascending order; a vertex that waits for itself is a
/// group of one.
#[must_use]
pub fn strongly_connected(needs: &Needs) -> Vec<Vec<usize>> {
    let component = components(needs);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); component.iter().max().map_or(0, |max| max + 1)];
    for (vertex, of) in component.iter().enumerate() {
        members[*of].push(vertex);
    }
    let mut strongly_connected: Vec<Vec<usize>> = members
        .into_iter()
        .filter(|group| match group.as_slice() {
            [one] => needs[*one].contains(one),
            _ => group.len() > 1,
        })
        .collect();
    strongly_connected.sort_unstable();
    strongly_connected
}

/// A shortest way from the smallest vertex of a group back to itself; the first vertex is repeated at the end.
#[must_use]
pub fn shortest_cycle(needs: &Needs, group: &[usize]) -> Vec<usize> {
    let Some(&start) = group.first() else { return Vec::new() };
    let inside: std::collections::BTreeSet<usize> = group.iter().copied().collect();
    let mut came: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in &needs[at] {
            if to == start {
                let mut path = vec![start];
                let mut back = at;
                while back != start {
                    path.push(back);
                    back = came[&back];
                }
                path.push(start);
                path.reverse();
                return path;
            }
            if inside.contains(&to) && !came.contains_key(&to) {
                came.insert(to, at);
                queue.push_back(to);
            }
        }
    }
    Vec::new()
}

/// Every vertex after all that it needs; among those that could come next, the one of the smallest rank.
/// `None` if there is a cycle.
#[must_use]
pub fn order<R: Ord>(needs: &Needs, rank: impl Fn(usize) -> R) -> Option<Vec<usize>> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (vertex, list) in needs.iter().enumerate() {
        for &to in list {
            needed_by[to].push(vertex);
        }
    }
    let mut free: BinaryHeap<Reverse<(R, usize)>> =
        (0..needs.len()).filter(|v| missing[*v] == 0).map(|v| Reverse((rank(v), v))).collect();
    let mut sorted = Vec::with_capacity(needs.len());
    while let Some(Reverse((_, vertex))) = free.pop() {
        sorted.push(vertex);
        for &dependent in &needed_by[vertex] {
            missing[dependent] -= 1;
            if missing[dependent] == 0 {
                free.push(Reverse((rank(dependent), dependent)));
            }
        }
    }
    (sorted.len() == needs.len()).then_some(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_found_with_the_shortest_way_round() {
        // 0 -> 1 -> 2 -> 0, a detour 1 -> 3 -> 0, 4 waits for itself, 5 only looks on.
        let needs = vec![vec![1], vec![3, 2], vec![0], vec![0], vec![4], vec![0, 4]];
        assert_eq!(strongly_connected(&needs), vec![vec![0, 1, 2, 3], vec![4]]);
        assert_eq!(shortest_cycle(&needs, &[0, 1, 2, 3]), vec![0, 1, 3, 0]);
        assert_eq!(shortest_cycle(&needs, &[4]), vec![4, 4]);
        assert_eq!(order(&needs, |v| v), None);
    }

    #[test]
    fn order_respects_needs_first_and_rank_second() {
        let needs = vec![vec![3], vec![], vec![1], vec![]];
        assert_eq!(order(&needs, |v| v), Some(vec![1, 2, 3, 0]));
        assert_eq!(order(&needs, |v| 10 - v), Some(vec![3, 1, 2, 0]));
    }

    #[test]
    fn a_chain_deeper_than_any_thread_stack_is_no_problem() {
        let needs: Vec<Vec<usize>> =
            (0..200_000).map(|v| if v == 0 { vec![] } else { vec![v - 1] }).collect();
        assert!(strongly_connected(&needs).is_empty());
        assert_eq!(order(&needs, |v| v).map(|sorted| sorted.len()), Some(200_000));
    }
}

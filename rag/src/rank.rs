//! Puts the answers of the two indexes into one order.

use std::collections::HashMap;

use uuid::Uuid;

/// The usual constant of reciprocal rank fusion: how little the first places differ.
const K: f64 = 60.0;

/// Fuses ranked lists: what stands high in one, or in several, comes first.
///
/// The score is 1 for what is first in every list, and falls towards 0.
pub(crate) fn fuse(lists: &[Vec<Uuid>]) -> Vec<(Uuid, f64)> {
    let mut scores: HashMap<Uuid, f64> = HashMap::new();
    let mut order = Vec::new();
    for list in lists {
        for (rank, id) in list.iter().enumerate() {
            let share = (K + 1.0) / (K + 1.0 + rank as f64) / lists.len() as f64;
            let score = scores.entry(*id).or_insert_with(|| {
                order.push(*id);
                0.0
            });
            *score += share;
        }
    }
    let mut fused: Vec<(Uuid, f64)> = order.into_iter().map(|id| (id, scores[&id])).collect();
    // The sort is stable: equals keep the order of the first list.
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_lists_hold_comes_first_and_once() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let fused: Vec<Uuid> = fuse(&[vec![a, b], vec![c, b]])
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(fused, [b, a, c]);
    }

    #[test]
    fn the_score_is_one_at_the_top_of_all_lists() {
        let [a, b] = [1, 2].map(Uuid::from_u128);
        let fused = fuse(&[vec![a, b]]);
        assert!((fused[0].1 - 1.0).abs() < 1e-9 && fused[1].1 < 1.0);
        assert_eq!(fuse(&[]), []);
    }
}

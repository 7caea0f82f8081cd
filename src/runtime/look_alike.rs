//! Is this face enrolled already, under another name?
//!
//! Job: compare new shots with everybody else's templates before they are stored. It must not know names: it says who
//! by id, and how sure it is.

use crate::{domain::PersonId, matching::Index, vault::NewTemplate};

/// Somebody else with a face like this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAlike {
    /// Who.
    pub person: PersonId,
    /// At the door the two would be taken for one person. Otherwise they are only close.
    pub sure: bool,
}

/// So far below the threshold two people are worth a word: in bad light they may be mixed up, or asked to look again.
const NEAR_COSINE: f32 = 0.06;

impl LookAlike {
    /// The nearest other person, if they are near. `threshold_cosine` is the recogniser's.
    #[must_use]
    pub fn of(index: &Index, person: PersonId, shots: &[NewTemplate], threshold_cosine: f32) -> Option<Self> {
        let nearest = shots
            .iter()
            .filter_map(|shot| {
                let (best, second) = index.best_people(&shot.embedding);
                [best, second].into_iter().flatten().find(|candidate| candidate.person != person)
            })
            .max_by(|a, b| a.cosine.total_cmp(&b.cosine))?;
        let near = nearest.cosine >= threshold_cosine - NEAR_COSINE;
        near.then_some(Self { person: nearest.person, sure: nearest.cosine >= threshold_cosine })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EMBEDDING_LEN, Embedding, TemplateId, WeightsId};

    /// A unit vector at `cosine` to the first axis.
    fn at(cosine: f32) -> Embedding {
        let mut values = vec![0.0; EMBEDDING_LEN];
        values[0] = cosine;
        values[1] = (1.0 - cosine * cosine).sqrt();
        Embedding::from_raw(&values).unwrap()
    }

    fn shot(cosine: f32) -> NewTemplate {
        NewTemplate { embedding: at(cosine), weights: WeightsId::new("w").unwrap(), quality: 1.0 }
    }

    #[test]
    fn the_nearest_other_person_counts_and_oneself_never() {
        let (me, other) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
        let mut index = Index::new();
        index.insert(TemplateId::from_bytes([1; 16]), me, &at(1.0));
        let found = |index: &Index, cosine| LookAlike::of(index, me, &[shot(0.1), shot(cosine)], 0.4);
        assert_eq!(found(&index, 1.0), None, "enrolled again is no duplicate");
        index.insert(TemplateId::from_bytes([2; 16]), other, &at(1.0));
        assert_eq!(found(&index, 0.5), Some(LookAlike { person: other, sure: true }));
        assert_eq!(found(&index, 0.36), Some(LookAlike { person: other, sure: false }));
        assert_eq!(found(&index, 0.3), None);
    }
}

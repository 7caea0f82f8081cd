//! One number for a whole set of records, kept up to date as they change: tells whether the working copy still holds
//! exactly the records it should, none lost, none old, none added.
//!
//! A sum of keyed hashes modulo 2^64, four of them: the order does not matter, adding and removing are exact, and
//! without the key nobody can find other records with the same sum.

use super::codec::Tree;
use crate::crypto::MacKey;

/// The sum over all live records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Digest([u64; 4]);

impl Digest {
    pub(super) fn add(&mut self, mac: &MacKey, tree: Tree, key: &[u8], value: &[u8]) {
        for (sum, part) in self.0.iter_mut().zip(parts(mac, tree, key, value)) {
            *sum = sum.wrapping_add(part);
        }
    }

    pub(super) fn remove(&mut self, mac: &MacKey, tree: Tree, key: &[u8], value: &[u8]) {
        for (sum, part) in self.0.iter_mut().zip(parts(mac, tree, key, value)) {
            *sum = sum.wrapping_sub(part);
        }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|sum| sum.to_le_bytes()).collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut sums = [0; 4];
        let (chunks, rest) = bytes.as_chunks::<8>();
        if chunks.len() != sums.len() || !rest.is_empty() {
            return None;
        }
        for (sum, chunk) in sums.iter_mut().zip(chunks) {
            *sum = u64::from_le_bytes(*chunk);
        }
        Some(Self(sums))
    }
}

fn parts(mac: &MacKey, tree: Tree, key: &[u8], value: &[u8]) -> [u64; 4] {
    let tag = mac.tag(&[&[tree as u8], &(key.len() as u32).to_le_bytes(), key, value]);
    let mut parts = [0; 4];
    for (part, chunk) in parts.iter_mut().zip(tag.as_chunks::<8>().0) {
        *part = u64::from_le_bytes(*chunk);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Secret;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn it_depends_on_the_set_and_not_on_the_way_there(mut keys in prop::collection::hash_set(any::<u8>(), 1..20), extra in any::<u8>()) {
            let mac = MacKey::new(Secret::from_slice(&[3; 32]).unwrap());
            keys.remove(&extra);
            let (mut there, mut back) = (Digest::default(), Digest::default());
            for k in &keys { there.add(&mac, Tree::Marks, &[*k], b"v"); }
            there.add(&mac, Tree::Marks, &[extra], b"v");
            let with_extra = there;
            there.remove(&mac, Tree::Marks, &[extra], b"v");
            let mut sorted: Vec<_> = keys.into_iter().collect();
            sorted.sort_unstable();
            for k in sorted { back.add(&mac, Tree::Marks, &[k], b"v"); }
            prop_assert_eq!(there, back);
            prop_assert_ne!(there, with_extra);
            prop_assert_eq!(Digest::from_bytes(&there.to_bytes()), Some(there));
        }
    }

    #[test]
    fn tree_key_and_value_all_count() {
        let mac = MacKey::new(Secret::from_slice(&[3; 32]).unwrap());
        let one = |tree, key: &[u8], value: &[u8]| {
            let mut digest = Digest::default();
            digest.add(&mac, tree, key, value);
            digest
        };
        let all = [
            one(Tree::Marks, b"k", b"v"),
            one(Tree::Audit, b"k", b"v"),
            one(Tree::Marks, b"kv", b""),
            one(Tree::Marks, b"k", b"w"),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|b| a != b));
        }
    }
}

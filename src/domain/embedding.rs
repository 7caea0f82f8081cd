//! A face as a unit vector.

use super::PersonId;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of every embedding that the kiosk stores.
pub const EMBEDDING_LEN: usize = 512;

/// Why numbers are not an embedding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// The network gave another length.
    #[error("the network gave {0} numbers where an embedding has {EMBEDDING_LEN}; install weights for faces")]
    Length(usize),
    /// NaN, infinity, or all zero.
    #[error("the network gave numbers that are not finite or all zero; verify the weights")]
    NotFinite,
}

/// A 512-d, L2-normalised, finite face embedding. Biometric data: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Embedding(Box<[f32; EMBEDDING_LEN]>);

impl Embedding {
    /// Normalises the output of a network.
    pub fn from_raw(raw: &[f32]) -> Result<Self, EmbeddingError> {
        let mut values: Box<[f32; EMBEDDING_LEN]> =
            Box::new(raw.try_into().map_err(|_| EmbeddingError::Length(raw.len()))?);
        let norm = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            values.zeroize();
            return Err(EmbeddingError::NotFinite);
        }
        values.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
        Ok(Self(values))
    }

    /// Normalises the sum of a network's outputs for several views of one face, one behind the other.
    pub fn from_views(raw: &[f32]) -> Result<Self, EmbeddingError> {
        let (first, others) = raw.split_at_checked(EMBEDDING_LEN).ok_or(EmbeddingError::Length(raw.len()))?;
        let mut sum = first.to_vec();
        for view in others.chunks(EMBEDDING_LEN) {
            if view.len() != EMBEDDING_LEN {
                sum.zeroize();
                return Err(EmbeddingError::Length(raw.len()));
            }
            sum.iter_mut().zip(view).for_each(|(sum, value)| *sum += value);
        }
        let embedding = Self::from_raw(&sum);
        sum.zeroize();
        embedding
    }

    /// Takes components that were normalised before, unchanged to the last bit: a store gives back what it was given.
    pub fn from_unit(unit: &[f32]) -> Result<Self, EmbeddingError> {
        let values: Box<[f32; EMBEDDING_LEN]> =
            Box::new(unit.try_into().map_err(|_| EmbeddingError::Length(unit.len()))?);
        let mut embedding = Self(values);
        let norm = embedding.0.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
        if (norm - 1.0).abs() < 1e-3 {
            return Ok(embedding);
        }
        embedding.zeroize();
        Err(EmbeddingError::NotFinite)
    }

    /// The 512 components.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        self.0.as_slice()
    }

    /// Cosine similarity, -1 to 1.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum()
    }
}

/// Whom a face may be, and how alike: the cosine to that person's most similar template, -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// How alike.
    pub cosine: f32,
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedding(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_is_a_unit_vector_or_does_not_exist() {
        let e = Embedding::from_raw(&[3.0; EMBEDDING_LEN]).unwrap();
        assert!((e.cosine(&e) - 1.0).abs() < 1e-5);
        assert_eq!(Embedding::from_raw(&[1.0; 3]), Err(EmbeddingError::Length(3)));
        assert_eq!(Embedding::from_raw(&[0.0; EMBEDDING_LEN]), Err(EmbeddingError::NotFinite));
        assert_eq!(Embedding::from_raw(&[f32::NAN; EMBEDDING_LEN]), Err(EmbeddingError::NotFinite));
        let views = [[1.0; EMBEDDING_LEN], [2.0; EMBEDDING_LEN]].concat();
        assert_eq!(Embedding::from_views(&views).as_ref(), Ok(&e));
        assert_eq!(Embedding::from_views(&views[1..]), Err(EmbeddingError::Length(1023)));
        assert_eq!(Embedding::from_views(&views[..9]), Err(EmbeddingError::Length(9)));
        assert!(!format!("{e:?}").contains("0."));
        assert_eq!(Embedding::from_unit(e.as_slice()), Ok(e));
        for not_unit in [[3.0; EMBEDDING_LEN], [0.0; EMBEDDING_LEN], [f32::NAN; EMBEDDING_LEN]] {
            assert_eq!(Embedding::from_unit(&not_unit), Err(EmbeddingError::NotFinite));
        }
    }
}

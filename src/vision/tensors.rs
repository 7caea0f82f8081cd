//! Named arrays of f32, read from and written to a safetensors buffer.
//!
//! Job: hand out weights whose shapes were checked. It must not know what any tensor is for.

use super::{WeightsError, weights::in_words};
use candle_core::{DType, Device, safetensors::Load as _};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::BTreeMap;

/// The tensors of one network, in f32 whatever the file holds.
#[derive(Default)]
pub struct Tensors {
    by_name: BTreeMap<String, Tensor>,
}

/// One array, row-major.
struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Tensors {
    /// Reads a safetensors file (f16, bf16 or f32). A file that is cut, or is something else, is an error: the
    /// header is checked against the buffer's length before anything is allocated.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|e| WeightsError::NotSafetensors(e.to_string()))?;
        let mut by_name = BTreeMap::new();
        for (name, view) in file.iter() {
            if !matches!(view.dtype(), Dtype::F16 | Dtype::BF16 | Dtype::F32) {
                return Err(WeightsError::Type {
                    tensor: name.to_owned(),
                    found: format!("{:?}", view.dtype()),
                });
            }
            let values = view
                .load(&Device::Cpu)
                .and_then(|t| t.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>())
                .map_err(|e| WeightsError::NotSafetensors(e.to_string()))?;
            by_name.insert(name.to_owned(), Tensor { shape: view.shape().to_vec(), values });
        }
        Self { by_name }.finite()
    }

    /// The same, unless a value is no number or infinite.
    pub fn finite(self) -> Result<Self, WeightsError> {
        let broken = self.by_name.iter().find(|(_, tensor)| !tensor.values.iter().all(|v| v.is_finite()));
        match broken {
            Some((name, _)) => Err(WeightsError::NotFinite { tensor: name.clone() }),
            None => Ok(self),
        }
    }

    /// Writes every tensor as f32.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let raw: Vec<(&str, &[usize], Vec<u8>)> = self
            .by_name
            .iter()
            .map(|(name, t)| {
                (name.as_str(), t.shape.as_slice(), t.values.iter().flat_map(|v| v.to_le_bytes()).collect())
            })
            .collect();
        let views = raw
            .iter()
            .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|e| WeightsError::NotSafetensors(e.to_string()))?;
        safetensors::serialize(views, None).map_err(|e| WeightsError::NotSafetensors(e.to_string()))
    }

    /// Adds or replaces a tensor. The caller has made sure that the shape fits the values.
    pub fn insert(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<f32>) {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        self.by_name.insert(name.into(), Tensor { shape: shape.to_vec(), values });
    }

    /// Gives every tensor whose name begins with `from` the same name beginning with `to`.
    pub fn rename(&mut self, from: &str, to: &str) {
        let renamed = std::mem::take(&mut self.by_name).into_iter().map(|(name, tensor)| {
            let name = name.strip_prefix(from).map(|rest| format!("{to}{rest}")).unwrap_or(name);
            (name, tensor)
        });
        self.by_name = renamed.collect();
    }

    /// Takes out the tensors whose names begin with `prefix`; there they are called what follows it.
    #[must_use]
    pub fn take(&mut self, prefix: &str) -> Self {
        let mut taken = Self::default();
        for (name, tensor) in std::mem::take(&mut self.by_name) {
            match name.strip_prefix(prefix) {
                Some(rest) => taken.by_name.insert(rest.to_owned(), tensor),
                None => self.by_name.insert(name, tensor),
            };
        }
        taken
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Result<&[usize], WeightsError> {
        self.by_name
            .get(name)
            .map(|t| t.shape.as_slice())
            .ok_or_else(|| WeightsError::Missing { tensor: name.to_owned() })
    }

    /// The shape of a tensor that must have `N` dimensions.
    pub fn dims<const N: usize>(&self, name: &str) -> Result<[usize; N], WeightsError> {
        let shape = self.shape(name)?;
        shape.try_into().map_err(|_| WeightsError::Shape {
            tensor: name.to_owned(),
            expected: format!("{N} dimensions"),
            found: shape.to_vec(),
        })
    }

    /// The values of a tensor of exactly this shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<&[f32], WeightsError> {
        let found = self.shape(name)?;
        if found != shape {
            return Err(WeightsError::Shape {
                tensor: name.to_owned(),
                expected: in_words(shape),
                found: found.to_vec(),
            });
        }
        Ok(self.by_name.get(name).map_or(&[], |t| t.values.as_slice()))
    }

    /// How many numbers there are in all.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.by_name.values().map(|t| t.values.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Tensors {
        let mut t = Tensors::default();
        t.insert("a.weight", &[2, 3], vec![1.0, -2.0, 3.5, 0.0, 1e-9, 6.0]);
        t.insert("b", &[1], vec![7.0]);
        t
    }

    #[test]
    fn tensors_come_back_as_they_were_written_and_shapes_are_checked() {
        let t = Tensors::parse(&sample().to_bytes().unwrap()).unwrap();
        assert_eq!(t.get("a.weight", &[2, 3]).unwrap(), [1.0, -2.0, 3.5, 0.0, 1e-9, 6.0]);
        assert_eq!(t.parameters(), 7);
        assert!(t.get("a.weight", &[3, 2]).unwrap_err().to_string().contains("3 x 2"));
        assert!(t.get("c", &[1]).unwrap_err().to_string().contains("'c'"));
        assert!(t.dims::<3>("a.weight").is_err());
    }

    #[test]
    fn halves_become_singles_and_integers_are_refused() {
        let half = [0x00u8, 0x3c, 0x00, 0xc0]; // 1.0, -2.0
        let view = TensorView::new(Dtype::F16, vec![2], &half).unwrap();
        let t = Tensors::parse(&safetensors::serialize([("x", view)], None).unwrap()).unwrap();
        assert_eq!(t.get("x", &[2]).unwrap(), [1.0, -2.0]);
        let view = TensorView::new(Dtype::I16, vec![2], &half).unwrap();
        let bytes = safetensors::serialize([("x", view)], None).unwrap();
        assert!(matches!(Tensors::parse(&bytes), Err(WeightsError::Type { .. })));
    }

    #[test]
    fn what_is_no_number_is_no_weight() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut t = sample();
            t.insert("bad", &[2], vec![0.0, value]);
            let error = Tensors::parse(&t.to_bytes().unwrap()).err().unwrap();
            assert!(matches!(&error, WeightsError::NotFinite { tensor } if tensor == "bad"), "{error}");
        }
    }

    #[test]
    fn every_cut_is_an_error_and_a_huge_header_length_allocates_nothing() {
        let bytes = sample().to_bytes().unwrap();
        for cut in 0..bytes.len() {
            assert!(Tensors::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut huge = bytes;
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(Tensors::parse(&huge).is_err());
    }

    proptest! {
        #[test]
        fn flipped_bytes_never_panic(at in 0usize..200, value: u8) {
            let mut bytes = sample().to_bytes().unwrap();
            let at = at % bytes.len();
            bytes[at] = value;
            drop(Tensors::parse(&bytes));
        }
    }
}

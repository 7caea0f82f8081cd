//! Inner products of one row of small integers with many: the first pass of an exact search.
//!
//! Sums are exact: codes lie in -127..=127, so that 512 products of them fit into 32 bits many times over. There is a way for
//! AVX2 and a portable one; processors with AVX-512 use AVX2 here, for a way of theirs was never run on one.

/// Codes of one vector, on a cache line of their own: a row that straddles lines is read at half the speed. `N` is a
/// multiple of 32.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Codes<const N: usize>([i8; N]);

impl<const N: usize> Codes<N> {
    const WHOLE_VECTORS: () = assert!(N.is_multiple_of(32));

    /// Takes codes; -128 becomes -127, for it has no opposite.
    #[must_use]
    pub fn new(codes: [i8; N]) -> Self {
        let () = Self::WHOLE_VECTORS;
        Self(codes.map(|code| code.max(-127)))
    }
}

impl<const N: usize> zeroize::Zeroize for Codes<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Rows whose products are given at once.
const BATCH: usize = 64;

/// Gives the inner products of `query` with every row to `visit`, in the rows' order, some at a time: what is done with
/// each then is a short loop of its own.
#[allow(unsafe_code)] // the one call, after asking the processor
pub fn inner_products<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], mut visit: impl FnMut(&[i32])) {
    let mut products = [0; BATCH];
    for rows in rows.chunks(BATCH) {
        let products = &mut products[..rows.len()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just been asked for AVX2.
            unsafe { x86::inner_products(query, rows, products) };
            visit(products);
            continue;
        }
        products.iter_mut().zip(rows).for_each(|(product, row)| *product = portable(query, row));
        visit(products);
    }
}

/// Plain Rust in a shape that compilers vectorise: sums of 16 that do not wait for each other.
#[inline]
fn portable<const N: usize>(a: &Codes<N>, b: &Codes<N>) -> i32 {
    let mut sums = [0_i32; 16];
    for (a, b) in a.0.as_chunks::<16>().0.iter().zip(b.0.as_chunks::<16>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += i32::from(i16::from(*a) * i16::from(*b));
        }
    }
    sums.iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(unsafe_code)] // the instructions; each block says why it is sound

    use super::Codes;
    use std::arch::x86_64::{
        __m256i, _MM_HINT_T0, _mm_add_epi32, _mm_extract_epi32, _mm_prefetch, _mm256_abs_epi8,
        _mm256_add_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_hadd_epi32,
        _mm256_load_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_setzero_si256,
        _mm256_sign_epi8,
    };

    /// Bytes that are asked for ahead of what is read. A processor that sees four rows read in turn does not by itself
    /// fetch the next ones in time: without it a search of what no cache holds takes nearly twice as long.
    const AHEAD: usize = 2048;

    #[target_feature(enable = "avx2")]
    pub(super) fn inner_products<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], products: &mut [i32]) {
        let (fours, rest) = rows.as_chunks::<4>();
        let (places, rest_places) = products.as_chunks_mut::<4>();
        for (place, four) in places.iter_mut().zip(fours) {
            *place = products_of(query, four.each_ref());
        }
        for (place, row) in rest_places.iter_mut().zip(rest) {
            [*place, ..] = products_of(query, [row; 4]);
        }
    }

    /// Four rows at once: they share what is read of `a`, and their sums are added up together. 32 products at a time:
    /// `maddubs` wants one side without sign, and a · b = |a| · (b with a's sign), where |a| is every row's. Two products of at most 127 · 127 are
    /// 32,258, so that its 16 bits never saturate.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn products_of<const N: usize>(a: &Codes<N>, rows: [&Codes<N>; 4]) -> [i32; 4] {
        let ones = _mm256_set1_epi16(1);
        let [b0, b1, b2, b3] = rows.map(|row| row.0.as_chunks::<32>().0);
        let mut sums = [_mm256_setzero_si256(); 4];
        let mut ahead = rows[0].0.as_ptr().wrapping_add(AHEAD);
        for ((((a, b0), b1), b2), b3) in a.0.as_chunks::<32>().0.iter().zip(b0).zip(b1).zip(b2).zip(b3) {
            // Four rows are as many double lines as a row has vectors.
            _mm_prefetch::<_MM_HINT_T0>(ahead);
            _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(64));
            ahead = ahead.wrapping_add(128);
            let a = load(a);
            let size = _mm256_abs_epi8(a);
            for (sum, b) in sums.iter_mut().zip([b0, b1, b2, b3]) {
                let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(load(b), a));
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            }
        }
        let [s0, s1, s2, s3] = sums;
        let sums = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
        let sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        [
            _mm_extract_epi32::<0>(sum),
            _mm_extract_epi32::<1>(sum),
            _mm_extract_epi32::<2>(sum),
            _mm_extract_epi32::<3>(sum),
        ]
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load(codes: &[i8; 32]) -> __m256i {
        // SAFETY: 32 readable bytes, at a multiple of 32 bytes from the start of a `Codes`, which is aligned to 64.
        unsafe { _mm256_load_si256(codes.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_way_is_the_plain_sum(
            a in prop::collection::vec(any::<i8>(), 64),
            rows in prop::collection::vec(prop::collection::vec(any::<i8>(), 64), 0..150),
        ) {
            let codes = |values: &[i8]| Codes::<64>::new(values.try_into().unwrap());
            let query = codes(&a);
            let rows: Vec<_> = rows.iter().map(|row| codes(row)).collect();
            let product = |row: &Codes<64>| query.0.iter().zip(&row.0).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            let plain: Vec<i32> = rows.iter().map(product).collect();
            let mut found = Vec::new();
            inner_products(&query, &rows, |products| found.extend_from_slice(products));
            prop_assert_eq!(&found, &plain);
            prop_assert_eq!(rows.iter().map(|row| portable(&query, row)).collect::<Vec<_>>(), plain);
        }
    }

    #[test]
    fn the_largest_codes_do_not_overflow() {
        for (a, b) in [(127, 127), (-128, -128), (127, -128)] {
            let (a, b) = (Codes::<512>::new([a; 512]), Codes::<512>::new([b; 512]));
            let mut found = 0;
            inner_products(&a, &[b], |products| found = products[0]);
            assert_eq!(found.abs(), 512 * 127 * 127);
            assert_eq!(found, portable(&a, &b));
        }
    }
}

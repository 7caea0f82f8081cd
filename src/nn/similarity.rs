//! Inner products of one row of small integers with many: the first pass of an exact search.
//!
//! Sums are exact: codes lie in -127..=127, so that 512 products of them fit into 32 bits many times over.

/// Codes of one vector, on a cache line of their own: a row that straddles lines is read at half the speed. `N` is a
/// multiple of 64.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Codes<const N: usize>([i8; N]);

impl<const N: usize> Codes<N> {
    const WHOLE_VECTORS: () = assert!(N.is_multiple_of(64));

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
pub fn inner_products<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], mut visit: impl FnMut(&[i32])) {
    let mut products = [0; BATCH];
    let way = ways().next().unwrap_or(portable);
    for rows in rows.chunks(BATCH) {
        let products = &mut products[..rows.len()];
        way(query, rows, products);
        visit(products);
    }
}

/// A way to compute products, of as many rows as there is room for.
type Way<const N: usize> = fn(&Codes<N>, &[Codes<N>], &mut [i32]);

/// All that this processor has, the fastest first.
fn ways<const N: usize>() -> impl Iterator<Item = Way<N>> {
    #[cfg(target_arch = "x86_64")]
    let vectors = x86::ways();
    #[cfg(not(target_arch = "x86_64"))]
    let vectors = std::iter::empty();
    vectors.chain(std::iter::once(portable as Way<N>))
}

/// Plain Rust.
fn portable<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], products: &mut [i32]) {
    products.iter_mut().zip(rows).for_each(|(product, row)| *product = portable_product(query, row));
}

/// In a shape that compilers vectorise: sums of 16 that do not wait for each other.
#[inline]
fn portable_product<const N: usize>(a: &Codes<N>, b: &Codes<N>) -> i32 {
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

    use super::{Codes, Way};
    use std::arch::x86_64::{
        __m256i, __m512i, _MM_HINT_T0, _mm_add_epi32, _mm_extract_epi32, _mm_prefetch, _mm256_abs_epi8,
        _mm256_add_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_hadd_epi32,
        _mm256_load_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_setzero_si256,
        _mm256_sign_epi8, _mm512_abs_epi8, _mm512_castsi512_si256, _mm512_dpbusd_epi32,
        _mm512_extracti64x4_epi64, _mm512_load_si512, _mm512_mask_sub_epi8, _mm512_movepi8_mask,
        _mm512_setzero_si512,
    };

    /// Bytes that are asked for ahead of what is read. A processor that sees four rows read in turn does not by itself
    /// fetch the next ones in time: without it a search of what no cache holds takes nearly twice as long.
    const AHEAD: usize = 2048;

    /// Those of this processor, the fastest first.
    pub(super) fn ways<const N: usize>() -> impl Iterator<Item = Way<N>> {
        let has_avx2 = is_x86_feature_detected!("avx2");
        let has_vnni =
            has_avx2 && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni");
        let vnni: Way<N> = |query, rows, products| {
            // SAFETY: given only where the processor has AVX-512 with BW and VNNI, and AVX2.
            unsafe { with_vnni(query, rows, products) }
        };
        let avx2: Way<N> = |query, rows, products| {
            // SAFETY: given only where the processor has AVX2.
            unsafe { with_avx2(query, rows, products) }
        };
        has_vnni.then_some(vnni).into_iter().chain(has_avx2.then_some(avx2))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
    fn with_vnni<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], products: &mut [i32]) {
        each_four(rows, products, |four| products_by_vnni(query, four));
    }

    #[target_feature(enable = "avx2")]
    fn with_avx2<const N: usize>(query: &Codes<N>, rows: &[Codes<N>], products: &mut [i32]) {
        each_four(rows, products, |four| products_by_avx2(query, four));
    }

    #[allow(
        clippy::inline_always,
        reason = "only within a function with a target feature is `of` inlined as well"
    )]
    #[inline(always)]
    fn each_four<const N: usize>(
        rows: &[Codes<N>],
        products: &mut [i32],
        of: impl Fn([&Codes<N>; 4]) -> [i32; 4],
    ) {
        let (fours, rest) = rows.as_chunks::<4>();
        let (places, rest_places) = products.as_chunks_mut::<4>();
        for (place, four) in places.iter_mut().zip(fours) {
            *place = of(four.each_ref());
        }
        for (place, row) in rest_places.iter_mut().zip(rest) {
            [*place, ..] = of([row; 4]);
        }
    }

    /// As [`products_by_avx2`], 64 products at a time: the instruction wants one side without sign as well, multiplies and adds in
    /// one, and nothing saturates.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
    #[inline]
    fn products_by_vnni<const N: usize>(a: &Codes<N>, rows: [&Codes<N>; 4]) -> [i32; 4] {
        let (none, mut sums) = (_mm512_setzero_si512(), [_mm512_setzero_si512(); 4]);
        let [b0, b1, b2, b3] = rows.map(|row| row.0.as_chunks::<64>().0);
        let mut ahead = rows[0].0.as_ptr().wrapping_add(AHEAD);
        for ((((a, b0), b1), b2), b3) in a.0.as_chunks::<64>().0.iter().zip(b0).zip(b1).zip(b2).zip(b3) {
            for line in 0..4 {
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line * 64));
            }
            ahead = ahead.wrapping_add(256);
            let a = load_line(a);
            let (size, negative) = (_mm512_abs_epi8(a), _mm512_movepi8_mask(a));
            for (sum, b) in sums.iter_mut().zip([b0, b1, b2, b3]) {
                let b = load_line(b);
                *sum = _mm512_dpbusd_epi32(*sum, size, _mm512_mask_sub_epi8(b, negative, none, b));
            }
        }
        totals(
            sums.map(|sum| {
                _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum))
            }),
        )
    }

    /// Four rows at once: they share what is read of `a`, and their sums are added up together. 32 products at a time:
    /// `maddubs` wants one side without sign, and a · b = |a| · (b with a's sign), where |a| is every row's. Two products of at most 127 · 127 are
    /// 32,258, so that its 16 bits never saturate.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn products_by_avx2<const N: usize>(a: &Codes<N>, rows: [&Codes<N>; 4]) -> [i32; 4] {
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
        totals(sums)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn totals([s0, s1, s2, s3]: [__m256i; 4]) -> [i32; 4] {
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

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load_line(codes: &[i8; 64]) -> __m512i {
        // SAFETY: 64 readable bytes, at a multiple of 64 bytes from the start of a `Codes`, which is aligned to as many.
        unsafe { _mm512_load_si512(codes.as_ptr().cast()) }
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
            for way in ways() {
                found.fill(0);
                way(&query, &rows, &mut found);
                prop_assert_eq!(&found, &plain);
            }
        }
    }

    #[test]
    fn the_largest_codes_do_not_overflow() {
        for (a, b) in [(127, 127), (-128, -128), (127, -128)] {
            let (a, b) = (Codes::<512>::new([a; 512]), Codes::<512>::new([b; 512]));
            for way in ways() {
                let mut found = [0];
                way(&a, &[b], &mut found);
                assert_eq!(found[0].abs(), 512 * 127 * 127);
            }
        }
    }
}

//! The few vector operations that the kernels are made of, one type per instruction set.
//!
//! A kernel is written once over [`Vector`] and inlined into a function that enables the instruction set; a new one
//! (NEON) is one more implementation here and one more arm in `kernels/mod.rs`.

use half::f16;

/// A group of f32 that one instruction works on.
///
/// # Safety
/// Every method may use the instructions of its set: call them only where the processor has been found to have it.
/// Loads and `store` touch [`Vector::LANES`] numbers from `at` on, which is a multiple of their size: buffers start on
/// a cache line, and all that is read by vectors lies whole vectors from there. `splat_from` reads one float.
///
/// Nothing here may be checked in a development build, whose checks cost more than the arithmetic: that rules out the
/// unaligned intrinsics (they copy bytes) and dereferencing in this crate.
pub(super) trait Vector: Copy {
    /// Floats in one vector.
    const LANES: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn splat_from(at: *const f32) -> Self;
    unsafe fn load(at: *const f32) -> Self;
    /// As `load`, from numbers in half precision.
    unsafe fn load_half(at: *const f16) -> Self;
    unsafe fn store(self, at: *mut f32);
    /// Has the cache line of `at` brought to the second-level cache, where processors can be told; any address will do.
    unsafe fn ask_for<T>(at: *const T);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    /// The smaller; `other` where either is no number.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger; `other` where either is no number.
    unsafe fn max(self, other: Self) -> Self;
    /// self * factor + sum.
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self;

    /// As many i32, or twice as many i16: a pair in each i32.
    type Integers: Copy;
    unsafe fn no_integers() -> Self::Integers;
    /// LANES pairs of i16, aligned as LANES floats are.
    unsafe fn load_pairs(at: *const i16) -> Self::Integers;
    /// One pair of i16, in every place.
    unsafe fn splat_pair(at: *const i16) -> Self::Integers;
    /// Adds to every i32 the products of two pairs.
    unsafe fn add_products(sums: Self::Integers, a: Self::Integers, b: Self::Integers) -> Self::Integers;
    unsafe fn from_integers(integers: Self::Integers) -> Self;
    /// The sum of all lanes.
    unsafe fn sum(self) -> f32;
    /// Rounds to LANES i16, which are aligned to half as much as LANES floats; what is out of their range becomes some i16.
    unsafe fn store_rounded(self, at: *mut i16);
}

/// Plain Rust, of a width that compilers turn into one register on every 64-bit target (SSE2, NEON).
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, op: impl Fn(f32, f32) -> f32) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([op(a, e), op(b, f), op(c, g), op(d, h)])
    }
}

impl Vector for Portable {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn splat_from(at: *const f32) -> Self {
        // SAFETY: the caller gives a readable float.
        Self([unsafe { at.read() }; 4])
    }

    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: the caller gives LANES readable floats; arrays of f32 have the alignment of f32.
        Self(unsafe { at.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn load_half(at: *const f16) -> Self {
        // SAFETY: the caller gives LANES readable numbers; arrays of f16 have the alignment of f16.
        let [a, b, c, d] = unsafe { at.cast::<[f16; 4]>().read() };
        Self([a.to_f32(), b.to_f32(), c.to_f32(), d.to_f32()])
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: the caller gives LANES writable floats.
        unsafe { at.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn ask_for<T>(_: *const T) {}

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self {
        // Where the target always has a fused instruction it is the faster one; elsewhere it would be a library call.
        let fused = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
        let product = self.zip(factor, |a, b| a * b);
        if fused { self.fuse(factor, sum) } else { product.zip(sum, |a, b| a + b) }
    }

    type Integers = [i32; 4];

    #[inline(always)]
    unsafe fn no_integers() -> [i32; 4] {
        [0; 4]
    }

    #[inline(always)]
    unsafe fn load_pairs(at: *const i16) -> [i32; 4] {
        // SAFETY: the caller gives LANES readable pairs, aligned to 16 bytes.
        unsafe { at.cast::<[i32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn splat_pair(at: *const i16) -> [i32; 4] {
        // SAFETY: the caller gives a readable pair.
        [unsafe { at.cast::<i32>().read_unaligned() }; 4]
    }

    #[inline(always)]
    unsafe fn add_products(sums: [i32; 4], a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        let (low, high) = (|pair: i32| i32::from(pair as i16), |pair: i32| pair >> 16);
        let products = |a, b| low(a).wrapping_mul(low(b)).wrapping_add(high(a).wrapping_mul(high(b)));
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (sums, a, b);
        [
            a.wrapping_add(products(e, i)),
            b.wrapping_add(products(f, j)),
            c.wrapping_add(products(g, k)),
            d.wrapping_add(products(h, l)),
        ]
    }

    #[inline(always)]
    unsafe fn from_integers([a, b, c, d]: [i32; 4]) -> Self {
        Self([a as f32, b as f32, c as f32, d as f32])
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let [a, b, c, d] = self.0;
        (a + b) + (c + d)
    }

    #[inline(always)]
    unsafe fn store_rounded(self, at: *mut i16) {
        let [a, b, c, d] = self.0;
        // SAFETY: the caller gives LANES writable numbers; arrays of i16 have the alignment of i16.
        unsafe { at.cast::<[i16; 4]>().write([a, b, c, d].map(|value| value.round_ties_even() as i16)) }
    }
}

impl Portable {
    #[inline(always)]
    fn fuse(self, factor: Self, sum: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (self.0, factor.0, sum.0);
        Self([a.mul_add(e, i), b.mul_add(f, j), c.mul_add(g, k), d.mul_add(h, l)])
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Vector, f16};
    use std::arch::x86_64::{
        __m256, __m256i, __m512, __m512i, _MM_HINT_T1, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_load_si128,
        _mm_load_ss, _mm_movehdup_ps, _mm_movehl_ps, _mm_packs_epi32, _mm_prefetch, _mm_store_si128,
        _mm256_add_epi32, _mm256_add_ps, _mm256_broadcastss_ps, _mm256_castps_si256, _mm256_castps256_ps128,
        _mm256_castsi256_si128, _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_cvtps_epi32,
        _mm256_extractf128_ps, _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_load_ps, _mm256_load_si256,
        _mm256_madd_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_set1_ps, _mm256_setzero_si256,
        _mm256_store_ps, _mm256_store_si256, _mm256_sub_ps, _mm512_add_ps, _mm512_broadcastss_ps,
        _mm512_castps_si512, _mm512_cvtepi32_ps, _mm512_cvtph_ps, _mm512_cvtps_epi32, _mm512_cvtsepi32_epi16,
        _mm512_dpwssd_epi32, _mm512_fmadd_ps, _mm512_load_ps, _mm512_load_si512, _mm512_max_ps,
        _mm512_min_ps, _mm512_reduce_add_ps, _mm512_set1_ps, _mm512_setzero_si512, _mm512_store_ps,
        _mm512_sub_ps,
    };

    /// A type around a register, each method one instruction.
    macro_rules! vector {
        (
            $(#[$doc:meta])*
            $name:ident($register:ty), $lanes:literal, $splat:ident, $broadcast:ident, $load:ident,
            $widen:ident($load_halves:ident), $store:ident, $add:ident, $sub:ident, $min:ident, $max:ident, $fmadd:ident,
            $integers:ty, $none:ident, $load_pairs:ident, $bits:ident, $add_products:ident, $convert:ident,
            $sum:ident, $store_rounded:ident
        ) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(in super::super) struct $name($register);

            // SAFETY (each block below): the trait's contract is that the processor has the set's instructions, and that
            // pointers cover LANES floats and are aligned to as many.
            impl Vector for $name {
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $splat(value) })
                }

                #[inline(always)]
                unsafe fn splat_from(at: *const f32) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $broadcast(_mm_load_ss(at)) })
                }

                #[inline(always)]
                unsafe fn load(at: *const f32) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $load(at) })
                }

                #[inline(always)]
                unsafe fn load_half(at: *const f16) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $widen($load_halves(at.cast())) })
                }

                #[inline(always)]
                unsafe fn store(self, at: *mut f32) {
                    // SAFETY: as above.
                    unsafe { $store(at, self.0) }
                }

                #[inline(always)]
                unsafe fn ask_for<T>(at: *const T) {
                    // SAFETY: a hint touches nothing.
                    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
                }

                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $add(self.0, other.0) })
                }

                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $sub(self.0, other.0) })
                }

                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $min(self.0, other.0) })
                }

                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $max(self.0, other.0) })
                }

                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, sum: Self) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $fmadd(self.0, factor.0, sum.0) })
                }

                type Integers = $integers;

                #[inline(always)]
                unsafe fn no_integers() -> $integers {
                    // SAFETY: as above.
                    unsafe { $none() }
                }

                #[inline(always)]
                unsafe fn load_pairs(at: *const i16) -> $integers {
                    // SAFETY: as above.
                    unsafe { $load_pairs(at.cast()) }
                }

                #[inline(always)]
                unsafe fn splat_pair(at: *const i16) -> $integers {
                    // SAFETY: as above. A float is as long as a pair, and only moved.
                    unsafe { $bits($broadcast(_mm_load_ss(at.cast()))) }
                }

                #[inline(always)]
                unsafe fn add_products(sums: $integers, a: $integers, b: $integers) -> $integers {
                    // SAFETY: as above.
                    unsafe { $add_products(sums, a, b) }
                }

                #[inline(always)]
                unsafe fn from_integers(integers: $integers) -> Self {
                    // SAFETY: as above.
                    Self(unsafe { $convert(integers) })
                }

                #[inline(always)]
                unsafe fn sum(self) -> f32 {
                    // SAFETY: as above.
                    unsafe { $sum(self.0) }
                }

                #[inline(always)]
                unsafe fn store_rounded(self, at: *mut i16) {
                    // SAFETY: as above.
                    unsafe { $store_rounded(self.0, at) }
                }
            }
        };
    }

    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn sum_of_8(values: __m256) -> f32 {
        // SAFETY: the caller's promise.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps::<1>(values));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn add_products_8(sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(a, b)) }
    }

    /// # Safety
    /// As [`Vector::store_rounded`], with AVX2.
    #[inline(always)]
    unsafe fn store_rounded_8(values: __m256, at: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe {
            let integers = _mm256_cvtps_epi32(values);
            let (low, high) = (_mm256_castsi256_si128(integers), _mm256_extracti128_si256::<1>(integers));
            _mm_store_si128(at.cast(), _mm_packs_epi32(low, high));
        }
    }

    /// # Safety
    /// As [`Vector::store_rounded`], with AVX-512.
    #[inline(always)]
    unsafe fn store_rounded_16(values: __m512, at: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe { _mm256_store_si256(at.cast(), _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(values))) }
    }

    vector! {
        /// AVX2 with FMA and F16C.
        Avx2(__m256), 8, _mm256_set1_ps, _mm256_broadcastss_ps, _mm256_load_ps, _mm256_cvtph_ps(_mm_load_si128),
        _mm256_store_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_min_ps, _mm256_max_ps, _mm256_fmadd_ps,
        __m256i, _mm256_setzero_si256, _mm256_load_si256, _mm256_castps_si256, add_products_8,
        _mm256_cvtepi32_ps, sum_of_8, store_rounded_8
    }

    vector! {
        /// AVX-512 with VNNI. Twelve sums keep its multipliers busy as well; tiles for its 32 registers would cost more to compile than
        /// they save.
        Avx512(__m512), 16, _mm512_set1_ps, _mm512_broadcastss_ps, _mm512_load_ps,
        _mm512_cvtph_ps(_mm256_load_si256), _mm512_store_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_min_ps, _mm512_max_ps, _mm512_fmadd_ps,
        __m512i, _mm512_setzero_si512, _mm512_load_si512, _mm512_castps_si512, _mm512_dpwssd_epi32,
        _mm512_cvtepi32_ps, _mm512_reduce_add_ps, store_rounded_16
    }
}

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
    unsafe fn ask_for(at: *const f16);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    /// The smaller; `other` where either is no number.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger; `other` where either is no number.
    unsafe fn max(self, other: Self) -> Self;
    /// self * factor + sum.
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self;
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
    unsafe fn ask_for(_: *const f16) {}

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
        __m256, __m512, _MM_HINT_T1, _mm_load_si128, _mm_load_ss, _mm_prefetch, _mm256_add_ps,
        _mm256_broadcastss_ps, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_load_ps, _mm256_load_si256,
        _mm256_max_ps, _mm256_min_ps, _mm256_set1_ps, _mm256_store_ps, _mm256_sub_ps, _mm512_add_ps,
        _mm512_broadcastss_ps, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_load_ps, _mm512_max_ps,
        _mm512_min_ps, _mm512_set1_ps, _mm512_store_ps, _mm512_sub_ps,
    };

    /// A type around a register, each method one instruction.
    macro_rules! vector {
        (
            $(#[$doc:meta])*
            $name:ident($register:ty), $lanes:literal, $splat:ident, $broadcast:ident, $load:ident,
            $widen:ident($load_halves:ident), $store:ident, $add:ident, $sub:ident, $min:ident, $max:ident, $fmadd:ident
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
                unsafe fn ask_for(at: *const f16) {
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
            }
        };
    }

    vector! {
        /// AVX2 with FMA and F16C.
        Avx2(__m256), 8, _mm256_set1_ps, _mm256_broadcastss_ps, _mm256_load_ps, _mm256_cvtph_ps(_mm_load_si128),
        _mm256_store_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_min_ps, _mm256_max_ps, _mm256_fmadd_ps
    }

    vector! {
        /// AVX-512. Twelve sums keep its multipliers busy as well; tiles for its 32 registers would cost more to compile than
        /// they save.
        Avx512(__m512), 16, _mm512_set1_ps, _mm512_broadcastss_ps, _mm512_load_ps,
        _mm512_cvtph_ps(_mm256_load_si256), _mm512_store_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_min_ps, _mm512_max_ps, _mm512_fmadd_ps
    }
}

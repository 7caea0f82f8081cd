//! Instruction sets, found and never claimed: an [`Isa`] can only be made here, which is what the kernels' soundness rests on.

#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use super::vector::{Portable, Vector as _};

/// The instruction set that a plan's kernels use. The processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Isa(Set);

/// Which one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// x86-64 with AVX-512 (F, BW, DQ, VL, VNNI), as of 2019. What has AVX-512 without VNNI gains little by it: AVX2 multiplies
    /// integers as fast as it would f32.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// x86-64 with AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Everything else.
    Portable,
}

impl Isa {
    /// What every processor has.
    #[cfg(test)]
    pub(in super::super) const PORTABLE: Self = Self(Set::Portable);

    /// The fastest that this processor has.
    pub(in super::super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Set::Avx512);
            }
            if has_avx2() {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Portable)
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(in super::super) fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors = [has_avx512().then_some(Set::Avx512), has_avx2().then_some(Set::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Option<Set>; 0] = [];
        vectors.into_iter().flatten().chain([Set::Portable]).map(Self)
    }

    /// Which one it is.
    #[inline]
    pub(super) fn set(self) -> Set {
        self.0
    }

    /// Whether integers of 16 bits are multiplied and added faster than as many f32.
    pub(in super::super) fn prefers_integers(self) -> bool {
        self.0 != Set::Portable
    }

    /// Channels of a block.
    pub(in super::super) fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => Avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => Avx2::LANES,
            Set::Portable => Portable::LANES,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
}

//! What the tests of kernels and plans are compared against: loops that anybody can check by reading.

use super::{ConvWeights, Shape};

/// The convolution by its definition, summed in f64.
pub(super) fn plain_conv(conv: &ConvWeights, from: Shape, x: &[f32]) -> Vec<f32> {
    let (kh, kw) = conv.kernel;
    let height = (from.height + 2 * conv.padding - kh) / conv.stride + 1;
    let width = (from.width + 2 * conv.padding - kw) / conv.stride + 1;
    let outputs_per_group = conv.out_channels / conv.groups;
    let mut out = Vec::new();
    for o in 0..conv.out_channels {
        let first_input = o / outputs_per_group * conv.in_channels_per_group;
        for (y, x0) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let mut sum = f64::from(conv.bias[o]);
            for i in 0..conv.in_channels_per_group {
                for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                    let (iy, ix) = (y * conv.stride + ky, x0 * conv.stride + kx);
                    let inside = (conv.padding..from.height + conv.padding).contains(&iy)
                        && (conv.padding..from.width + conv.padding).contains(&ix);
                    if inside {
                        let (iy, ix) = (iy - conv.padding, ix - conv.padding);
                        let value = x[((first_input + i) * from.height + iy) * from.width + ix];
                        let weight = conv.weight[((o * conv.in_channels_per_group + i) * kh + ky) * kw + kx];
                        sum += f64::from(value) * f64::from(weight);
                    }
                }
            }
            out.push(sum as f32);
        }
    }
    out
}

/// Uniform numbers in -1..1, the same for the same seed.
pub(super) fn noise(seed: u32, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Panics where two results differ by more than `tolerance` of the largest expected value.
pub(super) fn assert_close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(1.0_f32, |most, v| most.max(v.abs()));
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let close = (got - expected).abs() <= tolerance * largest;
        assert!(close, "value {i} is {got}, {expected} is expected (largest {largest})");
    }
}

//! Webcam pixel formats to RGB: BT.601, limited range (luma 16..=235, chroma 16..=240), as UVC cameras send
//! when they declare nothing else. Fixed point with 8 fractional bits; within 1 of the exact formula.

use super::{ImagingError, frame::checked_len};

/// YUYV 4:2:2 (`Y0 U Y1 V`, 2 bytes a pixel, rows without padding) to interleaved RGB. Extra bytes at the end are
/// ignored: drivers hand out whole pages.
pub fn yuyv_to_rgb(bytes: &[u8], width: u32, height: u32) -> Result<Vec<u8>, ImagingError> {
    if !width.is_multiple_of(2) {
        return Err(ImagingError::OddSize { format: "YUYV", width, height });
    }
    let bytes = exactly(bytes, width, height, 4)?;
    let mut rgb = vec![0; width as usize * height as usize * 3];
    for (&[y0, u, y1, v], pair) in bytes.as_chunks::<4>().0.iter().zip(rgb.as_chunks_mut::<6>().0) {
        let chroma = Chroma::new(u, v);
        let ([r0, g0, b0], [r1, g1, b1]) = (chroma.rgb(y0), chroma.rgb(y1));
        *pair = [r0, g0, b0, r1, g1, b1];
    }
    Ok(rgb)
}

/// NV12 4:2:0 (a plane of Y, then a half-size plane of interleaved U and V) to interleaved RGB. Extra bytes at the
/// end are ignored.
pub fn nv12_to_rgb(bytes: &[u8], width: u32, height: u32) -> Result<Vec<u8>, ImagingError> {
    if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
        return Err(ImagingError::OddSize { format: "NV12", width, height });
    }
    let bytes = exactly(bytes, width, height, 3)?;
    let stride = width as usize;
    let (luma, chroma) = bytes.split_at(stride * height as usize);
    let mut rgb = vec![0; luma.len() * 3];
    let rows = luma.chunks_exact(stride).zip(rgb.chunks_exact_mut(3 * stride)).enumerate();
    for (row, (luma, rgb)) in rows {
        let uv = chroma.get(row / 2 * stride..).unwrap_or_default();
        let pairs = luma.as_chunks::<2>().0.iter().zip(uv.as_chunks::<2>().0).zip(rgb.as_chunks_mut::<6>().0);
        for ((&[y0, y1], &[u, v]), pair) in pairs {
            let chroma = Chroma::new(u, v);
            let ([r0, g0, b0], [r1, g1, b1]) = (chroma.rgb(y0), chroma.rgb(y1));
            *pair = [r0, g0, b0, r1, g1, b1];
        }
    }
    Ok(rgb)
}

/// The picture's own bytes, without what the driver left behind them.
fn exactly(bytes: &[u8], width: u32, height: u32, half_bytes: usize) -> Result<&[u8], ImagingError> {
    let needed = checked_len(width, height, half_bytes)?;
    bytes.get(..needed).ok_or(ImagingError::WrongLength { width, height, needed, got: bytes.len() })
}

/// What two neighbours share: the colour's part of red, green and blue, times 256, rounding included.
struct Chroma {
    red: i32,
    green: i32,
    blue: i32,
}

impl Chroma {
    fn new(u: u8, v: u8) -> Self {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        Self { red: 409 * v + 128, green: -100 * u - 208 * v + 128, blue: 516 * u + 128 }
    }

    fn rgb(&self, y: u8) -> [u8; 3] {
        let y = 298 * (i32::from(y) - 16);
        [self.red, self.green, self.blue].map(|chroma| ((y + chroma) >> 8).clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// ITU-R BT.601, 8-bit limited range, in floating point.
    fn exact(y: u8, u: u8, v: u8) -> [f64; 3] {
        let (y, u, v) =
            ((f64::from(y) - 16.0) / 219.0, (f64::from(u) - 128.0) / 224.0, (f64::from(v) - 128.0) / 224.0);
        let (kr, kb) = (0.299, 0.114);
        let (r, b) = (y + 2.0 * (1.0 - kr) * v, y + 2.0 * (1.0 - kb) * u);
        [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b].map(|c| (c * 255.0).clamp(0.0, 255.0))
    }

    #[test]
    fn black_white_and_the_primaries_come_out_right() {
        let rgb = yuyv_to_rgb(&[16, 128, 235, 128, 82, 90, 82, 240, 0, 0], 4, 1).unwrap();
        assert_eq!(&rgb[..6], [0, 0, 0, 255, 255, 255]);
        assert!(rgb[6] > 250 && rgb[7] < 5 && rgb[8] < 5, "BT.601 red: {rgb:?}");
        let rgb = nv12_to_rgb(&[145, 145, 145, 145, 54, 34], 2, 2).unwrap();
        assert!(rgb[0] < 5 && rgb[1] > 250 && rgb[2] < 5, "BT.601 green: {rgb:?}");
    }

    #[test]
    fn odd_sides_and_short_buffers_are_refused() {
        assert!(matches!(yuyv_to_rgb(&[0; 64], 3, 2), Err(ImagingError::OddSize { .. })));
        assert!(matches!(nv12_to_rgb(&[0; 64], 4, 3), Err(ImagingError::OddSize { .. })));
        assert!(matches!(
            yuyv_to_rgb(&[0; 15], 4, 2),
            Err(ImagingError::WrongLength { needed: 16, got: 15, .. })
        ));
        assert!(matches!(nv12_to_rgb(&[0; 11], 4, 2), Err(ImagingError::WrongLength { needed: 12, .. })));
        assert!(matches!(yuyv_to_rgb(&[], 0, 2), Err(ImagingError::BadSize { .. })));
        assert!(yuyv_to_rgb(&[0; 17], 4, 2).is_ok(), "a driver's tail is no error");
    }

    proptest! {
        #[test]
        fn within_one_of_the_exact_formula(y in any::<u8>(), u in any::<u8>(), v in any::<u8>()) {
            let rgb = yuyv_to_rgb(&[y, u, y, v], 2, 1).unwrap();
            for (fast, exact) in rgb.iter().zip(exact(y, u, v).iter().cycle()) {
                prop_assert!((f64::from(*fast) - exact).abs() <= 1.5, "{fast} {exact}");
            }
        }

        #[test]
        fn nv12_and_yuyv_agree(
            luma in prop::collection::vec(any::<u8>(), 8), uv in prop::collection::vec(any::<u8>(), 4)
        ) {
            let nv12: Vec<u8> = luma.iter().chain(&uv).copied().collect();
            let yuyv: Vec<u8> = luma.chunks(4)
                .flat_map(|row| [row[0], uv[0], row[1], uv[1], row[2], uv[2], row[3], uv[3]]).collect();
            prop_assert_eq!(nv12_to_rgb(&nv12, 4, 2).unwrap(), yuyv_to_rgb(&yuyv, 4, 2).unwrap());
        }
    }
}

//! JPEG and PNG bytes to pixels, with limits: a file may claim any size it likes.

use super::{ImagingError, Picture};
use image::{
    DynamicImage, ImageDecoder, Limits,
    codecs::{jpeg::JpegDecoder, png::PngDecoder},
};
use std::io::Cursor;

/// Longest side of a picture, pixels.
pub const MAX_SIDE: u32 = 4096;

/// Decodes a JPEG; bytes after the end-of-image mark are ignored, as webcams leave them there. Honours the EXIF
/// orientation of photographs.
pub fn decode_jpeg(bytes: &[u8]) -> Result<Picture, ImagingError> {
    decode(JpegDecoder::new(Cursor::new(bytes)).map_err(undecodable)?)
}

/// Decodes a JPEG or PNG, told apart by their first bytes. Transparency is dropped.
pub fn decode_picture(bytes: &[u8]) -> Result<Picture, ImagingError> {
    if bytes.starts_with(b"\x89PNG") {
        return decode(PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(undecodable)?);
    }
    decode_jpeg(bytes)
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Picture, ImagingError> {
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE {
        return Err(ImagingError::BadSize { width, height });
    }
    decoder.set_limits(limits()).map_err(undecodable)?;
    let orientation = decoder.orientation().map_err(undecodable)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    let (width, height) = rgb.dimensions();
    Picture::new(width, height, rgb.into_raw())
}

/// 16 bits and 4 channels of the largest picture, and as much again for the decoder itself.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(u64::from(MAX_SIDE) * u64::from(MAX_SIDE) * 16);
    limits
}

#[allow(clippy::needless_pass_by_value)] // the shape `map_err` wants
fn undecodable(err: image::ImageError) -> ImagingError {
    ImagingError::Undecodable(err.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, RgbImage};

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 9) as u8, (y * 9) as u8, 90]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_jpeg_with_a_tail_decodes_to_the_same_pixels() {
        let jpeg = encoded(24, 16, ImageFormat::Jpeg);
        let plain = decode_jpeg(&jpeg).unwrap();
        let tail = [&jpeg[..], &[0; 4096], &[0xff, 0x17, 0x80]].concat();
        assert_eq!(decode_jpeg(&tail).unwrap(), plain);
        assert_eq!((plain.width(), plain.height()), (24, 16));
        assert!(plain.rgb()[3 * 23].abs_diff(207) < 12);
    }

    #[test]
    fn png_and_jpeg_are_told_apart() {
        let png = decode_picture(&encoded(5, 3, ImageFormat::Png)).unwrap();
        assert_eq!(&png.rgb()[..6], [0, 0, 90, 9, 0, 90]);
        assert!(decode_picture(&encoded(5, 3, ImageFormat::Jpeg)).is_ok());
    }

    #[test]
    fn damage_is_an_error_and_a_huge_claim_allocates_nothing() {
        let jpeg = encoded(24, 16, ImageFormat::Jpeg);
        for bad in [&b""[..], b"hello", &jpeg[..20], &jpeg[..2]] {
            assert!(matches!(decode_picture(bad), Err(ImagingError::Undecodable(_))), "{bad:?}");
        }
        assert!(decode_picture(&encoded(1, 1, ImageFormat::Png)[..40]).is_err());
        let mut huge = jpeg;
        let size = huge.windows(2).position(|mark| mark == [0xff, 0xc0]).unwrap() + 5;
        huge[size..size + 4].copy_from_slice(&[0xff, 0xf0, 0xff, 0xf0]);
        assert!(
            matches!(decode_jpeg(&huge), Err(ImagingError::BadSize { width: 65520, .. })),
            "{:?}",
            decode_jpeg(&huge)
        );
    }
}

//! Frames, pixel formats, resizing, warping and crop geometry.
//!
//! Job: pure arithmetic on pixels. It must not know where a frame comes from or what a network wants of it:
//! no I/O, no clock, no thresholds. Pixels are RGB, 8 bits each, interleaved, rows without padding. Buffers that
//! held a picture are overwritten when they go.

mod convert;
mod decode;
mod frame;
mod resize;
mod similarity;
mod surround;

pub use convert::{nv12_to_rgb, yuyv_to_rgb};
pub use decode::{MAX_SIDE, decode_jpeg, decode_picture};
pub use frame::{Frame, Picture, Rotation, Taken};
pub use resize::letterbox;
pub use similarity::{ARCFACE_SIZE, ARCFACE_TEMPLATE, Similarity, warp};
pub use surround::{Edge, Surround};

/// Why pixels cannot be used. Every case is bad input: skip the frame, or name the file to the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImagingError {
    /// The buffer does not hold as many bytes as the size needs.
    #[error("a {width}x{height} picture needs {needed} bytes, got {got}: check the camera's pixel format")]
    WrongLength {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes that such a picture takes.
        needed: usize,
        /// Bytes that came.
        got: usize,
    },
    /// A side is zero or over [`MAX_SIDE`].
    #[error("a picture of {width}x{height} cannot be used: each side must be 1 to {MAX_SIDE} pixels")]
    BadSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A format that shares colour between neighbouring pixels came with an odd side.
    #[error(
        "a {format} picture of {width}x{height} cannot be read: its sides must be even, choose another mode"
    )]
    OddSize {
        /// Pixel format.
        format: &'static str,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The JPEG or PNG decoder gave up.
    #[error("the picture cannot be decoded ({0}): it is damaged or not a JPEG or PNG file")]
    Undecodable(String),
}

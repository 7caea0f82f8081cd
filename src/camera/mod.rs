//! Where frames come from: a webcam, a folder of pictures, motion JPEG over http, or the built-in demo.
//!
//! Job: the newest frame, and a plain word for what is wrong when there is none. [`FrameSource`] is one camera that
//! works until its first error; [`CameraHandle`] keeps one running on its own threads and opens it again. It must
//! not know what is in a picture.

mod demo;
mod folder;
mod handle;
mod http;
mod latest;
mod multipart;
mod pace;
mod webcam;

pub use demo::{DemoPerson, DemoScript, Visit, VisitKind, demo_people, enrolment_frames};
pub use handle::{CameraHandle, CameraState};
pub use latest::Latest;
pub use webcam::list;

use crate::{
    domain::{CameraSpec, Clock},
    imaging::{Frame, Rotation},
};
use pace::Pace;
use std::sync::Arc;

/// Why there is no picture, in the words of somebody who stands at the kiosk. After any of these a source is used
/// up: drop it and open a new one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CameraError {
    /// No such device, folder or host.
    #[error("no camera was found: plug it in, or choose another one")]
    Missing,
    /// Somebody else has it.
    #[error("another program is using the camera: close that program")]
    Busy,
    /// It was there and went away; for a folder: it was deleted, for a stream: the connection closed.
    #[error("the camera was disconnected: check its cable")]
    Unplugged,
    /// It is there but sends nothing.
    #[error("the camera sends no more pictures: unplug it and plug it in again if this lasts")]
    Frozen,
    /// The operating system or the camera's server says no.
    #[error("the camera may not be used: allow this user to open it (on Linux, the group 'video')")]
    Denied,
    /// A clip is over. Final: nobody tries again.
    #[error("the recording is over")]
    Ended,
    /// Anything else, with what the driver said.
    #[error("the camera does not work: {0}")]
    Failed(String),
}

/// What a source says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInfo {
    /// What it is.
    pub name: SourceName,
    /// Pixels across, after rotation.
    pub width: u32,
    /// Pixels down, after rotation.
    pub height: u32,
    /// Frames a second as announced; 0 where the camera does not say.
    pub fps: f32,
    /// How pixels arrive: `YUYV`, `NV12`, `MJPEG`, …
    pub pixel_format: &'static str,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceName {
    /// A webcam, by its own name.
    Device(String),
    /// A folder of pictures.
    Pictures,
    /// A camera on the network. Never its address, which may hold a password.
    Network,
    /// The built-in scene.
    Demo,
}

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Device(name) => name,
            Self::Pictures => "folder of pictures",
            Self::Network => "network camera",
            Self::Demo => "demo",
        })
    }
}

impl std::fmt::Display for SourceInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, width, height, fps, pixel_format } = self;
        write!(f, "{name}, {width}x{height} {pixel_format}")?;
        if *fps > 0.0 { write!(f, " at {fps:.0} fps") } else { Ok(()) }
    }
}

/// How frames are turned, and how fast they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraOptions {
    /// Swap left and right in every frame, after `rotate`.
    pub mirror: bool,
    /// Turn every frame, for a camera mounted on its side.
    pub rotate: Rotation,
    /// True: pictures and demo come at their own rate and frames carry the clock's time. False: as fast as they are
    /// asked for, and frames carry the time of opening plus n / fps. Webcams and http are always real.
    pub realtime: bool,
    /// What a folder does after its last picture, and the demo after everybody has been there once: begin again, or
    /// end with [`CameraError::Ended`].
    pub looping: bool,
}

impl Default for CameraOptions {
    /// As a kiosk wants it.
    fn default() -> Self {
        Self { mirror: false, rotate: Rotation::None, realtime: true, looping: true }
    }
}

/// One opened camera. Not `Send`, since nokhwa's is not: open it on the thread that reads it.
pub trait FrameSource {
    /// Waits for the next frame. A driver may never return: call it on a thread that can be spared.
    fn next_frame(&mut self) -> Result<Frame, CameraError>;

    /// What was opened.
    fn describe(&self) -> SourceInfo;
}

/// Opens a camera. May take seconds, or for ever with a broken driver; [`CameraHandle`] takes care of that.
pub fn open(
    spec: &CameraSpec,
    options: CameraOptions,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn FrameSource>, CameraError> {
    Ok(match spec {
        CameraSpec::Demo(seed) => Box::new(demo::Demo::open(*seed, Pace::new(options, clock, demo::FPS))?),
        CameraSpec::Auto => Box::new(webcam::Webcam::open_any(Pace::new(options, clock, 0.0))?),
        CameraSpec::Index(index) => Box::new(webcam::Webcam::open(*index, Pace::new(options, clock, 0.0))?),
        CameraSpec::Folder { path, fps } => {
            Box::new(folder::Folder::open(path.clone(), Pace::new(options, clock, *fps))?)
        }
        CameraSpec::Http(url) => Box::new(http::HttpStream::open(url, Pace::new(options, clock, 0.0))?),
    })
}

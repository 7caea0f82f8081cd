//! A webcam through nokhwa (`Video4Linux`).
//!
//! What nokhwa 0.10 does not tell: `frame` waits without a limit, dropping a camera can panic inside `v4l` when the
//! device has gone bad, and one process has one open device per number, however often it is opened.

use super::{CameraError, FrameSource, Pace, SourceInfo, SourceName};
use crate::imaging::{Frame, ImagingError, Picture, decode_jpeg, nv12_to_rgb, yuyv_to_rgb};
use nokhwa::{
    Camera, NokhwaError,
    utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

/// Formats we can read, cheapest first.
const FORMATS: [FrameFormat; 4] =
    [FrameFormat::YUYV, FrameFormat::NV12, FrameFormat::RAWRGB, FrameFormat::MJPEG];
/// How many of the best modes are tried before the camera is taken as it is.
const MODES_TRIED: usize = 6;
/// Broken frames in a row before the camera is given up.
const MAX_BROKEN: u32 = 30;

/// An open webcam that streams.
pub(super) struct Webcam {
    camera: Guarded,
    mode: CameraFormat,
    pace: Pace,
}

impl Webcam {
    /// The first webcam that opens: many devices have several numbers, some of which give no pictures.
    pub(super) fn open_any(pace: Pace) -> Result<Self, CameraError> {
        let found = nokhwa::query(ApiBackend::Video4Linux).map_err(|err| fault(&err))?;
        let mut indices: Vec<u32> = found.iter().filter_map(|info| info.index().as_index().ok()).collect();
        indices.push(0);
        indices.sort_unstable();
        indices.dedup();
        let mut pace = Some(pace);
        let mut reason = CameraError::Missing;
        for index in indices {
            match start(index) {
                Ok((camera, mode)) => {
                    let Some(pace) = pace.take() else { break };
                    return Ok(Self { camera, mode, pace });
                }
                Err(CameraError::Missing) => {}
                Err(err) => reason = err,
            }
        }
        Err(reason)
    }

    /// `/dev/videoN`.
    pub(super) fn open(index: u32, pace: Pace) -> Result<Self, CameraError> {
        let (camera, mode) = start(index)?;
        Ok(Self { camera, mode, pace })
    }
}

/// The webcams that the system knows, as `N: name`.
#[must_use]
pub fn list() -> Vec<String> {
    let found = nokhwa::query(ApiBackend::Video4Linux).unwrap_or_default();
    found.iter().map(|info| format!("{}: {}", info.index(), info.human_name())).collect()
}

impl FrameSource for Webcam {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        let mut reason = String::new();
        for _ in 0..MAX_BROKEN {
            let asked = Instant::now();
            let camera = self.camera.get()?;
            let bytes = camera.frame_raw().map_err(|err| match fault(&err) {
                CameraError::Missing => CameraError::Unplugged,
                other => other,
            })?;
            match self.pace.convert(asked, || picture(&bytes, self.mode)) {
                Ok(picture) => return Ok(self.pace.live(picture)),
                Err(err) => reason = err.to_string(),
            }
        }
        Err(CameraError::Failed(format!("{MAX_BROKEN} pictures in a row were broken ({reason})")))
    }

    fn describe(&self) -> SourceInfo {
        let (width, height) = self.pace.turned(self.mode.width(), self.mode.height());
        SourceInfo {
            name: SourceName::Device(
                self.camera.0.as_ref().map(|camera| camera.info().human_name()).unwrap_or_default(),
            ),
            width,
            height,
            fps: self.mode.frame_rate() as f32,
            pixel_format: match self.mode.format() {
                FrameFormat::MJPEG => "MJPEG",
                FrameFormat::YUYV => "YUYV",
                FrameFormat::NV12 => "NV12",
                FrameFormat::RAWRGB => "RGB",
                FrameFormat::RAWBGR => "BGR",
                FrameFormat::GRAY => "GREY",
            },
        }
    }
}

/// Opens the device in its best mode and starts it.
fn start(index: u32) -> Result<(Guarded, CameraFormat), CameraError> {
    let mut guarded = Guarded(Some(open_somehow(index)?));
    let camera = guarded.get()?;
    choose_mode(camera);
    let mode = camera.refresh_camera_format().map_err(|err| fault(&err))?;
    if !FORMATS.contains(&mode.format()) {
        return Err(CameraError::Failed(format!("it only sends {}, which is not supported", mode.format())));
    }
    camera.open_stream().map_err(|err| fault(&err))?;
    Ok((guarded, mode))
}

/// nokhwa opens a device in a mode or not at all, and refuses a mode that the driver bends, so ask for one format
/// after the other.
fn open_somehow(index: u32) -> Result<Camera, CameraError> {
    let mut reason = CameraError::Missing;
    for wanted in [&FORMATS[..], &FORMATS[3..], &FORMATS[..1], &FORMATS[1..2], &FORMATS[2..3]] {
        let request = RequestedFormat::with_formats(RequestedFormatType::None, wanted);
        match Camera::new(CameraIndex::Index(index), request) {
            Ok(camera) => return Ok(camera),
            Err(err) => reason = fault(&err),
        }
        if !matches!(reason, CameraError::Failed(_)) {
            break; // it is not the format
        }
    }
    Err(reason)
}

/// Tries the camera's modes from the best down; none of them may work, and then it stays as it was.
fn choose_mode(camera: &mut Camera) {
    let Ok(mut modes) = camera.compatible_camera_formats() else { return };
    modes.retain(|mode| FORMATS.contains(&mode.format()) && (1..=240).contains(&mode.frame_rate()));
    modes.sort_by(|a, b| badness(*a).total_cmp(&badness(*b)));
    modes.dedup();
    for mode in modes.into_iter().take(MODES_TRIED) {
        let request = RequestedFormat::with_formats(RequestedFormatType::Exact(mode), &FORMATS);
        if camera.camera_format() == mode || camera.set_camera_requset(request).is_ok() {
            return;
        }
    }
}

/// 0 is 1280x720 at 30 frames a second or more, uncompressed. Half or double the pixels cost 1, so do 10 missing
/// frames a second; a JPEG to decode, or frames beyond 60, decide between equals.
fn badness(mode: CameraFormat) -> f64 {
    let pixels = f64::from(mode.width()) * f64::from(mode.height());
    let fps = f64::from(mode.frame_rate());
    let decoding = if mode.format() == FrameFormat::MJPEG { 0.1 } else { 0.0 };
    (pixels / (1280.0 * 720.0)).log2().abs()
        + (30.0 - fps).max(0.0) / 10.0
        + (fps - 60.0).max(0.0) / 1000.0
        + decoding
}

fn picture(bytes: &[u8], mode: CameraFormat) -> Result<Picture, ImagingError> {
    let (width, height) = (mode.width(), mode.height());
    let rgb = match mode.format() {
        FrameFormat::MJPEG => return decode_jpeg(bytes),
        FrameFormat::NV12 => nv12_to_rgb(bytes, width, height)?,
        FrameFormat::YUYV => yuyv_to_rgb(bytes, width, height)?,
        _ => bytes.get(..3 * width as usize * height as usize).unwrap_or(bytes).to_vec(),
    };
    Picture::new(width, height, rgb)
}

/// nokhwa keeps the system's error only as text, which ends in "(os error N)".
fn fault(err: &NokhwaError) -> CameraError {
    let text = err.to_string();
    let number = text.rsplit_once("(os error ").and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok());
    match number {
        Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => CameraError::Missing,
        Some(libc::EBUSY) => CameraError::Busy,
        Some(libc::EACCES | libc::EPERM) => CameraError::Denied,
        _ => CameraError::Failed(text),
    }
}

/// A camera whose drop may panic, even while another panic unwinds.
struct Guarded(Option<Camera>);

impl Guarded {
    fn get(&mut self) -> Result<&mut Camera, CameraError> {
        self.0.as_mut().ok_or(CameraError::Unplugged)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if catch_unwind(AssertUnwindSafe(|| drop(self.0.take()))).is_err() {
            log::warn!("camera: the driver did not close in order");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nokhwa::utils::Resolution;

    fn mode(width: u32, height: u32, format: FrameFormat, fps: u32) -> CameraFormat {
        CameraFormat::new(Resolution::new(width, height), format, fps)
    }

    #[test]
    fn the_best_mode_is_720p_at_30_and_speed_beats_size() {
        use FrameFormat::{MJPEG, YUYV};
        let best_first = [
            mode(1280, 720, YUYV, 30),
            mode(1280, 720, MJPEG, 60),
            mode(1920, 1080, MJPEG, 30),
            mode(640, 480, YUYV, 30),
            mode(1280, 720, YUYV, 10),
            mode(160, 120, YUYV, 30),
        ];
        let mut sorted = best_first;
        sorted.sort_by(|a, b| badness(*a).total_cmp(&badness(*b)));
        assert_eq!(sorted, best_first);
    }

    #[test]
    fn system_errors_become_plain_words() {
        let open =
            |text: &str| fault(&NokhwaError::OpenDeviceError("0".into(), format!("V4L2 Error: {text}")));
        assert_eq!(open("No such file or directory (os error 2)"), CameraError::Missing);
        assert_eq!(open("Permission denied (os error 13)"), CameraError::Denied);
        let stream = |text: &str| fault(&NokhwaError::OpenStreamError(text.into()));
        assert_eq!(stream("Device or resource busy (os error 16)"), CameraError::Busy);
        assert_eq!(stream("No such device (os error 19)"), CameraError::Missing);
        assert!(matches!(stream("something else"), CameraError::Failed(_)));
    }
}

//! Which camera to use, as written on the command line or in the settings.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf, str::FromStr};

/// Why a text names no camera.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a camera: use demo, auto, a number, /dev/videoN, a folder of pictures (folder@fps) or an http:// address"
)]
pub struct CameraSpecError(pub String);

/// `demo | auto | <index> | </dev/videoN> | <folder>[@fps] | <mjpeg http url>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CameraSpec {
    /// The built-in scene; the number is its seed (`demo` or `demo:7`).
    Demo(u64),
    /// The first webcam that opens.
    Auto,
    /// A webcam by number; `/dev/videoN` means the same.
    Index(u32),
    /// Pictures in name order at a steady rate.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Frames a second; 30 unless the text ends in `@fps`.
        fps: f32,
    },
    /// Motion JPEG over plain http.
    Http(String),
}

impl FromStr for CameraSpec {
    type Err = CameraSpecError;

    fn from_str(text: &str) -> Result<Self, CameraSpecError> {
        let err = || CameraSpecError(text.to_owned());
        match text {
            "" => return Err(err()),
            "auto" => return Ok(Self::Auto),
            "demo" => return Ok(Self::Demo(1)),
            _ => {}
        }
        if let Some(seed) = text.strip_prefix("demo:") {
            return seed.parse().map(Self::Demo).map_err(|_| err());
        }
        if let Ok(index) = text.strip_prefix("/dev/video").unwrap_or(text).parse() {
            return Ok(Self::Index(index));
        }
        if text.starts_with("http://") {
            return Ok(Self::Http(text.to_owned()));
        }
        if text.contains("://") {
            return Err(err());
        }
        match text.rsplit_once('@') {
            Some((path, fps)) if !path.is_empty() => {
                let fps: f32 = fps.parse().map_err(|_| err())?;
                if !(0.1..=1000.0).contains(&fps) {
                    return Err(err());
                }
                Ok(Self::Folder { path: path.into(), fps })
            }
            _ => Ok(Self::Folder { path: text.into(), fps: 30.0 }),
        }
    }
}

impl fmt::Display for CameraSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demo(1) => f.write_str("demo"),
            Self::Demo(seed) => write!(f, "demo:{seed}"),
            Self::Auto => f.write_str("auto"),
            Self::Index(index) => index.fmt(f),
            Self::Folder { path, fps } => write!(f, "{}@{fps}", path.display()),
            Self::Http(url) => url.fmt(f),
        }
    }
}

impl TryFrom<String> for CameraSpec {
    type Error = CameraSpecError;

    fn try_from(text: String) -> Result<Self, CameraSpecError> {
        text.parse()
    }
}

impl From<CameraSpec> for String {
    fn from(spec: CameraSpec) -> Self {
        spec.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_parses_and_prints_back() {
        for text in ["demo", "demo:7", "auto", "0", "clips/p1_a@15", "http://127.0.0.1:8080/stream"] {
            let spec: CameraSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
            assert_eq!(spec.to_string().parse::<CameraSpec>().unwrap(), spec);
        }
        assert_eq!("/dev/video2".parse(), Ok(CameraSpec::Index(2)));
        assert_eq!("clips".parse(), Ok(CameraSpec::Folder { path: "clips".into(), fps: 30.0 }));
        for bad in ["", "rtsp://x", "x@fast", "x@0", "demo:x"] {
            assert!(bad.parse::<CameraSpec>().is_err(), "{bad}");
        }
    }
}

//! What is the matter with the camera, in words for whoever stands in front of it.

use super::{Scene, words::countdown};
use crate::runtime::messages::CameraFault;

/// What happened, and what to do or wait for.
pub(super) fn fault(scene: &Scene<'_>, reason: &CameraFault) -> (String, String) {
    let words = scene.words;
    let (what, help) = match reason {
        CameraFault::Missing => ("camera-missing", "camera-missing-help"),
        CameraFault::Busy => ("camera-busy", "camera-busy-help"),
        CameraFault::Unplugged => ("camera-unplugged", "camera-unplugged-help"),
        CameraFault::Frozen => ("camera-frozen", "camera-frozen-help"),
        CameraFault::Denied => ("camera-denied", "camera-denied-help"),
        CameraFault::Ended => ("camera-ended", "camera-ended-help"),
        CameraFault::Failed(_) => ("camera-failed", "camera-failed-help"),
    };
    let help = words.say(help);
    let text = match scene.camera_retry {
        Some(wait) => format!("{help} {}", words.with("camera-retry", &[("wait", countdown(wait).into())])),
        None => help,
    };
    (words.say(what), text)
}

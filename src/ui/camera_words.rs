//! Which camera it is and what is the matter with it, in words for whoever stands in front of it.

use super::{
    Scene,
    words::{Words, countdown},
};
use crate::{
    domain::CameraSpec,
    runtime::messages::{CameraFault, CameraNow, SourceName},
};

/// The camera that runs and how its pictures come, or the one that is looked for.
pub(super) fn described(words: &Words, camera: &CameraNow) -> String {
    let info = match camera {
        CameraNow::Wanted(CameraSpec::Auto) => return words.say("settings-camera-auto"),
        CameraNow::Wanted(CameraSpec::Demo(_)) => return words.say("settings-camera-demo"),
        CameraNow::Wanted(typed) => return typed.to_string(),
        CameraNow::Live(info) => info,
    };
    let name = match &info.name {
        SourceName::Device(name) => name.clone(),
        SourceName::Pictures => words.say("camera-pictures"),
        SourceName::Network => words.say("camera-network"),
        SourceName::Demo => words.say("settings-camera-demo"),
    };
    let values = [
        ("name", name.into()),
        ("width", info.width.to_string().into()),
        ("height", info.height.to_string().into()),
        ("format", info.pixel_format.into()),
        ("rate", words.decimal(info.fps.into(), 0).into()),
    ];
    // Not every camera says how many pictures it takes.
    if info.fps > 0.0 {
        words.with("camera-mode-rate", &values)
    } else {
        words.with("camera-mode", &values[..4])
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::messages::SourceInfo;

    #[test]
    fn what_is_ours_about_a_camera_is_in_the_language_of_the_screen() {
        let (en, fr) = (Words::new("en"), Words::new("fr"));
        let live = |name, fps| {
            CameraNow::Live(SourceInfo { name, width: 1280, height: 720, fps, pixel_format: "MJPEG" })
        };
        for name in [SourceName::Pictures, SourceName::Network, SourceName::Demo] {
            let camera = live(name, 0.0);
            assert_ne!(described(&fr, &camera), described(&en, &camera), "{camera:?}");
        }
        let own = live(SourceName::Device("HD Pro Webcam C920".into()), 30.0);
        assert_eq!(described(&fr, &own), "HD Pro Webcam C920, 1280×720, MJPEG, 30\u{a0}images/s");
        let wanted = |spec: &str| described(&fr, &CameraNow::Wanted(spec.parse().unwrap()));
        assert_eq!(wanted("/dev/video2"), "2", "as it was typed");
        assert!(!wanted("auto").contains("auto") && !wanted("demo").contains("demo"));
    }
}

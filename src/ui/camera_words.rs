//! What is the matter with the camera, in words for whoever stands in front of it.

use super::words::{Words, sentence};
use crate::runtime::messages::CameraFault;

/// A title, and what is being done about it.
pub(super) fn fault(words: &Words, fault: &CameraFault) -> (String, String) {
    (words.say("camera-fault"), sentence(&fault.to_string()))
}

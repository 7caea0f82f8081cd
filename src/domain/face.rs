//! A face in a frame: where it is and how well it can be read. Coordinates are frame pixels, origin at the
//! top left corner of the top left pixel, x to the right, y down.

use serde::{Deserialize, Serialize};

/// A position in frame pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// Euclidean distance in pixels.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// An upright rectangle in frame pixels; may reach outside the frame.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x0: f32,
    /// Top edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Bottom edge.
    pub y1: f32,
}

impl Rect {
    /// Width in pixels, never negative.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Height in pixels, never negative.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Area in square pixels.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// The middle.
    #[must_use]
    pub fn centre(&self) -> Point {
        Point { x: self.x0.midpoint(self.x1), y: self.y0.midpoint(self.y1) }
    }

    /// Intersection over union, 0 to 1.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let both = Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
        .area();
        let either = self.area() + other.area() - both;
        if either > 0.0 { both / either } else { 0.0 }
    }
}

/// Five points in the order of the `ArcFace` template: the eye on the picture's left, the eye on its right,
/// nose tip, mouth corner on the left, mouth corner on the right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Landmarks(pub [Point; 5]);

impl Landmarks {
    /// Distance between the eyes in pixels (inter-eye distance of ISO/IEC 29794-5).
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        self.0[0].distance(self.0[1])
    }
}

/// What the detector says about one face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectedFace {
    /// Bounding box.
    pub bbox: Rect,
    /// Five landmarks.
    pub landmarks: Landmarks,
    /// Detector confidence, 0 to 1.
    pub score: f32,
}

/// Quality components of one face, in the terms of ISO/IEC 29794-5.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Inter-eye distance in pixels.
    pub eye_distance_px: f32,
    /// Turned to the side, degrees; 0 looks at the camera, positive turns to the picture's right. Estimated from landmarks.
    pub yaw_deg: f32,
    /// Nodding, degrees; positive looks up. Estimated from landmarks.
    pub pitch_deg: f32,
    /// Tilted, degrees; positive is clockwise in the picture.
    pub roll_deg: f32,
    /// Variance of the Laplacian of the aligned grey crop (8-bit units); higher is sharper.
    pub sharpness: f32,
    /// Mean of the aligned grey crop, 0 to 255.
    pub brightness: f32,
    /// Share of the bounding box that lies inside the frame, 0 to 1.
    pub inside: f32,
}

/// From which values on a face is read. Below or outside, the attendee gets a word of advice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualityLimits {
    /// Smallest inter-eye distance, pixels.
    pub min_eye_distance_px: f32,
    /// Largest yaw either way, degrees.
    pub max_yaw_deg: f32,
    /// Largest pitch either way, degrees.
    pub max_pitch_deg: f32,
    /// Largest roll either way, degrees.
    pub max_roll_deg: f32,
    /// Smallest sharpness, variance of the Laplacian.
    pub min_sharpness: f32,
    /// Darkest mean grey, 0 to 255.
    pub min_brightness: f32,
    /// Brightest mean grey, 0 to 255.
    pub max_brightness: f32,
    /// Smallest share of the box inside the frame.
    pub min_inside: f32,
}

impl Default for QualityLimits {
    fn default() -> Self {
        Self {
            min_eye_distance_px: 16.0,
            max_yaw_deg: 35.0,
            max_pitch_deg: 35.0,
            max_roll_deg: 35.0,
            min_sharpness: 15.0,
            min_brightness: 35.0,
            max_brightness: 235.0,
            min_inside: 0.9,
        }
    }
}

/// What keeps a face from being read, most important first. Each has one sentence for the attendee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityIssue {
    /// The face is too small: come closer.
    TooFar,
    /// Part of the face is outside the frame: step back or to the middle.
    OutOfFrame,
    /// Yaw or pitch too large: turn to the camera.
    TurnToCamera,
    /// Roll too large: hold the head upright.
    Tilted,
    /// Not enough light.
    TooDark,
    /// Too much light.
    TooBright,
    /// Moving or out of focus: hold still.
    Blurred,
}

impl Quality {
    /// The most important thing that is wrong, or `None` when the face can be read.
    #[must_use]
    pub fn issue(&self, limits: &QualityLimits) -> Option<QualityIssue> {
        use QualityIssue as I;
        [
            (self.eye_distance_px < limits.min_eye_distance_px, I::TooFar),
            (self.inside < limits.min_inside, I::OutOfFrame),
            (
                self.yaw_deg.abs() > limits.max_yaw_deg || self.pitch_deg.abs() > limits.max_pitch_deg,
                I::TurnToCamera,
            ),
            (self.roll_deg.abs() > limits.max_roll_deg, I::Tilted),
            (self.brightness < limits.min_brightness, I::TooDark),
            (self.brightness > limits.max_brightness, I::TooBright),
            (self.sharpness < limits.min_sharpness, I::Blurred),
        ]
        .into_iter()
        .find_map(|(wrong, issue)| wrong.then_some(issue))
    }

    /// One number to rank frames of the same track by, 0 to 1; 1 is a large, frontal, sharp, well-lit face.
    #[must_use]
    pub fn score(&self) -> f32 {
        let size = (self.eye_distance_px / 60.0).min(1.0);
        let pose = (1.0 - self.yaw_deg.abs() / 60.0).max(0.0) * (1.0 - self.pitch_deg.abs() / 60.0).max(0.0);
        let sharp = (self.sharpness / 100.0).min(1.0);
        let light = 1.0 - ((self.brightness - 125.0).abs() / 125.0).min(1.0);
        (size * pose * (0.5 + 0.5 * sharp) * (0.5 + 0.5 * light) * self.inside).clamp(0.0, 1.0)
    }
}

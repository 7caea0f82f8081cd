//! The built-in camera: drawn people walk up, look and leave in a drawn office. Needs no file from outside.
//!
//! [`DemoScript`] says who is there when, [`mod@scene`] draws it. Both are pure functions of seed and frame number.

mod cast;
mod scene;
mod script;

pub use cast::DemoPerson;
pub use script::{DemoScript, Visit, VisitKind};

use super::{CameraError, FrameSource, Pace, SourceInfo, SourceName};
use crate::{
    domain::Moment,
    imaging::{Frame, Picture},
};
use cast::cast;
use scene::{HEIGHT, Scene, WIDTH, scene};
use script::{Pose, Visits};
use std::time::{Duration, Instant};

/// Frames a second.
pub(super) const FPS: f32 = 30.0;

/// The demo's people, those to enrol and strangers. None of them exists: faces are composites of many.
#[must_use]
pub fn demo_people() -> &'static [DemoPerson] {
    cast().map(|cast| &cast.people[..]).unwrap_or_default()
}

/// Six frames of one of [`demo_people`] alone at reading distance, with small changes of pose, distance and light, dated
/// half a second apart from the beginning of 1970. Empty for a number that nobody has.
#[must_use]
pub fn enrolment_frames(person: usize) -> Vec<Frame> {
    let Ok(scene) = scene() else { return Vec::new() };
    if person >= demo_people().len() {
        return Vec::new();
    }
    // sideways shift and eye distance in pixels, roll in degrees, turn of the head, light
    let shots = [
        (0.0, 62.0, 0.0, 1.0, 1.0),
        (-40.0, 58.0, -3.0, 0.98, 0.95),
        (35.0, 66.0, 3.0, 0.98, 1.0),
        (10.0, 54.0, 2.0, 0.95, 0.85),
        (-15.0, 70.0, -2.0, 0.96, 0.9),
        (25.0, 50.0, 1.0, 1.0, 0.75),
    ];
    let shot = |(number, (shift, eye_px, roll_deg, turn, light)): (u64, _)| {
        let pose = Pose { person, x: WIDTH as f32 / 2.0 + shift, y: 310.0, eye_px, roll_deg, turn };
        let picture = scene.picture(&[pose], light, 1_000_000 + number).ok()?;
        let mono = Duration::from_millis(500 * number);
        let utc = jiff::Timestamp::UNIX_EPOCH.saturating_add(mono).unwrap_or(jiff::Timestamp::MAX);
        Some(Frame::from_picture(picture, Moment { utc, mono }, number + 1))
    };
    (0..).zip(shots).filter_map(shot).collect()
}

/// The demo as a camera.
pub(super) struct Demo {
    scene: &'static Scene,
    visits: Visits,
    current: Option<Visit>,
    next_frame: u64,
    pace: Pace,
}

impl Demo {
    /// Decodes the sprites and draws the office; about a tenth of a second the first time.
    pub(super) fn open(seed: u64, pace: Pace) -> Result<Self, CameraError> {
        Ok(Self {
            scene: scene()?,
            visits: DemoScript::new(seed).visits(),
            current: None,
            next_frame: 0,
            pace,
        })
    }

    /// The visit that `frame` belongs to: the present one, or the next once that is over.
    fn visit(&mut self, frame: u64) -> Option<&Visit> {
        while self.current.as_ref().is_none_or(|visit| visit.end() <= frame) {
            self.current = Some(self.visits.next()?);
        }
        self.current.as_ref()
    }

    fn picture(&mut self, frame: u64) -> Result<Picture, CameraError> {
        let looping = self.pace.looping();
        let visit = self.visit(frame).ok_or(CameraError::Ended)?;
        if visit.round > 0 && !looping {
            return Err(CameraError::Ended);
        }
        let (poses, light) = (visit.poses(frame), visit.light(frame));
        self.scene.picture(&poses, light, frame).map_err(|err| CameraError::Failed(err.to_string()))
    }
}

impl FrameSource for Demo {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        let frame = self.next_frame;
        self.next_frame += 1;
        let asked = Instant::now();
        let picture = self.picture(frame)?;
        let picture = self.pace.convert(asked, || picture); // drawn in RGB
        Ok(self.pace.recorded(picture, frame))
    }

    fn describe(&self) -> SourceInfo {
        let (width, height) = self.pace.turned(WIDTH, HEIGHT);
        SourceInfo { name: SourceName::Demo, width, height, fps: FPS, pixel_format: "RGB" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        camera::{CameraOptions, open},
        domain::{CameraSpec, ManualClock},
    };
    use std::sync::Arc;

    fn opened(seed: u64) -> Box<dyn FrameSource> {
        let options = CameraOptions { realtime: false, looping: false, ..CameraOptions::default() };
        open(&CameraSpec::Demo(seed), options, Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH)))
            .unwrap()
    }

    #[test]
    fn there_are_people_to_enrol_and_strangers() {
        assert!(demo_people().iter().filter(|person| !person.stranger).count() >= 8);
        assert!(demo_people().iter().any(|person| person.stranger));
        assert!(demo_people().iter().all(|person| !person.name.is_empty()));
    }

    #[test]
    fn the_same_seed_gives_the_same_frames() {
        let (mut a, mut b, mut other) = (opened(7), opened(7), opened(8));
        let mut differs = false;
        for _ in 0..40 {
            let frame = a.next_frame().unwrap();
            assert!(frame.rgb() == b.next_frame().unwrap().rgb(), "frame {}", frame.number());
            differs |= frame.rgb() != other.next_frame().unwrap().rgb();
        }
        assert!(differs);
    }

    #[test]
    fn enrolment_shows_one_person_in_different_ways() {
        let frames = enrolment_frames(0);
        assert_eq!(frames.len(), 6);
        assert!(frames.windows(2).all(|pair| pair[0].rgb() != pair[1].rgb()));
        assert!(enrolment_frames(demo_people().len()).is_empty());
    }

    /// A face-sized patch around the eyes differs from the empty office while somebody stands there, and only then.
    #[test]
    fn people_are_where_the_script_says() {
        let scene = scene().unwrap();
        let empty = scene.picture(&[], 1.0, 0).unwrap();
        let visit = DemoScript::new(1).visits().next().unwrap();
        let middle = u64::midpoint(visit.reading().start, visit.reading().end);
        let poses = visit.poses(middle);
        let shown = scene.picture(&poses, 1.0, 0).unwrap();
        let changed: Vec<usize> = (0..(WIDTH * HEIGHT) as usize)
            .filter(|i| shown.rgb()[3 * i..3 * i + 3] != empty.rgb()[3 * i..3 * i + 3])
            .collect();
        let (eye, width) = (poses[0], WIDTH as usize);
        let inside = |i: &usize| {
            ((i % width) as f32 - eye.x).abs() < 3.0 * eye.eye_px
                && (i / width) as f32 > eye.y - 3.0 * eye.eye_px
        };
        assert!(changed.len() > 50_000 && changed.iter().all(inside));
        assert!(visit.poses(visit.end()).is_empty());
    }
}

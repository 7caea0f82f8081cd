//! Whether a network that was just imported works at all: the demo's faces are shown to it before it may be used.
//!
//! This finds a network that was converted wrongly or wants other numbers than it gets, and a detector whose boxes or
//! landmarks are elsewhere than the built-in one's. It says nothing about how good a network is: the faces are few and drawn,
//! and told apart in other colours too. A network for liveness is asked for probabilities and no more: a drawn face is neither
//! a person nor a picture of one, so that how an unknown one is shown a face (`vision::import`) is taken on trust.

use crate::{
    camera::{demo_people, enrolment_frames},
    domain::{DetectedFace, Embedding, WeightsId},
    imaging::Frame,
    vision::{DeviceChoice, FaceEngine, Imported, Kind, NetworkEngine, VisionError, WeightsStore, embedded},
};

/// People who are shown.
const PEOPLE: usize = 6;
/// Of each person's pictures every second one is shown.
const EVERY: usize = 2;
/// Least share of pictures in which a detector finds the face that the built-in one finds.
const MIN_FOUND: f32 = 0.5;
/// The same face: how much boxes overlap at least.
const MIN_OVERLAP: f32 = 0.5;
/// The same face: how far each landmark is away at most, in distances between the eyes.
const MAX_AWAY: f32 = 0.25;
/// Least share of faces whose most similar other face is of the same person.
const MIN_NEAREST: f32 = 0.8;
/// How much more similar a person is to themselves than to others, mean cosine.
const MIN_LEAD: f32 = 0.1;

/// Why a network is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It does not run.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// There is no room to try it.
    #[error("the network cannot be tried ({0}): check free space in the temporary folder")]
    Folder(#[from] std::io::Error),
    /// It runs and makes no sense.
    #[error(
        "the network does not work on the built-in faces ({0}), so it is not installed: it was made for another \
         input, or the file is damaged"
    )]
    Senseless(String),
}

/// What was seen, in words.
pub type Seen = String;

/// Tries a network on the demo's faces.
pub fn check(imported: &Imported) -> Result<Seen, ProbeError> {
    let folder = tempfile::tempdir()?;
    let store = WeightsStore::new(folder.path());
    store.install(&imported.manifest, &imported.model).map_err(VisionError::from)?;
    let built_in = |id| WeightsId::new(id).map_err(|e| ProbeError::Senseless(e.to_string()));
    let (mut detector, mut recogniser) = (built_in(embedded::DETECTOR)?, built_in(embedded::RECOGNISER)?);
    let (id, mut liveness) = (imported.manifest.id.clone(), Vec::new());
    match imported.manifest.kind {
        Kind::Detector => detector = id,
        Kind::Recogniser => recogniser = id,
        Kind::Liveness => liveness.push(id),
    }
    let mut engine = NetworkEngine::load(&store, &detector, &recogniser, &liveness, DeviceChoice::Cpu)?;
    let frames = frames();
    match imported.manifest.kind {
        Kind::Detector => {
            let (detector, recogniser) = (built_in(embedded::DETECTOR)?, built_in(embedded::RECOGNISER)?);
            let embedded = WeightsStore::embedded();
            let mut known = NetworkEngine::load(&embedded, &detector, &recogniser, &[], DeviceChoice::Cpu)?;
            detects(&mut engine, &mut known, &frames)
        }
        Kind::Recogniser => recognises(&mut engine, &frames),
        Kind::Liveness => judges(&mut engine, &frames),
    }
}

/// Pictures of people, each with the number of who is in it.
fn frames() -> Vec<(usize, Frame)> {
    let of = |person| enrolment_frames(person).into_iter().step_by(EVERY).map(move |frame| (person, frame));
    (0..demo_people().len().min(PEOPLE)).flat_map(of).collect()
}

fn detects(
    engine: &mut dyn FaceEngine,
    known: &mut dyn FaceEngine,
    frames: &[(usize, Frame)],
) -> Result<Seen, ProbeError> {
    let (mut found, mut there) = (0, 0);
    for (_, frame) in frames {
        let faces = known.detect(frame)?;
        let [expected] = faces.as_slice() else { continue };
        there += 1;
        found += usize::from(matches!(engine.detect(frame)?.as_slice(), [face] if is_same(face, expected)));
    }
    let seen = format!("the face found in {found} of {there} pictures");
    if (found as f32) < MIN_FOUND * there as f32 {
        return Err(ProbeError::Senseless(seen));
    }
    Ok(seen)
}

/// Whether two detectors mean the same face, and the same points of it. Written so that a number that is none fails.
fn is_same(face: &DetectedFace, expected: &DetectedFace) -> bool {
    let away = MAX_AWAY * expected.landmarks.eye_distance();
    let mut points = face.landmarks.0.iter().zip(expected.landmarks.0);
    face.bbox.iou(&expected.bbox) >= MIN_OVERLAP
        && points.all(|(point, expected)| point.distance(expected) <= away)
}

fn recognises(engine: &mut dyn FaceEngine, frames: &[(usize, Frame)]) -> Result<Seen, ProbeError> {
    let mut faces = Vec::new();
    for (person, frame) in frames {
        if let [face] = engine.detect(frame)?.as_slice() {
            let embedding = engine.embed(frame, std::slice::from_ref(face))?.pop();
            faces.extend(embedding.map(|embedding| (*person, embedding)));
        }
    }
    let Likeness { same, others, nearest } = likeness(&faces);
    let seen = format!(
        "{} faces, the same person {same:.2} alike in the mean and others {others:.2}, {:.0} % nearest to themselves",
        faces.len(),
        100.0 * nearest
    );
    // Written so that a number that is none fails.
    let sensible = same - others >= MIN_LEAD && nearest >= MIN_NEAREST;
    if sensible { Ok(seen) } else { Err(ProbeError::Senseless(seen)) }
}

/// How alike faces are, mean cosines, and the share whose most similar other face is of the same person.
struct Likeness {
    same: f32,
    others: f32,
    nearest: f32,
}

fn likeness(faces: &[(usize, Embedding)]) -> Likeness {
    let (mut sums, mut counts, mut nearest) = ([0.0_f32; 2], [0.0_f32; 2], 0);
    for (i, (person, face)) in faces.iter().enumerate() {
        let mut best: Option<(f32, bool)> = None;
        for (_, (other, other_face)) in faces.iter().enumerate().filter(|(j, _)| *j != i) {
            let (cosine, same) = (face.cosine(other_face), person == other);
            let kind = usize::from(!same);
            if let (Some(sum), Some(count)) = (sums.get_mut(kind), counts.get_mut(kind)) {
                *sum += cosine;
                *count += 1.0;
            }
            if best.is_none_or(|(best, _)| cosine > best) {
                best = Some((cosine, same));
            }
        }
        nearest += usize::from(best.is_some_and(|(_, same)| same));
    }
    let [same, others] = [sums[0] / counts[0], sums[1] / counts[1]];
    Likeness { same, others, nearest: nearest as f32 / faces.len() as f32 }
}

fn judges(engine: &mut dyn FaceEngine, frames: &[(usize, Frame)]) -> Result<Seen, ProbeError> {
    let (mut judged, mut sum) = (0, 0.0);
    for (_, frame) in frames {
        for face in engine.detect(frame)? {
            let bona_fide = engine.bona_fide(frame, &face)?.unwrap_or(f32::NAN);
            if !(0.0..=1.0).contains(&bona_fide) {
                return Err(ProbeError::Senseless(format!("a probability of {bona_fide}")));
            }
            judged += 1;
            sum += bona_fide;
        }
    }
    if judged == 0 {
        return Err(ProbeError::Senseless("no face was found to judge".to_owned()));
    }
    Ok(format!("{judged} drawn faces judged, {:.2} bona fide in the mean", sum / judged as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EMBEDDING_LEN, Landmarks, Point, Rect},
        vision::gather::gather,
    };
    use std::path::Path;

    fn face(person: usize, twist: usize) -> (usize, Embedding) {
        let mut raw = [0.01; EMBEDDING_LEN];
        raw[person] = 1.0;
        raw[100 + twist] = 0.3;
        (person, Embedding::from_raw(&raw).unwrap())
    }

    #[test]
    fn likeness_tells_people_apart() {
        let good = likeness(&[face(1, 0), face(1, 1), face(2, 2), face(2, 3)]);
        assert!(good.same > good.others + 0.5 && good.nearest == 1.0);
        let (_, same) = face(1, 0);
        let blind: Vec<_> = [1, 1, 2, 2].map(|person| (person, same.clone())).into();
        let blind = likeness(&blind);
        assert!(blind.same - blind.others < MIN_LEAD);
        assert!(likeness(&[]).same.is_nan(), "and so refused");
    }

    #[test]
    fn a_face_elsewhere_or_with_swapped_landmarks_is_not_the_same() {
        let landmarks = [[40.0, 50.0], [80.0, 50.0], [60.0, 70.0], [45.0, 90.0], [75.0, 90.0]];
        let face = DetectedFace {
            bbox: Rect { x0: 20.0, y0: 20.0, x1: 100.0, y1: 110.0 },
            landmarks: Landmarks(landmarks.map(|[x, y]| Point { x, y })),
            score: 0.9,
        };
        let with = |change: fn(&mut DetectedFace)| {
            let mut other = face;
            change(&mut other);
            is_same(&other, &face)
        };
        assert!(with(|_| ()) && with(|f| f.bbox.x1 += 30.0) && with(|f| f.landmarks.0[2].x += 9.0));
        assert!(!with(|f| f.bbox.x1 += 90.0) && !with(|f| f.landmarks.0[2].x += 11.0));
        assert!(!with(|f| f.landmarks.0.swap(0, 1)) && !with(|f| f.landmarks.0.swap(3, 4)));
        assert!(!with(|f| f.landmarks.0[4].y = f32::NAN) && !with(|f| f.bbox.x0 = f32::NAN));
    }

    #[test]
    fn the_built_in_networks_pass_and_a_scrambled_one_does_not() {
        for id in [embedded::DETECTOR, embedded::RECOGNISER] {
            let mut network = gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(id))
                .unwrap()
                .networks
                .remove(0);
            println!("{id}: {}", check(&network).unwrap());
            network.manifest.input.std *= 1e4; // the picture all but vanishes
            let error = check(&network).unwrap_err();
            assert!(matches!(error, ProbeError::Senseless(_)), "{error}");
        }
    }
}

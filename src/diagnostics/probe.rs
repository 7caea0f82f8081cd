//! Whether a network that was just imported works at all: the demo's faces are shown to it before it may be used.
//!
//! This finds a network that was converted wrongly or wants other numbers than it gets, and a detector whose boxes or
//! landmarks are elsewhere than the built-in one's. It says nothing about how good a network is: the faces are few and drawn,
//! and told apart in other colours too. A network for liveness must give numbers, the same twice for one picture and others for
//! another face. It is asked for no more: a drawn face is neither a person nor a picture of one, so that how an unknown network
//! is shown a face, and which class is the person (`vision::import`), is taken on trust; `weights install` says so.

use crate::{
    camera::{demo_people, enrolment_frames},
    domain::{DetectedFace, Embedding, WeightsId},
    imaging::Frame,
    vision::{
        DeviceChoice, FaceEngine, Imported, Kind, NetworkEngine, VisionError, WeightsStore, embedded,
        liveness::Liveness, network::Backend,
    },
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

/// How far a class's logit, less the mean of all classes', is apart between two of the drawn faces at least. A network that
/// looks is apart by more than 1.
const MIN_APART: f64 = 0.01;

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
    let id = imported.manifest.id.clone();
    let mut liveness = None;
    match imported.manifest.kind {
        Kind::Detector => detector = id,
        Kind::Recogniser => recogniser = id,
        Kind::Liveness => {
            let loaded = store.load(&id, Kind::Liveness).map_err(VisionError::from)?;
            liveness = Liveness::new(vec![loaded], &Backend::cpu())?;
        }
    }
    let mut engine = NetworkEngine::load(&store, &detector, &recogniser, &[], DeviceChoice::Cpu)?;
    let frames = frames();
    if let Some(liveness) = &mut liveness {
        return judges(&mut engine, liveness, &frames);
    }
    match imported.manifest.kind {
        Kind::Detector => {
            let (detector, recogniser) = (built_in(embedded::DETECTOR)?, built_in(embedded::RECOGNISER)?);
            let embedded = WeightsStore::embedded();
            let mut known = NetworkEngine::load(&embedded, &detector, &recogniser, &[], DeviceChoice::Cpu)?;
            detects(&mut engine, &mut known, &frames)
        }
        _ => recognises(&mut engine, &frames),
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

fn judges(
    engine: &mut dyn FaceEngine,
    liveness: &mut Liveness,
    frames: &[(usize, Frame)],
) -> Result<Seen, ProbeError> {
    let (mut answers, mut probabilities) = (Vec::new(), Vec::new());
    for (_, frame) in frames {
        for face in engine.detect(frame)? {
            let bona_fide = liveness.bona_fide(frame, &face)?;
            if !(0.0..=1.0).contains(&bona_fide) {
                return Err(ProbeError::Senseless(format!("a probability of {bona_fide}")));
            }
            answers.push(liveness.logits(frame, &face)?.concat());
            if liveness.bona_fide(frame, &face)?.to_bits() != bona_fide.to_bits() {
                return Err(ProbeError::Senseless("two answers to one picture".to_owned()));
            }
            probabilities.push(bona_fide);
        }
    }
    let apart = apart(&answers);
    let least = probabilities.iter().copied().fold(f32::INFINITY, f32::min);
    let most = probabilities.iter().copied().fold(0.0, f32::max);
    let seen = format!("{} drawn faces judged, {least:.2} to {most:.2} bona fide", answers.len());
    // Written so that a number that is none fails, and so does no face at all.
    if apart >= MIN_APART {
        return Ok(seen);
    }
    Err(ProbeError::Senseless(format!("{seen}, all the same but for {apart:.4}")))
}

/// How far answers differ: over the faces, the largest less the smallest of a class, whichever class differs most. What all
/// classes have in common does not count, as it changes no probability.
fn apart(answers: &[Vec<f32>]) -> f64 {
    let centred = |answer: &Vec<f32>, class: usize| {
        let mean = answer.iter().copied().map(f64::from).sum::<f64>() / answer.len() as f64;
        answer.get(class).map_or(f64::NAN, |&logit| f64::from(logit) - mean)
    };
    let spread = |class: usize| {
        let values = || answers.iter().map(move |answer| centred(answer, class));
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    };
    (0..answers.first().map_or(0, Vec::len)).map(spread).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EMBEDDING_LEN, Landmarks, Point, Rect},
        vision::{gather::gather, tensors::Tensors, weights::sha256_hex},
    };
    use std::path::Path;

    /// Gives every weight of the last layer this value.
    fn set_last(network: &mut Imported, value: f32) {
        let mut tensors = Tensors::parse(&network.model).unwrap();
        let shape: [usize; 2] = tensors.dims("classes.weight").unwrap();
        tensors.insert("classes.weight", &shape, vec![value; shape[0] * shape[1]]);
        network.model = tensors.to_bytes().unwrap();
    }

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
    #[test]
    fn what_classes_have_in_common_is_no_difference() {
        assert!(apart(&[]) == 0.0 && apart(&[vec![3.0, -3.0]]) == 0.0);
        assert!(apart(&[vec![1.0, 2.0], vec![101.0, 102.0]]) < MIN_APART);
        assert!((apart(&[vec![1.0, 2.0], vec![2.0, 1.0], vec![1.5, 1.5]]) - 1.0).abs() < 1e-6);
        assert!(apart(&[vec![f32::NAN, 0.0], vec![f32::NAN, 0.0]]) < MIN_APART, "and so refused");
    }

    #[test]
    fn a_network_for_liveness_that_does_not_look_is_refused() {
        // Random weights, in the shape that an exporter writes: it knows nothing, and looks where pictures are large numbers.
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/onnx/separate");
        let network = || {
            let mut network = gather(&file).unwrap().networks.remove(0);
            network.manifest.input.std /= 1e4;
            network
        };
        println!("{}", check(&network()).unwrap());
        assert!(!network().is_known());

        let with = |change: fn(&mut Imported)| {
            let mut network = network();
            change(&mut network);
            network.manifest.sha256 = sha256_hex(&network.model);
            check(&network).unwrap_err()
        };
        let blind = with(|network| set_last(network, 0.0));
        assert!(matches!(&blind, ProbeError::Senseless(why) if why.contains("all the same")), "{blind}");
        let unseen = with(|network| network.manifest.input.std *= 1e6);
        assert!(matches!(unseen, ProbeError::Senseless(_)), "the picture all but vanishes: {unseen}");
        let alike = with(|network| set_last(network, 1.0));
        assert!(matches!(alike, ProbeError::Senseless(_)), "whatever it sees, no class wins by it: {alike}");
    }
}

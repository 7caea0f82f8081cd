//! `faceprint verify-pairs`: 1:1 verification accuracy on image pairs, through our own detection and alignment.

use crate::{
    domain::{DetectedFace, Embedding, Moment, Point},
    imaging::{self, Frame, ImagingError},
    vision::{
        FaceEngine, VisionError,
        pairs::{self, Pair, Picture, Report, Scored},
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why accuracy could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// An image.
    #[error("{path} cannot be read: {reason}. Check that the image folder belongs to the pairs file")]
    Image {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The networks.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// Nothing to compare.
    #[error(
        "nothing could be compared: no face was found in any image, or the list lacks same or different pairs"
    )]
    Empty,
}

/// The result.
#[derive(Debug)]
pub struct Verification {
    /// Images in which no face was found; their pairs count as different people.
    pub not_found: usize,
    /// Accuracy, threshold and ROC.
    pub report: Report,
}

/// Every image of a list, once.
#[must_use]
pub fn pictures(list: &[Pair]) -> Vec<&Picture> {
    let mut pictures: Vec<&Picture> = list.iter().flat_map(|pair| [&pair.a, &pair.b]).collect();
    pictures.sort();
    pictures.dedup();
    pictures
}

/// Embeds every image once and scores every pair. An image without a face scores -1: never a match.
pub fn verify(
    engine: &mut dyn FaceEngine,
    list: &[Pair],
    images: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Verification, VerifyError> {
    let mut embeddings: BTreeMap<&Picture, Option<Embedding>> = BTreeMap::new();
    for picture in pictures(list) {
        let embedding = embed(engine, &images.join(picture.path()).with_extension("jpg"))?;
        embeddings.insert(picture, embedding);
        progress(embeddings.len() as u64);
    }
    let not_found = embeddings.values().filter(|e| e.is_none()).count();
    let embedding = |picture: &Picture| embeddings.get(picture).and_then(Option::as_ref);
    let scored: Vec<Scored> = list
        .iter()
        .map(|pair| Scored {
            score: embedding(&pair.a).zip(embedding(&pair.b)).map_or(-1.0, |(a, b)| a.cosine(b)),
            same: pair.same,
            fold: pair.fold,
        })
        .collect();
    let report = pairs::report(&scored).filter(|_| not_found < embeddings.len()).ok_or(VerifyError::Empty)?;
    Ok(Verification { not_found, report })
}

fn embed(engine: &mut dyn FaceEngine, path: &Path) -> Result<Option<Embedding>, VerifyError> {
    let error = |reason: String| VerifyError::Image { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|e| error(e.to_string()))?;
    let frame = still(&bytes).map_err(|e| error(e.to_string()))?;
    let faces = engine.detect(&frame)?;
    let Some(subject) = most_central(&frame, &faces) else { return Ok(None) };
    Ok(engine.embed(&frame, &[subject])?.pop())
}

fn still(jpeg: &[u8]) -> Result<Frame, ImagingError> {
    let timeless = Moment { utc: jiff::Timestamp::UNIX_EPOCH, mono: Duration::ZERO };
    Ok(Frame::from_picture(imaging::decode_jpeg(jpeg)?, timeless, 0))
}

/// The subject of an LFW image is the face nearest to the middle, large ones first.
fn most_central(frame: &Frame, faces: &[DetectedFace]) -> Option<DetectedFace> {
    let middle = Point { x: frame.width() as f32 / 2.0, y: frame.height() as f32 / 2.0 };
    let merit = |face: &DetectedFace| face.bbox.area().sqrt() - 2.0 * face.bbox.centre().distance(middle);
    faces.iter().copied().max_by(|a, b| merit(a).total_cmp(&merit(b)))
}

impl Verification {
    /// `{"pairs", "accuracy", "threshold", "tar_at_far": {"0.001": …}, "not_found", …}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let tar: serde_json::Map<String, Value> =
            self.report.tar_at_far.iter().map(|(far, tar)| (far.to_string(), json!(tar))).collect();
        json!({
            "pairs": self.report.pairs,
            "accuracy": self.report.accuracy,
            "accuracy_std": self.report.accuracy_std,
            "threshold": self.report.threshold,
            "tar_at_far": tar,
            "not_found": self.not_found,
        })
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let report = &self.report;
        let mut text = format!(
            "{} pairs, {} images without a face\naccuracy {:.2} % at cosine {:.3}\n",
            report.pairs,
            self.not_found,
            report.accuracy * 100.0,
            report.threshold,
        );
        for (far, tar) in &report.tar_at_far {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "TAR {:.2} % at FAR {far}", tar * 100.0);
        }
        text
    }

    /// `far,tar,threshold` rows.
    #[must_use]
    pub fn roc_csv(&self) -> String {
        let rows = self.report.roc.iter().map(|p| format!("{},{},{}\n", p.far, p.tar, p.threshold));
        std::iter::once("far,tar,threshold\n".to_owned()).chain(rows).collect()
    }

    /// The ROC with a logarithmic axis of false accept rates from 1e-4 to 1.
    #[must_use]
    pub fn roc_svg(&self) -> String {
        const SIDE: f64 = 400.0;
        const DECADES: f64 = 4.0;
        let x = |far: f64| (far.max(1e-4).log10() + DECADES) / DECADES * SIDE + 50.0;
        let y = |tar: f64| (1.0 - tar) * SIDE + 20.0;
        let line: Vec<String> =
            self.report.roc.iter().map(|p| format!("{:.1},{:.1}", x(p.far), y(p.tar))).collect();
        let mut svg = String::from(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 470 470\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"470\" height=\"470\" fill=\"white\"/>\n",
        );
        for decade in 0..=4 {
            let far = 10f64.powi(decade - 4);
            let at = x(far);
            let _ = writeln!(
                svg,
                "<path d=\"M{at:.1} 20V420\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"436\" text-anchor=\"middle\">{far}</text>"
            );
        }
        for tenth in 0..=5 {
            let tar = f64::from(tenth) / 5.0;
            let at = y(tar);
            let _ = writeln!(
                svg,
                "<path d=\"M50 {at:.1}H450\" stroke=\"#ddd\"/><text x=\"44\" y=\"{at:.1}\" text-anchor=\"end\">{tar}</text>"
            );
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f5fbf\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        svg.push_str("<text x=\"250\" y=\"458\" text-anchor=\"middle\">false accept rate</text>\n");
        svg.push_str("<text x=\"14\" y=\"220\" text-anchor=\"middle\" transform=\"rotate(-90 14 220)\">true accept rate</text>\n</svg>\n");
        svg
    }
}

//! Presentation attack detection (ISO/IEC 30107): is this a face in front of the camera, or a picture of one?
//!
//! Job: one number for one face of one frame. It must not decide: how many frames must agree, and what becomes of a
//! refused presentation, is known elsewhere.
//!
//! Each network looks at its own cut of the frame, which shows more than the face: the edge of a sheet of paper, the
//! frame of a screen. Networks that are installed together are used together, their probabilities averaged.

use super::{
    VisionError,
    align::push_planes,
    network::{Backend, Network},
    weights::{Architecture, ChannelOrder, Input, Loaded, WeightsError},
};
use crate::{
    domain::DetectedFace,
    imaging::{Frame, Surround},
};
use zeroize::Zeroize;

/// The networks that look at a face together.
pub struct Liveness {
    members: Vec<Member>,
}

/// One network and its way of looking.
struct Member {
    network: Network,
    input: Input,
    surround: Surround,
    side: usize,
    bona_fide: usize,
    rgb: Vec<u8>,
    values: Vec<f32>,
}

impl Liveness {
    /// Puts loaded networks together, ready to run; `None` when there are none.
    pub fn new(loaded: Vec<Loaded>, backend: &Backend) -> Result<Option<Self>, VisionError> {
        let members: Vec<Member> =
            loaded.into_iter().map(|loaded| Member::new(loaded, backend)).collect::<Result<_, _>>()?;
        Ok((!members.is_empty()).then_some(Self { members }))
    }

    /// The probability, 0 to 1, that the presentation is bona fide: a person, not a picture of one.
    pub fn bona_fide(&mut self, frame: &Frame, face: &DetectedFace) -> Result<f32, VisionError> {
        let mut sum = 0.0;
        for member in &mut self.members {
            sum += member.bona_fide(frame, face)?;
        }
        Ok(sum / self.members.len().max(1) as f32)
    }

    /// What each network says of a face before it becomes a probability, a number for each class: for whoever tries a
    /// network, not for judging a face.
    pub fn logits(&mut self, frame: &Frame, face: &DetectedFace) -> Result<Vec<Vec<f32>>, VisionError> {
        self.members.iter_mut().map(|member| member.logits(frame, face).map(<[f32]>::to_vec)).collect()
    }
}

impl Member {
    fn new(loaded: Loaded, backend: &Backend) -> Result<Self, VisionError> {
        let Loaded { manifest, graph, .. } = loaded;
        let Architecture::MiniFasNet(config) = &manifest.architecture else {
            let words = "a network for liveness of another architecture than MiniFASNet";
            return Err(WeightsError::Config(words.to_owned()).into());
        };
        let (side, bona_fide) = (config.side(), config.bona_fide);
        let words = "a network for liveness that does not say how much of the frame it wants to see";
        let surround = manifest.input.surround.ok_or_else(|| WeightsError::Config(words.to_owned()))?;
        let (network, input) = (Network::fixed(&graph, backend, (side, side), 1)?, manifest.input);
        Ok(Self { network, input, surround, side, bona_fide, rgb: Vec::new(), values: Vec::new() })
    }

    fn bona_fide(&mut self, frame: &Frame, face: &DetectedFace) -> Result<f32, VisionError> {
        let class = self.bona_fide;
        softmax(self.logits(frame, face)?, class).ok_or(VisionError::NotFinite("liveness"))
    }

    fn logits(&mut self, frame: &Frame, face: &DetectedFace) -> Result<&[f32], VisionError> {
        self.surround.cut(frame, &face.bbox, self.side as u32, &mut self.rgb);
        if self.input.channel_order == ChannelOrder::Bgr {
            self.rgb.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| pixel.reverse());
        }
        self.values.clear();
        push_planes(&self.rgb, self.input.mean, self.input.std, &mut self.values);
        self.network.run((self.side, self.side), &self.values)?;
        Ok(self.network.output(0))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.rgb.zeroize();
        self.values.zeroize();
    }
}

/// The probability of one class; `None` when there is no such class, or the logits are not finite.
fn softmax(logits: &[f32], class: usize) -> Option<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|v| (v - largest).exp()).sum();
    Some((logits.get(class)? - largest).exp() / sum).filter(|p| p.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_become_a_probability_however_large_they_are() {
        let p = |class| softmax(&[1.0, 3.0, 1.0], class).unwrap();
        assert!((p(0) + p(1) + p(2) - 1.0).abs() < 1e-6 && p(1) > 0.78 && p(1) < 0.79);
        assert_eq!(softmax(&[1e30, -1e30], 0), Some(1.0));
        assert_eq!(softmax(&[1.0, 2.0], 2), None);
        assert_eq!(softmax(&[f32::NAN, 2.0], 1), None);
    }
}

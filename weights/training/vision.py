"""What the kiosk does around the networks, in Python: letterbox, two looks, decoding, NMS, the second look, alignment. For evaluation."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

STRIDES = (8, 16, 32)
# How the kiosk looks (src/vision/detect.rs): longest side of the network's input, and when and for what it looks a
# second time at half the size.
LONG_SIDE = 512
CLOSE = 0.4
SECOND_PASS = 0.25
NMS_IOU = 0.4
MAX_CANDIDATES = 512
# From this score on, the first look is sure enough to have found a face.
SURE = 0.5
# Candidates of a picture that are looked at again (src/vision/second_look.rs).
LOOKED_AT_AGAIN = 16
# Where ArcFace wants the eyes, nose and mouth corners in its 112x112 crop.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@dataclass
class Found:
    score: float
    box: np.ndarray  # (4,) x1, y1, x2, y2 in pixels of the picture
    landmarks: np.ndarray  # (5, 2)


def letterbox(picture: np.ndarray, long_side: int) -> tuple[np.ndarray, float]:
    """Fits (H, W, 3) u8 into the top left of an input (1, 3, h, w) of its proportions, sides multiples of 32, the rest
    grey 127.5 (0 for the network). Returns the scale."""
    height, width = picture.shape[:2]
    larger = -(-max(long_side, 32) // 32) * 32
    input_width, input_height = (-(-side * larger // (32 * max(width, height))) * 32 for side in (width, height))
    scale = min(input_width / width, input_height / height)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(picture).resize((w, h), Image.Resampling.BILINEAR)
    x = np.zeros((1, 3, input_height, input_width), np.float32)
    x[0, :, :h, :w] = ((np.asarray(image).astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)
    return x, scale


def decode(outputs, width: int, scale: float, threshold: float) -> list[Found]:
    """`outputs`: per stride, scores (M,), boxes (M, 4), landmarks (M, 10) of one input of that width."""
    found = []
    for stride, (scores, boxes, landmarks) in zip(STRIDES, outputs):
        cells = width // stride
        for i in np.flatnonzero(scores >= threshold):
            centre = np.array([i // 2 % cells, i // 2 // cells]) * stride
            left, top, right, bottom = boxes[i] * stride
            box = np.array([centre[0] - left, centre[1] - top, centre[0] + right, centre[1] + bottom])
            points = centre + landmarks[i].reshape(5, 2) * stride
            if (box[2:] > box[:2]).all():
                found.append(Found(float(scores[i]), box / scale, points / scale))
    return found


def non_max_suppression(found: list[Found]) -> list[Found]:
    """Best first, and nothing that is mostly the same as something better, or a part of a face not much larger."""
    kept = []
    for face in sorted(found, key=lambda f: -f.score)[:MAX_CANDIDATES]:
        if all(iou(face.box, other.box) <= NMS_IOU and not nested(face.box, other.box) for other in kept):
            kept.append(face)
    return kept


def nested(a: np.ndarray, b: np.ndarray) -> bool:
    both = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    small, large = sorted(((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod()))
    return both > 0.8 * small and small > large / 6


class Detector:
    """Looks as the kiosk does; a kind of network says what it answers to an input (1, 3, h, w), as `decode` takes it."""

    # From which score on a box is a face, and from which score of the first look on a second one looks at it, if any does.
    threshold, candidate = 0.5, None

    def answers(self, x: np.ndarray) -> list[tuple]:
        raise NotImplementedError

    def judged(self, picture: np.ndarray, candidates: list[Found]) -> list[Found]:
        """The candidates with the score of both looks together and the landmarks of the second."""
        raise NotImplementedError

    def find(self, picture: np.ndarray, threshold: float | None = None) -> list[Found]:
        """Faces in pixels of the (H, W, 3) u8 picture, best first."""
        threshold = self.threshold if threshold is None else threshold
        if self.candidate is None:
            return self.first_look(picture, threshold)
        candidates = self.first_look(picture, self.candidate)
        judged = self.judged(picture, candidates[:LOOKED_AT_AGAIN]) + candidates[LOOKED_AT_AGAIN:]
        return sorted((face for face in judged if face.score >= threshold), key=lambda f: -f.score)

    def first_look(self, picture: np.ndarray, threshold: float) -> list[Found]:
        """What the detector itself takes for a face."""

        def look(long_side):
            x, scale = letterbox(picture, long_side)
            return decode(self.answers(x), x.shape[3], scale, threshold)

        def share(face):
            return ((face.box[2:] - face.box[:2]) / picture.shape[1::-1]).max()

        long_side = min(LONG_SIDE, max(picture.shape[:2]))
        faces = non_max_suppression(look(long_side))
        sure = [face for face in faces if face.score >= SURE]
        if sure and all(share(face) <= CLOSE for face in sure):
            return faces
        close = [face for face in look(long_side // 2) if share(face) >= SECOND_PASS]
        return non_max_suppression(faces + close)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(overlap / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - overlap))


class OnnxDetector(Detector):
    """det_500m.onnx or one like it."""

    def __init__(self, path, threads: int = 1):
        from common import onnx_session

        self.session = onnx_session(path, threads)
        self.input = self.session.get_inputs()[0].name

    def answers(self, x):
        flat = self.session.run(None, {self.input: x})
        return [(flat[i][:, 0], flat[3 + i], flat[6 + i]) for i in range(3)]


class TorchDetector(Detector):
    """One of our detectors: `model` returns logits, boxes and landmarks per stride; `calibration` is its manifest's."""

    def __init__(self, model, calibration: dict):
        self.model, self.threshold = model, calibration["score_threshold"]
        self.candidate = calibration["candidate_threshold"] if model.second_look else None

    def answers(self, x):
        import torch

        with torch.no_grad():
            answers = self.model(torch.from_numpy(x))
        return [(a[0].sigmoid().numpy(), b[0].numpy(), k[0].numpy()) for a, b, k in answers]

    def judged(self, picture, candidates):
        import torch

        if not candidates:
            return []
        crops = np.stack([align(picture, face.landmarks) for face in candidates]).astype(np.float32)
        x = torch.from_numpy((crops - 127.5) / 127.5).permute(0, 3, 1, 2).contiguous()
        with torch.no_grad():
            answers = self.model.second_look(x)
        places, logits = TEMPLATE + answers[:, :10].numpy().reshape(-1, 5, 2), answers[:, 10].numpy()
        judged = []
        for face, points, logit in zip(candidates, places, logits):
            first = min(max(face.score, 1e-6), 1 - 1e-6)
            score = 1 / (1 + np.exp(-(np.log(first / (1 - first)) + logit) / 2))
            forward = similarity_to_template(face.landmarks)
            points = (points - forward[:, 2]) @ np.linalg.inv(forward[:, :2]).T
            judged.append(replace(face, score=float(score), landmarks=points))
        return judged


def similarity_to_template(landmarks: np.ndarray) -> np.ndarray:
    """The 2x3 similarity (Umeyama, without reflection) that brings five landmarks to the template."""
    source, target = landmarks - landmarks.mean(0), TEMPLATE - TEMPLATE.mean(0)
    a = (source * target).sum() / (source**2).sum()
    b = (source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum() / (source**2).sum()
    turn = np.array([[a, -b], [b, a]])
    return np.column_stack([turn, TEMPLATE.mean(0) - turn @ landmarks.mean(0)])


def align(picture: np.ndarray, landmarks: np.ndarray, side: int = 112) -> np.ndarray:
    """The 112x112 crop, bilinear, black outside the picture."""
    forward = np.vstack([similarity_to_template(landmarks), [0, 0, 1]])
    # PIL maps target pixel corners to source; sampling positions are pixel centres.
    inverse = np.linalg.inv(forward)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    inverse = half @ inverse @ np.linalg.inv(half)
    coefficients = inverse[:2].flatten().tolist()
    image = Image.fromarray(picture).transform(
        (side, side), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(image)

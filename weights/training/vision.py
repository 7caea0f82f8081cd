"""What the kiosk does around the networks, in Python: letterbox, decoding, NMS, alignment. For evaluation."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

STRIDES = (8, 16, 32)
# Where ArcFace wants the eyes, nose and mouth corners in its 112x112 crop.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@dataclass
class Found:
    score: float
    box: np.ndarray  # (4,) x1, y1, x2, y2 in pixels of the picture
    landmarks: np.ndarray  # (5, 2)


def letterbox(picture: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """Scales (H, W, 3) u8 to fit a square, top left, the rest grey 127.5 (0 for the network). Returns the scale."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(picture).resize((w, h), Image.Resampling.BILINEAR)
    x = np.zeros((1, 3, side, side), np.float32)
    x[0, :, :h, :w] = ((np.asarray(image).astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)
    return x, scale


def decode(outputs, side: int, scale: float, threshold: float = 0.5, nms_iou: float = 0.4) -> list[Found]:
    """`outputs`: per stride, scores (M,), boxes (M, 4), landmarks (M, 10) of one picture. Best face first."""
    found = []
    for stride, (scores, boxes, landmarks) in zip(STRIDES, outputs):
        cells = side // stride
        for i in np.flatnonzero(scores > threshold):
            centre = np.array([i // 2 % cells, i // 2 // cells]) * stride
            left, top, right, bottom = boxes[i] * stride
            box = np.array([centre[0] - left, centre[1] - top, centre[0] + right, centre[1] + bottom])
            points = centre + landmarks[i].reshape(5, 2) * stride
            found.append(Found(float(scores[i]), box / scale, points / scale))
    found.sort(key=lambda f: -f.score)
    kept = []
    for face in found:
        if all(iou(face.box, other.box) <= nms_iou for other in kept):
            kept.append(face)
    return kept


def iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(overlap / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - overlap))


class OnnxDetector:
    """det_500m.onnx or one like it."""

    def __init__(self, path, threads: int = 1):
        from common import onnx_session

        self.session = onnx_session(path, threads)
        self.input = self.session.get_inputs()[0].name

    def find(self, picture: np.ndarray, side: int = 320, threshold: float = 0.5) -> list[Found]:
        x, scale = letterbox(picture, side)
        flat = self.session.run(None, {self.input: x})
        outputs = [(flat[i][:, 0], flat[3 + i], flat[6 + i]) for i in range(3)]
        return decode(outputs, side, scale, threshold)


class TorchDetector:
    """One of our detectors: `model` returns logits, boxes and landmarks per stride."""

    def __init__(self, model):
        self.model = model

    def find(self, picture: np.ndarray, side: int = 320, threshold: float = 0.5) -> list[Found]:
        import torch

        x, scale = letterbox(picture, side)
        with torch.no_grad():
            answers = self.model(torch.from_numpy(x))
        outputs = [(a[0].sigmoid().numpy(), b.numpy(), k.numpy()) for a, b, k in ((a, b[0], k[0]) for a, b, k in answers)]
        return decode(outputs, side, scale, threshold)


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

"""Writes reference.json: what onnxruntime gives for the network files of ../shared/weights.

Needs onnxruntime, numpy and Pillow. Run from anywhere: python tests/reference/make_reference.py

Embeddings and logits are of a pattern that is no picture of anybody: value i is (i * 2654435761 mod 2^32) / 2^31 - 1 in f32.
Boxes and landmarks are of photographs named by their path under ../shared/data, put at the top left of a black
picture without resizing and in grey, so that both sides see the same pixels.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
RECOGNISERS = {"mbf-w8": "mbf_w8dequant.onnx"}
DETECTORS = {"scrfd-500m": ("det_500m.onnx", 256), "scrfd-2.5g": ("scrfd_2.5g_kps.onnx", 640)}
LIVENESS = {
    "minifasnet-v2": ("2.7_80x80_MiniFASNetV2.onnx", 80),
    "minifasnet-v1se": ("4_0_0_80x80_MiniFASNetV1SE.onnx", 80),
    "minifasnet-v2se-128": ("minifasnet_v2se_128.onnx", 128),
}
SCORE, IOU = 0.5, 0.4
SAMPLES = 64


def pattern(*shape):
    i = np.arange(np.prod(shape), dtype=np.uint64)
    return ((i * 2654435761 % 2**32) / 2**31 - 1).astype(np.float32).reshape(shape)


def session(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # other sizes than the file announces are fine
    return onnxruntime.InferenceSession(SHARED / "weights" / name, options, providers=["CPUExecutionProvider"])


def run(net, x):
    return [np.asarray(y, dtype=np.float32) for y in net.run(None, {net.get_inputs()[0].name: x})]


def photographs():
    """Every 300th photograph of LFW's development split."""
    everyone = sorted((SHARED / "data" / "lfw_view1").glob("*/*.jpg"))
    return [str(p.relative_to(SHARED / "data")) for p in everyone[100::300]]


def grey(rgb):
    """Luma in all three channels: decoders of JPEG agree about it, but not about colours between pixels."""
    luma = (rgb.astype(np.int64) @ [299, 587, 114] + 500) // 1000
    return np.repeat(luma[..., None], 3, axis=2).astype(np.uint8)


def iou(a, b):
    both = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).prod()
    area = lambda r: np.maximum(0, r[2:] - r[:2]).prod()
    return both / (area(a) + area(b) - both)


def decode(outputs, side):
    """Faces of nine outputs: three of scores, three of boxes, three of landmarks, by stride."""
    faces = []
    for level, stride in enumerate((8, 16, 32)):
        score, box, points = (outputs[level + 3 * k].reshape(-1, n) for k, n in enumerate((1, 4, 10)))
        cells = side // stride
        y, x = np.divmod(np.arange(cells * cells), cells)
        centre = np.repeat(np.stack([x, y], 1) * stride, 2, axis=0)
        for i in np.flatnonzero(score[:, 0] >= SCORE):
            c, b = centre[i], box[i] * stride
            faces.append({
                "score": float(score[i, 0]),
                "box": [float(v) for v in (c[0] - b[0], c[1] - b[1], c[0] + b[2], c[1] + b[3])],
                "landmarks": [float(v) for v in (points[i].reshape(5, 2) * stride + c).reshape(-1)],
            })
    kept = []
    for face in sorted(faces, key=lambda f: -f["score"]):
        if all(iou(np.array(face["box"]), np.array(k["box"])) <= IOU for k in kept):
            kept.append(face)
    return kept


def main():
    reference = {"recognisers": {}, "detectors": {}, "liveness": {}}
    for name, file in RECOGNISERS.items():
        (embedding,) = run(session(file), pattern(1, 3, 112, 112))
        reference["recognisers"][name] = {"file": file, "embedding": [float(v) for v in embedding.reshape(-1)]}
    for name, (file, side) in LIVENESS.items():
        (logits,) = run(session(file), pattern(1, 3, side, side))
        reference["liveness"][name] = {"file": file, "side": side, "logits": [float(v) for v in logits.reshape(-1)]}
    for name, (file, side) in DETECTORS.items():
        net = session(file)
        samples = []
        for y in run(net, pattern(1, 3, side, side)):
            flat = y.reshape(-1)
            samples.append([float(v) for v in flat[:: max(1, len(flat) // SAMPLES)][:SAMPLES]])
        found = {}
        for path in photographs():
            photograph = grey(np.asarray(Image.open(SHARED / "data" / path).convert("RGB")))
            canvas = np.zeros((side, side, 3), dtype=np.uint8)
            canvas[: photograph.shape[0], : photograph.shape[1]] = photograph
            x = ((canvas.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
            found[path] = decode(run(net, np.ascontiguousarray(x)), side)
        reference["detectors"][name] = {"file": file, "side": side, "samples": samples, "faces": found}
    (HERE / "reference.json").write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()

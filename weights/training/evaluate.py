"""Figures of an exported network, or of a teacher to compare with.

    python weights/training/evaluate.py recogniser weights/fp-face-4 [--detector weights/fp-detect-3]
    python weights/training/evaluate.py detector weights/fp-detect-3
    python weights/training/evaluate.py recogniser ../shared/weights/mbf_w8dequant.onnx
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import faces as face_data
import scenes
import vision
from augment import plain
from common import REPO, arguments, onnx_session, workspace
from export import load_export

SIDE = 480  # of synthesised scenes
# Heights of faces, in shares of the picture's larger side.
HEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.9)


def open_detector(path: Path, threads: int):
    if path.suffix == ".onnx":
        return vision.OnnxDetector(path, threads)
    model, manifest = load_export(path)
    return vision.TorchDetector(model, manifest["calibration"])


def open_recogniser(path: Path, threads: int):
    """A function from (N, 112, 112, 3) u8 to normalised embeddings."""
    if path.suffix == ".onnx":
        session = onnx_session(path, threads)
        name = session.get_inputs()[0].name

        def raw(batch):
            return session.run(None, {name: plain(batch).numpy()})[0]
    else:
        model, manifest = load_export(path)

        @torch.no_grad()
        def raw(batch):
            x = plain(batch)
            y = model(x)
            if manifest["input"].get("mirror"):
                y = y + model(x.flip(3))
            return y.numpy()

    def embed(pixels: np.ndarray) -> np.ndarray:
        rows = np.concatenate([raw(pixels[i : i + 32]) for i in range(0, len(pixels), 32)])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return embed


def fingerprint(path: Path) -> str:
    """A few characters that change with the network and its threshold."""
    files = [path] if path.is_file() else [path / "model.safetensors", path / "manifest.json"]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:8]


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def lfw_pairs(folder: Path) -> list[tuple[str, str, bool]]:
    """(image, image, same person) with images as "Name/Name_0001.jpg"."""

    def image(name, number):
        return f"{name}/{name}_{int(number):04}.jpg"

    pairs = []
    for line in (folder / "pairsDevTest.txt").read_text().splitlines()[1:]:
        f = line.split()
        if len(f) == 3:
            pairs.append((image(f[0], f[1]), image(f[0], f[2]), True))
        elif len(f) == 4:
            pairs.append((image(f[0], f[1]), image(f[2], f[3]), False))
    return pairs


def central(found: list[vision.Found], picture: np.ndarray):
    """The face that an LFW picture is about: the one nearest to its middle."""
    middle = np.array(picture.shape[1::-1]) / 2
    return min(found, key=lambda f: np.abs((f.box[:2] + f.box[2:]) / 2 - middle).sum(), default=None)


def best_accuracy(scores: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """The highest accuracy of any threshold, and that threshold."""
    thresholds = np.sort(scores)
    accuracy = [((scores >= t) == same).mean() for t in thresholds]
    i = int(np.argmax(accuracy))
    return float(accuracy[i]), float(thresholds[i])


def wilson(share: float, count: int) -> list[float]:
    """95 % interval of a share."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return [round(float(middle - half), 4), round(float(middle + half), 4)]


def bootstrap(hits: np.ndarray, whose: np.ndarray, draws: int = 1000) -> list[float] | None:
    """95 % interval of the mean of `hits`, by drawing people: what is true of one picture is true of the person's next."""
    people, index = np.unique(whose, return_inverse=True)
    if len(people) < 2:
        return None
    count, right = np.bincount(index), np.bincount(index, hits)
    drawn = np.random.default_rng(11).integers(len(people), size=(draws, len(people)))
    shares = right[drawn].sum(1) / count[drawn].sum(1)
    return [round(float(v), 4) for v in np.quantile(shares, (0.025, 0.975))]


def evaluate_recogniser(args, work: Path) -> dict:
    pairs = lfw_pairs(args.lfw)
    pairs = pairs[:10] + pairs[-10:] if args.smoke else pairs
    names = sorted({name for a, b, _ in pairs for name in (a, b)})
    # Alignment does not depend on the recogniser: keep it between runs.
    cache = work / f"lfw-{args.detector.stem}-{fingerprint(args.detector)}.npz"
    if cache.exists() and not args.realign and list(np.load(cache)["names"]) == names:
        crops, ok = np.load(cache)["crops"], np.load(cache)["ok"]
    else:
        detector = open_detector(args.detector, args.threads)
        crops, ok = np.zeros((len(names), 112, 112, 3), np.uint8), np.zeros(len(names), bool)
        for i, name in enumerate(names):
            picture = read(args.lfw / name)
            face = central(detector.find(picture), picture)
            if face is not None:
                crops[i], ok[i] = vision.align(picture, face.landmarks), True
        np.savez(cache, names=names, crops=crops, ok=ok)
    embeddings = open_recogniser(args.network, args.threads)(crops)
    embeddings[~ok] = 0  # a face that is not found matches nobody
    index = {name: i for i, name in enumerate(names)}
    scores = np.array([embeddings[index[a]] @ embeddings[index[b]] for a, b, _ in pairs])
    same = np.array([s for _, _, s in pairs])
    accuracy, threshold = best_accuracy(scores, same)
    # The threshold of one half judged on the other, as LFW's folds do.
    halves = [np.arange(len(pairs)) % 2 == k for k in (0, 1)]
    crossed = [((scores[h] >= best_accuracy(scores[~h], same[~h])[1]) == same[h]).mean() for h in halves]
    person = np.array([name.split("/")[0] for name in names])
    upper = np.triu(np.ones((len(names), len(names)), bool), 1) & ok[:, None] & ok[None, :]
    everything = embeddings @ embeddings.T
    alike = upper & (person[:, None] == person[None, :])
    genuine, whose = everything[alike], np.broadcast_to(person[:, None], alike.shape)[alike]
    impostor = np.sort(everything[upper & (person[:, None] != person[None, :])])
    report = {"network": args.network.name, "detector": args.detector.name, "pairs": len(pairs)}
    report |= {"not_found": int((~ok).sum()), "accuracy": round(accuracy, 4), "threshold": round(threshold, 4)}
    report["accuracy_crossed"] = round(float(np.mean(crossed)), 4)
    report["accuracy_95"] = wilson(report["accuracy_crossed"], len(pairs))
    for far in (1e-2, 1e-3, 1e-4):
        at = impostor[min(len(impostor) - 1, int(len(impostor) * (1 - far)))]
        report[f"tar_at_far_{far:g}"] = round(float((genuine > at).mean()), 4)
        report[f"tar_at_far_{far:g}_95"] = bootstrap(genuine > at, whose)
    report |= {"genuine_pairs": len(genuine), "impostor_pairs": len(impostor)}
    report |= {"genuine_mean": round(float(genuine.mean()), 3), "impostor_std": round(float(impostor.std()), 4)}
    return report


class Settled(vision.Detector):
    """A detector whose landmarks are the mean of four looks, at the picture, shifted, mirrored, and both: what it sees
    rather than where its cells happen to lie."""

    def __init__(self, detector: vision.Detector):
        self.detector = detector

    def find(self, picture, threshold=None):
        faces = self.detector.find(picture, threshold)
        others = [_looked(self.detector, picture, 0, True, threshold)]
        others += [_looked(self.detector, picture, 5, mirror, threshold) for mirror in (False, True)]

        def settled(face):
            same = [max(found, key=lambda f: vision.iou(f.box, face.box), default=face) for found in others]
            points = [f.landmarks for f in same if vision.iou(f.box, face.box) > 0.5]
            return replace(face, landmarks=np.mean([face.landmarks, *points], 0))

        return [settled(face) for face in faces]


def _looked(detector, picture: np.ndarray, shift: int, mirror: bool, threshold) -> list[vision.Found]:
    """What a detector finds in a picture that is mirrored, then moved to the right and down; in pixels of the picture."""
    width = picture.shape[1]
    moved = np.pad(picture[:, ::-1] if mirror else picture, ((shift, 0), (shift, 0), (0, 0)), mode="edge")
    found = []
    for face in detector.find(np.ascontiguousarray(moved[: len(picture), :width]), threshold):
        box, points = face.box - shift, face.landmarks - shift
        if mirror:
            box = np.array([width - 1 - box[2], box[1], width - 1 - box[0], box[3]])
            points = np.column_stack([width - 1 - points[:, 0], points[:, 1]])[[1, 0, 2, 4, 3]]
        found.append(replace(face, box=box, landmarks=points))
    return found


def compare(student, teacher, pictures) -> dict:
    """How well the student finds the faces of which the teacher is sure, over (H, W, 3) pictures."""
    hits, heights, first, distances, extra = [], [], [], [], 0
    for picture in pictures:
        wanted, found = teacher.find(picture), student.find(picture)
        for face in wanted:
            heights.append((face.box[3] - face.box[1]) / max(picture.shape))
            best = max(found, key=lambda f: vision.iou(f.box, face.box), default=None)
            hits.append(best is not None and vision.iou(best.box, face.box) > 0.5)
            if hits[-1]:
                eyes = np.linalg.norm(face.landmarks[0] - face.landmarks[1])
                distances.append(np.linalg.norm(best.landmarks - face.landmarks, axis=1).mean() / eyes)
        first += hits[len(hits) - len(wanted) :][:1]  # the face of which the teacher is surest
        extra += sum(all(vision.iou(f.box, face.box) <= 0.3 for face in wanted) for f in found)
    hits, heights = np.array(hits), np.array(heights)
    report = {"pictures": len(pictures), "faces": len(hits), "extra": extra}
    if len(hits):
        report |= {"found": round(float(hits.mean()), 4), "found_95": wilson(hits.mean(), len(hits))}
        report |= {"surest_found": round(float(np.mean(first)), 4), "surest_found_95": wilson(np.mean(first), len(first))}
        for low, high in zip(HEIGHTS, HEIGHTS[1:]):
            here = hits[(heights >= low) & (heights < high)]
            if len(here):
                report[f"found_of_height_{low}_to_{high}"] = f"{here.sum()} of {len(here)}"
    if distances:
        report |= {"landmark_error": round(float(np.mean(distances)), 4), "p95": round(float(np.quantile(distances, 0.95)), 4)}
    return report


def evaluate_detector(args, work: Path) -> dict:
    student = open_detector(args.network, args.threads)
    teacher = vision.OnnxDetector(args.teachers / "det_500m.onnx", args.threads)
    images = sorted(args.lfw.glob("*/*.jpg"))[:: 200 if args.smoke else args.every]
    frames = sorted(args.clips.glob("*/*.jpg"))[:: 200 if args.smoke else args.every]
    report = {"network": args.network.name}
    report["lfw"] = compare(student, teacher, [read(p) for p in images])
    report["clips"] = compare(student, teacher, [read(p) for p in frames])
    # How far landmarks can be the teacher's at all: it moves them itself when the picture moves.
    some, settled = [read(p) for p in images[::4]], Settled(teacher)
    report["lfw_landmarks_to_settled_teacher"] = compare(student, settled, some).get("landmark_error")
    report["lfw_landmarks_of_teacher_to_settled_teacher"] = compare(teacher, settled, some).get("landmark_error")
    sprites = [read_sprite(p) for p in sorted((REPO / "assets/demo").glob("person-*.png"))]
    report["demo"] = compare(student, teacher, sprites)
    faces = face_data.load(args.faces, work, args.smoke)
    random = np.random.default_rng(98)
    crops = held_out_crops(faces)
    peopled = [scenes.scene(crops, random, SIDE) for _ in range(20 if args.smoke else 500 // args.every)]
    report["scenes"] = compare(student, teacher, peopled)
    empty = empty_scenes(faces, teacher, 20 if args.smoke else 1000 // args.every, seed=99)
    false = [f.score for picture in empty for f in student.find(picture)]
    report["no_face"] = {"pictures": len(empty), "false_faces": len(false)}
    return report


def held_out_crops(faces: face_data.Faces) -> np.ndarray:
    """(N, 112, 112, 3) u8: the faces that were not trained on; all of them in a smoke run, which may hold none out."""
    return faces.pixels[np.flatnonzero(faces.held_out)] if faces.held_out.any() else faces.pixels


def empty_scenes(faces: face_data.Faces, teacher, count: int, seed: int) -> list[np.ndarray]:
    """Synthesised scenes in which the teacher sees no face, and nothing that it might take for one."""
    random, crops, found = np.random.default_rng(seed), held_out_crops(faces), []
    while len(found) < count:
        picture = scenes.non_face(crops, random, SIDE)
        if not teacher.find(picture, 0.3):
            found.append(picture)
    return found


def read_sprite(path: Path) -> np.ndarray:
    """A demo person before a grey wall."""
    sprite = Image.open(path)
    picture = Image.new("RGBA", (480, 360), (186, 184, 178, 255))
    picture.alpha_composite(sprite, (112, 40))
    return np.asarray(picture.convert("RGB"))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("kind", choices=["recogniser", "detector"])
    parser.add_argument("network", type=Path, help="an exported folder or an ONNX file")
    parser.add_argument("--detector", type=Path, help="aligns for the recogniser (default: the teacher's)")
    parser.add_argument("--every", type=int, default=1, help="detector: only every n-th picture, for a quick look")
    parser.add_argument("--realign", action="store_true", help="do not use the aligned crops of an earlier run")
    args = parser.parse_args()
    args.detector = args.detector or args.teachers / "det_500m.onnx"
    torch.set_num_threads(args.threads)
    work = workspace(args)
    report = (evaluate_recogniser if args.kind == "recogniser" else evaluate_detector)(args, work)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

"""A second look at what a detector takes for a face: a small IResNet sees the crop that the detector's landmarks align, and
says whether it is a face and where in the crop the landmarks are.

    python weights/training/train_second_look.py --detector weights/first-look --minutes 60

Upright and at one size, faces are easier to tell and landmarks to place than anywhere in a scene. It learns from training
faces, misaligned a little more than the detector does it, and from what the detector finds in synthesised scenes down to low
scores, most of it no face; the detector's teacher says what is one. The landmarks of the training faces are the mean of several of its
looks, because they move by 4 % of the eye distance when a picture is shifted by a few pixels. Loss: mean distance of the
landmarks, and cross entropy. Both sets are made once. Resumes from its checkpoint; `export.py second-look` puts the
network beside the detector's in one file.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import faces as face_data
import scenes
import vision
from augment import Draw, degraded
from common import arguments, checkpoint_of, half_precision, workspace, write_atomically
from evaluate import open_detector
from recogniser import Config, Recogniser
from schedule import Average, Clock, Muon, learning_rate_factor
from train_detector import Rows

# Answers are ten numbers for the landmarks and the logit of a face.
CONFIG = Config(stem_width=16, widths=(32, 64, 128), blocks=(1, 1, 1), tail_width=16, embedding_length=11)
TEACHER = "det_500m.onnx"
SIDE = face_data.SIDE
EYES = float(np.linalg.norm(vision.TEMPLATE[0] - vision.TEMPLATE[1]))  # pixels
# Where in a mirrored face the five landmarks of the face are.
MIRRORED = [1, 0, 2, 4, 3]
# Further than this from where the data's own alignment has them, in pixels, the teacher's landmarks are another face's.
ELSEWHERE = 12.0
# Standard deviations of the misalignment: log scale, radians, pixels. The detector's in LFW are 0.04, 0.05 and 1.1.
MISALIGNED = (0.05, 0.06, 1.8)
# What the detector finds from this score on is a candidate, in scenes of these sides, most of them with people.
LOWEST = 0.15
SIDES = (224, 320, 400)
PEOPLED = 0.6
CANDIDATES = 60_000
# The teacher's scores from which on it may be a face, and is one.
UNSURE, SURE = 0.2, 0.5
FACE_WEIGHT = 2.0  # of the cross entropy, in pixels


def landmarks(faces: face_data.Faces, teacher: vision.Detector, path: Path) -> np.ndarray:
    """(N, 5, 2) f32, pixels of each face; NaN where the teacher sees none. Kept in `path`."""
    if path.exists() and len(known := np.load(path)) == len(faces):
        return known
    points = np.full((len(faces), 5, 2), np.nan, np.float32)
    for i, face in enumerate(faces.pixels):
        looks = [look for shift in (0, 4) for mirror in (False, True) if (look := _look(teacher, face, shift, mirror)) is not None]
        if looks and np.linalg.norm((mean := np.mean(looks, 0)) - vision.TEMPLATE, axis=1).mean() < ELSEWHERE:
            points[i] = mean
        if i % 5000 == 0:
            print(f"landmarks of {i} of {len(faces)} faces", flush=True)
    write_atomically(path, lambda part: _save(part, np.save, points))
    return points


def candidates(faces: face_data.Faces, detector: vision.Detector, teacher: vision.Detector, count: int, path: Path):
    """What the detector takes for a face: crops (N, 112, 112, 3) u8 as its landmarks align them, whether the teacher agrees
    (N,), 0 to 1, and its landmarks in the crops' pixels (N, 5, 2), NaN where it does not. Kept in two files named as `path`."""
    pixels, rest = path.with_suffix(".npy"), path.with_suffix(".npz")
    if not rest.exists():
        crops = np.lib.format.open_memmap(pixels, mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))
        agreed, points = np.zeros(count, np.float32), np.full((count, 5, 2), np.nan, np.float32)
        random, trainable = np.random.default_rng(3), Rows(faces.pixels, np.flatnonzero(~faces.held_out))
        done = looked = 0
        while done < count:
            make = scenes.scene if random.random() < PEOPLED else scenes.non_face
            picture = make(trainable, random, int(random.choice(SIDES)))
            wanted = teacher.find(picture, UNSURE)
            for face in detector.first_look(picture, LOWEST)[: count - done]:
                same = max(wanted, key=lambda f: vision.iou(f.box, face.box), default=face)
                if same is not face and vision.iou(same.box, face.box) > 0.5:
                    forward = vision.similarity_to_template(face.landmarks)
                    agreed[done] = np.clip((same.score - UNSURE) / (SURE - UNSURE), 0, 1)
                    points[done] = same.landmarks @ forward[:, :2].T + forward[:, 2]
                crops[done] = vision.align(picture, face.landmarks)
                done += 1
            looked += 1
            if looked % 500 == 0:
                print(f"{done} candidates in {looked} scenes, {agreed[:done].mean():.2f} of them faces", flush=True)
        crops.flush()
        write_atomically(rest, lambda part: _save(part, np.savez, agreed=agreed, points=points))
    with np.load(rest) as known:
        return np.load(pixels, mmap_mode="r"), known["agreed"], known["points"]


def _save(part: Path, save, *arrays, **named) -> None:
    with part.open("wb") as file:
        save(file, *arrays, **named)


def _look(teacher: vision.Detector, face: np.ndarray, shift: int, mirror: bool) -> np.ndarray | None:
    """(5, 2) pixels of a 112x112 face, seen inside its own reflection."""
    margins = ((56 + shift, 56 - shift),) * 2
    picture = np.pad(face[:, ::-1] if mirror else face, (*margins, (0, 0)), mode="reflect")
    x = ((picture.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
    found = vision.decode(teacher.answers(x), picture.shape[1], 1.0, teacher.threshold)
    middle = [f for f in found if np.abs((f.box[:2] + f.box[2:]) / 2 - picture.shape[1] / 2).max() < SIDE / 3]
    if not middle:
        return None
    points = max(middle, key=lambda f: f.score).landmarks - 56 - shift
    return np.column_stack([SIDE - 1 - points[:, 0], points[:, 1]])[MIRRORED] if mirror else points


def misaligned(pixels: np.ndarray, points: np.ndarray, aligned: np.ndarray, draw: Draw, spread: float = 1.0):
    """Of (N, 112, 112, 3) u8 pictures with landmarks (N, 5, 2), crops (N, 3, 112, 112) by the similarities `aligned`
    (N, 2, 3) that are `spread` times as wrong as MISALIGNED, and where the landmarks are in these."""
    n, middle = len(pixels), torch.tensor(vision.TEMPLATE.mean(0), dtype=torch.float32)
    scale, angle = draw.normal(MISALIGNED[0] * spread).exp(), draw.normal(MISALIGNED[1] * spread)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    turn = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    aligned = torch.from_numpy(aligned).float()
    linear = turn @ aligned[:, :, :2]
    moved = (turn @ (aligned[:, :, 2] - middle)[:, :, None])[:, :, 0] + middle + draw.normal(MISALIGNED[2] * spread, n, 2)
    wanted = torch.from_numpy(points) @ linear.transpose(1, 2) + moved[:, None]
    # grid_sample asks where each pixel of the crop comes from, with -1 and 1 at the picture's edges.
    back, centre = torch.linalg.inv(linear), (SIDE - 1) / 2
    from_centre = (back @ (centre - moved)[:, :, None] - centre) / (SIDE / 2)
    grid = F.affine_grid(torch.cat([back, from_centre], 2), [n, 3, SIDE, SIDE], align_corners=False)
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False), wanted


def distances(answers: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(N,) mean pixels between the landmarks that the network's answers (N, 11) are and those that are wanted."""
    points = answers[:, :10].view(-1, 5, 2) + torch.tensor(vision.TEMPLATE, dtype=torch.float32, device=answers.device)
    return ((points - wanted).square().sum(2) + 1e-3).sqrt().mean(1)


class Pictures:
    """Some rows of a set, with what is known about them."""

    def __init__(self, pixels, points: np.ndarray, agreed: np.ndarray, aligned, rows: np.ndarray, spread: float):
        self.pixels, self.points, self.agreed, self.aligned = pixels, points, agreed, aligned
        self.rows, self.spread = rows, spread

    def draw(self, rows: np.ndarray, mirror: bool, random: torch.Generator, spread: float):
        """Crops, landmarks in them, and whether they are faces."""
        pixels, points = self.pixels[rows], self.points[rows]
        if mirror:
            pixels = np.ascontiguousarray(pixels[:, :, ::-1])
            points = np.stack([SIDE - 1 - points[..., 0], points[..., 1]], 2)[:, MIRRORED]
        x, wanted = misaligned(pixels, points, self.aligned(points), Draw(len(rows), random), spread)
        return x, wanted, torch.from_numpy(self.agreed[rows])


def to_template(points: np.ndarray) -> np.ndarray:
    return np.stack([vision.similarity_to_template(p) for p in points])


def as_they_are(points: np.ndarray) -> np.ndarray:
    return np.tile(np.eye(2, 3), (len(points), 1, 1))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--detector", type=Path, required=True, help="exported folder of the detector that looks first")
    parser.add_argument("--minutes", type=float, default=60, help="time budget, which sets the schedule (schedule.py)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--name", default="second-look", help="name of the checkpoint and its log")
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    parser.add_argument("--prepare", choices=["landmarks", "candidates"], help="only make one of the two sets")
    args = parser.parse_args()
    args.start, work, count = None, workspace(args), CANDIDATES
    if args.smoke:
        args.minutes, args.batch, count = min(args.minutes, 0.3), min(args.batch, 16), 300
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device(args.device)
    faces = face_data.load(args.faces, work, args.smoke)
    teacher = vision.OnnxDetector(args.teachers / TEACHER, args.threads)
    if args.prepare != "candidates":
        face_points = landmarks(faces, teacher, work / "landmarks.npy")
    if args.prepare != "landmarks":
        found = candidates(faces, open_detector(args.detector, args.threads), teacher, count, work / f"candidates-{args.detector.name}")
    if args.prepare:
        return
    crops, agreed, points = found
    certain = np.flatnonzero(~np.isnan(face_points[:, 0, 0]) & ~faces.held_out)
    watched = np.flatnonzero(~np.isnan(face_points[:, 0, 0]) & faces.held_out)[:1000]
    last = len(crops) // 20  # of the candidates; not trained on
    sets = [
        Pictures(faces.pixels, face_points, np.ones(len(faces), np.float32), to_template, certain, 1.0),
        Pictures(crops, points, agreed, as_they_are, np.arange(len(crops) - last), 0.5),
    ]

    checkpoint = work / f"{args.name}.pt"
    state = checkpoint_of(checkpoint, args)
    model = Recogniser(CONFIG).train().to(device, memory_format=torch.channels_last)
    muon = Muon([p for p in model.parameters() if p.ndim == 4], 0.03)
    adam = torch.optim.AdamW([p for p in model.parameters() if p.ndim != 4], 2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model)
    step, seen, spent = 0, 0, 0.0
    if state:
        model.load_state_dict(state["model"])
        average.load(state)
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        step, seen, spent = state["step"], state["seen"], state["spent"]
        print(f"resumed at step {step}, {seen} pictures, {spent / 60:.1f} min", flush=True)

    def save():
        state = {"config": CONFIG.to_json(), "model": model.state_dict()} | average.state()
        state |= {"muon": muon.state_dict(), "adam": adam.state_dict()}
        state |= {"step": step, "seen": seen, "spent": clock.spent(), "before": {"seen": 0, "minutes": 0.0}}
        write_atomically(checkpoint, lambda p: torch.save(state, p))

    @torch.no_grad()
    def watch() -> dict:
        """Of faces of people not trained on, the landmarks' error in eye distances; of candidates not trained on, the cross
        entropy, and how many of those that are no faces score as high as the lowest hundredth of the faces."""
        random, errors, logits = torch.Generator().manual_seed(5), [], []
        for rows in np.array_split(watched, max(1, len(watched) // 100)):
            x, wanted, _ = sets[0].draw(rows, False, random, 0.7)
            errors.append(distances(average.model(x.to(device)).float(), wanted.to(device)).cpu())
        rows = np.arange(len(crops) - last, len(crops))
        for part in np.array_split(rows, max(1, last // 100)):
            x, _, _ = sets[1].draw(part, False, random, 0.0)
            logits.append(average.model(x.to(device))[:, 10].float().cpu())
        logits, truth = torch.cat(logits), torch.from_numpy(agreed[rows])
        entropy = F.binary_cross_entropy_with_logits(logits, truth).item()
        are, are_not = logits[truth == 1], logits[truth == 0]
        passing = (are_not >= are.quantile(0.01)).float().mean().item() if len(are) else float("nan")
        error = torch.cat(errors).mean().item() / EYES
        return {"held_out_error": round(error, 4), "held_out_entropy": round(entropy, 4), "passing": round(passing, 4)}

    log = (work / f"{args.name}.jsonl").open("a")
    random, choice = torch.Generator().manual_seed(step), np.random.default_rng(step)
    clock, mean = Clock(args.minutes, spent, device, args.threads), None
    while (progress := clock.progress()) < 1.0:
        drawn = []
        for part in sets:
            rows = np.sort(choice.choice(part.rows, args.batch // 2, replace=False))
            drawn.append(part.draw(rows, choice.random() < 0.5, random, part.spread))
        x, wanted, truth = (torch.cat(values) for values in zip(*drawn))
        x = degraded(x, random).to(device, memory_format=torch.channels_last)
        wanted, truth = wanted.to(device), truth.to(device)
        factor = learning_rate_factor(step, progress)
        for optimiser, rate in ((muon, 0.03), (adam, 2e-3)):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.zero_grad()
        with half_precision(args.device):
            answers = model(x)
        placed = truth > 0.5
        distance = distances(answers.float()[placed], wanted[placed]).mean()
        entropy = F.binary_cross_entropy_with_logits(answers[:, 10].float(), truth)
        (distance + FACE_WEIGHT * entropy).backward()
        muon.step()
        adam.step()
        step, seen = step + 1, seen + len(x)
        average.update(model)
        parts = {"error": distance.item() / EYES, "entropy": entropy.item()}
        mean = parts if mean is None else {k: mean[k] + (v - mean[k]) / 50 for k, v in parts.items()}
        if step % 100 == 0:
            save()
        if step % 200 == 0:
            entry = {"step": step, "seen": seen, "minutes": round(clock.spent() / 60, 1)}
            entry |= {k: round(v, 4) for k, v in mean.items()} | watch()
            print(entry, flush=True)
            log.write(json.dumps(entry) + "\n")
            log.flush()
    save()
    print(f"done: {seen} pictures in {clock.spent() / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()

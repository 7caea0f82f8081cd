"""Step 3: the detector learns the dense outputs of the teacher, SCRFD-500M, on synthesised scenes.

    python weights/training/train_detector.py --minutes 600

Scores: quality focal loss against the teacher's soft scores at every cell. Boxes and landmarks: smooth L1 in strides
where the teacher is sure (score over 0.3), weighted by its score, relative to the face's size. Every batch is new
scenes, labelled as it is made. Resumes from its checkpoint.
"""

import json

import numpy as np
import torch
from torch.nn import functional as F

import faces as face_data
import scenes
from common import arguments, onnx_session, workspace, write_atomically
from detector import Config, ConvBnRelu, Detector
from schedule import Average, Clock, Muon, learning_rate_factor

TEACHER = "det_500m.onnx"
SIDES = (160, 192, 224, 256)
SURE = 0.3


def normalised(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) u8 to the detectors' input."""
    return np.ascontiguousarray(((pictures.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2))


class Teacher:
    def __init__(self, path, threads: int = 1):
        self.session = onnx_session(path, threads)
        self.input = self.session.get_inputs()[0].name

    def __call__(self, batch: np.ndarray) -> list[list[np.ndarray]]:
        """Per stride: scores (N, M), boxes (N, M, 4), landmarks (N, M, 10)."""
        answers = [self.session.run(None, {self.input: image[None]}) for image in batch]
        stacked = [np.stack(parts) for parts in zip(*answers)]
        return [[stacked[i][..., 0], stacked[3 + i], stacked[6 + i]] for i in range(3)]


def loss_of(predicted, wanted) -> tuple[torch.Tensor, dict]:
    """The weighted sum and its parts, averaged over the faces' cells of all strides."""
    score = box = landmark = 0.0
    mass = 0.0
    for (logit, reg, kps), (teacher_score, teacher_box, teacher_kps) in zip(predicted, wanted):
        focal = (logit.sigmoid() - teacher_score).abs().detach() ** 2
        score = score + (focal * F.binary_cross_entropy_with_logits(logit, teacher_score, reduction="none")).sum()
        weight = teacher_score * (teacher_score > SURE)
        mass += weight.sum().item()
        # Errors count relative to the face: width plus height, in strides.
        size = (teacher_box.sum(-1) / 2).clamp_min(1.0)
        box_error = F.smooth_l1_loss(reg, teacher_box, reduction="none", beta=0.2).mean(-1) / size
        kps_error = F.smooth_l1_loss(kps, teacher_kps, reduction="none", beta=0.1).mean(-1) / size
        box = box + (weight * box_error).sum()
        landmark = landmark + (weight * kps_error).sum()
    mass = max(mass, 1.0)
    parts = {"score": score.item() / mass, "box": box.item() / mass, "landmark": landmark.item() / mass}
    return (4.0 * score + 10.0 * box + 15.0 * landmark) / mass, parts


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=600, help="time budget, which sets the schedule (schedule.py)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--muon-rate", type=float, default=0.03)
    parser.add_argument("--adam-rate", type=float, default=3e-3)
    parser.add_argument("--name", default="detector", help="name of the checkpoint and its log")
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    args = parser.parse_args()
    work = workspace(args)
    if args.smoke:
        args.minutes, args.batch = min(args.minutes, 0.3), 4
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device(args.device)
    faces = face_data.load(args.faces, work, args.smoke)
    teacher = Teacher(args.teachers / TEACHER, args.threads)

    model = Detector(Config()).to(device, memory_format=torch.channels_last)
    dense = [m.conv.weight for m in model.modules() if isinstance(m, ConvBnRelu) and m.conv.groups == 1]
    chosen = {id(p) for p in dense}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = Muon(dense, args.muon_rate)
    adam = torch.optim.AdamW(others, args.adam_rate, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model)
    checkpoint, step, seen, spent = work / f"{args.name}.pt", 0, 0, 0.0
    if checkpoint.exists() and not args.fresh:
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        average.load(state)
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        step, seen, spent = state["step"], state["seen"], state["spent"]
        print(f"resumed at step {step}, {seen} scenes, {spent / 60:.1f} min", flush=True)

    def save():
        state = {"config": model.config.to_json(), "model": model.state_dict()} | average.state()
        state |= {"muon": muon.state_dict(), "adam": adam.state_dict()}
        state |= {"step": step, "seen": seen, "spent": clock.spent()}
        write_atomically(checkpoint, lambda p: torch.save(state, p))

    log = (work / f"{args.name}.jsonl").open("a")
    random = np.random.default_rng(1000 + step)
    trainable = faces.pixels if args.smoke else _Rows(faces.pixels, np.flatnonzero(~faces.held_out))
    clock, mean = Clock(args.minutes, spent, device, args.threads), None
    while (progress := clock.progress()) < 1.0:
        side = int(random.choice(SIDES))
        batch = normalised(np.stack([scenes.scene(trainable, random, side) for _ in range(args.batch)]))
        wanted = [[torch.from_numpy(t).to(device) for t in stride] for stride in teacher(batch)]
        factor = learning_rate_factor(step, progress)
        for optimiser, rate in ((muon, args.muon_rate), (adam, args.adam_rate)):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.zero_grad()
        pictures = torch.from_numpy(batch).to(device, memory_format=torch.channels_last)
        loss, parts = loss_of(model(pictures), wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        muon.step()
        adam.step()
        step, seen = step + 1, seen + args.batch
        average.update(model)
        mean = parts if mean is None else {k: mean[k] + (v - mean[k]) / 50 for k, v in parts.items()}
        if step % 50 == 0:
            entry = {"step": step, "seen": seen, "minutes": round(clock.spent() / 60, 1)}
            entry |= {k: round(v, 4) for k, v in mean.items()}
            print(entry, flush=True)
            log.write(json.dumps(entry) + "\n")
            log.flush()
        if step % 100 == 0:
            save()
    save()
    print(f"done: {seen} scenes in {clock.spent() / 60:.1f} min", flush=True)


class _Rows:
    """Some rows of a memory-mapped array, without copying them."""

    def __init__(self, array, rows):
        self.array, self.rows = array, rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.array[self.rows[i]]


if __name__ == "__main__":
    main()

"""The detector learns the dense outputs of the teacher, SCRFD-500M, on synthesised scenes.

    python weights/training/train_detector.py --minutes 600

Scores: quality focal loss against the teacher's soft scores at every cell. Boxes and landmarks: smooth L1 in strides
where the teacher is sure (score over 0.3), weighted by its score, relative to the face's size. Hints (FitNets): from the
student's inner maps the teacher's are predicted by 1x1 convolutions that are thrown away afterwards; they say something
about every cell, the others nearly nothing outside faces. Every batch is new scenes, labelled as it is made. Resumes
from its checkpoint; where none is left, `--start weights/fp-detect-3` goes on from an exported network.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch.nn import functional as F

import faces as face_data
import scenes
from common import arguments, checkpoint_of, onnx_session, workspace, write_atomically
from detector import Config, ConvBnRelu, Detector
from export import load_export
from schedule import Average, Clock, Muon, learning_rate_factor

TEACHER = "det_500m.onnx"
SIDES = (160, 192, 224, 256)
SURE = 0.3
HINT_WEIGHT = 0.3
# The teacher's maps that are hints, and their channels: the backbone's at strides 8, 16 and 32, and what the heads' last
# convolutions read.
MAPS = {"324": 72, "336": 152, "372": 288, "436": 64, "461": 64, "486": 64}


def normalised(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) u8 to the detectors' input."""
    return np.ascontiguousarray(((pictures.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2))


class Teacher:
    def __init__(self, path, threads: int = 1):
        model = onnx.load(path)
        for name in MAPS:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
        self.session = onnx_session(model.SerializeToString(), threads)
        self.input = self.session.get_inputs()[0].name

    def __call__(self, batch: np.ndarray) -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
        """Per stride: scores (N, M), boxes (N, M, 4), landmarks (N, M, 10); and the MAPS."""
        answers = [self.session.run(None, {self.input: image[None]}) for image in batch]
        stacked = [np.stack(parts) for parts in zip(*(a[:9] for a in answers))]
        maps = [np.concatenate(parts) for parts in zip(*(a[9:] for a in answers))]
        return [[stacked[i][..., 0], stacked[3 + i], stacked[6 + i]] for i in range(3)], maps


class Hints(torch.nn.Module):
    """Predicts the teacher's MAPS from the student's."""

    def __init__(self, config: Config):
        super().__init__()
        widths = [*config.widths[1:], *[config.head] * 3]
        self.adapters = torch.nn.ModuleList(torch.nn.Conv2d(i, o, 1) for i, o in zip(widths, MAPS.values()))
        for adapter in self.adapters:  # at first the hints ask nothing of the student
            torch.nn.init.zeros_(adapter.weight)
        self.register_buffer("variance", torch.zeros(len(MAPS)))

    def forward(self, maps: list[torch.Tensor], wanted: list[torch.Tensor]) -> torch.Tensor:
        """Of each map, the share of the teacher's variance that is missed."""
        with torch.no_grad():
            now = torch.stack([y.var(dim=(0, 2, 3)).mean() for y in wanted])
            self.variance.copy_(now if self.variance[0] == 0 else self.variance.lerp(now, 0.01))
        errors = [(adapter(x) - y).square().mean() for adapter, x, y in zip(self.adapters, maps, wanted)]
        return torch.stack(errors) / self.variance


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
    parser.add_argument("--start", type=Path, help="exported folder to begin at, instead of random weights")
    args = parser.parse_args()
    work = workspace(args)
    if args.smoke:
        args.minutes, args.batch = min(args.minutes, 0.3), 4
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device(args.device)
    faces = face_data.load(args.faces, work, args.smoke)
    teacher = Teacher(args.teachers / TEACHER, args.threads)

    trainable = faces.pixels if args.smoke else Rows(faces.pixels, np.flatnonzero(~faces.held_out))
    checkpoint = work / f"{args.name}.pt"
    state = checkpoint_of(checkpoint, args)
    model, before = Detector(Config()), {"seen": 0, "minutes": 0.0}
    if args.start:
        exported, manifest = load_export(args.start)
        model, before = Detector(exported.config), manifest["training"]
        random = np.random.default_rng(999)
        pictures = np.stack([scenes.scene(trainable, random, 224) for _ in range(4 * args.batch)])
        model.take_folded(exported.tensors, torch.from_numpy(normalised(pictures)))
    elif state:
        model, before = Detector(Config.from_json(state["config"])), state["before"]
    hints = Hints(model.config).to(device)
    model = model.train().to(device, memory_format=torch.channels_last)
    dense = [m.conv.weight for m in model.modules() if isinstance(m, ConvBnRelu) and m.conv.groups == 1]
    chosen = {id(p) for p in dense}
    others = [p for p in model.parameters() if id(p) not in chosen] + list(hints.parameters())
    muon = Muon(dense, args.muon_rate)
    adam = torch.optim.AdamW(others, args.adam_rate, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model)
    step, seen, spent = 0, before["seen"], 0.0
    if state:
        model.load_state_dict(state["model"])
        average.load(state)
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        hints.load_state_dict(state["hints"])
        step, seen, spent = state["step"], state["seen"], state["spent"]
        print(f"resumed at step {step}, {seen} scenes, {spent / 60:.1f} min", flush=True)

    def save():
        state = {"config": model.config.to_json(), "model": model.state_dict()} | average.state()
        state |= {"muon": muon.state_dict(), "adam": adam.state_dict(), "hints": hints.state_dict()}
        state |= {"step": step, "seen": seen, "spent": clock.spent(), "before": before}
        write_atomically(checkpoint, lambda p: torch.save(state, p))

    log = (work / f"{args.name}.jsonl").open("a")
    random = np.random.default_rng(1000 + step)
    clock, mean = Clock(args.minutes, spent, device, args.threads), None
    while (progress := clock.progress()) < 1.0:
        side = int(random.choice(SIDES))
        batch = normalised(np.stack([scenes.scene(trainable, random, side) for _ in range(args.batch)]))
        wanted, wanted_maps = teacher(batch)
        wanted = [[torch.from_numpy(t).to(device) for t in stride] for stride in wanted]
        wanted_maps = [torch.from_numpy(y).to(device, memory_format=torch.channels_last) for y in wanted_maps]
        factor = learning_rate_factor(step, progress)
        for optimiser, rate in ((muon, args.muon_rate), (adam, args.adam_rate)):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.zero_grad()
        pictures = torch.from_numpy(batch).to(device, memory_format=torch.channels_last)
        answers, maps = model.with_maps(pictures)
        loss, parts = loss_of(answers, wanted)
        missed = hints(maps, wanted_maps)
        loss = loss + HINT_WEIGHT * missed.sum()
        parts["hints"] = missed.mean().item()
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


class Rows:
    """Some rows of a memory-mapped array, without copying them."""

    def __init__(self, array, rows):
        self.array, self.rows = array, rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.array[self.rows[i]]


if __name__ == "__main__":
    main()

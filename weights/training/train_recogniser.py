"""The recogniser learns the teacher's embeddings.

    python weights/training/train_recogniser.py --minutes 600

Loss: 1 - cosine to the teacher's embedding of the same face, plus the divergence between the teacher's and the
student's similarities to a bank of other faces' teacher embeddings (who looks like whom). Only the student sees the
augmentation. Resolution grows with the budget: small pictures first, which cost a third. Resumes from its checkpoint;
where none is left, `--start weights/fp-face-4` goes on from an exported network, with whole pictures: going back to
small ones costs it most of what it knows.
"""

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import faces as face_data
import targets as target_data
from augment import augment, plain
from common import arguments, checkpoint_of, half_precision, workspace, write_atomically
from export import load_export
from recogniser import Config, Recogniser
from schedule import Average, Clock, Muon, learning_rate_factor

# (share of the budget, side of the picture in pixels)
RESOLUTIONS = ((0.7, 64), (0.8, 96), (1.0, 112))
BANK = 1024
BANK_TEMPERATURE = 16.0
BANK_WEIGHT = 0.2


def side_at(progress: float, grown: bool) -> int:
    """The picture's side at a share of the budget; a run that is over, and a network that is grown, has the last."""
    progress = 1.0 if grown else progress
    return next((side for until, side in RESOLUTIONS if progress < until), RESOLUTIONS[-1][1])


def loss_of(embeddings: torch.Tensor, wanted: torch.Tensor, bank: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The loss and, to watch, the mean cosine to the teacher."""
    student = F.normalize(embeddings)
    cosine = (student * wanted).sum(1).mean()
    others = torch.cat([wanted, bank])
    likeness = F.log_softmax(wanted @ others.T * BANK_TEMPERATURE, dim=1)
    seen = F.log_softmax(student @ others.T * BANK_TEMPERATURE, dim=1)
    divergence = F.kl_div(seen, likeness, log_target=True, reduction="batchmean")
    return 1 - cosine + BANK_WEIGHT * divergence, cosine.item()


@torch.no_grad()
def held_out_cosine(model, faces, targets, rows, side, device) -> float:
    total = 0.0
    for begin in range(0, len(rows), 64):
        part = rows[begin : begin + 64]
        embedded = F.normalize(model(plain(faces.pixels[part], side).to(device))).cpu()
        total += (embedded * torch.from_numpy(targets[part].astype(np.float32))).sum().item()
    return total / len(rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=600, help="time budget, which sets the schedule (schedule.py)")
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--muon-rate", type=float, help="default: 0.03, or 0.012 where a trained network goes on")
    parser.add_argument("--adam-rate", type=float, help="default: 0.0015, or 0.001")
    parser.add_argument("--name", default="recogniser", help="name of the checkpoint and its log")
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    parser.add_argument("--start", type=Path, help="exported folder to begin at, instead of random weights")
    parser.add_argument("--blocks", help="with --start: residual blocks per stage to grow to, such as 2,3,3")
    args = parser.parse_args()
    work = workspace(args)
    if args.smoke:
        args.minutes, args.batch = min(args.minutes, 0.4), min(args.batch, 16)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device(args.device)
    faces = face_data.load(args.faces, work, args.smoke)
    if not (work / "targets.npy").exists():
        raise SystemExit(f"no targets in {work}: run targets.py first, or beside this")
    targets = np.load(work / "targets.npy", mmap_mode="r")
    visiting = target_data.order(faces)

    checkpoint = work / f"{args.name}.pt"
    state = checkpoint_of(checkpoint, args)
    model, before = Recogniser(Config()), {"seen": 0, "minutes": 0.0}
    if args.start:
        model, manifest = load_export(args.start)
        before = manifest["training"]
        if args.blocks:
            model = model.with_blocks(tuple(int(count) for count in args.blocks.split(",")))
    elif state:
        model, before = Recogniser(Config.from_json(state["config"])), state["before"]
    grown = before["seen"] > 0
    muon_rate = args.muon_rate or (0.012 if grown else 0.03)
    adam_rate = args.adam_rate or (1e-3 if grown else 1.5e-3)
    model = model.train().to(device, memory_format=torch.channels_last)
    kernels = [p for n, p in model.named_parameters() if p.ndim == 4 and n != "conv1.weight"]
    others = [p for n, p in model.named_parameters() if p.ndim != 4 or n == "conv1.weight"]
    muon = Muon(kernels, muon_rate)
    adam = torch.optim.AdamW(others, adam_rate, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model)
    # A quarter faster: what lies between the convolutions becomes one loop.
    run = model if args.smoke else torch.compile(model, dynamic=False)
    step, seen, spent = 0, before["seen"], 0.0
    if state:
        model.load_state_dict(state["model"])
        average.load(state)
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        step, seen, spent = state["step"], state["seen"], state["spent"]
        print(f"resumed at step {step}, {seen} images, {spent / 60:.1f} min", flush=True)

    def save():
        state = {"config": model.config.to_json(), "model": model.state_dict()} | average.state()
        state |= {"muon": muon.state_dict(), "adam": adam.state_dict()}
        state |= {"step": step, "seen": seen, "spent": clock.spent(), "before": before}
        write_atomically(checkpoint, lambda p: torch.save(state, p))

    log = (work / f"{args.name}.jsonl").open("a")
    random = torch.Generator().manual_seed(step)
    choice = np.random.default_rng(step)
    clock = Clock(args.minutes, spent, device, args.threads)
    side = side_at(clock.progress(), grown)
    queue, watched, mean_cosine = [], None, None
    while (progress := clock.progress()) < 1.0:
        if len(queue) < args.batch:
            ready = visiting[: target_data.progress(work)]
            allowed = ready[~faces.held_out[ready]]
            if len(allowed) < 2 * args.batch:
                time.sleep(5)
                continue
            queue = choice.permutation(allowed).tolist()
            watched = ready[faces.held_out[ready]][:512]
            # While the teacher is still at work, come back soon for the faces it has done since.
            queue = queue if len(ready) == len(visiting) else queue[: 100 * args.batch]
        rows = np.sort([queue.pop() for _ in range(args.batch)])
        if (wanted_side := side_at(progress, grown)) != side:
            side = wanted_side
            average.restart(model)
        x = augment(torch.from_numpy(faces.pixels[rows]), side, random)
        wanted = torch.from_numpy(targets[rows].astype(np.float32))
        bank = torch.from_numpy(targets[np.sort(choice.choice(allowed, min(BANK, len(allowed)), replace=False))])
        x = x.to(device, memory_format=torch.channels_last)
        factor = learning_rate_factor(step, progress)
        for optimiser, rate in ((muon, muon_rate), (adam, adam_rate)):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.zero_grad()
        with half_precision(args.device):
            embeddings = run(x)
        loss, cosine = loss_of(embeddings.float(), wanted.to(device), bank.to(device, torch.float32))
        loss.backward()
        muon.step()
        adam.step()
        step, seen = step + 1, seen + len(rows)
        average.update(model)
        mean_cosine = cosine if mean_cosine is None else mean_cosine + (cosine - mean_cosine) / 50
        if step % 50 == 0:
            print(f"step {step} side {side} loss {loss.item():.3f} cosine {mean_cosine:.3f} seen {seen} {clock.spent() / 60:.1f} min", flush=True)
        if step % 100 == 0:
            save()
        if step % 200 == 0:
            held_out = held_out_cosine(average.model, faces, targets, watched, side, device)
            entry = {"step": step, "seen": seen, "side": side, "minutes": round(clock.spent() / 60, 1), "held_out_cosine": round(held_out, 4)}
            print(entry, flush=True)
            log.write(json.dumps(entry) + "\n")
            log.flush()
    save()
    print(f"done: {seen} images in {clock.spent() / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()

"""Paths, arguments and small helpers shared by every step."""

import argparse
import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that every step understands."""
    parser = argparse.ArgumentParser(description=description)
    shared = REPO / ".." / "shared"
    parser.add_argument("--faces", type=Path, default=shared / "data/train", help="folder of faces-*.safetensors")
    parser.add_argument("--lfw", type=Path, default=shared / "data/lfw_view1", help="LFW View 1 images and pairsDevTest.txt")
    parser.add_argument("--clips", type=Path, default=shared / "data/clips", help="folders of video frames")
    parser.add_argument("--teachers", type=Path, default=shared / "weights", help="folder of the teachers' ONNX files")
    parser.add_argument("--work", type=Path, default=REPO / "target/training", help="caches and checkpoints")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads to use")
    parser.add_argument("--device", default="cpu", help="torch device: cpu, cuda, mps")
    parser.add_argument("--smoke", action="store_true", help="a few images, under a minute: shows that the step runs")
    return parser


def workspace(args) -> Path:
    """The working folder; a smoke run has one of its own, so that it never touches real checkpoints."""
    folder = args.work / "smoke" if args.smoke else args.work
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkpoint_of(path: Path, args) -> dict | None:
    """What a run that is to go on has kept."""
    if args.fresh or not path.exists():
        return None
    if args.start:
        raise SystemExit(f"{path} is there: go on with it without --start, or begin anew with --fresh")
    import torch

    return torch.load(path, map_location=args.device, weights_only=True)


def half_precision(device: str):
    """A context in which convolutions multiply in bfloat16 where the device has instructions for it: a recogniser learns
    twice as many pictures a minute."""
    import torch

    kind = torch.device(device).type
    has = kind == "cuda" or (kind == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False))
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=has)


def onnx_session(model, threads: int):
    """An onnxruntime CPU session of a file or of a serialised model, with a fixed number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])


def write_atomically(path: Path, write) -> None:
    """Calls `write(temporary path)` and renames: a reader or a restart never sees half a file."""
    temporary = path.with_name(path.name + ".part")
    write(temporary)
    os.replace(temporary, path)

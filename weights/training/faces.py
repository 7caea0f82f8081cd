"""The training faces: 112x112 RGB, aligned to the ArcFace template, with identities and source groups.

The WebP images are decoded once into a memory-mapped array (about 2.5 GB for 65,000 faces), because decoding
would otherwise cost as much as a training step.
"""

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import safe_open

SIDE = 112
SMOKE_FACES = 256
HELD_OUT_IDENTITIES = 300
HELD_OUT_UNLABELLED = 2000


@dataclass
class Faces:
    pixels: np.ndarray  # (N, 112, 112, 3) u8, memory-mapped
    identity: np.ndarray  # (N,) i32, -1 = unlabelled
    source: np.ndarray  # (N,) u8, index into source_names
    source_names: list[str]
    held_out: np.ndarray  # (N,) bool: never trained on; for calibration and learning curves

    def __len__(self) -> int:
        return len(self.identity)


def load(folder: Path, cache: Path, smoke: bool = False) -> Faces:
    """Opens the faces, decoding them into `cache` the first time."""
    shards = sorted(folder.glob("faces-*.safetensors"))
    if not shards:
        raise SystemExit(f"no faces-*.safetensors in {folder}: pass --faces")
    shards = shards[:1] if smoke else shards
    identity, source = [], []
    for shard in shards:
        with safe_open(shard, "np") as tensors:
            identity.append(tensors.get_tensor("identity"))
            source.append(tensors.get_tensor("source"))
            source_names = tensors.metadata()["sources"].split(",")
    identity, source = np.concatenate(identity), np.concatenate(source)
    if smoke:
        identity, source = identity[:SMOKE_FACES], source[:SMOKE_FACES]
    total = len(identity)
    pixels_file = cache / "pixels.npy"
    if not pixels_file.exists():
        _decode(shards, total, pixels_file)
    pixels = np.load(pixels_file, mmap_mode="r")
    if len(pixels) != total:
        raise SystemExit(f"{pixels_file} holds {len(pixels)} faces, the shards {total}: delete it")
    return Faces(pixels, identity, source, source_names, _held_out(identity))


def _decode(shards: list[Path], total: int, target: Path) -> None:
    # Another step may decode too: each writes its own file, and whichever is last replaces an equal one.
    part = target.with_name(f"pixels.{os.getpid()}.npy")
    pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(total, SIDE, SIDE, 3))
    at = 0
    for shard in shards:
        with safe_open(shard, "np") as tensors:
            webp, offset = tensors.get_tensor("webp"), tensors.get_tensor("offset")
        for begin, end in zip(offset[:-1], offset[1:]):
            if at == total:
                break
            image = Image.open(io.BytesIO(webp[begin:end].tobytes())).convert("RGB")
            pixels[at] = np.asarray(image)
            at += 1
    pixels.flush()
    part.replace(target)


def _held_out(identity: np.ndarray) -> np.ndarray:
    """A fixed choice of whole identities (and some unlabelled faces) that training never sees."""
    rng = np.random.default_rng(20)
    names, counts = np.unique(identity[identity >= 0], return_counts=True)
    several = names[counts >= 3]
    chosen = rng.choice(several, min(HELD_OUT_IDENTITIES, len(several) // 4), replace=False)
    held_out = np.isin(identity, chosen)
    unlabelled = np.flatnonzero(identity < 0)
    held_out[rng.choice(unlabelled, min(HELD_OUT_UNLABELLED, len(unlabelled) // 10), replace=False)] = True
    return held_out


def describe(faces: Faces) -> str:
    counts = {name: int((faces.source == i).sum()) for i, name in enumerate(faces.source_names)}
    return json.dumps({"faces": len(faces), "held_out": int(faces.held_out.sum()), "sources": counts})

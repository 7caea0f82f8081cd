"""Writes a checkpoint as `weights/<id>/`: model.safetensors in f16 and manifest.json (see FORMAT.md).

    python weights/training/export.py recogniser --id fp-face-4
    python weights/training/export.py detector --id first-look
    python weights/training/export.py second-look --detector weights/first-look --id fp-detect-3

A second look goes into one file with the detector for which it was trained; that one's folder stays as it is.
Templates carry a recogniser's id, so that other weights are another id: a folder that holds other weights is left as it is.
A calibration already in the manifest stays; calibrate.py writes a new one.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save, save_file

import detector
import recogniser
from common import REPO, arguments, workspace

LICENCE = (
    "Trained on research data sets by distillation: for evaluation and private use only, not for commercial use. "
    "See weights/README.md."
)
# Of the networks that are built in.
IDS = {"recogniser": "fp-face-4", "detector": "fp-detect-3"}
# What the names of the second look's tensors begin with.
SECOND_LOOK = "second_look."
# From this score of a detector on, its second look is asked.
CANDIDATE = 0.3
SOURCE = "Trained by this project from random weights; code in weights/training"


def load_average(kind: str, checkpoint: Path):
    """The averaged model of a checkpoint, ready to run, and the checkpoint's figures."""
    module, network = {
        "recogniser": (recogniser, recogniser.Recogniser),
        "detector": (detector, detector.Detector),
        "second-look": (recogniser, recogniser.Recogniser),
    }[kind]
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = network(module.Config.from_json(state["config"]))
    model.load_state_dict(state["average"])
    minutes = state["before"]["minutes"] + state["spent"] / 60
    return model.eval(), {"seen": state["seen"], "minutes": round(minutes, 1)}


def tensors_of(kind: str, model) -> dict[str, torch.Tensor]:
    """The exported tensors in f16."""
    if kind == "detector":
        tensors = model.tensors
        if model.second_look:
            tensors = tensors | {SECOND_LOOK + n: t for n, t in tensors_of("second-look", model.second_look).items()}
    else:
        tensors = {n: t for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    halves = {n: t.detach().half().contiguous() for n, t in tensors.items()}
    for name, half in halves.items():
        if not torch.isfinite(half).all():
            raise SystemExit(f"{name} does not fit f16")
    return halves


def rounded(kind: str, model, halves: dict[str, torch.Tensor]):
    """The model that a loader will see: weights rounded to f16, computing in f32."""
    if kind != "detector":
        model.load_state_dict({n: t.float() for n, t in halves.items()}, strict=False)
        return model
    own = {n: t.float() for n, t in halves.items() if not n.startswith(SECOND_LOOK)}
    if second_look := model.second_look:
        rest = {n.removeprefix(SECOND_LOOK): t for n, t in halves.items() if n.startswith(SECOND_LOOK)}
        second_look = rounded("second-look", second_look, rest)
    return FoldedDetector(model.config, own, second_look)


def load_export(folder: Path):
    """The network of an exported folder, checked against its manifest, and the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    file = folder / "model.safetensors"
    if hashlib.sha256(file.read_bytes()).hexdigest() != manifest["sha256"]:
        raise SystemExit(f"{file} is not the file that its manifest describes")
    kind, config = manifest["kind"], manifest["architecture"]["config"]
    if kind == "recogniser":
        model = recogniser.Recogniser(recogniser.Config.from_json(config)).eval()
    else:
        model = FoldedDetector(detector.Config.from_json(config), {})
        if second := manifest.get("second_look"):
            model.second_look = recogniser.Recogniser(recogniser.Config.from_json(second)).eval()
    return rounded(kind, model, load_file(file)), manifest


class FoldedDetector:
    """Runs exported detector tensors as FORMAT.md describes: the executable form of that page. `second_look` is the network
    that looks at its candidates, where there is one."""

    def __init__(self, config: detector.Config, tensors: dict[str, torch.Tensor], second_look=None):
        self.config, self.tensors, self.second_look = config, tensors, second_look

    def conv(self, name: str, x, stride: int = 1):
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        groups = x.shape[1] // weight.shape[1]
        return torch.nn.functional.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=groups)

    def separable(self, name: str, x, stride: int = 1):
        return self.conv(f"{name}.pw", self.conv(f"{name}.dw", x, stride).relu()).relu()

    @torch.no_grad()
    def __call__(self, x):
        """Per stride: logits (N, cells·anchors), boxes (…, 4), landmarks (…, 10), in strides."""
        c, conv = self.config, self.conv
        x = conv("backbone.stem.conv", x, 2).relu()
        x = self.separable("backbone.stem", x)
        levels = []
        for s, count in enumerate(c.blocks):
            for b in range(count):
                x = self.separable(f"backbone.layers.{s}.{b}", x, 2 if b == 0 else 1)
            levels.append(x)
        low, middle, high = (conv(f"neck.lateral_convs.{i}", x) for i, x in enumerate(levels[1:]))
        double = torch.nn.Upsample(scale_factor=2, mode="nearest")
        middle = middle + double(high)
        low = low + double(middle)
        low, middle, high = (conv(f"neck.fpn_convs.{i}", x) for i, x in enumerate((low, middle, high)))
        middle = middle + conv("neck.downsample_convs.0", low, 2)
        high = high + conv("neck.downsample_convs.1", middle, 2)
        answers = []
        for stride, p in zip(c.strides, (low, conv("neck.pafpn_convs.0", middle), conv("neck.pafpn_convs.1", high))):
            for b in range(c.head_blocks):
                p = self.separable(f"head.{stride}.{b}", p)
            parts = [conv(f"head.{stride}.{part}", p).permute(0, 2, 3, 1) for part in ("cls", "reg", "kps")]
            n = p.shape[0]
            answers.append((parts[0].reshape(n, -1), parts[1].reshape(n, -1, 4), parts[2].reshape(n, -1, 10)))
        return answers


def write_reference(kind: str, model, folder: Path) -> None:
    """A fixed input and what PyTorch answers, for the loader's test."""
    random = torch.Generator().manual_seed(7)
    if kind == "recogniser":
        x = torch.rand(2, 3, 112, 112, generator=random) * 2 - 1
        with torch.no_grad():
            tensors = {"input": x, "output": model(x)}
    else:
        x = torch.rand(1, 3, 192, 256, generator=random) * 2 - 1
        tensors = {"input": x}
        for stride, (logit, box, landmarks) in zip(model.config.strides, model(x)):
            tensors |= {f"score_{stride}": logit[0, :, None].sigmoid(), f"box_{stride}": box[0].contiguous()}
            tensors[f"landmarks_{stride}"] = landmarks[0].contiguous()
        if model.second_look:
            face = torch.rand(1, 3, 112, 112, generator=random) * 2 - 1
            with torch.no_grad():
                tensors |= {"second_input": face, "second_output": model.second_look(face)}
    save_file(tensors, folder / "reference.safetensors")


def manifest_of(kind: str, identity: str, model, training: dict, sha256: str, previous: dict) -> dict:
    recognises = kind == "recogniser"
    same = previous.get("sha256") == sha256
    calibration = previous["calibration"] if same else None if recognises else {"score_threshold": 0.5, "nms_iou": 0.4}
    second = {}
    if not recognises and model.second_look:
        second = {"second_look": model.second_look.config.to_json()}
        calibration.setdefault("candidate_threshold", CANDIDATE)
    side = 112 if recognises else None
    std = 127.5 if recognises else 128.0
    taken = {"width": side, "height": side, "channel_order": "RGB", "mean": 127.5, "std": std}
    if recognises:
        taken["mirror"] = True
    return {
        "id": identity,
        "kind": kind,
        "architecture": {"name": "iresnet" if recognises else "scrfd", "config": model.config.to_json()},
        "embedding_length": model.config.embedding_length if recognises else None,
        "input": taken,
        **second,
        "licence": LICENCE,
        "source": SOURCE,
        "sha256": sha256,
        "calibration": calibration,
        "training": training,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("kind", choices=["recogniser", "detector", "second-look"])
    parser.add_argument("--id", help="folder under weights/ (default: that of the built-in network)")
    parser.add_argument("--checkpoint", type=Path, help="default: the kind's own in --work")
    parser.add_argument("--detector", type=Path, help="second-look: exported folder of the detector that looks first")
    parser.add_argument("--into", type=Path, default=REPO / "weights", help="parent of the id's folder")
    parser.add_argument("--reference", action="store_true", help="also write reference.safetensors")
    parser.add_argument("--untrained", action="store_true", help="random weights, to try a loader")
    args = parser.parse_args()
    kind = "recogniser" if args.kind == "recogniser" else "detector"
    identity = args.id or IDS[kind]
    folder = (workspace(args) / "export" if args.smoke else args.into) / identity
    if args.untrained:
        torch.manual_seed(0)
        model = recogniser.Recogniser() if args.kind == "recogniser" else detector.Detector()
        for module in model.modules():
            if isinstance(module, (torch.nn.BatchNorm2d, torch.nn.BatchNorm1d)):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        model, training = model.eval(), {"seen": 0, "minutes": 0.0}
    else:
        model, training = load_average(args.kind, args.checkpoint or workspace(args) / f"{args.kind}.pt")
    if args.kind == "detector":
        model = FoldedDetector(model.config, model.folded())
    if args.kind == "second-look":
        second_look, trained = model, training
        model, manifest = load_export(args.detector)
        model.second_look, training = second_look, manifest["training"] | {"second_look": trained}
    halves = tensors_of(kind, model)
    folder.mkdir(parents=True, exist_ok=True)
    file, path, written = folder / "model.safetensors", folder / "manifest.json", save(halves)
    sha256 = hashlib.sha256(written).hexdigest()
    previous = json.loads(path.read_text()) if path.exists() else {}
    if previous and previous["sha256"] != sha256 and not args.smoke:
        raise SystemExit(f"{folder} holds other weights: choose another --id, or take it away")
    file.write_bytes(written)
    manifest = manifest_of(kind, identity, model, training, sha256, previous)
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    loaded = rounded(kind, model, halves)
    if args.reference:
        write_reference(kind, loaded, folder)
    count = int(np.sum([t.numel() for t in halves.values()]))
    print(f"{folder}: {count:,} parameters, {file.stat().st_size:,} bytes, sha256 {sha256}")


if __name__ == "__main__":
    main()

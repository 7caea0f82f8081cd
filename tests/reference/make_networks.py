"""Writes networks of the shapes that InsightFace publishes, with random weights, and what onnxruntime gives for them.

Needs torch, onnx and onnxruntime. Usage: python tests/reference/make_networks.py FOLDER, then
FACEPRINT_NETWORKS=FOLDER cargo test --test vision_import

IResNet is InsightFace's recognition/arcface_torch/backbones/iresnet.py, SCRFD-10G its detection/scrfd
configs/scrfd/scrfd_10g_bnkps.py. For each network FOLDER has NAME.onnx and, in outputs.json, the output for the pattern
of make_reference.py. Batch norms are exported by themselves for some and folded for others, as exporters do; one network
is rewritten to have MatMul and Add in place of Gemm, and Reshape in place of Flatten.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional as F

IRESNETS = {"iresnet18": (2, 2, 2, 2), "iresnet34": (3, 4, 6, 3), "iresnet50": (3, 4, 14, 3), "iresnet100": (3, 13, 30, 3)}
SEPARATE = {"iresnet18", "iresnet50"}
SAMPLES = 64


class Block(nn.Module):
    def __init__(self, width, out, stride):
        super().__init__()
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(width), nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.conv1 = nn.Conv2d(width, out, 3, 1, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, stride, 1, bias=False)
        self.prelu = nn.PReLU(out)
        down = lambda: nn.Sequential(nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.downsample = down() if stride != 1 else nn.Identity()

    def forward(self, x):
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return self.bn3(self.conv2(y)) + self.downsample(x)


class IResNet(nn.Module):
    def __init__(self, counts):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))
        blocks, width = [], 64
        for out, count in zip((64, 128, 256, 512), counts):
            for number in range(count):
                blocks.append(Block(width, out, 2 if number == 0 else 1))
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.bn2, self.fc, self.features = nn.BatchNorm2d(512), nn.Linear(512 * 49, 512), nn.BatchNorm1d(512)

    def forward(self, x):
        return self.features(self.fc(F.dropout(torch.flatten(self.bn2(self.blocks(self.stem(x))), 1), training=False)))


def conv(width, out, kernel=3, stride=1, relu=True):
    layers = [nn.Conv2d(width, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, nn.ReLU()) if relu else nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, width, out, stride):
        super().__init__()
        self.conv1, self.conv2 = conv(width, out, 3, stride), conv(out, out, relu=False)
        pool = [nn.AvgPool2d(2, 2)] if stride == 2 else []
        same = stride == 1 and width == out
        self.down = nn.Identity() if same else nn.Sequential(*pool, conv(width, out, 1, relu=False))

    def forward(self, x):
        return F.relu(self.conv2(self.conv1(x)) + self.down(x))


class Scrfd10g(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 28, 3, 2), conv(28, 28), conv(28, 56), nn.MaxPool2d(2, 2))
        width, stages = 56, []
        for stage, (out, count) in enumerate(zip((56, 88, 88, 224), (3, 4, 2, 3))):
            blocks = []
            for number in range(count):
                blocks.append(Residual(width, out, 2 if number == 0 and stage > 0 else 1))
                width = out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        neck = lambda kernel, stride, widths: nn.ModuleList(nn.Conv2d(w, 56, kernel, stride, kernel // 2) for w in widths)
        self.lateral, self.fpn = neck(1, 1, (88, 88, 224)), neck(3, 1, (56,) * 3)
        self.down, self.pafpn = neck(3, 2, (56,) * 2), neck(3, 1, (56,) * 2)
        self.head = nn.Sequential(conv(56, 80), conv(80, 80), conv(80, 80))
        self.cls, self.reg, self.kps = (nn.Conv2d(80, 2 * n, 3, 1, 1) for n in (1, 4, 10))
        self.scale = nn.ParameterList(torch.tensor(v) for v in (0.9, 1.1, 1.3))

    def forward(self, x):
        levels, x = [], self.stem(x)
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        a, b, c = (lateral(level) for lateral, level in zip(self.lateral, levels[1:]))
        b = b + F.interpolate(c, scale_factor=2.0, mode="nearest")
        a = a + F.interpolate(b, scale_factor=2.0, mode="nearest")
        a, b, c = (fpn(level) for fpn, level in zip(self.fpn, (a, b, c)))
        b = b + self.down[0](a)
        c = c + self.down[1](b)
        scores, boxes, points = [], [], []
        for scale, level in zip(self.scale, (a, self.pafpn[0](b), self.pafpn[1](c))):
            y = self.head(level)
            cells = lambda y, n: y.permute(2, 3, 0, 1).reshape(-1, n)
            scores.append(torch.sigmoid(cells(self.cls(y), 1)))
            boxes.append(cells(self.reg(y) * scale, 4))
            points.append(cells(self.kps(y), 10))
        return (*scores, *boxes, *points)


def randomise(model, seed):
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
        elif isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.0, 0.4)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
    return model.eval()


def export(model, path, side, separate):
    mode = torch.onnx.TrainingMode.PRESERVE if separate else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, (torch.zeros(1, 3, side, side),), path, opset_version=13, dynamo=False, training=mode,
        do_constant_folding=not separate, input_names=["input.1"],
    )


def rewrite(path):
    """Gemm to MatMul and Add, Flatten to Reshape."""
    model = onnx.load(path)
    nodes, weights = [], {w.name: w for w in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Flatten":
            model.graph.initializer.append(numpy_helper.from_array(np.array([1, -1], np.int64), "flat"))
            nodes.append(helper.make_node("Reshape", [node.input[0], "flat"], node.output))
        elif node.op_type == "Gemm":
            turned = numpy_helper.to_array(weights[node.input[1]]).T.copy()
            model.graph.initializer.append(numpy_helper.from_array(turned, "turned"))
            nodes.append(helper.make_node("MatMul", [node.input[0], "turned"], ["product"]))
            nodes.append(helper.make_node("Add", [node.input[2], "product"], node.output))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)


def pattern(*shape):
    i = np.arange(np.prod(shape), dtype=np.uint64)
    return ((i * 2654435761 % 2**32) / 2**31 - 1).astype(np.float32).reshape(shape)


def run(path, side):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return [y.reshape(-1) for y in net.run(None, {net.get_inputs()[0].name: pattern(1, 3, side, side)})]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {}
    for name, counts in IRESNETS.items():
        path = folder / f"{name}.onnx"
        export(randomise(IResNet(counts), len(outputs)), path, 112, name in SEPARATE)
        if name in ("iresnet34", "iresnet50"):
            rewrite(path)
        outputs[name] = {"side": 112, "outputs": [run(path, 112)[0].tolist()]}
        print(name, sorted({n.op_type for n in onnx.load(path, load_external_data=False).graph.node}))
    path = folder / "scrfd10g.onnx"
    export(randomise(Scrfd10g(), 9), path, 320, False)
    sampled = [y[:: max(1, len(y) // SAMPLES)][:SAMPLES].tolist() for y in run(path, 320)]
    outputs["scrfd10g"] = {"side": 320, "outputs": sampled}
    (folder / "outputs.json").write_text(json.dumps(outputs))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Our networks beside onnxruntime, in turn, on the same ONNX files, inputs and threads: the table of the README.

    benches/peers.py --weights ../shared/weights [--rounds 15] [--threads 1,2]

Builds `cargo bench --bench nn` (our side, `benches/serve`) unless --ours names the program, and makes a virtual
environment in target/peers with onnxruntime where this Python has none. Each round runs one network on one side and
then on the other; a figure is the median over the rounds, the ratio is ours to theirs. The IResNets have random
weights, which does not change their time.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ["onnxruntime", "onnx", "faiss-cpu", "numpy"]


def inside_environment(*modules):
    """Starts the script again in a virtual environment where this Python lacks a module."""
    if all(map(importlib.util.find_spec, modules)):
        return
    home = ROOT / "target" / "peers"
    python = home / "bin" / "python"
    if Path(sys.prefix) == home:
        sys.exit("the virtual environment in target/peers is not whole: delete it")
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *WANTED], check=True)
    os.execv(python, [python, *sys.argv])


def our_program():
    """Builds the bench and gives its path."""
    command = ["cargo", "bench", "--bench", "nn", "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "nn" and m.get("executable")][-1]


def iresnet(blocks, path):
    """An IResNet of ArcFace with random weights: https://arxiv.org/abs/1801.07698, InsightFace's iresnet.py."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save

    random = np.random.default_rng(1)
    nodes, tensors = [], []

    def tensor(values):
        name = f"t{len(tensors)}"
        tensors.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(op, inputs, **attributes):
        name = f"n{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(x, inputs, outputs, side, stride, gain=1.0):
        weight = random.standard_normal((outputs, inputs, side, side)) * gain * (1.0 / (inputs * side * side)) ** 0.5
        pads = [side // 2] * 4
        bias = tensor(random.standard_normal(outputs) * 0.1)
        return node("Conv", [x, tensor(weight), bias], kernel_shape=[side] * 2, strides=[stride] * 2, pads=pads)

    def norm(x, channels):
        values = [1 + 0.1 * random.standard_normal(channels), 0.1 * random.standard_normal(channels)]
        return node("BatchNormalization", [x, *map(tensor, values), tensor(np.zeros(channels)), tensor(np.ones(channels))])

    def prelu(x, channels):
        return node("PRelu", [x, tensor(np.full((channels, 1, 1), 0.25))])

    x, width = prelu(conv("x", 3, 64, 3, 1), 64), 64
    for out, count in zip([64, 128, 256, 512], blocks):
        for block in range(count):
            stride = 2 if block == 0 else 1
            y = prelu(conv(norm(x, width), width, out, 3, 1), out)
            y = conv(y, out, out, 3, stride, gain=0.3)
            x = node("Add", [y, conv(x, width, out, 1, 2) if stride == 2 else x])
            width = out
    x = node("Flatten", [norm(x, 512)], axis=1)
    weight = tensor(random.standard_normal((512, 25088)) * 0.01)
    x = node("Gemm", [x, weight, tensor(np.zeros(512))], transB=1)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])]
    outputs = [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["n", 512])]
    graph = helper.make_graph(nodes, "iresnet", inputs, outputs, tensors)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


class Ours:
    """Our side: a process that runs what it is told to."""

    def __init__(self, program):
        command = [program, "--serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def processor_ms(self):
        """What its first thread has computed so far (Linux)."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e6

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("our program ended")
        return answer.split()


def load_theirs(file, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # det_500m.onnx declares the sizes of 640x640 and takes any
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Their threads would otherwise still spin when it is our turn.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def cosine_distance(detector, theirs, ours, height, width):
    """1 - cosine between all their outputs and all ours."""
    import numpy as np

    if detector:
        flat = []
        for level in range(3):
            cells = (height >> (3 + level), width >> (3 + level))
            for kind in range(3):
                values = theirs[3 * kind + level].reshape(*cells, -1)
                flat.append(values.transpose(2, 0, 1).ravel())
        theirs = np.concatenate(flat)
    else:
        theirs = np.concatenate([t.ravel() for t in theirs])
    a, b = theirs.astype(np.float64), ours.astype(np.float64)
    return 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def prepare(networks, ours, folder, threads):
    """Loads every network on both sides and compares their answers to one input."""
    import numpy as np

    prepared = []
    for name, file, height, width, pictures in networks:
        x = np.random.default_rng(2).uniform(-1, 1, (pictures, 3, height, width)).astype(np.float32)
        paths = folder / "input", folder / "output"
        x.tofile(paths[0])
        number = ours.ask("load", file, height, width, pictures, threads, *paths)[0]
        session = load_theirs(str(file), threads)
        feed = {session.get_inputs()[0].name: x}
        try:
            answer = session.run(None, feed)
        except Exception:  # a file that takes one picture at a time
            feed = None
        distance = None
        if feed:
            distance = cosine_distance(len(answer) > 1, answer, np.fromfile(paths[1], np.float32), height, width)
        one = None if feed else {session.get_inputs()[0].name: x[:1]}
        prepared.append((name, pictures, number, session, feed, one, distance))
    return prepared


def measure(prepared, ours, rounds, seconds, processor):
    """Median milliseconds of both sides, in turn; with `processor` those that the first thread computed."""
    times = {entry[0]: ([], []) for entry in prepared}
    clock = time.thread_time if processor else time.perf_counter
    for _ in range(rounds):
        for name, pictures, number, session, feed, one, _ in prepared:
            mine, theirs = times[name]
            first = ours.ask("run", number, 1)
            again = max(2, int(seconds * 1e3 / float(first[0])))
            before = ours.processor_ms()
            took = [float(t) for t in ours.ask("run", number, again)]
            mine.append((ours.processor_ms() - before) / again if processor else statistics.median(took))

            run = (lambda: session.run(None, feed)) if feed else (lambda: [session.run(None, one) for _ in range(pictures)])
            run()
            took = []
            for _ in range(again):
                started = clock()
                run()
                took.append((clock() - started) * 1e3)
            theirs.append(statistics.median(took))
    return {name: tuple(map(statistics.median, sides)) for name, sides in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="folder with det_500m.onnx and mbf_w8dequant.onnx")
    parser.add_argument("--ours", help="the bench program, when it is built already")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.15, help="of one side in one round")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", default="", help="networks whose name holds this")
    parser.add_argument("--processor", action="store_true", help="processor time: for 1 thread on a machine that is not idle")
    parser.add_argument("--wait", help="command to run when everything is loaded, before measuring")
    options = parser.parse_args()
    inside_environment("numpy", "onnx", "onnxruntime")
    import onnxruntime

    program = options.ours or our_program()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        detector, mobile = options.weights / "det_500m.onnx", options.weights / "mbf_w8dequant.onnx"
        networks = [
            ("SCRFD-500M 320x320", detector, 320, 320, 1),
            ("SCRFD-500M 512x384", detector, 384, 512, 1),
            ("SCRFD-500M 640x640", detector, 640, 640, 1),
            ("MobileFaceNet", mobile, 112, 112, 1),
            ("MobileFaceNet, 4 faces", mobile, 112, 112, 4),
        ]
        deep = [("IResNet-18", [2, 2, 2, 2], 1), ("IResNet-50", [3, 4, 14, 3], 1), ("IResNet-50, 4 faces", None, 4)]
        for name, blocks, pictures in deep:
            file = folder / f"{name.split(',')[0]}.onnx"
            networks.append((name, file, 112, 112, pictures))
            if blocks and any(options.only in n[0] for n in networks if n[1] == file or options.only in "IResNet-50, 4"):
                iresnet(blocks, file)
        networks = [network for network in networks if options.only in network[0]]
        rows = {}
        for threads in map(int, options.threads.split(",")):
            ours = Ours(program)
            prepared = prepare(networks, ours, folder, threads)
            if options.wait:
                subprocess.run(options.wait, shell=True, check=True)
            for name, figures in measure(prepared, ours, options.rounds, options.seconds, options.processor).items():
                rows.setdefault(name, {})[threads] = figures
            distances = {entry[0]: entry[-1] for entry in prepared}
    counts = sorted({threads for row in rows.values() for threads in row})
    which = "processor" if options.processor else "wall-clock"
    print(f"onnxruntime {onnxruntime.__version__}; median {which} milliseconds: ours / theirs = ratio\n")
    print("| network | " + " | ".join(f"{t} thread{'s' * (t > 1)}" for t in counts) + " | 1 - cosine |")
    print("|---|" + "---|" * (len(counts) + 1))
    for name, row in rows.items():
        cells = [f"{row[t][0]:.2f} / {row[t][1]:.2f} = **{row[t][0] / row[t][1]:.2f}**" for t in counts]
        distance = "-" if distances[name] is None else f"{distances[name]:.0e}"
        print(f"| {name} | " + " | ".join(cells) + f" | {distance} |")


if __name__ == "__main__":
    main()

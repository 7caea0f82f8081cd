#!/usr/bin/env python3
"""Our networks beside onnxruntime, in turn, on the same ONNX files, inputs and threads: the table of the README.

    benches/peers.py --weights ../shared/weights [--rounds 15] [--threads 1,2]

Builds `cargo bench --bench nn` (our side, `benches/serve`) unless --ours names the program, and makes a virtual
environment in target/peers with onnxruntime where this Python has none. Each round runs one network on one side and
then on the other; a figure is the median over the rounds, the ratio is ours to theirs. The IResNets and SCRFD-10G have
random weights, which does not change their time.
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
# Answers further apart than this, as 1 - cosine, are not of the same network.
FURTHEST = 1e-6


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


class Network:
    """An ONNX file of random weights, node by node."""

    def __init__(self):
        import numpy as np

        self.random = np.random.default_rng(1)
        self.nodes, self.tensors = [], []

    def tensor(self, values):
        import numpy as np
        from onnx import numpy_helper

        name = f"t{len(self.tensors)}"
        values = np.asarray(values)
        values = values.astype(np.float32) if values.dtype.kind == "f" else values
        self.tensors.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op, inputs, **attributes):
        from onnx import helper

        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x, inputs, outputs, side, stride=1, gain=1.0):
        fan_in = inputs * side * side
        weight = self.random.standard_normal((outputs, inputs, side, side)) * gain * fan_in**-0.5
        bias = self.tensor(self.random.standard_normal(outputs) * 0.1)
        shape = {"kernel_shape": [side] * 2, "strides": [stride] * 2, "pads": [side // 2] * 4}
        return self.node("Conv", [x, self.tensor(weight), bias], **shape)

    def save(self, path, size, outputs):
        """`outputs` are names and shapes."""
        from onnx import TensorProto, helper, save

        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, *size])]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, self.tensors)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def iresnet(blocks, path):
    """An IResNet of ArcFace: https://arxiv.org/abs/1801.07698, InsightFace's iresnet.py."""
    import numpy as np

    net = Network()

    def norm(x, channels):
        values = [1 + 0.1 * net.random.standard_normal(channels), 0.1 * net.random.standard_normal(channels)]
        constants = map(net.tensor, [*values, np.zeros(channels), np.ones(channels)])
        return net.node("BatchNormalization", [x, *constants])

    def prelu(x, channels):
        return net.node("PRelu", [x, net.tensor(np.full((channels, 1, 1), 0.25))])

    x, width = prelu(net.conv("x", 3, 64, 3), 64), 64
    for out, count in zip([64, 128, 256, 512], blocks):
        for block in range(count):
            stride = 2 if block == 0 else 1
            y = prelu(net.conv(norm(x, width), width, out, 3), out)
            y = net.conv(y, out, out, 3, stride, gain=0.3)
            x = net.node("Add", [y, net.conv(x, width, out, 1, 2) if stride == 2 else x])
            width = out
    x = net.node("Flatten", [norm(x, 512)], axis=1)
    weight = net.tensor(net.random.standard_normal((512, 25088)) * 0.01)
    x = net.node("Gemm", [x, weight, net.tensor(np.zeros(512))], transB=1)
    net.save(path, (112, 112), [(x, ["n", 512])])


def scrfd_10g(path):
    """SCRFD-10G with landmarks: https://arxiv.org/abs/2105.04714, InsightFace's scrfd_10g_bnkps.py."""
    import numpy as np

    net = Network()
    gain = 2**0.5

    def relu(x, *shape):
        return net.node("Relu", [net.conv(x, *shape, gain=gain)])

    x = relu("x", 3, 28, 3, 2)
    x = relu(relu(x, 28, 28, 3), 28, 56, 3)
    x, width, levels = net.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2]), 56, []
    for stage, (out, count) in enumerate(zip([56, 88, 88, 224], [3, 4, 2, 3])):
        for block in range(count):
            stride = 2 if block == 0 and stage > 0 else 1
            y = net.conv(relu(x, width, out, 3, stride), out, out, 3, gain=0.3)
            if stride == 2:
                x = net.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
            x = net.conv(x, width, out, 1) if stride == 2 or width != out else x
            x, width = net.node("Relu", [net.node("Add", [y, x])]), out
        levels.append((x, width))

    def double(x):
        scales = net.tensor(np.array([1.0, 1.0, 2.0, 2.0]))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return net.node("Resize", [x, "", scales], **how)

    low, middle, high = (net.conv(x, width, 56, 1) for x, width in levels[1:])
    middle = net.node("Add", [middle, double(high)])
    low = net.node("Add", [low, double(middle)])
    low, middle, high = (net.conv(x, 56, 56, 3) for x in (low, middle, high))
    middle = net.node("Add", [middle, net.conv(low, 56, 56, 3, 2)])
    high = net.node("Add", [high, net.conv(middle, 56, 56, 3, 2)])
    answers = {1: [], 4: [], 10: []}
    for x in (low, net.conv(middle, 56, 56, 3), net.conv(high, 56, 56, 3)):
        for inputs in (56, 80, 80):
            x = relu(x, inputs, 80, 3)
        for values in answers:
            y = net.node("Transpose", [net.conv(x, 80, 2 * values, 3)], perm=[2, 3, 0, 1])
            y = net.node("Reshape", [y, net.tensor(np.array([-1, values]))])
            answers[values].append(net.node("Sigmoid", [y]) if values == 1 else y)
    net.save(path, ("h", "w"), [(name, ["cells", values]) for values in answers for name in answers[values]])


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
    """Loads every network on both sides; ends the program where their answers to one input differ."""
    import numpy as np
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

    prepared = []
    for name, file, height, width, pictures in networks:
        x = np.random.default_rng(2).uniform(-1, 1, (pictures, 3, height, width)).astype(np.float32)
        paths = folder / "input", folder / "output"
        x.tofile(paths[0])
        number = ours.ask("load", file, height, width, pictures, threads, *paths)[0]
        session = load_theirs(str(file), threads)
        what = session.get_inputs()[0].name
        feeds = [{what: x}]
        try:
            answer = session.run(None, feeds[0])
        except InvalidArgument:  # its input is declared for one picture at a time
            if pictures == 1:
                raise
            feeds = [{what: x[i : i + 1]} for i in range(pictures)]
            answer = [output for feed in feeds for output in session.run(None, feed)]
        detector = len(session.get_outputs()) > 1
        distance = cosine_distance(detector, answer, np.fromfile(paths[1], np.float32), height, width)
        if not distance <= FURTHEST:
            sys.exit(f"{name}: 1 - cosine between onnxruntime's answer and ours is {distance:.1e}: not the same network")
        prepared.append((name, number, session, feeds, distance))
    return prepared


def measure(prepared, ours, rounds, seconds, processor):
    """Median milliseconds of both sides, in turn; with `processor` those that the first thread computed."""
    times = {entry[0]: ([], []) for entry in prepared}
    clock = time.thread_time if processor else time.perf_counter
    for _ in range(rounds):
        for name, number, session, feeds, _ in prepared:
            mine, theirs = times[name]
            first = ours.ask("run", number, 1)
            again = max(2, int(seconds * 1e3 / float(first[0])))
            before = ours.processor_ms()
            took = [float(t) for t in ours.ask("run", number, again)]
            mine.append((ours.processor_ms() - before) / again if processor else statistics.median(took))

            def run():
                for feed in feeds:
                    session.run(None, feed)

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
    parser.add_argument("--weights", type=Path, required=True, help="folder with the network files")
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
        shared = options.weights
        detector, mobile = shared / "det_500m.onnx", shared / "mbf_w8dequant.onnx"
        networks = [
            ("IResNet-18", folder / "18.onnx", 112, 112, 1),
            ("IResNet-50", folder / "50.onnx", 112, 112, 1),
            ("IResNet-50, 4 faces", folder / "50.onnx", 112, 112, 4),
            ("IResNet-100", folder / "100.onnx", 112, 112, 1),
            ("MobileFaceNet", mobile, 112, 112, 1),
            ("MobileFaceNet, 4 faces", mobile, 112, 112, 4),
            ("SCRFD-500M 320x320", detector, 320, 320, 1),
            ("SCRFD-500M 512x384", detector, 384, 512, 1),
            ("SCRFD-500M 640x640", detector, 640, 640, 1),
            ("SCRFD-2.5G 640x640", shared / "scrfd_2.5g_kps.onnx", 640, 640, 1),
            ("SCRFD-10G 640x640", folder / "10g.onnx", 640, 640, 1),
            ("MiniFASNetV2", shared / "2.7_80x80_MiniFASNetV2.onnx", 80, 80, 1),
            ("MiniFASNetV1SE", shared / "4_0_0_80x80_MiniFASNetV1SE.onnx", 80, 80, 1),
            ("MiniFASNetV2SE", shared / "minifasnet_v2se_128.onnx", 128, 128, 1),
        ]
        networks = [network for network in networks if options.only in network[0]]
        made = {network[1].name for network in networks if network[1].parent == folder}
        for name, blocks in [("18", [2, 2, 2, 2]), ("50", [3, 4, 14, 3]), ("100", [3, 13, 30, 3])]:
            if f"{name}.onnx" in made:
                iresnet(blocks, folder / f"{name}.onnx")
        if "10g.onnx" in made:
            scrfd_10g(folder / "10g.onnx")
        rows = {}
        for threads in map(int, options.threads.split(",")):
            ours = Ours(program)
            prepared = prepare(networks, ours, folder, threads)
            if options.wait:
                subprocess.run(options.wait, shell=True, check=True)
            for name, figures in measure(prepared, ours, options.rounds, options.seconds, options.processor).items():
                rows.setdefault(name, {})[threads] = figures
            distances = {name: distance for name, _, _, _, distance in prepared}
            one_by_one = {name for name, _, _, feeds, _ in prepared if len(feeds) > 1}
    counts = sorted({threads for row in rows.values() for threads in row})
    which = "processor" if options.processor else "wall-clock"
    print(f"onnxruntime {onnxruntime.__version__}; median {which} milliseconds: ours / theirs = ratio\n")
    print("| network | " + " | ".join(f"{t} thread{'s' * (t > 1)}" for t in counts) + " | 1 - cosine |")
    print("|---|" + "---|" * (len(counts) + 1))
    for name, row in rows.items():
        cells = [f"{row[t][0]:.2f} / {row[t][1]:.2f} = **{row[t][0] / row[t][1]:.2f}**" for t in counts]
        mark = " *" if name in one_by_one else ""
        print(f"| {name}{mark} | " + " | ".join(cells) + f" | {distances[name]:.0e} |")
    if one_by_one:
        print("\n* onnxruntime takes one picture at a time of this file: theirs is the sum")


if __name__ == "__main__":
    main()

"""The teacher's embedding of every training face, computed once.

    python weights/training/targets.py [--held-out]

Faces are visited in a fixed random order, so training may begin on the first part while the rest is computed; those
that training never sees come first, and are all that calibrate.py needs. An interrupted run goes on where it stopped.
A mirrored face shares its image's target.
"""

import json
import time

import numpy as np

import faces as face_data
from common import arguments, onnx_session, workspace, write_atomically

TEACHER = "mbf_w8dequant.onnx"
BATCH = 32


def order(faces: face_data.Faces) -> np.ndarray:
    """The order in which faces get their targets."""
    random = np.random.default_rng(1).permutation(len(faces))
    return np.concatenate([random[faces.held_out[random]], random[~faces.held_out[random]]])


def progress(work) -> int:
    """How many faces, in `order`, have a target."""
    path = work / "targets.json"
    return json.loads(path.read_text())["done"] if path.exists() else 0


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--held-out", action="store_true", help="only the faces that training never sees")
    args = parser.parse_args()
    work = workspace(args)
    faces = face_data.load(args.faces, work, args.smoke)
    print(face_data.describe(faces), flush=True)
    session = onnx_session(args.teachers / TEACHER, args.threads)
    name = session.get_inputs()[0].name
    path = work / "targets.npy"
    mode = "r+" if path.exists() else "w+"
    targets = np.lib.format.open_memmap(path, mode=mode, dtype=np.float16, shape=(len(faces), 512))
    todo, done, began = order(faces), progress(work) if mode == "r+" else 0, time.time()
    todo = todo[: int(faces.held_out.sum())] if args.held_out else todo
    first = done
    while done < len(todo):
        rows = todo[done : done + BATCH]
        batch = (faces.pixels[rows].astype(np.float32) - 127.5) / 127.5
        embeddings = session.run(None, {name: batch.transpose(0, 3, 1, 2)})[0]
        targets[rows] = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        done += len(rows)
        if done // BATCH % 32 == 0 or done == len(todo):
            targets.flush()
            write_atomically(work / "targets.json", lambda p: p.write_text(json.dumps({"done": done})))
            print(f"{done}/{len(todo)} {(done - first) / (time.time() - began):.0f}/s", flush=True)


if __name__ == "__main__":
    main()

"""Runs every step on a few images, in a folder of its own, so that this code cannot rot.

    python weights/training/smoke.py [the options that every step takes]
"""

import subprocess
import sys
from pathlib import Path

from common import arguments, workspace
from export import IDS

HERE = Path(__file__).resolve().parent


def main() -> None:
    args = arguments(__doc__).parse_args()
    args.smoke = True
    export = workspace(args) / "export"
    face, first_look, detect = export / IDS["recogniser"], export / "first-look", export / IDS["detector"]
    steps = [
        ["targets.py"],
        ["train_recogniser.py"],
        ["train_detector.py"],
        ["export.py", "recogniser", "--reference"],
        ["export.py", "detector", "--id", first_look.name],
        ["train_second_look.py", "--detector", first_look],
        ["export.py", "second-look", "--detector", first_look, "--reference"],
        ["calibrate.py", detect],
        ["evaluate.py", "detector", detect],
        ["evaluate.py", "recogniser", face],
        ["calibrate.py", face],
        ["train_recogniser.py", "--start", face, "--blocks", "2,3,4", "--name", "again", "--fresh"],
        ["train_detector.py", "--start", detect, "--name", "again-detector", "--fresh"],
    ]
    for step, *rest in steps:
        print(f"== {step} {' '.join(map(str, rest))}", flush=True)
        command = [sys.executable, HERE / step, *rest, *sys.argv[1:], *([] if "--smoke" in sys.argv else ["--smoke"])]
        subprocess.run(list(map(str, command)), check=True)
    print("every step ran")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Our search beside faiss IndexFlatIP, in turn, on the same templates: the five best of N for one query.

    benches/peers/matching.py [--rows 1000,10000,100000] [--rounds 15] [--threads 1,2]

Builds and makes its environment as benches/peers.py does. A figure is the median over the rounds, the ratio is ours to
theirs; both sides must find the same rows.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from peers import Ours, inside_environment, our_program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", help="the bench program, when it is built already")
    parser.add_argument("--rows", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.1, help="of one side in one round")
    parser.add_argument("--threads", default="1,2")
    options = parser.parse_args()
    inside_environment("numpy", "faiss")
    import faiss
    import numpy as np

    ours = Ours(options.ours or our_program())
    noise = np.random.default_rng(1)

    def unit(rows):
        values = noise.standard_normal((rows, 512), dtype=np.float32)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    threads = [int(count) for count in options.threads.split(",")]
    print(f"faiss {faiss.__version__}; median milliseconds: ours / theirs = ratio\n")
    print("| templates | " + " | ".join(f"{t} thread{'s' * (t > 1)}" for t in threads) + " |")
    print("|---|" + "---|" * len(threads))
    with tempfile.TemporaryDirectory() as folder:
        templates, probe = Path(folder) / "templates", Path(folder) / "probe"
        for rows in map(int, options.rows.split(",")):
            stored, query = unit(rows), unit(1)
            stored.tofile(templates)
            query.tofile(probe)
            theirs = faiss.IndexFlatIP(512)
            theirs.add(stored)
            del stored
            cells = []
            for count in threads:
                number = ours.ask("index", count, templates)[0]
                faiss.omp_set_num_threads(count)
                times = ([], [])
                for _ in range(options.rounds):
                    once = float(ours.ask("search", number, probe, 1)[5])
                    again = max(2, int(options.seconds * 1e3 / once))
                    answer = ours.ask("search", number, probe, again)
                    times[0].append(statistics.median(map(float, answer[5:])))
                    took = []
                    for _ in range(again):
                        started = time.perf_counter()
                        _, found = theirs.search(query, 5)
                        took.append((time.perf_counter() - started) * 1e3)
                    times[1].append(statistics.median(took))
                    if answer[:5] != [str(row) for row in found[0]]:
                        sys.exit(f"ours found {answer[:5]}, theirs {found[0]}")
                mine, their = map(statistics.median, times)
                cells.append(f"{mine:.3f} / {their:.3f} = **{mine / their:.2f}**")
            print(f"| {rows:,} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

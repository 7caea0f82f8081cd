"""Times faiss IndexFlatIP on the work of benches/matching.rs: one query of 512 numbers, the five best of N.

Makes a virtual environment of its own beside itself (.venv, not in the repository) on the first run.
    python3 benches/peers/matching.py          # one thread
    cargo bench --bench matching               # ours; run both on the same quiet machine
"""

import os
import subprocess
import sys
import time
from pathlib import Path

VENV = Path(__file__).resolve().parent / ".venv"
PACKAGES = ["faiss-cpu", "numpy"]
SECONDS = 3.0


def in_venv():
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    os.execv(python, [python, __file__])


def main():
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    noise = np.random.default_rng(1)
    unit = lambda a: a / np.linalg.norm(a, axis=1, keepdims=True)
    for count in (1_000, 10_000, 100_000):
        index = faiss.IndexFlatIP(512)
        index.add(unit(noise.standard_normal((count, 512), dtype=np.float32)))
        query = unit(noise.standard_normal((1, 512), dtype=np.float32))
        times, end = [], time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            start = time.perf_counter()
            index.search(query, 5)
            times.append(time.perf_counter() - start)
        print(f"faiss {faiss.__version__} IndexFlatIP, {count} rows, top 5: median {1e3 * np.median(times):.3f} ms of {len(times)}")


if __name__ == "__main__":
    try:
        import faiss  # noqa: F401
    except ImportError:
        in_venv()
    main()

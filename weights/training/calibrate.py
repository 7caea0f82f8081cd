"""Step 6: the threshold for a chosen false-match rate, from people that training never saw; into the manifest.

    python weights/training/calibrate.py weights/fp-face-1

A visit of somebody who is not enrolled is a false match when any of 100 enrolled people, three templates each, reaches
the threshold. Many galleries are drawn from the held-out identities; the best score of each stranger against each
gallery is one sample. The threshold is the larger of the samples' own quantile and that of a generalised extreme value
distribution fitted to them. Pairs that the teacher takes for one person (cosine over 0.5) are left out: the
unlabelled faces may hold somebody twice.
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import genextreme

import faces as face_data
from common import arguments, workspace
from evaluate import open_recogniser
from targets import order, progress

ENROLLED = 100
TEMPLATES = 3
FPIR = 0.003
GALLERIES = 40
ONE_PERSON = 0.5


def galleries(identity: np.ndarray, random: np.random.Generator, enrolled: int):
    """Draws lists of `enrolled` rows-of-templates; each identity has at least three images."""
    names = np.unique(identity[identity >= 0])
    for _ in range(GALLERIES):
        chosen = random.choice(names, enrolled, replace=False)
        yield [random.choice(np.flatnonzero(identity == n), TEMPLATES, replace=False) for n in chosen]


def visits(embeddings, teacher, identity, random, enrolled):
    """Best score per stranger and gallery, and per enrolled person the scores of their other images."""
    strangers, known = [], []
    for gallery in galleries(identity, random, enrolled):
        rows = np.concatenate(gallery)
        outside = np.flatnonzero(~np.isin(identity, identity[rows]) | (identity < 0))
        scores = embeddings[outside] @ embeddings[rows].T
        scores[teacher[outside] @ teacher[rows].T > ONE_PERSON] = -1
        strangers.append(scores.max(1))
        for templates in gallery:
            others = np.setdiff1d(np.flatnonzero(identity == identity[templates[0]]), templates)
            if len(others):
                known.append((embeddings[others] @ embeddings[templates].T).max(1))
    return np.concatenate(strangers), np.concatenate(known)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("network", type=Path, help="an exported recogniser's folder")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    work = workspace(args)
    faces = face_data.load(args.faces, work, args.smoke)
    targets = np.load(work / "targets.npy", mmap_mode="r")
    have_target = order(faces)[: progress(work)]
    rows = np.sort(have_target[faces.held_out[have_target]])
    identity = np.arange(len(rows)) // 5 if args.smoke else faces.identity[rows]
    # An identity needs three templates and one more image.
    names, counts = np.unique(identity[identity >= 0], return_counts=True)
    fit = (identity < 0) | np.isin(identity, names[counts > TEMPLATES])
    rows, identity = rows[fit], identity[fit]
    enrolled = min(ENROLLED, len(np.unique(identity[identity >= 0])) // 2)
    pixels, source = faces.pixels[rows], faces.source[rows]
    teacher, embeddings = targets[rows].astype(np.float32), open_recogniser(args.network, args.threads)(pixels)

    random = np.random.default_rng(3)
    strangers, known = visits(embeddings, teacher, identity, random, enrolled)
    shape, location, scale = genextreme.fit(strangers[:: max(1, len(strangers) // 20_000)])
    # Fewer enrolled than wanted: the same rate per enrolled person, which reaches further into the tail.
    level = (1 - FPIR) ** (enrolled / ENROLLED)
    measured = float(np.quantile(strangers, level))
    fitted = float(genextreme.ppf(level, shape, location, scale))
    threshold = max(measured, fitted)

    upper = np.triu(np.ones((len(rows), len(rows)), bool), 1)
    labelled = (identity[:, None] >= 0) & (identity[None, :] >= 0)
    alike = identity[:, None] == identity[None, :]
    scores = embeddings @ embeddings.T
    different = ~alike & (teacher @ teacher.T <= ONE_PERSON)
    genuine, impostor = scores[upper & labelled & alike], scores[upper & labelled & different]
    groups = {}
    for index, name in enumerate(faces.source_names):
        pairs = upper & (source[:, None] == index) & (source[None, :] == index)
        same, others = scores[pairs & labelled & alike], scores[pairs & different]
        if len(others):
            groups[name] = {"photographs": int((source == index).sum()), "genuine_pairs": len(same)}
            groups[name] |= {"accepted": share(same, threshold), "false_match_rate": share(others, threshold)}
            groups[name] |= {"impostor_pairs": len(others), "impostor_mean": round(float(others.mean()), 4)}
    calibration = {
        "threshold_cosine": round(threshold, 4),
        "fpir": FPIR,
        "enrolled": ENROLLED,
        "enrolled_in_the_sample": enrolled,
        "quantile": round(level, 6),
        "templates_per_person": TEMPLATES,
        "threshold_measured": round(measured, 4),
        "threshold_fitted": round(fitted, 4),
        "gev": {"shape": round(float(shape), 4), "location": round(float(location), 4), "scale": round(float(scale), 4)},
        "tpir": round(float((known >= threshold).mean()), 4),
        "genuine": summary(genuine, len(names)),
        "impostor": summary(impostor, len(names)),
        "groups": groups,
        "strangers": {"photographs": len(rows), "galleries": GALLERIES, "samples": len(strangers)},
        "method": (
            f"best score of a stranger against {enrolled} enrolled people with {TEMPLATES} templates each, quantile "
            f"{level:.5f} (independent comparisons, carried over to {ENROLLED} people) of {len(strangers)} samples or of a GEV fit to them, whichever is larger; one photograph a "
            "visit; held-out identities of the training sources, pairs over teacher cosine 0.5 left out"
        ),
    }
    path = args.network / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["calibration"] = calibration
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(calibration, indent=2))


def share(scores: np.ndarray, threshold: float) -> float | None:
    """Of the scores that reach the threshold."""
    return float(f"{(scores >= threshold).mean():.3g}") if len(scores) else None


def summary(scores: np.ndarray, identities: int) -> dict:
    mean, std = round(float(scores.mean()), 4), round(float(scores.std()), 4)
    return {"mean": mean, "std": std, "pairs": len(scores), "identities": identities}


if __name__ == "__main__":
    main()

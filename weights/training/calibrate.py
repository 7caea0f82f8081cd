"""The thresholds, from people that training never saw; into the manifest.

    python weights/training/calibrate.py weights/fp-face-4
    python weights/training/calibrate.py weights/fp-detect-3

A detector's is the lowest score, in hundredths, at which at most one in 1,000 synthesised scenes without faces shows one.

A recogniser's is for a chosen false-match rate. A visit of somebody who is not enrolled is a false match when any of 100
enrolled people, three templates each, reaches the threshold. Many galleries are drawn from the held-out identities; the
best score of each stranger against each gallery is one sample. The threshold is the larger of the samples' own quantile
and that of a generalised extreme value distribution fitted to them. Pairs that the teacher takes for one person (cosine
over 0.5) are left out: the unlabelled faces may hold somebody twice.
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import genextreme

import faces as face_data
import vision
from common import arguments, workspace
from evaluate import SIDE, bootstrap, empty_scenes, open_detector, open_recogniser
from targets import order, progress

ENROLLED = 100
TEMPLATES = 3
FPIR = 0.003
GALLERIES = 40
ONE_PERSON = 0.5
EMPTY_SCENES = 2000
FALSE_FACES = 0.001  # scenes that show a face, of those without one
LOWEST = 0.2  # no score below counts as a face


def galleries(identity: np.ndarray, random: np.random.Generator, enrolled: int):
    """Draws lists of `enrolled` rows-of-templates; each identity has at least three images."""
    names = np.unique(identity[identity >= 0])
    for _ in range(GALLERIES):
        chosen = random.choice(names, enrolled, replace=False)
        yield [random.choice(np.flatnonzero(identity == n), TEMPLATES, replace=False) for n in chosen]


def visits(embeddings, teacher, identity, random, enrolled):
    """Best score per stranger and gallery; per enrolled person the scores of their other images, and whose they are."""
    strangers, known, whose = [], [], []
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
                whose.append(identity[others])
    return np.concatenate(strangers), np.concatenate(known), np.concatenate(whose)


def of_detector(args, faces: face_data.Faces) -> dict:
    student = open_detector(args.network, args.threads)
    teacher = vision.OnnxDetector(args.teachers / "det_500m.onnx", args.threads)
    empty = empty_scenes(faces, teacher, 20 if args.smoke else EMPTY_SCENES, seed=4)
    best = [max((f.score for f in student.find(picture, LOWEST)), default=0.0) for picture in empty]
    allowed = int(len(best) * FALSE_FACES)
    # The first hundredth above the best score that must not count.
    threshold = int(sorted(best, reverse=True)[allowed] * 100 + 1) / 100
    asked = {} if student.candidate is None else {"candidate_threshold": student.candidate}
    return {
        "score_threshold": min(max(threshold, LOWEST), 0.95),
        **asked,
        "nms_iou": 0.4,
        "scenes_without_faces": len(best),
        "scenes_with_a_false_face": sum(score >= threshold for score in best),
        "method": f"lowest hundredth at which at most {FALSE_FACES:g} of synthesised scenes without faces show one, side {SIDE}",
    }


def of_recogniser(args, faces: face_data.Faces, work: Path) -> dict:
    targets = np.load(work / "targets.npy", mmap_mode="r")
    have_target = order(faces)[: progress(work)]
    rows = np.sort(have_target[faces.held_out[have_target]])
    identity = np.arange(len(rows)) // 5 if args.smoke else faces.identity[rows]
    # An identity needs three templates and one more image.
    names, counts = np.unique(identity[identity >= 0], return_counts=True)
    names = names[counts > TEMPLATES]
    fit = (identity < 0) | np.isin(identity, names)
    rows, identity = rows[fit], identity[fit]
    # A third of the identities are strangers in every gallery, with all faces that nobody labelled.
    enrolled = min(ENROLLED, 2 * len(names) // 3)
    pixels, source = faces.pixels[rows], faces.source[rows]
    teacher, embeddings = targets[rows].astype(np.float32), open_recogniser(args.network, args.threads)(pixels)

    random = np.random.default_rng(3)
    strangers, known, whose = visits(embeddings, teacher, identity, random, enrolled)
    shape, location, scale = genextreme.fit(strangers[:: max(1, len(strangers) // 20_000)])
    # Fewer enrolled than wanted: the same rate per enrolled person, which reaches further into the tail.
    level = (1 - FPIR) ** (enrolled / ENROLLED)
    measured = float(np.quantile(strangers, level))
    fitted = float(genextreme.ppf(level, shape, location, scale))
    # From a few people a fit goes beyond what a cosine can be: nobody is recognised then, and the manifest stays possible.
    threshold = float(np.clip(max(measured, fitted), 0.01, 0.99))

    upper = np.triu(np.ones((len(rows), len(rows)), bool), 1)
    labelled = (identity[:, None] >= 0) & (identity[None, :] >= 0)
    alike = labelled & (identity[:, None] == identity[None, :])
    scores = embeddings @ embeddings.T
    different = ~alike & (teacher @ teacher.T <= ONE_PERSON)
    genuine, impostor = scores[upper & alike], scores[upper & labelled & different]
    groups = {}
    for index, name in enumerate(faces.source_names):
        pairs = upper & (source[:, None] == index) & (source[None, :] == index)
        same, others = pairs & alike, scores[pairs & different]
        if len(others):
            accepted, persons = scores[same] >= threshold, np.broadcast_to(identity[:, None], same.shape)[same]
            groups[name] = {"photographs": int((source == index).sum()), "genuine_pairs": len(accepted)}
            groups[name] |= {"accepted": share(accepted), "accepted_95": bootstrap(accepted, persons)}
            groups[name] |= {"false_match_rate": share(others >= threshold), "impostor_pairs": len(others)}
            groups[name] |= {"impostor_mean": round(float(others.mean()), 4)}
    return {
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
        "tpir_95": bootstrap(known >= threshold, whose),
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


def share(hits: np.ndarray) -> float | None:
    return float(f"{hits.mean():.3g}") if len(hits) else None


def summary(scores: np.ndarray, identities: int) -> dict:
    mean, std = round(float(scores.mean()), 4), round(float(scores.std()), 4)
    return {"mean": mean, "std": std, "pairs": len(scores), "identities": identities}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("network", type=Path, help="an exported folder")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    work = workspace(args)
    faces = face_data.load(args.faces, work, args.smoke)
    path = args.network / "manifest.json"
    manifest = json.loads(path.read_text())
    detects = manifest["kind"] == "detector"
    manifest["calibration"] = of_detector(args, faces) if detects else of_recogniser(args, faces, work)
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest["calibration"], indent=2))


if __name__ == "__main__":
    main()

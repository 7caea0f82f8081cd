"""Draws the people of the demo camera: sprites of composite faces that are nobody.

    python assets/demo/make_people.py        (after weights/training/targets.py)

A face is the average of at least 24 photographs of as many different people who look a little alike to the recogniser,
warped so that eyes, nose and mouth coincide, and exaggerated a little away from the average of all composites. More
photographs enter it while it still resembles one of them. Head, hair, neck and shoulders are drawn. The program prints
how well a recogniser separates the composites, whether the detector finds each sprite and how near the nearest
photograph is, and stops at one that fails.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scipy.interpolate import RBFInterpolator

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "weights" / "training"))

import faces as face_data  # noqa: E402
import targets as target_data  # noqa: E402
import vision  # noqa: E402
from common import arguments, onnx_session, workspace  # noqa: E402

PHOTOGRAPHS = (24, 36, 48)  # per composite: the first number with which it resembles nobody
SEARCHED = 21_504  # faces, in the targets' order, among which look-alikes are sought
SAME_PERSON = 0.45  # two photographs over this cosine do not both enter a composite
EXAGGERATION = 0.4
NOBODY = 0.45  # the largest cosine allowed between a sprite and any photograph
SEPARATED = 0.35  # the largest cosine allowed between two sprites
WIDTH, HEIGHT = 256, 320
SCALE = 1.45  # sprite pixels per pixel of the 112-pixel crop
CROP_AT = (WIDTH / 2 - 56 * SCALE, 52)  # the crop's corner in the sprite
DRAWN = 3  # supersampling of the drawing
LONG = ("long", "fringe", "bob")  # hair over the ears

# name, the training face that the look-alikes are sought from, hair style, hair colour, shirt colour, stranger
PEOPLE = [
    ("Tomas Arvel", 32975, "short", (92, 90, 90), (58, 74, 104), False),
    ("Greta Solmund", 44923, "bun", (196, 194, 192), (118, 84, 110), False),
    ("Linnea Frost", 33511, "long", (196, 158, 104), (60, 110, 118), False),
    ("Zola Imani", 7840, "curly", (28, 22, 20), (172, 98, 62), False),
    ("Ken Haruto", 48702, "short", (24, 22, 24), (226, 228, 232), False),
    ("Rafiq Amant", 18402, "short", (26, 22, 20), (54, 92, 66), False),
    ("Mei Lanying", 9452, "bob", (52, 46, 46), (150, 54, 66), False),
    ("Darius Okello", 52988, "crop", (22, 18, 16), (44, 54, 84), False),
    ("Yuna Park", 7148, "fringe", (58, 40, 32), (204, 184, 150), False),
    ("Elias Brandt", 28619, "short", (112, 84, 56), (84, 92, 98), False),
    ("Stranger One", 29342, "short", (30, 26, 26), (96, 44, 44), True),
    ("Stranger Two", 34571, "long", (84, 50, 34), (70, 70, 120), True),
]


def look_alikes(embeddings: np.ndarray, anchor: int, count: int) -> list[int]:
    """Rows of different people around the anchor: mean shift to where faces are dense, then the nearest ones."""
    centre = embeddings[anchor]
    for _ in range(4):
        centre = embeddings[np.argsort(-(embeddings @ centre))[:40]].mean(0)
        centre /= np.linalg.norm(centre)
    chosen: list[int] = []
    for row in np.argsort(-(embeddings @ centre)):
        if all(embeddings[row] @ embeddings[other] < SAME_PERSON for other in chosen):
            chosen.append(int(row))
        if len(chosen) == count:
            return chosen
    raise SystemExit("too few different people around the anchor")


def landmarks_of(detector, crop: np.ndarray) -> np.ndarray:
    """Five landmarks in the crop, or the template's where the detector does not find the tight crop."""
    padded = np.pad(crop, ((40, 40), (40, 40), (0, 0)), mode="edge")
    found = detector.find(padded, 192, 0.4)
    points = found[0].landmarks - 40 if found else vision.TEMPLATE
    return points if np.abs(points - vision.TEMPLATE).max() < 14 else vision.TEMPLATE


def average_face(detector, crops: np.ndarray) -> np.ndarray:
    """The mean of the crops, each bent (thin plates) so that its landmarks meet the mean landmarks."""
    points = np.array([landmarks_of(detector, crop) for crop in crops])
    middle = points.mean(0)
    middle = (middle + middle[[1, 0, 2, 4, 3]] * [-1, 1] + [2 * 56.0, 0]) / 2  # as if looking straight ahead
    border = np.array([[0, 0], [56, 0], [111, 0], [0, 56], [111, 56], [0, 111], [56, 111], [111, 111]], float)
    rows, columns = np.mgrid[0:112, 0:112]
    grid = np.column_stack([columns.ravel(), rows.ravel()]).astype(float)
    total = np.zeros((112, 112, 3))
    for crop, landmarks in zip(crops, points):
        bend = RBFInterpolator(np.vstack([middle, border]), np.vstack([landmarks, border]), kernel="thin_plate_spline")
        total += sample(crop.astype(float), bend(grid)).reshape(112, 112, 3)
    return total / len(crops)


def sample(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Bilinear samples of (H, W, 3) at (N, 2) columns and rows."""
    at = np.clip(at, 0, [picture.shape[1] - 1.001, picture.shape[0] - 1.001])
    low = at.astype(int)
    fx, fy = (at - low).T[..., None]
    x, y = low.T
    top = picture[y, x] * (1 - fx) + picture[y, x + 1] * fx
    return top * (1 - fy) + (picture[y + 1, x] * (1 - fx) + picture[y + 1, x + 1] * fx) * fy


def sprite(face: np.ndarray, style: str, hair, shirt, seed: int) -> Image.Image:
    """Head and shoulders with the face in place, on a transparent ground."""
    random = np.random.default_rng(seed)
    skin = np.median(face[70:84, 30:82].reshape(-1, 3), axis=0)
    size = (WIDTH * DRAWN, HEIGHT * DRAWN)

    def layer(draw_on, blur=0.0):
        mask = Image.new("L", size, 0)
        draw_on(ImageDraw.Draw(mask))
        return mask.filter(ImageFilter.GaussianBlur(blur * DRAWN)) if blur else mask

    def at(*values):  # crop coordinates to drawing coordinates
        return tuple((v * SCALE + CROP_AT[i % 2]) * DRAWN for i, v in enumerate(values))

    def paint(canvas, mask, colour, shade=0.16, strands=0.0):
        """Fills a mask with a colour, lit from the upper left, with hair strands if wanted."""
        w, h = size[0] // DRAWN, size[1] // DRAWN
        light = 1 + shade * (0.5 - np.linspace(0, 1, w)[None, :]) + shade * (0.5 - np.linspace(0, 1, h)[:, None])
        if strands:
            noise = random.normal(0, 1, (h // 16 + 1, w))
            noise = np.asarray(Image.fromarray(noise.astype(np.float32)).resize((w, h), Image.Resampling.BICUBIC))
            light = light * (1 + strands * noise)
        pixels = np.clip(light[..., None] * np.array(colour), 0, 255).astype(np.uint8)
        filled = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR).convert("RGBA")
        filled.putalpha(mask)
        canvas.alpha_composite(filled)

    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    # Hair behind the head.
    if style == "bob":
        behind = layer(lambda d: d.ellipse(at(-4, -20, 116, 106), 255), 2)
        paint(canvas, behind, np.array(hair) * 0.82, 0.3, 0.10)
    elif style in LONG:
        behind = layer(lambda d: (d.ellipse(at(-4, -22, 116, 110), 255), d.rounded_rectangle(at(-5, 42, 117, 136), 40, 255)), 2)
        paint(canvas, behind, np.array(hair) * 0.82, 0.3, 0.10)
    elif style == "curly":
        behind = layer(lambda d: d.ellipse(at(-16, -34, 128, 104), 255), 2.5)
        paint(canvas, behind, hair, 0.3, 0.16)
    elif style == "bun":
        paint(canvas, layer(lambda d: d.ellipse(at(32, -36, 80, 4), 255), 1.5), np.array(hair) * 0.9, 0.3, 0.06)
    # Shoulders and neck.
    shoulders = layer(lambda d: (d.rounded_rectangle(at(-30, 134, 142, 300), 110, 255), d.polygon(at(28, 122, 84, 122, 100, 140, 12, 140), 255)), 1)
    paint(canvas, shoulders, shirt, 0.25)
    neck = layer(lambda d: (d.rectangle(at(31, 84, 81, 126), 255), d.ellipse(at(31, 112, 81, 146), 255)), 1.2)
    paint(canvas, neck, skin * 0.84, 0.2)
    collar = layer(lambda d: d.arc(at(26, 106, 86, 150), 0, 180, 255, 3 * DRAWN), 0.6)
    paint(canvas, collar, np.array(shirt) * 0.8, 0.2)
    # Head: ears, skull, then the photograph's face melting into it.
    ears = layer(lambda d: (d.ellipse(at(6, 51, 16, 75), 255), d.ellipse(at(96, 51, 106, 75), 255)), 0.8)
    if style not in LONG:
        paint(canvas, ears, skin * 0.9, 0.2)
    skull = layer(lambda d: d.ellipse(at(9, -12, 103, 118), 255), 1)
    paint(canvas, skull, skin * 0.97, 0.12)
    enlarged = Image.fromarray(np.clip(face, 0, 255).astype(np.uint8)).resize(
        (int(112 * SCALE * DRAWN), int(112 * SCALE * DRAWN)), Image.Resampling.BICUBIC
    )
    enlarged = enlarged.filter(ImageFilter.UnsharpMask(radius=2.2 * DRAWN, percent=90, threshold=0))
    oval = layer(lambda d: d.ellipse(at(17, 8, 95, 112), 255), 4)
    placed = Image.new("RGBA", size, (0, 0, 0, 0))
    placed.paste(enlarged, tuple(int(v) for v in at(0, 0)))
    placed.putalpha(ImageChops.multiply(oval, placed.getchannel("A")))
    canvas.alpha_composite(placed)
    # Hair in front: a cap over the skull, open over the forehead.
    brow = {"short": 22, "crop": 17, "curly": 24, "bun": 20, "long": 22, "fringe": 36, "bob": 28}[style]
    top = {"crop": -15, "short": -21, "curly": -34, "bun": -16, "long": -22, "fringe": -22, "bob": -19}[style]
    wide = {"crop": 9, "short": 7, "curly": -8, "bun": 8, "long": 0, "fringe": 0, "bob": 3}[style]
    cap = layer(lambda d: d.ellipse(at(wide, top, 112 - wide, 98), 255), 1.2)
    sides = {"long": 17, "fringe": 15, "bob": 16, "crop": 9, "short": 10, "bun": 10}.get(style, 12)
    face_hole = layer(lambda d: (d.ellipse(at(sides, brow - 8, 112 - sides, 128), 255), d.rectangle(at(-20, 74, 132, 140), 255) if style not in LONG else None), 3)
    fringe = ImageChops.subtract(cap, face_hole)
    if style not in LONG:
        above = layer(lambda d: d.rectangle(at(-40, -60, 152, 40 if style == "curly" else 34), 255), 7)
        fringe = ImageChops.multiply(fringe, above)
    paint(canvas, fringe, hair, 0.35, 0.16 if style == "curly" else 0.09)
    return canvas.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def on_wall(image: Image.Image) -> np.ndarray:
    """The sprite in front of a plain wall, in a 480x360 picture: what the networks are shown."""
    wall = np.linspace(196, 168, 480)[None, :, None] * np.ones((360, 1, 3)) * [1.0, 0.99, 0.96]
    picture = Image.fromarray(wall.astype(np.uint8)).convert("RGBA")
    picture.alpha_composite(image, (112, 40))
    return np.asarray(picture.convert("RGB"))


def main() -> None:
    args = arguments(__doc__).parse_args()
    work = workspace(args)
    faces = face_data.load(args.faces, work)
    rows = np.sort(target_data.order(len(faces))[:SEARCHED])
    if target_data.progress(work) < SEARCHED:
        raise SystemExit("run weights/training/targets.py first")
    embeddings = np.load(work / "targets.npy", mmap_mode="r")[rows].astype(np.float32)
    detector = vision.OnnxDetector(args.teachers / "det_500m.onnx")
    recogniser = onnx_session(args.teachers / target_data.TEACHER, 1)

    def composite(anchor: int, count: int) -> np.ndarray:
        chosen = look_alikes(embeddings, int(np.searchsorted(rows, anchor)), count)
        return average_face(detector, faces.pixels[rows[chosen]])

    counts = [PHOTOGRAPHS[0]] * len(PEOPLE)
    composites = [composite(anchor, PHOTOGRAPHS[0]) for _, anchor, *_ in PEOPLE]
    embedded, entries = [], []
    for i, (name, anchor, style, hair, shirt, stranger) in enumerate(PEOPLE):
        for counts[i] in PHOTOGRAPHS:
            if counts[i] != PHOTOGRAPHS[0]:
                composites[i] = composite(anchor, counts[i])
            mean = np.mean(composites, axis=0)
            face = composites[i] + EXAGGERATION * (composites[i] - mean)
            image = sprite(face, style, hair, shirt, i + 1)
            found = detector.find(on_wall(image), 320)
            if len(found) != 1:
                raise SystemExit(f"{name}: the detector finds {len(found)} faces: choose another anchor")
            crop = vision.align(on_wall(image), found[0].landmarks)
            x = ((crop.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
            embedding = recogniser.run(None, {recogniser.get_inputs()[0].name: x})[0][0]
            nearest = float((embeddings @ (embedding / np.linalg.norm(embedding))).max())
            print(f"{name}: {counts[i]} photographs, score {found[0].score:.2f}, nearest photograph {nearest:.2f}", flush=True)
            if nearest < NOBODY:
                break
        else:
            raise SystemExit(f"{name} resembles somebody: choose another anchor")
        image.save(HERE / f"person-{i + 1:02}.png", optimize=True)
        embedded.append(embedding)
        entry = {"file": f"person-{i + 1:02}.png", "name": name, "stranger": stranger}
        entries.append(entry | {"eyes": np.round(found[0].landmarks[:2] - [112, 40], 1).tolist()})
    embedded = np.array(embedded) / np.linalg.norm(embedded, axis=1, keepdims=True)
    cosine = embedded @ embedded.T
    print(np.round(cosine, 2))
    largest = float(cosine[~np.eye(len(cosine), dtype=bool)].max())
    print(f"largest cosine between two sprites {largest:.2f}")
    if largest >= SEPARATED:
        raise SystemExit("not good enough: choose other anchors")
    (HERE / "people.json").write_text(json.dumps({"width": WIDTH, "height": HEIGHT, "people": entries}, indent=2) + "\n")


if __name__ == "__main__":
    main()

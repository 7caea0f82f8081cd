"""Synthesised scenes for the detector: training faces pasted, with hair and shoulders or without, onto backgrounds.

Nothing here labels anything: the teacher looks at the finished scene and says what it sees, so a face spoiled by the
pasting or a face-like accident in the background gets the label it deserves.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scene(crops: np.ndarray, random: np.random.Generator, side: int) -> np.ndarray:
    """One (side, side, 3) u8 scene made from random rows of `crops` (N, 112, 112, 3)."""
    picture = _background(crops, random, side)
    count = int(random.choice([0, 1, 2, 3, 5, 8], p=[0.08, 0.32, 0.22, 0.18, 0.12, 0.08]))
    # Many faces are small ones; a single one may fill the scene.
    largest = side * (1.0 if count <= 1 else 0.6 if count <= 3 else 0.3)
    for _ in range(count):
        smallest = largest / 3 if count <= 1 and random.random() < 0.6 else 14
        size = int(np.exp(random.uniform(np.log(smallest), np.log(largest))))
        _paste(picture, _crop(crops, random), size, random)
    return _degrade(picture, random)


def _crop(crops, random) -> Image.Image:
    image = Image.fromarray(crops[random.integers(len(crops))])
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def _colour(random, low=0, high=256) -> tuple:
    return tuple(int(v) for v in random.integers(low, high, 3))


def _background(crops, random, side) -> Image.Image:
    kind = random.random()
    if kind < 0.35:  # smooth colour noise, from a plain wall to a busy blur
        cells = int(random.integers(1, 24))
        middle = random.integers(20, 230, 3)
        noise = np.clip(middle + random.normal(0, random.uniform(5, 70), (cells, cells, 3)), 0, 255)
        picture = Image.fromarray(noise.astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    elif kind < 0.65:  # a part of a photograph, enlarged and turned: natural texture without a face
        a = int(random.integers(20, 60))
        x, y = random.integers(0, 112 - a, 2)
        piece = _crop(crops, random).crop((x, y, x + a, y + a)).rotate(90 * int(random.integers(4)))
        picture = piece.resize((side, side), Image.Resampling.BICUBIC)
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 6))))
    else:  # a patchwork of pieces of photographs: edges, hair, eyes out of place
        n = int(random.integers(3, 9))
        a = side // n + 1
        picture = Image.new("RGB", (side, side))
        for row in range(n):
            for column in range(n):
                cut = int(random.integers(16, 64))
                x, y = random.integers(0, 112 - cut, 2)
                piece = _crop(crops, random).crop((x, y, x + cut, y + cut)).rotate(90 * int(random.integers(4)))
                picture.paste(piece.resize((a, a), Image.Resampling.BILINEAR), (column * a, row * a))
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.choice([0, 1, 3]))))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(random.choice([0, 2, 6]))):  # furniture
        x1, x2 = np.sort(random.integers(-20, side + 20, 2))
        y1, y2 = np.sort(random.integers(-20, side + 20, 2))
        shape = draw.rectangle if random.random() < 0.6 else draw.ellipse
        shape((int(x1), int(y1), int(x2), int(y2)), fill=_colour(random))
    return picture


def _paste(picture: Image.Image, face: Image.Image, size: int, random) -> None:
    """Pastes a face whose 112-pixel crop is to be `size` pixels wide, somewhere, perhaps partly outside."""
    side = picture.width
    x, y = (int(v) for v in random.integers(-size // 6, max(1, side - size * 5 // 6), 2))
    style = random.random()
    pad = 56 if style >= 0.6 else 0
    if pad:  # the crop with its borders reflected: the face sits in a larger natural patch
        face = Image.fromarray(np.pad(np.asarray(face), ((pad, pad), (pad, pad), (0, 0)), mode="reflect"))
    full = size * (112 + 2 * pad) // 112
    face = face.resize((full, full), Image.Resampling.BILINEAR if full > 112 else Image.Resampling.BOX)
    if random.random() < 0.5:
        gain = random.uniform(0.5, 1.3)
        face = face.point(lambda v: int(min(255, v * gain)))
    mask = Image.new("L", (full, full), 0)
    draw = ImageDraw.Draw(mask)
    if style < 0.45:  # an oval face, and a head, hair and shoulders drawn behind it
        _body(picture, x, y, size, random)
        w, h = random.uniform(0.36, 0.46) * full, random.uniform(0.46, 0.56) * full
        cx, cy = full / 2, full * random.uniform(0.5, 0.56)
        draw.ellipse((cx - w, cy - h, cx + w, cy + h), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(max(0.6, full * random.uniform(0.01, 0.05))))
    else:  # the whole crop with a soft edge
        edge = int(full * random.uniform(0.02, 0.12)) + 1
        draw.rectangle((edge, edge, full - edge, full - edge), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(edge / 2))
    x, y = x - size * pad // 112, y - size * pad // 112
    angle = float(random.normal(0, 12))
    face = face.rotate(angle, Image.Resampling.BILINEAR)
    mask = mask.rotate(angle, Image.Resampling.BILINEAR)
    picture.paste(face, (x, y), mask)
    if random.random() < 0.1:  # a hand, a cup, a scarf
        w, h = size * random.uniform(0.2, 0.6), size * random.uniform(0.15, 0.4)
        ox, oy = x + full / 2 + random.normal(0, size / 4), y + full / 2 + random.normal(0, size / 4)
        ImageDraw.Draw(picture).ellipse((ox - w / 2, oy - h / 2, ox + w / 2, oy + h / 2), fill=_colour(random, 30, 220))


def _body(picture, x, y, size, random) -> None:
    draw = ImageDraw.Draw(picture)
    cx, skin = x + size / 2, _colour(random, 60, 230)
    hair = _colour(random, 0, 120)
    w, top = size * random.uniform(0.5, 0.62), y - size * random.uniform(0.1, 0.35)
    shoulder = size * random.uniform(0.9, 1.3)
    bottom = y + size * random.uniform(0.7, 1.4)
    draw.ellipse((cx - w, top, cx + w, bottom), fill=hair)
    draw.rectangle((cx - size * 0.25, y + size * 0.7, cx + size * 0.25, y + size * 1.3), fill=skin)
    draw.ellipse((cx - shoulder, y + size * 1.1, cx + shoulder, y + size * 2.6), fill=_colour(random))


def _degrade(picture: Image.Image, random) -> np.ndarray:
    """Camera and light: blur, dim, contrast, colour cast, noise, grey."""
    if random.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0.3, 1.6))))
    x = np.asarray(picture).astype(np.float32)
    if random.random() < 0.6:
        gain = random.uniform(0.25, 1.3) * random.uniform(0.9, 1.1, 3)
        x = (x - 127.5) * random.uniform(0.6, 1.2) + 127.5
        x = x * gain.astype(np.float32)
    if random.random() < 0.1:
        x = np.repeat(x.mean(2, keepdims=True), 3, axis=2)
    if random.random() < 0.4:
        x = x + random.normal(0, random.uniform(1, 10), x.shape).astype(np.float32)
    return np.clip(x, 0, 255).astype(np.uint8)


def non_face(crops: np.ndarray, random: np.random.Generator, side: int) -> np.ndarray:
    """A scene without a pasted face, for counting false positives."""
    return _degrade(_background(crops, random, side), random)

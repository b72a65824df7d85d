"""`drawn_faces`: faces that a program draws, with attributes named as CelebA's.

A stand-in for CelebA that needs no download. It has the attributes which the
paper's figure of conditional generation varies (Dumoulin et al., 2017, figure
7), and a moustache. Whatever else a face has is chance: its place and size,
its skin, the colours behind and below it.
"""

import numpy as np
import tensorflow_datasets as tfds

SEED = 0  # Fixes all faces, so the data set is always the same.
NUM_FACES = {"train": 10_000, "test": 1_000}
SIZE = 64
HAIR = {
    "Black_Hair": (0.08, 0.07, 0.09),
    "Brown_Hair": (0.42, 0.24, 0.12),
    "Blond_Hair": (0.93, 0.80, 0.40),
    None: (0.80, 0.25, 0.12),  # Red, which has no attribute.
}
# The rest of the hair. A head has one of these, or hair as it mostly is.
TOPS = ("Bangs", "Receding_Hairline", "Bald", None)
# Each independent of the others, with its probability.
OTHERS = {
    "Eyeglasses": 0.35,
    "Mouth_Slightly_Open": 0.4,
    "Mustache": 0.3,
    "Smiling": 0.5,
    "Wavy_Hair": 0.4,
    "Wearing_Hat": 0.2,
}
NAMES = tuple(sorted([*filter(None, [*HAIR, *TOPS]), *OTHERS]))
_DARK, _WHITE = (0.1, 0.1, 0.12), (0.97, 0.97, 0.97)
_SKINS = ((1.0, 0.87, 0.77), (0.90, 0.70, 0.55), (0.62, 0.42, 0.30))
# Coordinates of the pixels: x to the right, y down, both in [-1, 1].
_Y, _X = (np.mgrid[:SIZE, :SIZE] + 0.5) / (SIZE / 2) - 1


def draw_attributes(rng):
    """Draws what a face has.

    Args:
        rng: `numpy.random.Generator`.

    Returns:
        Dictionary of booleans by `NAMES`. At most one colour of hair is true,
        and at most one of `TOPS`. A bald head has no wavy hair.
    """
    has = {name: bool(rng.random() < p) for name, p in OTHERS.items()}
    colour = list(HAIR)[rng.integers(len(HAIR))]
    top = TOPS[rng.choice(len(TOPS), p=(0.25, 0.2, 0.15, 0.4))]
    has["Wavy_Hair"] &= top != "Bald"
    return {name: has.get(name, name in (colour, top)) for name in NAMES}


def draw_face(rng, has):
    """Draws a face.

    Args:
        rng: `numpy.random.Generator`: all that `has` leaves open.
        has: Dictionary of booleans by `NAMES`. Any of them go together.

    Returns:
        uint8 array `(64, 64, 3)`.
    """
    hair = next(HAIR[n] for n in HAIR if n is None or has[n])
    skin = _SKINS[rng.integers(len(_SKINS))]
    canvas = np.ones((SIZE, SIZE, 3)) * rng.uniform(0.4, 0.95, 3)
    x, y = _X - rng.uniform(-0.1, 0.1), _Y - rng.uniform(0.0, 0.15)
    x, y = x / rng.uniform(0.9, 1.15), y / rng.uniform(0.95, 1.1)
    head = _ellipse(x, y, 0.48, 0.62)
    _paint(canvas, _hair_behind(x, y, has), hair)
    _paint(canvas, _box(x, y - 0.7, 0.18, 0.3), skin)  # Neck, then clothes.
    _paint(canvas, _ellipse(x, y - 1.2, 0.75, 0.5), rng.uniform(0.1, 0.9, 3))
    _paint(canvas, head, skin)
    _paint(canvas, head * _hair_on_top(x, y, has), hair)
    _draw_features(canvas, x, y, has, hair, skin)
    if has["Wearing_Hat"]:
        colour = rng.uniform(0.1, 0.9, 3)
        _paint(canvas, _box(x, y + 0.58, 0.45, 0.28), colour)
        _paint(canvas, _box(x, y + 0.34, 0.68, 0.06), colour * 0.7)
    return (canvas * 255).round().astype("uint8")


def _draw_features(canvas, x, y, has, hair, skin):
    for side in (x - 0.2, x + 0.2):
        _paint(canvas, _ellipse(side, y, 0.1, 0.065), _WHITE)
        _paint(canvas, _ellipse(side, y, 0.045, 0.055), _DARK)
        if has["Eyeglasses"]:
            rim = _ellipse(side, y, 0.19, 0.15)
            rim *= 1 - _ellipse(side, y, 0.13, 0.09)
            _paint(canvas, rim, _DARK)
    _paint(canvas, _ellipse(x, y - 0.16, 0.05, 0.08), np.multiply(skin, 0.75))
    if has["Mustache"]:
        _paint(canvas, _ellipse(x, y - 0.27, 0.22, 0.055), hair)
    bend = 0.12 if has["Smiling"] else 0.0  # The corners go up.
    height = 0.09 if has["Mouth_Slightly_Open"] else 0.035
    shape = 1 - (x / 0.23) ** 2
    middle = y - 0.38 - bend * (shape - 0.5)
    mouth = _soft(height * np.sqrt(np.maximum(shape, 0)) - np.abs(middle))
    mouth = mouth * (np.abs(x) < 0.23)
    is_open = has["Mouth_Slightly_Open"]
    _paint(canvas, mouth, (0.25, 0.05, 0.07) if is_open else (0.7, 0.2, 0.2))


def _hair_behind(x, y, has):
    """Hair around the head: a rim at the sides only of a bald one."""
    angle = np.arctan2(y + 0.05, x)
    waves = 0.13 * np.sin(11 * angle) if has["Wavy_Hair"] else 0.0
    radius = np.hypot(x / 0.62, (y + 0.05) / 0.74)
    hair = _soft((1 + waves - radius) * 0.6)
    if has["Bald"]:
        return hair * _box(x, y - 0.05, 0.58, 0.25)
    return hair * _soft(0.5 - y)  # Down to the neck.


def _hair_on_top(x, y, has):
    """Hair over the forehead, above the hairline."""
    if has["Bald"]:
        return np.zeros_like(x)
    hairline = -0.33 + 0.0 * x
    if has["Bangs"]:
        hairline = -0.16 + 0.05 * np.sin(25 * x)
    elif has["Receding_Hairline"]:  # Bare at both sides of a peak.
        hairline = -0.38 - 0.7 * np.abs(x)
    return _soft(hairline - y)


def _paint(canvas, mask, colour):
    canvas += mask[..., None] * (np.asarray(colour) - canvas)


def _soft(inside):
    """Coverage of pixels, in [0, 1], by how far inside a shape they are."""
    return np.clip(inside * SIZE / 2 + 0.5, 0, 1)


def _ellipse(x, y, width, height):
    radius = np.hypot(x / width, y / height)
    return _soft((1 - radius) * min(width, height))


def _box(x, y, width, height):
    return _soft(np.minimum(width - np.abs(x), height - np.abs(y)))


class DrawnFaces(tfds.core.GeneratorBasedBuilder):
    """Drawn faces with attributes.

    Features: `image` `(64, 64, 3)` uint8, and `attributes`, a dictionary of
    booleans as TFDS' `celeb_a` has it.
    """

    name = "drawn_faces"
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                f"Faces that a program draws, with {len(NAMES)} attributes "
                "whose names are CelebA's."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 3)),
                    "attributes": dict.fromkeys(NAMES, np.bool_),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(np.random.default_rng([SEED, i]), n)
            for i, (split, n) in enumerate(NUM_FACES.items())
        }

    def _generate_examples(self, rng, number):
        for index in range(number):
            has = draw_attributes(rng)
            yield index, {"image": draw_face(rng, has), "attributes": has}

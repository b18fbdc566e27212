"""`doodles`: the embedded default, drawings of the five categories made from jittered parametric strokes.

They need no download, and they are not Quick, Draw! drawings: all results on them say so.
Each drawing starts from a recipe (a snowman is two or three circles with a hat and arms), whose sizes and places
are random; then parts are left out, a stray stroke may come in, and everything is turned, sheared and shaken
by an unsteady hand.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datamodules.cache import cached
from datamodules.image_dataset import SIDE, ImageDataset, all_among, chosen_categories
from datamodules.rasterize import GRID, Stroke
from datamodules.sources.strokes import in_form, together
from experiment.config import FIVE, Data
from experiment.memory import check_memory
from experiment.randomness import generator

DESCRIPTION = "DOODLES made by this project, NOT Quick, Draw! drawings"
VERSION = 1
"""Counts up with every change of the drawings, so that cached ones are not used."""
SEED = 0
"""Doodles are a fixed data set, as a download would be: not a matter of the experiment's seed."""
TRAIN, TEST = 4000, 1000
"""Drawings per category where the config says null."""

Random = np.random.Generator


def load(config: Data) -> ImageDataset:
    """Make (or take from the cache) the doodles of the chosen categories."""
    categories = all_among(chosen_categories(config), FIVE, "doodles exist of")
    ours, theirs = config.train_per_category or TRAIN, config.test_per_category or TEST
    check_memory(len(categories) * (ours + theirs) * SIDE * SIDE, "--data.train_per_category and test_per_category:")
    images = [_category(name, ours + theirs, config.form) for name in categories]
    train, test = [part[:ours] for part in images], [part[ours:] for part in images]
    return together("doodles", DESCRIPTION, categories, train, test)


def draw(name: str, random: Random) -> list[Stroke]:
    """One doodle of a category, as strokes on the 256 grid."""
    strokes = RECIPES[name](random)
    kept = [stroke for stroke in strokes if random.random() > 0.13] or strokes[:1]
    if random.random() < 0.35:
        kept.append(_scribble(random))
    turned = _transform(random) @ np.concatenate(kept, axis=1)
    turned += random.normal(0, random.uniform(0.5, 3.5), turned.shape)
    ends = np.cumsum([stroke.shape[1] for stroke in kept])[:-1]
    size = (turned.max(axis=1) - turned.min(axis=1)).max()
    scaled = (turned - turned.min(axis=1, keepdims=True)) * (GRID - 1) / size
    return np.split(scaled, ends, axis=1)


def _category(name: str, count: int, form: str) -> np.ndarray:
    def make() -> dict[str, np.ndarray]:
        random = generator(SEED, "doodles", FIVE.index(name))
        return {"images": in_form((draw(name, random) for _ in range(count)), count, form)}

    version = VERSION if form == "bitmaps" else f"{form} {VERSION}"
    return cached("doodles", f"{version}:{name}:{count}", make)["images"]


def _transform(random: Random) -> np.ndarray:
    """A random turn, stretch, shear and mirroring, as a 2x2 matrix."""
    angle, shear = random.normal(0, 0.22), random.normal(0, 0.18)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = -1 if random.random() < 0.5 else 1
    return turn @ np.array([[mirror * np.exp(random.normal(0, 0.2)), shear], [0, 1]])


def _scribble(random: Random) -> Stroke:
    steps = random.normal(0, 18, (2, random.integers(2, 7)))
    return random.uniform(-70, 70, (2, 1)) + np.cumsum(steps, axis=1)


def _arc(random: Random, x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 2 * np.pi) -> Stroke:
    """An ellipse or part of one, never quite closed, never quite round."""
    t = np.linspace(start, end + random.normal(0, 0.15), 22) + random.uniform(0, 0.3)
    bumps = 1 + 0.06 * np.sin(random.integers(2, 4) * t + random.uniform(0, 6))
    return np.stack([x + rx * bumps * np.cos(t), y + ry * bumps * np.sin(t)])


def _line(*points: tuple[float, float]) -> Stroke:
    """A line through the points, with others between for the hand to shake."""
    corners = np.array(points, float).T
    at = np.linspace(0, len(points) - 1, 5 * (len(points) - 1) + 1)
    return np.stack([np.interp(at, np.arange(len(points)), axis) for axis in corners])


def _rabbit(r: Random) -> list[Stroke]:
    head, ear, lean = r.uniform(25, 48), r.uniform(20, 75), r.normal(0, 12)
    gap, wide = r.uniform(0.25, 0.7) * head, r.uniform(5, 14)
    strokes = [_arc(r, 0, 0, head, head * r.uniform(0.75, 1.2))]
    for side in (-1, 1):
        strokes.append(_arc(r, side * gap + lean, -head - ear * 0.75, wide, ear))
    if r.random() < 0.6:
        strokes.append(_arc(r, r.normal(0, 15), head * 2, head * r.uniform(0.9, 1.6), head * r.uniform(0.9, 1.5)))
    if r.random() < 0.5:
        strokes += [_arc(r, side * head * 0.4, -head * 0.2, 3, 4) for side in (-1, 1)]
    if r.random() < 0.4:
        strokes += [_line((side * 6, 8), (side * head * 1.2, r.uniform(0, 16))) for side in (-1, 1)]
    return strokes


def _yoga(r: Random) -> list[Stroke]:
    head, trunk = r.uniform(10, 24), r.uniform(35, 80)
    hip, reach = trunk + head, r.uniform(30, 75)
    strokes = [_arc(r, 0, 0, head, head), _line((0, head), (r.normal(0, 14), hip))]
    lift = r.uniform(-70, 45)
    for side in (-1, 1):
        shoulder = head + trunk * 0.2
        elbow = (side * reach * 0.6, shoulder + lift * r.uniform(0, 0.6))
        strokes.append(_line((0, shoulder), elbow, (side * reach * r.uniform(0.1, 1.1), shoulder + lift)))
    if r.random() < 0.5:  # cross-legged
        strokes += [
            _line((0, hip), (side * reach, hip + 25), (-side * 20, hip + r.uniform(25, 45))) for side in (-1, 1)
        ]
    else:  # standing, perhaps on one leg
        strokes.append(_line((0, hip), (r.normal(-18, 10), hip + trunk)))
        strokes.append(
            _line((0, hip), (r.uniform(15, 60), hip + r.uniform(5, 50)), (r.normal(0, 35), hip + trunk * 0.8))
        )
    return strokes


def _hand(r: Random) -> list[Stroke]:
    palm, length, spread = r.uniform(30, 50), r.uniform(35, 85), r.uniform(0.15, 0.4)
    width, points = palm * r.uniform(0.14, 0.26), [(-palm * 0.7, palm * 1.3), (-palm, 0.0)]
    for finger, size in enumerate((0.75, 0.95, 1.0, 0.85)):
        angle = -np.pi / 2 + spread * (finger - 1.5) + r.normal(0, 0.06)
        base = np.array([palm * (finger - 1.5) * 0.55, -palm * 0.55])
        out = np.array([np.cos(angle), np.sin(angle)]) * length * size
        side = np.array([-np.sin(angle), np.cos(angle)]) * width
        points += [tuple(base - side), tuple(base + out - side), tuple(base + out + side), tuple(base + side)]
    thumb = r.uniform(0.2, 0.9)
    points += [(palm, 0.0), (palm + length * 0.7, -length * thumb), (palm + length * 0.7, -length * thumb + 20)]
    points += [(palm * 0.95, palm * 0.6), (palm * 0.7, palm * 1.3)]
    if r.random() < 0.35:  # a stick hand: a round palm with five rays
        rays = [np.array([np.cos(a), np.sin(a)]) for a in -np.pi / 2 + np.linspace(-1.1, 1.1, 5) * r.uniform(0.7, 1.3)]
        return [_arc(r, 0, 0, palm, palm)] + [_line(tuple(palm * v), tuple((palm + length) * v)) for v in rays]
    return [_line(*points)]


def _snowman(r: Random) -> list[Stroke]:
    sizes = [r.uniform(14, 32), r.uniform(24, 44), r.uniform(32, 62)][: r.choice([2, 3, 3])]
    strokes, y = [], 0.0
    for number, size in enumerate(sizes):
        y += size if number else 0
        strokes.append(_arc(r, r.normal(0, 5), y, size * r.uniform(0.85, 1.2), size))
        y += size * r.uniform(0.7, 1.0)
    top = -sizes[0]
    if r.random() < 0.5:
        brim = sizes[0] * r.uniform(0.8, 1.3)
        crown = [(-brim / 2, top), (-brim / 2, top - brim), (brim / 2, top - brim), (brim / 2, top)]
        strokes += [_line((-brim, top), (brim, top)), _line(*crown)]
    if r.random() < 0.6:
        for side in (-1, 1):
            strokes.append(_line((side * sizes[1], sizes[0] * 2), (side * r.uniform(50, 95), r.uniform(-10, 70))))
    if r.random() < 0.5:
        strokes += [_arc(r, side * sizes[0] * 0.35, -4, 2, 2) for side in (-1, 1)]
        strokes.append(_line((0, 2), (r.uniform(8, 25), 6), (0, 9)))
    return strokes


def _motorbike(r: Random) -> list[Stroke]:
    wheel, base = r.uniform(18, 38), r.uniform(50, 90)
    strokes = [_arc(r, -base, 0, wheel, wheel), _arc(r, base, r.normal(0, 5), wheel, wheel)]
    bar = (base * r.uniform(0.5, 0.8), -wheel * r.uniform(1.5, 2.8))
    strokes.append(_line((base, 0), bar, (bar[0] - r.uniform(5, 30), bar[1] - r.normal(5, 8))))
    seat = -wheel * r.uniform(0.9, 1.9)
    strokes.append(_line((-base, 0), (-base * 0.3, seat), (base * 0.5, seat * r.uniform(0.8, 1.3)), bar))
    if r.random() < 0.6:
        strokes.append(_line((-base * 0.2, seat), (0, -2), (base * 0.45, seat * 0.8)))
    if r.random() < 0.5:
        strokes.append(_arc(r, -base * r.uniform(0.2, 0.6), seat - 6, r.uniform(15, 38), r.uniform(4, 11)))
    if r.random() < 0.4:
        strokes += [_arc(r, side * base, 0, wheel * 0.4, wheel * 0.4) for side in (-1, 1)]
    return strokes


RECIPES: dict[str, Callable[[Random], list[Stroke]]] = {
    "rabbit": _rabbit,
    "yoga": _yoga,
    "hand": _hand,
    "snowman": _snowman,
    "motorbike": _motorbike,
}

"""What machines and people print on pictures: text with where it lies, and rulers, bars, calipers, curves, which are no text.

Drawn with the fonts that OpenCV carries (Latin and Chinese), smooth or as old screens drew them. A print is put on a picture and on
three maps of its size: where text lies, where something lies that is neither text nor none (a single digit beside a ruler, a logo).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from services.inference.training.picture import Image

Ink = npt.NDArray[np.uint8]
FACES = ("sans", "serif", "italic", "uni")
_WORDS = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines()
_LATIN, _HAN = [word for word in _WORDS if word.isascii()], [word for word in _WORDS if not word.isascii()]
_UNITS = ("mm", "cm", "cm2", "MHz", "Hz", "dB", "%", "w", "d", "g", "bpm", "fps", "")
_KEYS = (
    "MI",
    "TIS",
    "TIb",
    "Gn",
    "G",
    "DR",
    "FR",
    "D",
    "P",
    "F",
    "AO",
    "Zoom",
    "Map",
    "PRF",
    "WF",
    "C",
    "E",
    "FF",
    "HR",
    "1 D",
    "2 L",
    "BPD",
)


def words(rng: Generator) -> str:
    """A line as machines and people write them: names, dates, settings, measurements."""
    kind = rng.random()
    number = f"{rng.uniform(0, 200):.{int(rng.integers(0, 3))}f}"
    if kind < 0.22:
        return (
            f"{rng.choice(_KEYS)}{rng.choice(['', ' ', ': ', '='])}{number}{rng.choice(['', ' '])}{rng.choice(_UNITS)}"
        )
    if kind < 0.36:
        a, b, c = (int(v) for v in rng.integers(1, 60, 3))
        forms = (
            f"{a % 28 + 1:02}/{b % 12 + 1:02}/20{c % 30:02}",
            f"{a % 24:02}:{b:02}:{c:02}",
            f"20{c % 30:02}-{b % 12 + 1:02}-{a % 28 + 1:02}",
        )
        return str(rng.choice(forms)) + (f" {forms[1]}" if rng.random() < 0.2 else "")
    if kind < 0.46:
        return "".join(str(d) for d in rng.integers(0, 10, int(rng.integers(4, 13))))
    if kind < 0.62:
        count = int(rng.integers(1, 4))
        han = (
            "".join(rng.choice(_HAN, count))
            if rng.random() < 0.7
            else "".join(chr(int(c)) for c in rng.integers(0x4E00, 0x8FFF, 2 + count))
        )
        return han + (f":{number}" if rng.random() < 0.25 else "")
    if kind < 0.72:
        letters = [chr(int(c)) for c in rng.integers(33, 123, int(rng.integers(3, 12)))]
        return "".join(letters)
    return str(rng.choice([" ", " - ", "_"])).join(rng.choice(_LATIN, int(rng.integers(1, 4))))


def _smooth(rng: Generator, text: str, height: int) -> Ink:
    size = max(5, round(height * 1.25))
    room = np.zeros((3 * size, int(1.3 * size * (len(text) + 2))), np.uint8)
    face = cv2.FontFace(str(rng.choice(FACES)))
    cv2.putText(room, text, (size, 2 * size), 255, face, size, int(rng.integers(250, 900)))
    return room


def _drawn(rng: Generator, text: str, height: int) -> Ink:
    """Strokes of one thickness, with or without smoothing; Latin only."""
    size = height / 22
    room = np.zeros((4 * height, int(1.6 * height * (len(text) + 2))), np.uint8)
    line = cv2.LINE_AA if rng.random() < 0.7 else cv2.LINE_8
    font = int(rng.choice([0, 0, 0, 1, 2, 3, 4]))
    cv2.putText(room, text, (height, 2 * height), font, size, 255, 1 if height < 15 else int(rng.integers(1, 3)), line)
    return room


def _coarse(rng: Generator, text: str, height: int) -> Ink:
    """As a screen of few dots: rendered small, no grey, each dot enlarged."""
    dots = int(rng.integers(8, 12))
    room = _smooth(rng, text, dots)
    room = ((room > 100) * 255).astype(np.uint8)
    return np.asarray(
        cv2.resize(room, None, fx=height / dots, fy=height / dots, interpolation=cv2.INTER_NEAREST), np.uint8
    )


def inked(rng: Generator, text: str, height: int) -> Ink:
    """The line in white on black, cut to its ink; at least one pixel."""
    kind = rng.random()
    latin = text.isascii()
    if kind < 0.3 and latin:
        room = _drawn(rng, text, height)
    elif kind < 0.5:
        room = _coarse(rng, text, height)
    elif kind < 0.65:  # drawn larger and made smaller, as screens are when they are stored
        big = _smooth(rng, text, 2 * height)
        room = np.asarray(cv2.resize(big, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        room = _smooth(rng, text, height)
    if rng.random() < 0.3:
        room = np.asarray(
            cv2.resize(room, None, fx=rng.uniform(0.75, 1.4), fy=1, interpolation=cv2.INTER_LINEAR), np.uint8
        )
    x, y, width, tall = cv2.boundingRect(room)
    return room[y : y + max(1, tall), x : x + max(1, width)]


@dataclass
class Sheet:
    """A picture (0 to 1) with the maps of what was printed on it."""

    image: Image
    text: Ink = field(init=False)
    unclear: Ink = field(init=False)

    def __post_init__(self) -> None:
        self.text = np.zeros(self.image.shape, np.uint8)
        self.unclear = np.zeros(self.image.shape, np.uint8)

    def put(self, ink: Ink, x: int, y: int, level: float, paper: float | None = None, *, is_text: bool = True) -> None:
        """Ink with its upper left corner at (x, y), on a plate of its own where `paper` is given; what lies beyond is cut."""
        rows, columns = self.image.shape
        top, left, bottom, right = max(0, y), max(0, x), min(rows, y + ink.shape[0]), min(columns, x + ink.shape[1])
        if bottom - top < 3 or right - left < 3:
            return
        cut = ink[top - y : bottom - y, left - x : right - x].astype(np.float32) / 255
        if paper is not None:
            self.image[max(0, top - 2) : bottom + 2, max(0, left - 3) : right + 3] = paper
        field_ = self.image[top:bottom, left:right]
        field_ += cut * (np.float32(level) - field_)
        whole = bottom - top > 0.6 * ink.shape[0]
        (self.text if is_text and whole else self.unclear)[top:bottom, left:right] = 255


def _line(
    rng: Generator, sheet: Sheet, text: str, x: int, y: int, height: int, level: float, paper: float | None
) -> None:
    ink = inked(rng, text, height)
    few = len(text.replace(" ", "")) < 2
    sheet.put(ink, x, y, level, paper, is_text=not few)


def labels(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """One to three lines anywhere, as people type them on a picture."""
    rows, columns = sheet.image.shape
    for _ in range(int(rng.integers(1, 4))):
        height = int(rng.uniform(6, 26) if rng.random() < 0.8 else rng.uniform(20, 48))
        level = rng.uniform(0.55, 1) if dark else rng.uniform(0, 0.3)
        paper = None
        if rng.random() < 0.15:
            level, paper = (
                (rng.uniform(0.7, 1), rng.uniform(0, 0.35))
                if rng.random() < 0.6
                else (rng.uniform(0, 0.3), rng.uniform(0.6, 1))
            )
        text = words(rng)
        x, y = int(rng.uniform(-0.02, 0.85) * columns), int(rng.uniform(0, 0.96) * rows)
        _line(rng, sheet, text, x, y, height, level, paper)


def block(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """Lines under each other near a border: who, where, when, with which settings."""
    rows, columns = sheet.image.shape
    height = int(rng.uniform(5, 14))
    level = rng.uniform(0.4, 1) if dark else rng.uniform(0, 0.4)
    x = int(rng.choice([rng.uniform(0, 0.1), rng.uniform(0.7, 0.92), rng.uniform(0.2, 0.6)]) * columns)
    y = int(rng.choice([rng.uniform(0, 0.08), rng.uniform(0.1, 0.6), rng.uniform(0.75, 0.95)]) * rows)
    step = int(height * rng.uniform(1.25, 2.2)) + 1
    for _ in range(int(rng.integers(1, 9))):
        _line(rng, sheet, words(rng), x, y, height, level, None)
        y += step


def ruler(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """Marks at even steps along a side, some with numbers (one digit is neither text nor none)."""
    rows, columns = sheet.image.shape
    level = rng.uniform(0.4, 1) if dark else rng.uniform(0, 0.4)
    upright = rng.random() < 0.7
    at = int(rng.choice([rng.uniform(0.01, 0.25), rng.uniform(0.75, 0.99)]) * (columns if upright else rows))
    length, step = (rows, columns)[not upright], rng.uniform(6, 45)
    long_, numbered, kind = int(rng.integers(2, 8)), rng.random() < 0.4, rng.random()
    for n, place in enumerate(np.arange(rng.uniform(0, 60), length - rng.uniform(0, 60), step)):
        size = long_ * (2 if n % 5 == 0 else 1)
        x, y = (at, int(place)) if upright else (int(place), at)
        to = (x + size, y) if upright else (x, y + size)
        if kind < 0.7:
            cv2.line(sheet.image, (x, y), to, level, 1, cv2.LINE_AA)
        else:
            cv2.circle(sheet.image, (x, y), max(1, size // 4), level, -1, cv2.LINE_AA)
        if numbered and n % 5 == 0:
            sheet.put(
                inked(rng, str(n // 5 * int(rng.choice([1, 2, 5]))), int(rng.integers(6, 12))),
                x + 10,
                y - 4,
                level,
                is_text=False,
            )


def calipers(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """Crosses with a dotted line between them, or a dotted ellipse."""
    rows, columns = sheet.image.shape
    level = rng.uniform(0.6, 1) if dark else rng.uniform(0, 0.3)
    ends = [(int(rng.uniform(0.1, 0.9) * columns), int(rng.uniform(0.1, 0.9) * rows)) for _ in range(2)]
    marker = int(rng.choice([cv2.MARKER_CROSS, cv2.MARKER_TILTED_CROSS, cv2.MARKER_DIAMOND]))
    for end in ends:
        cv2.drawMarker(sheet.image, end, level, marker, int(rng.integers(5, 15)), 1)
    if rng.random() < 0.6:
        for part in np.linspace(0, 1, int(rng.integers(10, 50))):
            x, y = (round(a + (b - a) * part) for a, b in zip(*ends, strict=True))
            cv2.circle(sheet.image, (x, y), int(rng.integers(0, 2)), level, -1)
    if rng.random() < 0.3:
        axes = (rng.uniform(10, 120), rng.uniform(10, 90))
        for angle in np.arange(0, 2 * math.pi, 2 * math.pi / int(rng.integers(20, 90))):
            x, y = int(ends[0][0] + axes[0] * math.cos(angle)), int(ends[0][1] + axes[1] * math.sin(angle))
            cv2.circle(sheet.image, (x, y), 0, level, -1)


def grey_bar(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """The scale of grey levels."""
    rows, columns = sheet.image.shape
    wide, tall = int(rng.uniform(3, 18)), int(rng.uniform(0.15, 0.6) * rows)
    x = int(rng.choice([rng.uniform(0, 0.08), rng.uniform(0.88, 0.97)]) * columns)
    y = int(rng.uniform(0, 0.4) * rows)
    levels = np.linspace(1, 0, tall, dtype=np.float32)[:, None] ** np.float32(rng.uniform(0.5, 2))
    room = sheet.image[y : y + tall, x : x + wide]
    room[:] = np.broadcast_to(levels, (tall, wide))[: room.shape[0], : room.shape[1]]


def curve(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """An electrocardiogram or a gain curve."""
    rows, columns = sheet.image.shape
    level = rng.uniform(0.4, 1) if dark else rng.uniform(0, 0.4)
    x = np.arange(int(rng.uniform(0.2, 1) * columns))
    beat, tall = rng.uniform(25, 120), rng.uniform(4, 35)
    phase = (x % beat) / beat
    y = tall * (np.exp(-(((phase - 0.3) / 0.02) ** 2)) + 0.25 * np.exp(-(((phase - 0.6) / 0.07) ** 2))) + rng.normal(
        0, 0.3, len(x)
    )
    points = np.column_stack([x + rng.uniform(0, 0.3) * columns, rng.uniform(0.5, 0.98) * rows - y])
    if rng.random() < 0.3:
        points = points[:, ::-1]
    cv2.polylines(sheet.image, [np.rint(points).astype(np.int32)], False, level, 1, cv2.LINE_AA)


def body_mark(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """A small drawing of a body's part with the probe's place: the furniture that looks most like letters."""
    rows, columns = sheet.image.shape
    level = rng.uniform(0.3, 1) if dark else rng.uniform(0, 0.4)
    high = rng.uniform(14, 56)
    wide = high * rng.uniform(0.5, 1.2)
    at = np.array([rng.uniform(0, 0.95) * columns, rng.uniform(0, 0.9) * rows])
    if rng.random() < 0.6:
        corners = np.array([[0, 0], [0.1, 0.5], [0, 1]]) + rng.normal(0, 0.05, (3, 2))
        sides = [corners, np.array([1, 0]) + corners * (-1, 1)]
    else:
        angles = np.linspace(0, 2 * math.pi, 16)
        sides = [0.5 + 0.5 * np.column_stack([np.cos(angles), np.sin(angles)])]
    inner = []
    for _ in range(int(rng.integers(1, 4))):
        half = np.sort(rng.uniform(0, 0.5, 2))
        top, bottom = rng.uniform(0.1, 0.9, 2)
        inner.append(
            np.array(
                [
                    [half[0], bottom],
                    [(half[0] + 0.5) / 2, top],
                    [0.5, bottom],
                    [(1.5 - half[0]) / 2, top],
                    [1 - half[0], bottom],
                ]
            )
        )
    for line in (*sides, *inner):
        points = np.rint(at + line * (wide, high)).astype(np.int32)
        cv2.polylines(sheet.image, [points], False, level, 1, cv2.LINE_AA)
    if rng.random() < 0.6:
        x, y = (at + rng.uniform(0.2, 0.8, 2) * (wide, high)).astype(int)
        cv2.line(sheet.image, (int(x), int(y)), (int(x + rng.integers(-6, 7)), int(y + rng.integers(-4, 5))), 1.0, 2)


def marks(rng: Generator, sheet: Sheet, dark: bool) -> None:
    """Boxes, fans, arrows, focus marks, body marks, plain bars."""
    rows, columns = sheet.image.shape
    level = rng.uniform(0.4, 1) if dark else rng.uniform(0, 0.4)
    for _ in range(int(rng.integers(1, 5))):
        x, y = int(rng.uniform(0, 1) * columns), int(rng.uniform(0, 1) * rows)
        kind = rng.random()
        if kind < 0.25:
            cv2.rectangle(
                sheet.image,
                (x, y),
                (x + int(rng.integers(6, 200)), y + int(rng.integers(4, 150))),
                level,
                1 if rng.random() < 0.7 else -1,
            )
        elif kind < 0.5:
            size = int(rng.integers(2, 9))
            corners = np.array([[x, y - size], [x, y + size], [x + int(rng.choice([-2, 2])) * size, y]])
            cv2.fillPoly(sheet.image, [corners], level)
        elif kind < 0.7:
            cv2.arrowedLine(
                sheet.image,
                (x, y),
                (x + int(rng.integers(-40, 40)), y + int(rng.integers(-40, 40))),
                level,
                1,
                cv2.LINE_AA,
            )
        elif kind < 0.85:
            corners = np.array([[x - 12, y], [x + 12, y], [x + 25, y + 40], [x - 25, y + 40]]) + rng.integers(
                -6, 7, (4, 2)
            )
            cv2.polylines(sheet.image, [corners.astype(np.int32)], True, level, 1, cv2.LINE_AA)
        else:
            axes = (int(rng.integers(3, 30)), int(rng.integers(3, 40)))
            cv2.ellipse(sheet.image, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, level, 1, cv2.LINE_AA)


FURNITURE = (ruler, calipers, grey_bar, curve, body_mark, marks)


def printed(rng: Generator, sheet: Sheet, text: bool) -> None:
    """Furniture by chance, and text where it is asked for; dark or light after what lies beneath."""
    dark = float(sheet.image.mean()) < 0.55
    for draw, chance in zip(FURNITURE, (0.4, 0.35, 0.25, 0.15, 0.35, 0.35), strict=True):
        if rng.random() < chance:
            draw(rng, sheet, dark)
    if not text:
        return
    for _ in range(int(rng.choice([0, 1, 2, 4]))):
        block(rng, sheet, dark)
    labels(rng, sheet, dark)


def boxes_drawn(sheet: Sheet, boxes: Sequence[tuple[float, float, float, float]], *, clear: bool) -> None:
    """Text that the picture itself brings, as (left, top, right, bottom)."""
    for left, top, right, bottom in boxes:
        field_ = sheet.text if clear else sheet.unclear
        field_[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = 255

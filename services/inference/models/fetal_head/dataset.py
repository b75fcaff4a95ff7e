"""Images of heads and of what is none, with their ellipses, split by exam or patient; augmented training samples.

Coordinates follow OpenCV: the centre of the first pixel is (0, 0); the y axis points down; angles from x towards y.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from services.inference import simulator
from services.inference.training.images import grey, rows
from services.inference.training.split import Part, part_of

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One image. `quadric` maps a point to <= 1 inside the head's outer contour; None: no head, or not outlined."""

    name: str
    source: str
    part: Part
    pixels: Pixels
    head: bool
    quadric: Floats | None = None  # 3x3, in pixels of `pixels`
    spacing_mm: float | None = None
    hc_mm: float | None = None


def quadric_of(cx: float, cy: float, a: float, b: float, angle: float) -> Floats:
    """The matrix Q with (x, y, 1) Q (x, y, 1)' = r^2, r = 1 on the ellipse; angle in radians."""
    c, s = np.cos(angle), np.sin(angle)
    to_unit = np.array([[c / a, s / a, -(c * cx + s * cy) / a], [-s / b, c / b, (s * cx - c * cy) / b], [0, 0, 1.0]])
    return np.asarray(to_unit.T @ np.diag([1.0, 1.0, 0.0]) @ to_unit)


def axes_of(quadric: Floats) -> tuple[float, float]:
    """Semi-axes (major, minor) of the quadric's ellipse."""
    small, large = np.linalg.eigvalsh(quadric[:2, :2])
    return float(small**-0.5), float(large**-0.5)


def coverage(quadric: Floats, width: int, height: int) -> npt.NDArray[np.float32]:
    """How much of each pixel the ellipse covers, 0 to 1, from the signed distance to first order."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    gx = quadric[0, 0] * x + quadric[0, 1] * y + quadric[0, 2]
    gy = quadric[1, 0] * x + quadric[1, 1] * y + quadric[1, 2]
    r2 = x * gx + y * gy + quadric[2, 0] * x + quadric[2, 1] * y + quadric[2, 2]
    slope = np.maximum(np.hypot(gx, gy), 1e-9)
    r = np.sqrt(np.maximum(r2, 1e-12))
    return np.asarray(np.clip((1 - r) * r / slope + 0.5, 0, 1), np.float32)


def heads(data: Path) -> Iterator[Sample]:
    """hc18 at half size: heads of all trimesters, van den Heuvel et al. 2018 (doi 10.1371/journal.pone.0200412)."""
    for row in rows(data / "hc18" / "labels.csv"):
        quadric = quadric_of(
            (float(row["ellipse_cx_full"]) - 0.5) / 2,
            (float(row["ellipse_cy_full"]) - 0.5) / 2,
            float(row["semi_major_px_full"]) / 2,
            float(row["semi_minor_px_full"]) / 2,
            np.radians(float(row["angle_deg"])),
        )
        yield Sample(
            name=row["filename"],
            source="hc18",
            part=part_of("hc18", row["exam_id"]),
            pixels=grey(data / "hc18" / "images" / row["filename"]),
            head=True,
            quadric=quadric,
            spacing_mm=float(row["pixel_size_mm_half"]),
            hc_mm=float(row["hc_mm"]),
        )


def _outline(mask: Pixels) -> Floats | None:
    """The ellipse round everything marked, where a whole head is marked (some masks hold its inner parts only)."""
    contours, _ = cv2.findContours((mask > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < 0.08 * mask.size:
        return None
    (cx, cy), (d1, d2), angle = cv2.fitEllipse(largest)
    return quadric_of(cx, cy, d1 / 2 + 0.5, d2 / 2 + 0.5, np.radians(angle))


def planes(data: Path) -> Iterator[Sample]:
    """fetal_planes: heads of another hospital, and other planes; Burgos-Artizzu et al. 2020 (Sci Rep 10:10200).

    `Other` holds heads in profile, which are neither this plane nor certainly none: only its vessel scans serve.
    """
    folder = data / "fetal_planes"
    for row in rows(folder / "labels.csv"):
        head = row["plane"] == "Fetal brain"
        if row["plane"] == "Other" and row["operator"] != "Other":
            continue
        mask = folder / "masks" / row["image"]
        yield Sample(
            name=row["image"],
            source="fetal_planes",
            part=part_of("fetal_planes", row["patient"]),
            pixels=grey(folder / "images" / row["image"]),
            head=head,
            quadric=_outline(grey(mask)) if head and mask.exists() else None,
        )


def others(data: Path) -> Iterator[Sample]:
    """Ultrasound of no fetal head: breast, liver, muscle, lung (frames of clips)."""
    for row in rows(data / "busbra" / "bus_data.csv"):
        yield _other("busbra", row["Case"], data / "busbra" / "images" / f"{row['ID']}.png")
    for row in rows(data / "liver" / "labels.csv"):
        yield _other("liver", row["image"], data / "liver" / "images" / row["image"])
    for path in sorted((data / "muscle" / "images").glob("*.png")):
        yield _other("muscle", path.name.split("_")[0], path)
    for path in sorted((data / "lung" / "pocus_images").rglob("*.*")):
        yield _other("lung", path.name, path)
    for path in sorted((data / "lung" / "pocus_videos").rglob("*.*")):
        clip = cv2.VideoCapture(str(path))
        frames: list[Pixels] = []
        while (read := clip.read())[0] and len(frames) < 60:
            frames.append(np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY), np.uint8))
        for number, frame in enumerate(frames[::20]):
            yield Sample(f"{path.name}:{number}", "lung", part_of("lung", path.name), frame, head=False)


def _other(source: str, subject: str, path: Path) -> Sample:
    return Sample(path.name, source, part_of(source, subject), grey(path), head=False)


def simulated(count: int, first_seed: int, part: Part, *, head: bool = True) -> Iterator[Sample]:
    """Pictures that the project's simulator draws, with a head or with other tissue only."""
    for seed in range(first_seed, first_seed + count):
        drawn = simulator.draw(seed, head=head)
        name = f"simulated-{seed}"
        if drawn.ellipse is None:
            yield Sample(name, "simulated", part, drawn.pixels, False)
            continue
        e = drawn.ellipse
        quadric = quadric_of(e.center_x, e.center_y, e.semi_major, e.semi_minor, e.angle)
        yield Sample(name, "simulated", part, drawn.pixels, True, quadric, drawn.spacing_mm, drawn.hc_mm)

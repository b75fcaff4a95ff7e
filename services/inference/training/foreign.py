"""Pictures that are no ultrasound: drawn ones (photograph-like, text, CT- and MR-like, patterns, noise, blank) and the few real ones
that ready packages carry (scikit-image's photographs and pages, pydicom's CT and MR)."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from services.inference.decode import Undecodable, decode_frames, read_header
from services.inference.training.images import Sample, grey
from services.inference.training.picture import Image

# fmt: off
_PHOTOGRAPHS = (
    "astronaut", "camera", "chelsea", "coffee", "coins", "brick", "grass", "gravel", "rocket", "retina", "ihc", "hubble_deep_field",
    "motorcycle_left", "cell", "moon", "horse", "clock_motion", "page", "text", "phantom", "color", "logo",
)
# fmt: on
_DICOM = (
    "CT_small",
    "MR_small",
    "JPEG2000",
    "693_J2KI",
    "SC_rgb_jpeg_dcmd",
    "examples_overlay",
    "J2K_pixelrep_mismatch",
)
# One scene, several files: never in two folds.
_SAME = {
    "US1_UNCI": "lymph_node",
    "examples_jpeg2k": "lymph_node",
    "examples_rgb_color": "lymph_node",
    "examples_palette": "curved_probe",
    "OBXXXX1A": "curved_probe",
    "OBXXXX1A_expb": "curved_probe",
    "OBXXXX1A_rle_2frame": "curved_probe",
}


def _noise(rng: Generator, rows: int, columns: int, cells: int) -> Image:
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def _leaves(rng: Generator, rows: int, columns: int) -> Image:
    """Things that hide each other, sizes after a power law: statistics of photographs (Lee, Mumford and Huang, IJCV 41:35, 2001)."""
    scene = np.full((rows, columns), rng.uniform(0, 255), np.float32)
    for radius in sorted(0.03 * rows / rng.uniform(0.05, 1, int(rng.integers(20, 160))), reverse=True):
        x, y, shade = int(rng.integers(columns)), int(rng.integers(rows)), float(rng.uniform(0, 255))
        if rng.random() < 0.5:
            axes = (int(radius) + 1, int(radius * rng.uniform(0.3, 1)) + 1)
            cv2.ellipse(scene, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, shade, -1)
        else:
            corners = rng.normal((x, y), radius, (int(rng.integers(3, 6)), 2)).astype(np.int32)
            cv2.fillPoly(scene, [corners], shade)
    return scene + 30 * _noise(rng, rows, columns, 4) + 12 * _noise(rng, rows, columns, 40)


def _cloud(rng: Generator, rows: int, columns: int) -> Image:
    """Noise with the spectrum of landscapes."""
    scene = sum(_noise(rng, rows, columns, 2**level) / 1.7**level for level in range(1, 8))
    return np.asarray(128 + 60 * scene, np.float32)


def _page(rng: Generator, rows: int, columns: int) -> Image:
    """Lines of text, dark on light or light on dark."""
    paper, ink = (rng.uniform(200, 255), rng.uniform(0, 80)) if rng.random() < 0.6 else (0, rng.uniform(150, 255))
    scene = np.full((rows, columns), paper, np.uint8)
    size, y = rng.uniform(0.3, 1.0), int(rng.integers(10, 40))
    while y < rows:
        words = "".join(chr(int(c)) if c > 47 else " " for c in rng.integers(40, 123, int(rng.integers(5, 70))))
        cv2.putText(scene, words, (int(rng.integers(4, 30)), y), int(rng.integers(0, 6)), size, ink)
        y += int(size * rng.uniform(24, 44))
    return np.asarray(scene, np.float32)


def _screen(rng: Generator, rows: int, columns: int) -> Image:
    """Windows, bars and charts."""
    scene = np.full((rows, columns), rng.uniform(0, 255), np.uint8)
    for _ in range(int(rng.integers(4, 20))):
        x, y = int(rng.integers(columns)), int(rng.integers(rows))
        to = (x + int(rng.integers(10, columns // 2)), y + int(rng.integers(8, rows // 2)))
        cv2.rectangle(scene, (x, y), to, rng.uniform(0, 255), -1 if rng.random() < 0.7 else 1)
        cv2.putText(
            scene, "".join(chr(int(c)) for c in rng.integers(65, 123, 8)), (x + 4, y + 14), 0, 0.4, rng.uniform(0, 255)
        )
    return np.asarray(scene, np.float32)


def _slice(rng: Generator, rows: int, columns: int) -> Image:
    """A body's cross-section as CT or MR shows it: even organs in a bright or dark rim, on black."""
    scene = np.zeros((rows, columns), np.float32)
    middle = np.array([columns / 2, rows / 2])
    size = np.array([columns, rows]) * rng.uniform(0.3, 0.48, 2)
    turn = float(rng.uniform(-20, 20))
    for shrink, shade in ((1.0, rng.uniform(120, 255)), (rng.uniform(0.85, 0.97), rng.uniform(40, 140))):
        cv2.ellipse(
            scene, middle.astype(int).tolist(), (size * shrink).astype(int).tolist(), turn, 0, 360, float(shade), -1
        )
    for _ in range(int(rng.integers(4, 16))):
        at = (middle + rng.normal(0, 0.35, 2) * size).astype(int).tolist()
        axes = np.maximum(2, size * rng.uniform(0.04, 0.4, 2)).astype(int).tolist()
        cv2.ellipse(scene, at, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0, 255)), -1)
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.5, 3)), np.float32)
    return scene + rng.uniform(0, 15) * rng.standard_normal(scene.shape).astype(np.float32)


def _pattern(rng: Generator, rows: int, columns: int) -> Image:
    """Bars, squares or a gradient, as test pictures have them."""
    y, x = np.indices((rows, columns)).astype(np.float32)
    step, turn = rng.uniform(3, 80), rng.uniform(0, np.pi)
    wave = (x * np.cos(turn) + y * np.sin(turn)) / step
    kind = int(rng.integers(3))
    if kind == 0:
        return np.asarray(255 * (np.floor(wave) % 2), np.float32)
    if kind == 1:
        return np.asarray(255 * ((np.floor(x / step) + np.floor(y / step)) % 2), np.float32)
    return np.asarray(255 * (wave - wave.min()) / (wave.max() - wave.min()), np.float32)


def _grain(rng: Generator, rows: int, columns: int) -> Image:
    """Noise alone, fine or coarse, of any brightness."""
    fine = rng.standard_normal((rows, columns)).astype(np.float32)
    grain = cv2.GaussianBlur(fine, (0, 0), rng.uniform(0.1, 2.5))
    return np.asarray(rng.uniform(0, 200) + rng.uniform(5, 120) * grain / grain.std(), np.float32)


def _blank(rng: Generator, rows: int, columns: int) -> Image:
    level = 0.0 if rng.random() < 0.4 else rng.uniform(0, 255)
    return np.full((rows, columns), level, np.float32) + np.float32(rng.uniform(0, 3)) * _noise(rng, rows, columns, 9)


DRAWN: dict[str, Callable[[Generator, int, int], Image]] = {
    "photograph_like": _leaves,
    "landscape_like": _cloud,
    "text": _page,
    "screen": _screen,
    "slice_like": _slice,
    "pattern": _pattern,
    "noise": _grain,
    "blank": _blank,
}


def drawn(count: int, first_seed: int) -> Iterator[Sample]:
    """That many drawn pictures, each kind in turn; label is the kind."""
    for seed in range(first_seed, first_seed + count):
        rng = np.random.default_rng(seed)
        kind = list(DRAWN)[seed % len(DRAWN)]
        rows, columns = int(rng.integers(160, 400)), int(rng.integers(200, 500))
        pixels = np.clip(DRAWN[kind](rng, rows, columns), 0, 255).astype(np.uint8)
        yield Sample(f"drawn-{seed}", "drawn", f"drawn/{seed}", pixels, kind)


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    return Path(spec.origin).parent


def photographs() -> Iterator[Sample]:
    """Real photographs, microscopy and scanned pages of scikit-image (most in the public domain or CC0)."""
    folder = _folder("skimage") / "data"
    for name in _PHOTOGRAPHS:
        path = next(folder.glob(f"{name}.*"))
        yield Sample(path.name, "photographs", f"photographs/{name}", grey(path), "photograph")


def faces() -> Iterator[Sample]:
    """Scikit-image's hundred faces, 25 x 25: for measuring, never for training."""
    small = np.load(_folder("skimage") / "data" / "lfw_subset.npy")[:100]
    for number, face in enumerate(small):
        pixels = cv2.resize((255 * face).astype(np.uint8), (250, 250), interpolation=cv2.INTER_CUBIC)
        yield Sample(f"face-{number}", "faces", f"faces/{number}", np.asarray(pixels, np.uint8), "face")


def other_modalities() -> Iterator[Sample]:
    """CT, MR and secondary captures among pydicom's own examples."""
    for name in _DICOM:
        path = _folder("pydicom") / "data" / "test_files" / f"{name}.dcm"
        for number in range(1, min(3, read_header(path).frames) + 1):
            yield Sample(
                f"{name}:{number}", "pydicom", f"pydicom/{name}", decode_frames(path, number, number)[0], "dicom"
            )


def real_ultrasound(data: Path) -> Iterator[Sample]:
    """Frames of real DICOM files of many machines: hearts, vessels, thyroid, lymph nodes, pelvis; label `other`."""
    seen: set[bytes] = set()
    for path in sorted((data / "dicom").rglob("*.dcm")):
        try:
            frames = read_header(path).frames
            pictures = [decode_frames(path, n, n)[0] for n in sorted({1, frames // 3 + 1, 2 * frames // 3 + 1})]
        except Undecodable:
            continue
        for number, pixels in enumerate(pictures):
            print_ = np.asarray(cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_AREA) // 16, np.uint8).tobytes()
            if min(pixels.shape) < 100 or print_ in seen:
                continue  # the same picture in another transfer syntax
            seen.add(print_)
            subject = f"dicom/{_SAME.get(path.stem, path.stem)}"
            yield Sample(f"{path.name}:{number}", "dicom", subject, pixels, "other", {"clip": path.name})

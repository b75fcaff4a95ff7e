"""The key image: one frame as PNG, with the contours of the findings on it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from pydicom import dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from services.reporting.model.findings import Review, ReviewedFinding

_CONTOUR = (255, 196, 0)
_LINE_SHARE = 1 / 250  # of the picture's width


def contours_on(
    findings: tuple[ReviewedFinding, ...], sop_instance_uid: str, frame: int
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The distinct contours of what the report states on that frame."""
    found = [
        one.finding.anchor.contour
        for one in findings
        if one.state != Review.REJECTED
        and one.finding.anchor.sop_instance_uid == sop_instance_uid
        and one.finding.anchor.frame == frame
        and len(one.finding.anchor.contour) > 1
    ]
    return tuple(dict.fromkeys(found))


def draw(path: Path, frame: int, contours: tuple[tuple[tuple[float, float], ...], ...]) -> bytes:
    """Frame `frame` (counted from 1) of the DICOM file at `path` as PNG. Raises what decoding raises."""
    picture = Image.fromarray(_eight_bit(path, frame)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    width = max(2, round(picture.width * _LINE_SHARE))
    for contour in contours:
        # SCOORD counts pixel edges from the top left, Pillow pixel centres: half a pixel between them (PS3.3, C.18.6.1).
        points = [(column - 0.5, row - 0.5) for column, row in contour]
        pen.line([*points, points[0]], fill=_CONTOUR, width=width)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _eight_bit(path: Path, frame: int) -> Any:
    header = dcmread(path, stop_before_pixels=True)
    values = pixel_array(path, index=frame - 1)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        values = apply_color_lut(values, header)
        return (values >> 8).astype(np.uint8) if values.dtype == np.uint16 else values.astype(np.uint8)
    if values.ndim == 3:
        return values.astype(np.uint8)
    scaled = np.asarray(apply_voi_lut(apply_modality_lut(values, header), header), dtype=np.float64)
    low, high = (0.0, 255.0) if scaled.min() >= 0 and scaled.max() <= 255 else (scaled.min(), scaled.max())
    grey = np.clip((scaled - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
    return 255 - grey if header.PhotometricInterpretation == "MONOCHROME1" else grey

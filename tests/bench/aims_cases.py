"""The pictures that `make bench-aims` sends, with what their sets say of them, and the DICOM files that they are wrapped in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from services.inference import sector
from services.inference.models.quality import faults
from services.inference.training import images
from services.inference.training.images import Sample
from tests.bench.aims_codings import CODINGS

Pixels = npt.NDArray[np.uint8]

CLIP_FRAMES = 30
BORDER = 24
CALIBRATED = ("spacing", "regions", "regions, bordered", "spacing, colour, bordered, printed")
WRAPPINGS = ("bare", *CALIBRATED, "bare, colour, bordered")
QUALITY_STRENGTH = 1.0
# What each set, or its label, shows in the words of services.inference.views.
VIEW_OF = {"hc18": "fetal_brain", "busbra": "breast", "liver": "liver", "muscle": "muscle"}
VIEW_OF_PLANE = {
    "Fetal brain": "fetal_brain",
    "Fetal abdomen": "fetal_abdomen",
    "Fetal femur": "fetal_femur",
    "Fetal thorax": "fetal_thorax",
    "Maternal cervix": "cervix",
    "Other": "other_ultrasound",
}


@dataclass(frozen=True)
class Case:
    """One instance to send: grey frames [n, rows, columns] as a reader will see them, and the truth."""

    name: str
    source: str
    frames: Pixels
    wrapping: str
    view: str = ""
    mask: Pixels | None = None  # 1 within what is to be outlined
    label: str = ""
    spacing_mm: float = 0.0
    hc_mm: float = 0.0
    coding: str = ""  # of aims_codings; plain where empty
    study: str = field(default_factory=lambda: str(generate_uid()))
    instance: str = field(default_factory=lambda: str(generate_uid()))

    @property
    def calibrated(self) -> bool:
        """Whether its file says how large a pixel is."""
        return self.spacing_mm > 0 and ("spacing" in self.wrapping or "regions" in self.wrapping)


def spread(samples: list[Sample], count: int) -> list[Sample]:
    """That many of them, evenly over the set; all for nought."""
    if count == 0 or len(samples) <= count:
        return samples
    return [samples[int(place)] for place in np.linspace(0, len(samples) - 1, count).astype(int)]


def cases(data: Path, count: int) -> list[Case]:
    """`count` pictures of each set (0: all), each wrapping by turns; of the fetal heads those that no training saw, all with a
    calibration."""
    chosen: list[Sample] = []
    for name in ("hc18", "busbra", "fetal_planes", "liver", "muscle"):
        samples = images.read(data, [name])
        chosen += spread([one for one in samples if name != "hc18" or one.part == "test"], count)
    found = [_case(one, _wrapping(one, number)) for number, one in enumerate(chosen)]
    found += _large_heads(data, count)
    found += _clips(data, count)
    return found + _faulty(chosen, count) + _coded(chosen, count)


def _wrapping(sample: Sample, number: int) -> str:
    by_turns = CALIBRATED if sample.source == "hc18" else WRAPPINGS
    return by_turns[number % len(by_turns)]


def _case(sample: Sample, wrapping: str) -> Case:
    mask = None if sample.mask is None else (images.grey(sample.mask) > 127).astype(np.uint8)
    case = Case(
        sample.name,
        sample.source,
        sample.pixels[None],
        wrapping,
        VIEW_OF.get(sample.source) or VIEW_OF_PLANE[sample.label],
        mask if sample.source in ("hc18", "busbra") else None,
        sample.label,
        float(sample.facts.get("spacing_mm", 0)),
        float(sample.facts.get("hc_mm", 0)),
    )
    return _bordered(case) if "bordered" in wrapping else case


def _bordered(case: Case) -> Case:
    """With a black border and, where the wrapping says so, words of the machine in it."""
    wide = ((0, 0), (BORDER, BORDER), (BORDER, BORDER))
    frames = np.pad(case.frames, wide)
    if "printed" in case.wrapping:
        for frame in frames:
            cv2.putText(frame, "MI 1.1  TIS 0.2", (4, BORDER - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 220, 1)
    mask = None if case.mask is None else np.pad(case.mask, wide[1:])
    return replace(case, frames=frames, mask=mask)


def _large_heads(data: Path, count: int) -> list[Case]:
    """Fetal heads of the full 800x540 pixels, with the mask of half the size enlarged."""
    known = {one.name: one for one in images.read(data, ["hc18"])}
    found = []
    paths = [path for path in sorted((data / "hc18" / "fullres_sample").glob("*.png")) if path.name in known]
    for number, path in enumerate(paths[: count or None]):
        small, pixels = _case(known[path.name], "bare"), images.grey(path)
        assert small.mask is not None  # every image of the set has one
        mask = cv2.resize(small.mask, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST)
        spacing = small.spacing_mm * small.frames.shape[2] / pixels.shape[1]
        wrapping = WRAPPINGS[number % 3]
        found.append(
            replace(
                small,
                source="hc18 large",
                frames=pixels[None],
                mask=np.asarray(mask, np.uint8),
                spacing_mm=spacing,
                wrapping=wrapping,
            )
        )
    return found


def _clips(data: Path, count: int) -> list[Case]:
    folder, found = data / "lung", []
    rows = [row for row in images.rows(folder / "labels.csv") if not row["file"].endswith((".png", ".jpg"))]
    step = max(1, len(rows) // count) if count else 1
    for row in rows[::step][: count or None]:
        frames = np.stack(images.clip(folder / row["file"], CLIP_FRAMES))
        found.append(Case(Path(row["file"]).name, "lung", frames, "bare", "lung", label=_sign(row)))
    return found


def _coded(samples: list[Sample], count: int) -> list[Case]:
    """Up to three heads, lesions and livers in every coding; an even number of columns, as YBR_FULL_422 has them."""
    each = 3 if count == 0 else min(3, max(1, count // 20))  # 0: all of the sets
    found = []
    for name in ("hc18", "busbra", "liver"):
        for sample in spread([one for one in samples if one.source == name], each):
            plain = _even(_case(sample, "regions"))
            found += [
                replace(plain, coding=coding, study=str(generate_uid()), instance=str(generate_uid()))
                for coding in CODINGS
            ]
    return found


def _even(case: Case) -> Case:
    columns = case.frames.shape[2] // 2 * 2
    mask = None if case.mask is None else case.mask[:, :columns]
    return replace(case, frames=np.ascontiguousarray(case.frames[:, :, :columns]), mask=mask)


def _sign(row: Mapping[str, str]) -> str:
    """As the lung model's training names it; empty where the set names no sign."""
    if "1" in (row["consolidations"], row["effusion"]):
        return "consolidation"
    if row["b_lines"] == "1":
        return "b_lines"
    return "normal" if row["label"] == "regular" else ""


def _faulty(samples: list[Sample], count: int) -> list[Case]:
    """Pictures of the first sets, each harmed in one way."""
    found = []
    for number, sample in enumerate(spread(samples, count or 80)):
        name = faults.FAULTS[number % len(faults.FAULTS)]
        box = sector.find(sample.pixels[None])
        inside = np.zeros(sample.pixels.shape, np.uint8)
        outline = box.outline or ((0, 0), (box.right, 0), (box.right, box.bottom), (0, box.bottom))
        cv2.fillConvexPoly(inside, np.asarray(outline, np.int32), 1)
        image = np.asarray(sample.pixels / 255, np.float32)
        harmed = faults.BY_NAME[name](np.random.default_rng(number), image, inside > 0, QUALITY_STRENGTH)
        pixels = np.asarray(np.clip(np.rint(harmed * 255), 0, 255), np.uint8)
        found.append(Case(f"{sample.name} {name}", "quality", pixels[None], "bare", label=name))
    return found


def wrap(case: Case) -> Dataset:
    """The case as an ultrasound file: only what is mandatory, and the calibration that its wrapping names."""
    clip = len(case.frames) > 1
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.SOPClassUID = UltrasoundMultiFrameImageStorage if clip else UltrasoundImageStorage
    image.SOPInstanceUID, image.StudyInstanceUID = case.instance, case.study
    image.SeriesInstanceUID = generate_uid()
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.Modality, image.InstanceNumber, image.SeriesNumber = "US", 1, 1
    image.PatientName, image.PatientID = "Aim^Measured", case.instance[-16:]
    for empty in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"):
        setattr(image, empty, "")
    image.ReferringPhysicianName = image.Manufacturer = ""
    CODINGS[case.coding or ("rgb" if "colour" in case.wrapping else "grey")](image, case.frames)
    if clip:
        image.FrameTime, image.FrameIncrementPointer = 40, 0x00181063
    if case.spacing_mm and "spacing" in case.wrapping:
        image.PixelSpacing = [f"{case.spacing_mm:.8f}"] * 2
    if case.spacing_mm and "regions" in case.wrapping:
        image.SequenceOfUltrasoundRegions = [_region(case)]
    return image


def _region(case: Case) -> Dataset:
    """Tissue over the whole picture but its border, in centimetres (PS3.3 C.8.5.5)."""
    region, border = Dataset(), BORDER if "bordered" in case.wrapping else 0
    values: Mapping[str, Any] = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": border,
        "RegionLocationMinY0": border,
        "RegionLocationMaxX1": case.frames.shape[2] - 1 - border,
        "RegionLocationMaxY1": case.frames.shape[1] - 1 - border,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": case.spacing_mm / 10,
        "PhysicalDeltaY": case.spacing_mm / 10,
    }
    for name, value in values.items():
        setattr(region, name, value)
    return region

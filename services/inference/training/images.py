"""All data sets as one kind of sample: pixels, what the set says of them, whose they are, and in which part they belong.

`read(data, names)` gives them set by set; `boxed(samples)` brings them to the sector geometry, as the service does it.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from services.inference import sector
from services.inference.training.split import Part, part_of

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """One image or one frame of a clip. `subject` (exam, patient or clip) is never in two parts or folds."""

    name: str
    source: str  # the data set
    subject: str  # with its set before it: unique over all sets
    pixels: Pixels
    label: str  # what the set says of it: see each reader
    facts: Mapping[str, str] = field(default_factory=dict)  # device, trimester, plane and the like, for subgroups
    mask: Path | None = None

    @property
    def part(self) -> Part:
        return part_of(self.source, self.subject.removeprefix(f"{self.source}/"))


def grey(path: Path) -> Pixels:
    """The picture in grey. Raises FileNotFoundError."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(f"{path} is no readable image")
    return np.asarray(image, np.uint8)


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def hc18(data: Path) -> Iterator[Sample]:
    """Fetal heads of all trimesters, half size; label `head`. van den Heuvel et al. 2018 (doi 10.1371/journal.pone.0200412)."""
    folder = data / "hc18"
    for row in rows(folder / "labels.csv"):
        name = row["filename"]
        mask = folder / "masks" / name.replace(".png", "_mask.png")
        facts = {"hc_mm": row["hc_mm"], "spacing_mm": row["pixel_size_mm_half"]}
        yield Sample(name, "hc18", f"hc18/{row['exam_id']}", grey(folder / "images" / name), "head", facts, mask)


def fetal_planes(data: Path) -> Iterator[Sample]:
    """Planes of another hospital; label is the set's plane, fact `brain_plane` its sub-plane. Burgos-Artizzu et al. 2020."""
    folder = data / "fetal_planes"
    for row in rows(folder / "labels.csv"):
        mask = folder / "masks" / row["image"]
        facts = {"brain_plane": row["brain_plane"], "device": row["us_machine"], "operator": row["operator"]}
        pixels = grey(folder / "images" / row["image"])
        subject = f"fetal_planes/{row['patient']}"
        yield Sample(
            row["image"], "fetal_planes", subject, pixels, row["plane"], facts, mask if mask.exists() else None
        )


def busbra(data: Path) -> Iterator[Sample]:
    """Breast lesions; label benign or malignant, facts device, birads, fold (2 to 5 of the official five). Gomez-Flores et al. 2024."""
    folder = data / "busbra"
    for row in rows(folder / "bus_data.csv"):
        facts = {
            "device": row["Device"].split("@")[0].strip(),
            "birads": row["BIRADS"],
            "fold": row["kFold"],
            "histology": row["Histology"],
        }
        name = f"{row['ID']}.png"
        mask = folder / "masks" / name
        pixels = grey(folder / "images" / name)
        yield Sample(name, "busbra", f"busbra/{row['Case']}", pixels, row["Pathology"], facts, mask)


def liver(data: Path) -> Iterator[Sample]:
    """Label benign, malignant or normal; the set names no patients. Zenodo 7272660."""
    folder = data / "liver"
    for row in rows(folder / "labels.csv"):
        name = row["image"]
        yield Sample(name, "liver", f"liver/{name}", grey(folder / "images" / name), row["label"])


def muscle(data: Path) -> Iterator[Sample]:
    """Vastus lateralis; label `muscle`. van der Zee and Kuo 2022."""
    for path in sorted((data / "muscle" / "images").glob("*.png")):
        yield Sample(path.name, "muscle", f"muscle/{path.name.split('_')[0]}", grey(path), "muscle")


def clip(path: Path, count: int) -> list[Pixels]:
    """That many frames of a video, evenly spread over it."""
    video = cv2.VideoCapture(str(path))
    frames: list[Pixels] = []
    while (got := video.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY), np.uint8))
    places = np.unique(np.linspace(0, len(frames) - 1, min(count, len(frames))).astype(int))
    return [frames[place] for place in places]


FRAMES_OF_A_CLIP = 8


def lung(data: Path, frames: int = FRAMES_OF_A_CLIP) -> Iterator[Sample]:
    """Frames of clips and stills; label is the set's finding, subject its patient_id. Facts: probe, clip, b_lines, … Born et al. 2021."""
    folder = data / "lung"
    for row in rows(folder / "labels.csv"):
        path = folder / row["file"]
        signs = ("probe", "effusion", "consolidations", "b_lines", "a_lines", "pleural_irregularities")
        facts = {"clip": row["file"], "kind": row["type"].lower(), "from": row["source_url"]}
        facts |= {sign: row[sign] for sign in signs}
        pictures = [grey(path)] if path.suffix in (".png", ".jpg") else clip(path, frames)
        for number, pixels in enumerate(pictures):
            yield Sample(f"{path.name}:{number}", "lung", f"lung/{row['patient_id']}", pixels, row["label"], facts)


READERS: Mapping[str, Callable[[Path], Iterator[Sample]]] = {
    "hc18": hc18,
    "fetal_planes": fetal_planes,
    "busbra": busbra,
    "liver": liver,
    "lung": lung,
    "muscle": muscle,
}


def read(data: Path, names: Sequence[str] = tuple(READERS)) -> list[Sample]:
    """The samples of the named sets."""
    return [sample for name in names for sample in READERS[name](data)]


def boxed(samples: Sequence[Sample], longest: int = 320) -> list[Sample]:
    """Cut to their sectors, black outside; none longer than `longest` pixels. Frames of a clip get the box of all of them."""
    clips: dict[str, list[Sample]] = {}
    for sample in samples:
        clips.setdefault(sample.facts.get("clip", f"{sample.source}/{sample.name}"), []).append(sample)
    done: list[Sample] = []
    for frames in clips.values():
        stack = np.stack([one.pixels for one in frames])
        for one, pixels in zip(frames, sector.cut(stack, sector.find(stack)), strict=True):
            done.append(replace(one, pixels=_at_most(pixels, longest)))
    return done


def _at_most(pixels: Pixels, longest: int) -> Pixels:
    scale = longest / max(pixels.shape)
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)

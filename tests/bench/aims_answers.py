"""What is answered on a case: read from its SR and SEG as other software would, or from the models' own files without the platform."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import highdicom
import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

from services.inference import codes, sector
from services.inference.model import Evaluation, Observation, Refusal, Scope
from services.inference.polygon import filled
from services.inference.registry import InstalledModel
from services.inference.training.served import Served
from services.inference.views import VIEWS
from tests.bench.aims_cases import Case

Pixels = npt.NDArray[np.uint8]

HC = "11984-2"  # LOINC
FAULTS = {
    codes.GAIN_TOO_LOW.value: "gain_low",
    codes.GAIN_TOO_HIGH.value: "gain_high",
    codes.CONTACT_LOST.value: "contact_lost",
    codes.MOTION_BLUR.value: "motion",
}
VIEW_NAMES = {view.code.value: name for name, view in VIEWS.items()}
NATURES = {codes.NORMAL.value: "normal", codes.BENIGN.value: "benign", codes.MALIGNANT.value: "malignant"}
SIGNS = {
    codes.NORMAL.value: "normal",
    codes.B_LINES.value: "b_lines",
    codes.CONSOLIDATION_OR_EFFUSION.value: "consolidation",
}


@dataclass
class Answers:
    """Of one case; nothing and empty where there is no answer."""

    view: str = ""
    hc_mm: float | None = None
    head: Pixels | None = None
    lesion: Pixels | None = None
    cancer: float | None = None
    liver: str = ""
    lung: str = ""
    faults: set[str] = field(default_factory=set)
    documents: int = 0
    remarks: list[str] = field(default_factory=list)


def from_documents(case: Case, files: list[bytes]) -> Answers:
    """From the SRs and SEGs of the study."""
    found = Answers(documents=len(files))
    for file in files:
        document = pydicom.dcmread(BytesIO(file))
        if document.Modality == "SEG":
            _from_seg(case, document, found)
        elif document.Modality == "SR":
            _from_sr(file, found)
    return found


def _from_sr(file: bytes, found: Answers) -> None:
    report = highdicom.sr.srread(BytesIO(file))
    for group in _containers(report, "125007"):  # DCM, Measurement Group
        items = list(group.ContentSequence)
        model = next((one.TextValue for one in _named(items, "111001")), "")  # DCM, Algorithm Name
        for item in items:
            name = item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else ""
            if item.ValueType == "NUM" and name == HC:
                found.hc_mm = _number(item)
            elif item.ValueType == "NUM" and name == codes.PROBABILITY_OF_CANCER.value:
                found.cancer = _number(item)
            elif item.ValueType == "CODE":
                _coded(model, name, item.ConceptCodeSequence[0].CodeValue, found)


def _coded(model: str, question: str, answer: str, found: Answers) -> None:
    if question == codes.IMAGE_VIEW.value and model == "view":
        found.view = found.view or VIEW_NAMES.get(answer, "")
    elif question == codes.QUALITY_FINDING.value and answer in FAULTS:
        found.faults.add(FAULTS[answer])
    elif question == codes.NATURE.value and model == "liver":
        found.liver = NATURES.get(answer, "")
    elif question == codes.LUNG_SIGN.value:
        found.lung = found.lung or SIGNS.get(answer, "")


def _from_seg(case: Case, document: Dataset, found: Answers) -> None:
    """The mask on the frame that it names; a remark where size or reference are not those of the image."""
    pixels = np.asarray(document.pixel_array, np.uint8).reshape(-1, document.Rows, document.Columns).max(0)
    if pixels.shape != case.frames.shape[1:]:
        found.remarks.append(f"the SEG is {pixels.shape}, the image {case.frames.shape[1:]}")
        return
    frame = document.PerFrameFunctionalGroupsSequence[0]
    source = frame.DerivationImageSequence[0].SourceImageSequence[0]
    if source.ReferencedSOPInstanceUID != case.instance:
        found.remarks.append("the SEG names another image")
    segment = document.SegmentSequence[0]
    if segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "fetal_head":
        found.head = pixels
    else:
        found.lesion = pixels


def _containers(item: Dataset, code: str) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or ():
        if child.ValueType == "CONTAINER" and child.ConceptNameCodeSequence[0].CodeValue == code:
            yield child
        yield from _containers(child, code)


def _named(items: list[Dataset], code: str) -> Iterator[Dataset]:
    for item in items:
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code:
            yield item


def _number(item: Dataset) -> float:
    return float(item.MeasuredValueSequence[0].NumericValue)


class Straight:
    """The models' files on plain ONNX Runtime, their outputs read by their own postprocess: nothing between picture and answer."""

    def __init__(self, models: Mapping[str, InstalledModel], weights: Callable[[str], Any]) -> None:
        self._models = models
        self._served = {name: Served(weights(name)) for name in models}

    def answers(self, case: Case) -> Answers:
        """What the models say of the case, each asked what its set is about; the view and quality of every one."""
        found = Answers()
        frames = case.frames
        self._screen(frames, found)
        if case.source.startswith("hc18"):
            self._head(case, found)
        elif case.source == "busbra":
            self._lesion(case, found)
        elif case.source == "liver":
            found.liver = _answer(self._read("liver", frames), codes.NATURE.value, NATURES)
        elif case.source == "lung":
            found.lung = _answer(self._read("lung", frames), codes.LUNG_SIGN.value, SIGNS)
        return found

    def _screen(self, frames: Pixels, found: Answers) -> None:
        views = self._read("view", frames)
        names = [VIEW_NAMES.get(one.view.value, "") for one in views if one.view]
        found.view = max(sorted(set(names)), key=names.count) if names else ""
        for one in self._read("quality", frames):
            found.faults |= {FAULTS[e.answer.value] for e in one.evaluations if e.answer and e.answer.value in FAULTS}

    def _head(self, case: Case, found: Answers) -> None:
        for one in self._read("fetal_head", case.frames):
            found.head = filled(one.contour, *case.frames.shape[1:])
            if case.calibrated:
                measured = self._models["fetal_head"].postprocess.measure(one, (case.spacing_mm, case.spacing_mm))
                found.hc_mm = next(figure.value for figure in measured if figure.code.value == HC)

    def _lesion(self, case: Case, found: Answers) -> None:
        for one in self._read("breast_lesion", case.frames):
            found.lesion = filled(one.contour, *case.frames.shape[1:])
            found.cancer = next(f.value for f in one.figures if f.code == codes.PROBABILITY_OF_CANCER)

    def _read(self, name: str, frames: Pixels) -> list[Observation]:
        """What one model observes; contours in the whole picture."""
        model = self._models[name]
        box = sector.find(frames) if model.card.geometry == "sector" else sector.Sector(0, 0, *frames.shape[1:])
        seen = sector.cut(frames, box)
        rows, columns = seen.shape[1:]
        outputs = {number: self._served[name](frame) for number, frame in enumerate(seen, 1)}
        if model.card.scope is Scope.CLIP:
            clip = model.postprocess.read_clip(outputs, rows, columns)
            return [] if isinstance(clip, Refusal) else [one.observation for one in clip]
        read = [model.postprocess.read(output, rows, columns) for output in outputs.values()]
        return [_placed(one, box) for one in read if not isinstance(one, Refusal)]


def _placed(found: Observation, box: sector.Sector) -> Observation:
    return replace(found, contour=tuple((x + box.left, y + box.top) for x, y in found.contour))


def _answer(found: list[Observation], question: str, names: Mapping[str, str]) -> str:
    asked: list[Evaluation] = [e for one in found for e in one.evaluations if e.question.value == question]
    return next((names.get(e.answer.value, "") for e in asked if e.answer), "")

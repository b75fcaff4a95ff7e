"""Other software takes the document: David Clunie's dciodvfy and OFFIS's dsrdump."""

import subprocess
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from highdicom.seg import segread
from pydicom import dcmread, examples

from services.inference import codes
from services.inference.document import write_documents
from services.inference.heading import Heading
from services.inference.model import Evaluation, FrameReading, Mode, Observation, Stage
from services.inference.result import FAILED, Contradiction, Group, Result, Run, Source
from services.inference.views import VIEWS
from tests.unit.inference.test_sr import CONTOUR, FIGURES, HEAD


def written(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool = True) -> dict[str, Path]:
    """The documents by their modality: SR, SEG, KO."""
    source_path = Path(str(examples.get_path(example)))
    image = dcmread(source_path, stop_before_pixels=True)
    source = Source(
        image.SeriesInstanceUID,
        image.SOPInstanceUID,
        image.SOPClassUID,
        "key",
        int(image.get("NumberOfFrames", 1)),
        image.Rows,
        image.Columns,
    )
    reading = FrameReading(
        Observation(97.5, HEAD, CONTOUR), FIGURES if calibrated else (), "" if calibrated else "no regions"
    )
    run = Run("head", "1.0.0", "ab" * 32, mode, "EC-1", "NMPA-1", 30, "findings", 0.1)
    answers = (Evaluation(codes.NATURE, codes.BENIGN, 80.0), Evaluation(codes.IMAGE_QUALITY, None, why="too dark"))
    seen = FrameReading(Observation(91.25, VIEWS["liver"].code, evaluations=answers))
    screen = replace(run, model="view", stage=Stage.SCREEN)
    groups = (Group("head", source, frame, reading), Group("view", source, frame, seen, (frame,)))
    told = Contradiction(source.sop_instance_uid, "BREAST", VIEWS["liver"].code)
    heading = Heading(uuid.uuid4(), 1, datetime(2026, 1, 2, 3, 4, 5), "0.1.0")
    failed = replace(run, model="lung", outcome=FAILED, frames=0, reason="the model hangs")
    result = Result((run, screen, failed), groups, contradictions=(told,))
    paths = {}
    for document in write_documents(heading, result, [(source_path, source)], image.StudyInstanceUID, {}):
        path = tmp_path / document.sop_instance_uid
        path.write_bytes(document.data)
        paths[str(dcmread(path).Modality)] = path
    assert list(paths) == ["SR", "SEG", "KO"]
    return paths


CASES = [
    ("ybr_color", 3, Mode.TRIAL, True),
    ("rgb_color", 1, Mode.APPROVED, True),
    ("palette_color", 1, Mode.TRIAL, False),
]


@pytest.mark.parametrize(("example", "frame", "mode", "calibrated"), CASES)
def test_dciodvfy_finds_no_error(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool) -> None:
    names = {"SR": "ComprehensiveSR", "SEG": "Segmentation", "KO": "KeyObjectSelectionDocument"}
    for modality, path in written(tmp_path, example, frame, mode, calibrated).items():
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
        assert names[modality] in said
        assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize(("example", "frame", "mode", "calibrated"), CASES)
def test_dsrdump_reads_the_whole_tree(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool) -> None:
    paths = written(tmp_path, example, frame, mode, calibrated)
    ran = [
        subprocess.run(["dsrdump", "-Ee", "+Pl", paths[one]], capture_output=True, text=True, check=False)
        for one in ("SR", "KO")
    ]
    for one in ran:
        assert one.returncode == 0, one.stderr
        assert "E:" not in one.stderr
        assert ("Investigational" in one.stdout) == (mode is Mode.TRIAL)
    assert "POLYLINE" in ran[0].stdout
    assert '(10200004,SCT,"Liver")' in ran[0].stdout
    assert "lung 1.0.0 failed on this exam" in ran[0].stdout
    assert ('"Head Circumference"' in ran[0].stdout) == calibrated
    assert "Key Object Description" in ran[1].stdout


def test_highdicom_reads_the_outline_back_by_its_frame(tmp_path: Path) -> None:
    clip, still = (dcmread(str(examples.get_path(one)), stop_before_pixels=True) for one in ("ybr_color", "rgb_color"))
    of_clip = segread(written(tmp_path, "ybr_color", 3, Mode.TRIAL)["SEG"])
    pixels = of_clip.get_pixels_by_source_frame(clip.SOPInstanceUID, [3])
    assert pixels.shape == (1, clip.Rows, clip.Columns, 1)
    of_still = segread(written(tmp_path, "rgb_color", 1, Mode.TRIAL)["SEG"])
    assert of_still.get_pixels_by_source_instance([still.SOPInstanceUID]).any()

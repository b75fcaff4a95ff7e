"""Other software takes the document: David Clunie's dciodvfy and OFFIS's dsrdump."""

import subprocess
import uuid
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import dcmread, examples

from services.inference.document import write_document
from services.inference.heading import Heading
from services.inference.model import FrameReading, Mode, Observation
from services.inference.result import Group, Result, Run, Source
from tests.unit.inference.test_sr import CONTOUR, FIGURES, HEAD


def document(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool = True) -> Path:
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
    heading = Heading(uuid.uuid4(), 1, datetime(2026, 1, 2, 3, 4, 5), "0.1.0")
    result = Result((run,), (Group("head", source, frame, reading),))
    path = tmp_path / "report.dcm"
    path.write_bytes(write_document(heading, result, [(source_path, source)], image.StudyInstanceUID, {}))
    return path


CASES = [
    ("ybr_color", 3, Mode.TRIAL, True),
    ("rgb_color", 1, Mode.APPROVED, True),
    ("palette_color", 1, Mode.TRIAL, False),
]


@pytest.mark.parametrize(("example", "frame", "mode", "calibrated"), CASES)
def test_dciodvfy_finds_no_error(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool) -> None:
    path = document(tmp_path, example, frame, mode, calibrated)
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
    assert "ComprehensiveSR" in said
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize(("example", "frame", "mode", "calibrated"), CASES)
def test_dsrdump_reads_the_whole_tree(tmp_path: Path, example: str, frame: int, mode: Mode, calibrated: bool) -> None:
    path = document(tmp_path, example, frame, mode, calibrated)
    ran = subprocess.run(["dsrdump", "-Ee", "+Pl", path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "E:" not in ran.stderr
    assert "POLYLINE" in ran.stdout
    assert ('"Head Circumference"' in ran.stdout) == calibrated
    assert ("Investigational" in ran.stdout) == (mode is Mode.TRIAL)

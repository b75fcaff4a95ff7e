"""The SR document: deterministic, readable by highdicom, in Unicode whatever the source was written in."""

import uuid
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from services.inference import sr
from services.inference.evidence import read_evidence
from services.inference.heading import Heading, instance_uid, series_uid, tracking_uid
from services.inference.model import Code, FrameReading, Measurement, Mode, Observation
from services.inference.result import FAILED, UNREADABLE, Group, Result, Run, Source, dump, load
from services.inference.shadow import compare

HEAD = Code("279141000", "SCT", "Fetal head")
CONTOUR = ((10.0, 10.0), (90.0, 10.0), (90.0, 90.0), (-5.0, 90.0))
FIGURES = (
    Measurement(Code("11984-2", "LN", "Head Circumference"), 321.5, "mm", 321.5, 321.5, "ellipse"),
    Measurement(
        Code("11820-8", "LN", "Biparietal Diameter"),
        88.12,
        "mm",
        88.12,
        88.12,
        "minor axis",
        Code("outer-to-outer", "99SONOBRIDGE", "Outer to outer"),
        "outer to outer",
    ),
    Measurement(
        Code("18185-9", "LN", "Gestational Age"), 200.0, "d", 190.0, 212.0, "Hadlock", Code("11932-1", "LN", "Hadlock")
    ),
)
HEADING = Heading(uuid.UUID(int=7), 2, datetime(2026, 1, 2, 3, 4, 5), "0.1.0")


def source(number_of_frames: int = 5, uid: str = "1.2.3.4") -> Source:
    sop_class = "1.2.840.10008.5.1.4.1.1.3.1" if number_of_frames > 1 else "1.2.840.10008.5.1.4.1.1.6.1"
    return Source("1.2.3", uid, sop_class, "key", number_of_frames, 100, 100)


def run(model: str = "head", mode: Mode = Mode.TRIAL) -> Run:
    protocol = "EC-1" if mode is Mode.TRIAL else ""
    return Run(model, "1.0.0", "ab" * 32, mode, protocol, "", 5, "findings", 0.1)


def result(mode: Mode = Mode.TRIAL, number_of_frames: int = 5) -> Result:
    reading = FrameReading(Observation(97.5, HEAD, CONTOUR), FIGURES)
    frame = 3 if number_of_frames > 1 else 1
    return Result((run(mode=mode),), (Group("head", source(number_of_frames), frame, reading),))


def written(tmp_path: Path, name: bytes, charset: str | None = None, sop_class: str = "") -> Path:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = sop_class or "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.4"
    image.Modality, image.PatientID = "US", "P-1"
    image.PatientName = "X" * len(name)
    image.StudyDate, image.StudyTime, image.PatientSex = "20260101", "not a time", "F"
    path = tmp_path / "source.dcm"
    image.save_as(path, enforce_file_format=True)
    data = path.read_bytes().replace(b"X" * len(name), name)
    if charset:
        value = charset.encode() + b" " * (len(charset) % 2)
        element = b"\x08\x00\x05\x00CS" + len(value).to_bytes(2, "little") + value
        data = data.replace(b"\x08\x00\x16\x00UI", element + b"\x08\x00\x16\x00UI", 1)
    path.write_bytes(data)
    return path


def document(path: Path, given: Result, decoded: dict[str, str] | None = None) -> bytes:
    evidence = read_evidence(path, given.groups[0].source, "1.2", decoded or {})
    return sr.write(HEADING, given, [evidence])


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, b"Wang^Fang ")
    assert document(path, result()) == document(path, load(dump(result())))


def test_highdicom_reads_figures_codes_contour_and_frame_back(tmp_path: Path) -> None:
    report = highdicom.sr.srread(BytesIO(document(written(tmp_path, b"Wang^Fang "), result())))
    assert report.SOPInstanceUID == instance_uid(HEADING.analysis_id)
    assert (str(report.ContentDate), str(report.ContentTime)) == ("20260102", "030405")
    (group,) = cast(Any, report.content).get_planar_roi_measurement_groups()
    assert group.tracking_uid == tracking_uid(HEADING.analysis_id, result().groups[0])
    figures = {one.name.value: one for one in group.get_measurements()}
    assert set(figures) == {"11984-2", "11820-8", "18185-9", "111012"}
    assert figures["11984-2"].value == 321.5
    assert figures["11984-2"].unit.value == "mm"
    assert figures["18185-9"].unit.value == "d"
    assert figures["18185-9"].method.value == "11932-1"
    assert figures["11820-8"].method.meaning == "Outer to outer"
    assert figures["111012"].unit.value == "%"
    (view,) = group.get_qualitative_evaluations(name=highdicom.sr.CodedConcept("111031", "DCM", "Image View"))
    assert view.value.value == HEAD.value
    points = group.roi.value
    assert np.array_equal(points[0], points[-1])
    assert points.min() >= 0  # the outline reaches beyond the image, its coordinates do not
    assert b"Hadlock" in document(written(tmp_path, b"Wang^Fang "), result())


def test_all_figures_of_one_outline_stand_in_one_group_under_one_tracking_uid(tmp_path: Path) -> None:
    """TID 1410: the tracking identifiers are the region's, and its group holds every measurement of it."""
    report = highdicom.sr.srread(BytesIO(document(written(tmp_path, b"Wang^Fang "), result())))
    tracked = [
        item.UID
        for item in _items(report)
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == "112040"
    ]
    assert tracked == [tracking_uid(HEADING.analysis_id, result().groups[0])]


def test_the_document_of_a_later_analysis_names_the_one_before(tmp_path: Path) -> None:
    path = written(tmp_path, b"Wang^Fang ")
    assert "PredecessorDocumentsSequence" not in dcmread(BytesIO(document(path, result())))
    before = uuid.UUID(int=6)
    (study,) = dcmread(BytesIO(document(path, replace(result(), predecessor=before)))).PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    (named,) = series.ReferencedSOPSequence
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == ("1.2", series_uid(before))
    assert named.ReferencedSOPInstanceUID == instance_uid(before)
    assert named.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.88.33"


def test_the_contour_names_the_frame_of_a_clip_and_none_of_a_still(tmp_path: Path) -> None:
    path = written(tmp_path, b"Wang^Fang ")
    assert _frames(document(path, result())) == {3}
    assert _frames(document(path, result(number_of_frames=1))) == set()


def _frames(data: bytes) -> set[int]:
    return {
        int(element.value) for element in dcmread(BytesIO(data)).iterall() if element.keyword == "ReferencedFrameNumber"
    }


def test_the_uncertainty_of_an_age_is_in_days(tmp_path: Path) -> None:
    data = dcmread(BytesIO(document(written(tmp_path, b"Wang^Fang "), result())))
    uncertain = [
        item
        for item in _items(data)
        if item.get("ConceptNameCodeSequence") and "uncertainty" in item.ConceptNameCodeSequence[0].CodeMeaning
    ]
    found = {
        (
            float(i.MeasuredValueSequence[0].NumericValue),
            i.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
        )
        for i in uncertain
    }
    assert found == {(12.0, "d"), (10.0, "d")}


def _items(dataset: Dataset) -> list[Dataset]:
    children = list(dataset.get("ContentSequence") or ())
    return children + [found for child in children for found in _items(child)]


def test_a_trial_says_investigational_and_an_approved_model_does_not(tmp_path: Path) -> None:
    path = written(tmp_path, b"Wang^Fang ")
    assert document(path, result()).count(b"Investigational") >= 2
    assert b"nvestigational" not in document(path, result(Mode.APPROVED))


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("GB18030", "gb18030"), ("GBK", "gbk"), ("ISO_IR 192", "utf-8")],
)
def test_chinese_names_are_written_in_unicode(tmp_path: Path, charset: str, encoding: str) -> None:
    name = "Wang^XiaoDong=王^小东".encode(encoding)
    path = written(tmp_path, name + b" " * (len(name) % 2), charset)
    report = dcmread(BytesIO(document(path, result())))
    assert report.SpecificCharacterSet == "ISO_IR 192"
    assert str(report.PatientName) == "Wang^XiaoDong=王^小东"


def test_iso_2022_ir_58_names_are_written_in_unicode(tmp_path: Path) -> None:
    name = b"Zhang^XiaoDong=" + b"\x1b$)A" + "张".encode("gb2312") + b"^\x1b$)A" + "小东".encode("gb2312") + b"="
    path = written(tmp_path, name + b" " * (len(name) % 2), "\\ISO 2022 IR 58")
    assert str(dcmread(BytesIO(document(path, result()))).PatientName).startswith("Zhang^XiaoDong=张^小东")


def test_undeclared_bytes_are_taken_as_ingest_decoded_them(tmp_path: Path) -> None:
    name = "王^芳".encode("gbk") + b" "
    path = written(tmp_path, name)
    report = dcmread(BytesIO(document(path, result(), {"PatientName": "王^芳"})))
    assert str(report.PatientName) == "王^芳"


def test_gb2312_bytes_without_escapes_are_taken_as_ingest_decoded_them_though_a_set_is_declared(tmp_path: Path) -> None:
    path = written(tmp_path, b"Ouyang^Nana=" + "欧阳^娜娜".encode("gb2312") + b" ", "\\ISO 2022 IR 58")
    report = dcmread(BytesIO(document(path, result(), {"PatientName": "Ouyang^Nana=欧阳^娜娜"})))
    assert str(report.PatientName) == "Ouyang^Nana=欧阳^娜娜"


def test_what_cannot_be_written_legally_is_left_empty(tmp_path: Path) -> None:
    report = dcmread(BytesIO(document(written(tmp_path, b"Wang^Fang "), result())))
    assert report.StudyTime is None or report.StudyTime == ""
    assert report.StudyDate == "20260101"


def test_a_retired_ultrasound_class_is_documented_too(tmp_path: Path) -> None:
    retired = "1.2.840.10008.5.1.4.1.1.3"
    given = result()
    group = Group("head", Source("1.2.3", "1.2.3.4", retired, "key", 5, 100, 100), 3, given.groups[0].reading)
    report = dcmread(BytesIO(document(written(tmp_path, b"Wang^Fang "), Result(given.runs, (group,)))))
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert evidence[0].ReferencedSOPClassUID == retired


def test_a_shadow_model_is_compared_and_not_written(tmp_path: Path) -> None:
    shown = result()
    other = Measurement(FIGURES[0].code, 318.0, "mm", 318.0, 318.0, "ellipse")
    shadow = Group("rival", source(), 2, FrameReading(Observation(90.0, HEAD, CONTOUR), (other,)))
    both = Result((*shown.runs, run("rival", Mode.SHADOW)), (*shown.groups, shadow))
    (difference,) = compare(both)
    assert (difference.model, difference.against, difference.shadow_value) == ("rival", "head", 318.0)
    path = written(tmp_path, b"Wang^Fang ")
    assert document(path, both) == document(path, shown)


def test_the_remarks_name_the_models_that_failed_and_why_but_none_in_the_shadow(tmp_path: Path) -> None:
    given = result()
    failed = replace(
        run("liver"), outcome=FAILED, frames=0, reason="the output nature holds values that are not numbers"
    )
    hidden = replace(failed, model="head@2.0.0", mode=Mode.SHADOW)
    unread = replace(failed, model="lung", outcome=UNREADABLE, reason="instance 1.2: The image cannot be read")
    report = dcmread(
        BytesIO(document(written(tmp_path, b"Wang^Fang "), replace(given, runs=(*given.runs, failed, hidden, unread))))
    )
    remarks = [str(item.TextValue) for item in report.ContentSequence if item.ValueType == "TEXT"]
    said = [one for one in remarks if "failed" in one]
    assert said == [
        "liver 1.0.0 failed on this exam and says nothing: the output nature holds values that are not numbers"
    ]
    assert not any("2.0.0" in one for one in remarks)


def test_a_model_that_failed_is_not_among_the_observers_nor_in_the_title(tmp_path: Path) -> None:
    given = result()
    failed = replace(run("liver"), outcome=FAILED, frames=0, reason="it hangs")
    report = dcmread(
        BytesIO(document(written(tmp_path, b"Wang^Fang "), replace(given, runs=(*given.runs, failed)))),
    )
    (observer,) = [
        item.TextValue
        for item in report.ContentSequence
        if item.ValueType == "TEXT"
        and item.ConceptNameCodeSequence[0].CodeValue == "121015"  # DCM, Device Observer Model Name
    ]
    assert (observer, "liver" in report.SeriesDescription) == ("head 1.0.0", False)
    remarks = [str(item.TextValue) for item in report.ContentSequence if item.ValueType == "TEXT"]
    assert not any("liver" in one and "Investigational" in one for one in remarks)

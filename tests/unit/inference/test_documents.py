"""All documents of an analysis: groups without an outline, outlines as SEG, the frames that decided as a key-object note."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from services.inference import codes
from services.inference.document import Document, described, write_documents
from services.inference.heading import Heading, instance_uid, keynote_uid, seg_uid, tracking_uid
from services.inference.keynote import deciding_frames
from services.inference.model import Evaluation, FrameReading, Measurement, Mode, Observation, Scope, Stage
from services.inference.polygon import filled
from services.inference.result import Contradiction, Group, Result, Run, dump, load
from services.inference.views import TRANS_THALAMIC, VIEWS
from tests.unit.inference.test_sr import CONTOUR, FIGURES, HEAD, source, written

HEADING = Heading(uuid.UUID(int=7), 2, datetime(2026, 1, 2, 3, 4, 5), "0.1.0")
CANCER = Measurement(codes.PROBABILITY_OF_CANCER, 12.5, "%", 8.0, 20.0, "calibrated")
CLIP = source()


def run(model: str, stage: Stage = Stage.READ, scope: Scope = Scope.FRAME, mode: Mode = Mode.TRIAL) -> Run:
    return Run(model, "1.0.0", "ab" * 32, mode, "EC-1", "", 5, "findings", 0.1, "", stage, scope)


def view_group(name: str = "fetal_brain", frames: tuple[int, ...] = (2, 3, 4)) -> Group:
    plane = (Evaluation(codes.IMAGE_VIEW_MODIFIER, TRANS_THALAMIC, 88.0),) if name == "fetal_brain" else ()
    return Group("view", CLIP, 3, FrameReading(Observation(96.5, VIEWS[name].code, evaluations=plane)), frames)


HEAD_GROUP = Group("fetal_head", CLIP, 3, FrameReading(Observation(97.5, HEAD, CONTOUR), FIGURES), (3,))
LIVER_GROUP = Group(
    "liver",
    CLIP,
    2,
    FrameReading(
        Observation(
            91.0,
            VIEWS["liver"].code,
            (),
            (CANCER,),
            (Evaluation(codes.NATURE, codes.BENIGN, 80.0), Evaluation(codes.LUNG_SIGN, None, why="no lung is seen")),
        ),
        (CANCER,),
    ),
    (1, 2),
)
SCREEN = run("view", Stage.SCREEN)


def documents(tmp_path: Path, result: Result) -> list[Document]:
    path = written(tmp_path, b"Wang^Fang ")
    return write_documents(HEADING, result, [(path, one) for one in described(result)], "1.2", {})


def groups_of(document: Document) -> Any:
    report = highdicom.sr.srread(BytesIO(document.data))
    return cast(Any, report.content)


def items(dataset: Dataset) -> Iterator[Dataset]:
    """Every content item, however deep."""
    for item in dataset.get("ContentSequence") or ():
        yield item
        yield from items(item)


def test_what_has_no_outline_is_a_tid_1501_group_on_its_frames(tmp_path: Path) -> None:
    (report,) = documents(tmp_path, Result((SCREEN,), (view_group(),)))
    (group,) = groups_of(report).get_image_measurement_groups()
    assert group.tracking_uid == tracking_uid(HEADING.analysis_id, view_group())
    said = {one.name.value: one.value for one in group.get_qualitative_evaluations()}
    assert (said["111031"].value, said["111031"].scheme_designator) == ("12738006", "SCT")
    assert said["111032"].meaning == "Trans-thalamic plane"
    (certainty,) = group.get_measurements(name=highdicom.sr.CodedConcept("111012", "DCM", "Certainty of Finding"))
    assert (certainty.value, certainty.unit.value) == (96.5, "%")
    (image,) = group.source_images
    assert image.referenced_sop_instance_uid == CLIP.sop_instance_uid
    assert image.referenced_frame_numbers == [2, 3, 4]
    assert certainty.referenced_images[0].referenced_frame_numbers == [3]


def test_figures_answers_and_what_cannot_be_judged_stand_in_the_group(tmp_path: Path) -> None:
    report, *_ = documents(tmp_path, Result((run("liver"),), (LIVER_GROUP,)))
    (group,) = groups_of(report).get_image_measurement_groups()
    figures = {one.name.value: (one.value, one.unit.value) for one in group.get_measurements()}
    assert figures["111047"] == (12.5, "%")
    said = {one.name.value: one.value.meaning for one in group.get_qualitative_evaluations()}
    assert (said["nature"], said["lung-sign"]) == ("Benign", "Cannot be judged")
    asked = {one.ConceptNameCodeSequence[0].CodeValue: one for one in items(dcmread(BytesIO(report.data)))}
    assert asked["nature"].ContentSequence[0].MeasuredValueSequence[0].NumericValue == 80
    assert asked["lung-sign"].ContentSequence[0].TextValue == "no lung is seen"


def test_an_outline_is_a_segment_on_its_frame(tmp_path: Path) -> None:
    result = Result((run("fetal_head"), SCREEN), (HEAD_GROUP, view_group()))
    report, outline, note = documents(tmp_path, result)
    assert report.sop_instance_uid == instance_uid(HEADING.analysis_id)
    assert outline.sop_instance_uid == seg_uid(HEADING.analysis_id, HEAD_GROUP)
    assert note.sop_instance_uid == keynote_uid(HEADING.analysis_id)
    segmentation = highdicom.seg.segread(BytesIO(outline.data))
    assert (segmentation.PatientID, segmentation.StudyInstanceUID) == ("P-1", "1.2")
    segment = segmentation.get_segment_description(1)
    assert segment.tracking_uid == tracking_uid(HEADING.analysis_id, HEAD_GROUP)
    pixels = segmentation.get_pixels_by_source_frame(CLIP.sop_instance_uid, [3])
    assert np.array_equal(pixels[0, :, :, 0], filled(CONTOUR, CLIP.rows, CLIP.columns))
    image = segmentation.SharedFunctionalGroupsSequence[0].get("DerivationImageSequence") or (
        segmentation.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence
    )
    (refers,) = image[0].SourceImageSequence
    assert (refers.ReferencedSOPClassUID, refers.ReferencedFrameNumber) == (CLIP.sop_class_uid, 3)


def test_the_key_object_note_names_the_frames_on_which_what_was_read_rests(tmp_path: Path) -> None:
    lung = Group("lung", CLIP, 5, FrameReading(Observation(70, VIEWS["lung"].code)), (4, 5))
    result = Result(
        (run("fetal_head"), run("lung", scope=Scope.CLIP), SCREEN), (HEAD_GROUP, lung, view_group(frames=(1, 2, 3)))
    )
    assert deciding_frames(result) == {CLIP.sop_instance_uid: [3, 4, 5]}
    note = dcmread(BytesIO(documents(tmp_path, result)[-1].data))
    assert note.Modality == "KO"
    (image,) = (item for item in note.ContentSequence if item.ValueType == "IMAGE")
    assert list(image.ReferencedSOPSequence[0].ReferencedFrameNumber) == [3, 4, 5]
    assert image.ReferencedSOPSequence[0].ReferencedSOPClassUID == CLIP.sop_class_uid
    assert any("Investigational" in item.get("TextValue", "") for item in note.ContentSequence)


def test_screening_alone_leaves_a_report_and_nothing_else(tmp_path: Path) -> None:
    boxed = Group("quality", CLIP, 1, FrameReading(Observation(99, contour=CONTOUR)), (1,))
    result = Result((run("quality", Stage.SCREEN), SCREEN), (boxed, view_group()))
    assert len(documents(tmp_path, result)) == 1


def test_another_anatomy_than_the_exams_is_said(tmp_path: Path) -> None:
    told = Contradiction(CLIP.sop_instance_uid, "BREAST", VIEWS["liver"].code)
    report, *_ = documents(tmp_path, Result((SCREEN,), (view_group("liver"),), contradictions=(told,)))
    assert b"The exam names the body part BREAST; image 1.2.3.4 shows Liver and was read as that." in report.data


def test_all_documents_are_the_same_bytes_when_written_again(tmp_path: Path) -> None:
    result = Result((run("fetal_head"), run("liver"), SCREEN), (HEAD_GROUP, LIVER_GROUP, view_group()))
    assert documents(tmp_path, result) == documents(tmp_path, load(dump(result)))


def test_one_header_of_each_modality_is_read_for_a_study_of_many_images(tmp_path: Path) -> None:
    many = tuple(
        Group("view", source(uid=f"1.2.{n}"), 1, FrameReading(Observation(90, VIEWS["liver"].code))) for n in range(3)
    )
    result = Result((SCREEN,), many)
    assert len(described(result)) == 1
    (report,) = documents(tmp_path, result)
    read = dcmread(BytesIO(report.data))
    (study,) = read.CurrentRequestedProcedureEvidenceSequence
    assert len(study.ReferencedSeriesSequence[0].ReferencedSOPSequence) == 3


@pytest.mark.parametrize(("rows", "columns"), [(80, 100), (40, 40)])
def test_a_pixel_is_filled_where_its_centre_lies_within(rows: int, columns: int) -> None:
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    mask = filled([(40 + 30 * np.cos(a), 35 + 20 * np.sin(a)) for a in angles], rows, columns)
    y, x = np.mgrid[:rows, :columns] + 0.5
    inside = ((x - 40) / 30) ** 2 + ((y - 35) / 20) ** 2 <= 1
    assert (mask != inside).mean() < 0.004


def test_a_result_of_the_first_release_is_still_read() -> None:
    group = b'{"model":"head","source":{"series_instance_uid":"1","sop_instance_uid":"1.2","sop_class_uid":"1","object_key":"k","number_of_frames":1,"rows":9,"columns":9},"frame":1,"reading":{"outline":{"certainty_percent":97.5,"plane":{"value":"1","scheme":"SCT","meaning":"Head"},"contour":[[0.0,0.0],[1.0,0.0],[1.0,1.0]]},"measurements":[],"uncalibrated":""}}'  # noqa: E501
    run = b'{"model":"head","version":"1","digest_sha256":"","mode":"trial","ethics_protocol":"","certificate":"","frames":1,"outcome":"findings","seconds":0.1,"reason":""}'  # noqa: E501
    read = load(b'{"runs":[' + run + b'],"groups":[' + group + b'],"predecessor":null}')
    (one,) = read.shown_groups
    assert one.reading.observation.view is not None
    assert one.reading.observation.view.meaning == "Head"
    assert one.reading.observation.contour[1] == (1.0, 0.0)

"""View and quality see every frame first; what the view calls for reads the frames of its own, whatever the exam says."""

import uuid
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import highdicom
import numpy as np
import pytest
import pytest_asyncio
from pydicom import dcmread
from sonobridge.directory.v1 import directory_pb2 as directory

from infra.local.kafka import Kafka
from infra.local.triton import Triton
from tests.fakes.oidc import FakeIssuer
from tests.integration.inference.conftest import staged
from tests.integration.inference.pictures import box, ultrasound
from tests.integration.inference.stage import Stage
from tests.integration.inference.workshop import install
from tests.parts import TEST_PARTITIONS, Database, Topics

pytestmark = pytest.mark.asyncio(loop_scope="module")

# By other names than the platform's own models, which Triton knows too.
CARDS: dict[str, dict[str, Any]] = {
    "viewer": {"stage": "screen", "views": ["fetal_brain", "breast", "liver", "not_ultrasound"], "body_parts": ["*"]},
    "critic": {"stage": "screen", "scope": "clip", "body_parts": ["*"]},
    "heads": {"views": ["fetal_brain"], "body_parts": ["FETUS"]},
    "livers": {"views": ["liver"], "body_parts": ["LIVER"]},
}
READINGS = {"viewer": "view", "critic": "quality", "heads": "identity", "livers": "liver"}
BRAIN, BREAST, LIVER, UNSURE = 40, 60, 80, 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def screening(
    migrated: Database,
    kafka: Kafka,
    triton: Triton,
    issuer: FakeIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """A running process with all four models; agreement version 1 permits them, version 2 all but the view."""
    assert triton.further is not None
    for name, card in CARDS.items():
        source = (Path(__file__).parent / "models" / READINGS[name] / "postprocess.py").read_text(encoding="utf-8")
        install(triton.further, name, postprocess=source, **card | {"frame_batch": 4})
    topics = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(topics.prefix, TEST_PARTITIONS)
    async with staged(migrated, topics, triton, issuer, triton.further, tmp_path_factory.mktemp("stage")) as made:
        await made.agree(*(trial(name) for name in CARDS))
        await made.agree(*(trial(name) for name in CARDS if name != "viewer"), version=2)
        await made.start()
        yield made


def trial(name: str) -> directory.ModelPermission:
    return directory.ModelPermission(model=name, mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")


def frame(view: int, cancer: int = 0) -> np.ndarray:
    picture = box(20, 30, 80, 110)
    picture[0, 0], picture[0, 1] = view, cancer
    return picture


async def analysed(stage: Stage, *files: list[np.ndarray], body_part: str = "", version: int = 1) -> Any:
    instances = [(*ultrasound(frames, "1.2.9", "1.2.3"), len(frames)) for frames in files]
    exam = stage.exam(*instances, study_instance_uid="1.2.9", body_part=body_part, version=version)
    await stage.complete(exam)
    (done,) = await stage.outcomes(exam.exam_id)
    assert type(done).__name__ == "AnalysisCompleted", done
    return done, [uid for uid, _, _ in instances], stage.documents_of(exam)


def runs_of(done: Any) -> dict[str, tuple[int, str]]:
    return {run.model.name: (run.frames, run.outcome) for run in done.runs}


async def test_an_exam_without_metadata_is_read_by_what_its_images_show(screening: Stage) -> None:
    done, (brain, liver), documents = await analysed(screening, [frame(BRAIN)], [frame(LIVER, 20)])
    assert runs_of(done) == {
        "viewer": (2, "findings"),
        "critic": (2, "findings"),
        "heads": (1, "findings"),
        "livers": (1, "findings"),
    }
    by_code = {one.code.value: one for one in done.findings}
    assert by_code["11984-2"].anchor.sop_instance_uid == brain
    assert by_code["111047"].anchor.sop_instance_uid == liver
    assert by_code["111047"].measurement.value == 20
    nature = by_code["nature"]
    assert (nature.evaluation.answer.meaning, nature.certainty_percent) == ("Benign", 80)
    assert not nature.HasField("measurement")
    hints = {(one.anchor.sop_instance_uid, one.code.value): one.evaluation.answer.meaning for one in done.hints}
    assert hints[brain, "111031"] == "Brain"
    assert hints[brain, "111032"] == "Trans-thalamic plane"
    assert hints[liver, "111031"] == "Liver"
    assert hints[liver, "111101"] == "Good image quality"
    assert list(done.contradictions) == []
    modalities = [str(dcmread(BytesIO(one)).Modality) for one in documents]
    assert modalities == ["SR", "SEG", "KO"]
    assert list(done.sop_instance_uids) == [str(dcmread(BytesIO(one)).SOPInstanceUID) for one in documents]


async def test_a_model_that_no_view_calls_has_no_run(screening: Stage) -> None:
    done, _, documents = await analysed(screening, [frame(BREAST)], body_part="BREAST")
    assert set(runs_of(done)) == {"viewer", "critic"}
    assert list(done.findings) == []
    assert len(documents) == 1


async def test_of_a_clip_each_model_reads_the_frames_of_its_view(screening: Stage) -> None:
    sweep = [frame(BRAIN)] * 4 + [frame(UNSURE)] * 2 + [frame(LIVER, 90)] * 3 + [frame(BRAIN)]
    done, _, documents = await analysed(screening, sweep)
    runs = runs_of(done)
    assert (runs["viewer"][0], runs["heads"][0], runs["livers"][0]) == (10, 4, 3)
    report = cast(Any, highdicom.sr.srread(BytesIO(documents[0])).content)
    views = {}
    for group in report.get_image_measurement_groups():
        said = {one.name.value: one.value.meaning for one in group.get_qualitative_evaluations()}
        if "111031" in said and "nature" not in said:
            views[said["111031"]] = group.source_images[0].referenced_frame_numbers
    assert views == {"Brain": [1, 2, 3, 4], "Liver": [7, 8, 9]}  # the last frame is a stray one
    liver = next(one for one in done.findings if one.code.value == "111047")
    assert (liver.anchor.first_frame, liver.anchor.last_frame) == (7, 9)
    outline = highdicom.seg.segread(BytesIO(documents[1]))
    (head,) = {one.anchor.key_frame for one in done.findings if one.code.value == "11984-2"}
    image = done.findings[0].anchor.sop_instance_uid
    pixels = outline.get_pixels_by_source_frame(image, [head])
    assert int(pixels.sum()) == 60 * 80


async def test_the_image_is_believed_where_the_exam_says_another_anatomy_and_this_is_said(screening: Stage) -> None:
    done, (image,), documents = await analysed(screening, [frame(LIVER, 70)], body_part="BREAST")
    assert "livers" in runs_of(done)
    (told,) = done.contradictions
    assert (told.sop_instance_uid, told.body_part, told.view.meaning) == (image, "BREAST", "Liver")
    assert b"The exam names the body part BREAST" in documents[0]


async def test_where_the_view_is_not_sure_the_body_part_decides(screening: Stage) -> None:
    done, _, _ = await analysed(screening, [frame(UNSURE)], body_part="FETUS")
    runs = runs_of(done)
    assert runs["heads"] == (1, "findings")
    assert runs["viewer"] == (1, "nothing found")
    assert "livers" not in runs


async def test_without_the_view_model_the_body_part_decides_as_before(screening: Stage) -> None:
    done, _, _ = await analysed(screening, [frame(LIVER, 70)], body_part="FETUS", version=2)
    assert set(runs_of(done)) == {"critic", "heads"}


async def test_quality_says_what_is_wrong_and_where(screening: Stage) -> None:
    dark, titled = np.full((120, 160), 10, np.uint8), frame(BREAST)
    titled[-1, 50:90] = 255
    done, (clip, still), documents = await analysed(screening, [dark] * 3, [titled])
    hints = {(one.anchor.sop_instance_uid, one.evaluation.answer.value): one for one in done.hints}
    low = hints[clip, "gain-too-low"]
    assert (low.anchor.first_frame, low.anchor.last_frame) == (1, 3)
    text = hints[still, "burned-in-text"]
    assert (text.anchor.contour[0].column, text.anchor.contour[0].row) == (50, 119)
    assert len(documents) == 1  # what quality outlines is no finding of anatomy
    assert len({one.finding_id for one in done.hints}) == len(done.hints)
    assert len({one.tracking_uid for one in done.hints}) >= 4

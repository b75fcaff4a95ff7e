"""What AI could not do, in the browser: a file that nobody can decode, and a model that failed."""

import copy
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.sync_api import expect
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid
from sonobridge.inference.v1 import events_pb2 as inference

from infra.demo.exams import Exam
from infra.demo.outside import wait_for
from services.shared.clock import uuid7
from services.shared.events import Event
from services.shared.kafka import Record
from tests.e2e.conftest import SignIn
from tests.e2e.scene import FORGER, Scene, heard, new_exam, publish, send_and_complete, task_of
from tests.e2e.test_browser import overflow
from tests.stack import Running


def damaged(exam: Exam) -> Exam:
    """The exam with a second image, whose JPEG is none."""
    image = copy.deepcopy(exam.instances[0])
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    image.InstanceNumber = 2
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    image.PixelData = encapsulate([b"\xff\xd8" + bytes(500) + b"\xff\xd9"])
    image["PixelData"].VR = "OB"
    exam.instances.append(image)
    return exam


def failed_once_more(scene: Scene) -> None:
    """The analysis again, now with a model that failed."""
    told = heard(scene.stack, "inference.v1", "analysis.completed", scene.ids["exam_id"])
    assert told is not None
    body = told.decode(inference.AnalysisCompleted)
    body.exam_revision += 1
    model = inference.ModelReference(name="breast_lesion", version="0.2.0", mode=body.findings[0].model.mode)
    reason = "the inference server does not answer within 10 s"
    body.runs.append(inference.ModelRun(model=model, outcome="failed", reason=reason))
    event = Event(
        uuid7(), told.type, FORGER, told.key, UUID(body.organisation_id), datetime.now(UTC), body.SerializeToString()
    )
    publish(scene.stack, [Record("inference.v1", event.key, event.headers(), event.body)])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "width", "unread", "unseen", "failed"),
    [
        pytest.param(
            "zh-CN", 390, "AI 无法读取图像 2", "该图像无法显示", "推理服务没有按时应答", id="in Chinese on a telephone"
        ),
        pytest.param(
            "en-GB", 1366, "AI cannot read image 2", "cannot be shown", "does not answer", id="in English on a laptop"
        ),
    ],
)
def test_a_damaged_image_and_a_failed_model_are_named_and_no_other_picture_stands_in(
    stack: Running, sign_in: SignIn, language: str, width: int, unread: str, unseen: str, failed: str
) -> None:
    scene = Scene(stack, damaged(new_exam("Broken^Sun=损")))
    scene.ids["exam_id"] = send_and_complete(scene.clinic, scene.exam)["id"]
    task = task_of(scene.expert, scene.exam.study)
    failed_once_more(scene)
    report = f"/api/reporting/v1/reports/{task['report_id']}"
    wait_for("the failure", lambda: scene.expert.get(report)["failures"])
    page = sign_in(stack.cast.reader, "expert", width, language)
    page.goto(f"{stack.outside.origin}/read/{task['id']}")
    picture = page.get_by_test_id("viewer").locator(".picture-layer").first
    expect(picture).to_be_visible()
    page.get_by_test_id("claim").click()
    expect(page.get_by_test_id("unreadable")).to_contain_text(unread)
    expect(page.get_by_test_id("failure")).to_contain_text("breast_lesion 0.2.0")
    expect(page.get_by_test_id("failure")).to_contain_text(failed)
    assert overflow(page) == 0

    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("viewer").get_by_role("alert")).to_contain_text(unseen)
    expect(picture).to_be_hidden()
    page.keyboard.press("ArrowUp")
    expect(picture).to_be_visible()
    expect(page.get_by_test_id("viewer").get_by_role("alert")).to_have_count(0)

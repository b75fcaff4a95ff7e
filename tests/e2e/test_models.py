"""AI in the browser: an expert corrects its answer, and the pages that tell how the models do."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect
from sonobridge.inference.v1 import events_pb2 as inference

from infra.demo.outside import wait_for
from services.inference.codes import ANSWERS, BENIGN, NATURE
from services.inference.model import Code
from services.inference.views import VIEWS
from services.shared.clock import uuid7
from services.shared.events import Event
from services.shared.kafka import Record
from tests.e2e.conftest import SignIn
from tests.e2e.scene import FORGER, Scene, heard, new_exam, publish, send_and_complete, task_of
from tests.e2e.test_browser import overflow
from tests.stack import Running

CYST = "单纯囊肿，边界清楚，后方回声增强，建议六个月后随访复查"
DRIFT = "/api/inference/v1/drift"


def scanned(stack: Running, name: str, images: int = 1) -> Scene:
    """An exam of a scanner model that nobody else has, read by AI."""
    made = Scene(stack, new_exam(name, images))
    made.ids["scanner"] = f"Scanner {uuid4().hex[:8]}"
    for image in made.exam.instances:
        image.ManufacturerModelName = made.ids["scanner"]
    made.ids["exam_id"] = send_and_complete(made.clinic, made.exam)["id"]
    task_of(made.expert, made.exam.study)
    return made


def benign_liver(scene: Scene) -> str:
    """The analysis once more, now with a liver that is benign; the finding's id."""
    told = heard(scene.stack, "inference.v1", "analysis.completed", scene.ids["exam_id"])
    assert told is not None
    body = told.decode(inference.AnalysisCompleted)
    finding = inference.Finding(
        finding_id=str(uuid4()),
        code=wire(NATURE),
        evaluation=inference.Evaluation(answer=wire(BENIGN), choices=[wire(one) for one in ANSWERS[NATURE]]),
        certainty_percent=81,
        anchor=body.findings[0].anchor,
        model=inference.ModelReference(name="liver", version="0.1.0", mode=body.findings[0].model.mode),
    )
    finding.anchor.plane.CopyFrom(wire(VIEWS["liver"].code))
    del body.findings[:]
    body.findings.append(finding)
    body.exam_revision += 1
    event = Event(
        uuid7(), told.type, FORGER, told.key, UUID(body.organisation_id), datetime.now(UTC), body.SerializeToString()
    )
    publish(scene.stack, [Record("inference.v1", event.key, event.headers(), event.body)])
    return finding.finding_id


def wire(code: Code) -> inference.Code:
    return inference.Code(value=code.value, scheme=code.scheme, meaning=code.meaning)


def slice_of(scene: Scene, model: str) -> Any:
    """How a model did on the scene's scanner, as the reader's quality manager sees it."""
    manager = scene.stack.outside.person(scene.stack.cast.reader, "quality_manager")
    items = manager.get(DRIFT, by_scanner="true", by_organisation="true")["items"]
    return next((one for one in items if (one["model"], one["scanner"]) == (model, scene.ids["scanner"])), None)


def signed_in_browser(page: Page) -> None:
    page.get_by_test_id("impression").fill("Liver lesion. 肝内病变。")
    page.get_by_test_id("attestation").click()
    page.get_by_test_id("sign").click()
    expect(page.get_by_test_id("signed")).to_be_visible()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "width", "label", "choice", "words", "shown"),
    [
        pytest.param("zh-CN", 390, "其他", "other", CYST, f"良性 {CYST}", id="in Chinese on a telephone"),
        pytest.param("en-GB", 1366, "Malignant", "21594007", "", "Benign Malignant", id="in English on a laptop"),
    ],
)
def test_an_expert_corrects_what_ai_answered_and_the_drift_page_counts_it(
    stack: Running, sign_in: SignIn, language: str, width: int, label: str, choice: str, words: str, shown: str
) -> None:
    scene = scanned(stack, "Liver^Gan=肝正")
    finding_id = benign_liver(scene)
    page = sign_in(stack.cast.reader, "expert", width, language)
    page.get_by_test_id(f"claim-{scene.ids['exam_id']}").click()
    finding = page.get_by_test_id("finding-nature")
    finding.get_by_test_id("correct").click()
    finding.get_by_test_id("save-correction").click()
    expect(finding).to_have_attribute("data-state", "proposed")  # nothing was chosen yet
    finding.get_by_role("radio", name=label).check()
    if words:
        finding.get_by_test_id("corrected-text").fill(words)
    assert overflow(page) == 0
    finding.get_by_test_id("save-correction").click()
    expect(finding).to_have_attribute("data-state", "corrected")
    assert overflow(page) == 0
    expect(finding.get_by_test_id("answer")).to_have_text(shown)
    signed_in_browser(page)
    expect(page.get_by_test_id("finding-nature").get_by_test_id("answer")).to_have_text(shown)

    (report,) = scene.clinic.get("/api/reporting/v1/reports", exam_id=scene.ids["exam_id"])["items"]
    (stated,) = scene.clinic.get(f"/api/reporting/v1/reports/{report['report_id']}")["findings"]
    assert (stated["finding_id"], stated["answer"], stated["corrected_answer"]["code"]) == (
        finding_id,
        BENIGN.value,
        choice,
    )
    assert wait_for("the count", lambda: slice_of(scene, "liver"))["review"]["recent"] == [0, 1, 0]

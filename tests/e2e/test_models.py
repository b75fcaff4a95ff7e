"""AI in the browser: an expert corrects its answer, and the pages that tell how the models do."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect
from sonobridge.inference.v1 import events_pb2 as inference

import services.inference
from infra.demo.outside import Session, wait_for
from services.inference.answers import ANSWERS
from services.inference.codes import BENIGN, NATURE
from services.inference.model import Code
from services.inference.views import VIEWS
from services.shared.clock import uuid7
from services.shared.events import Event
from services.shared.kafka import Record
from tests.e2e.conftest import PATIENT_MS, SignIn
from tests.e2e.scene import FORGER, Scene, heard, new_exam, publish, send_and_complete, sign, task_of
from tests.e2e.test_browser import overflow
from tests.e2e.test_pages import accept_all
from tests.stack import Running

CYST = "单纯囊肿，边界清楚，后方回声增强，建议六个月后随访复查"
PREFIX = "/api/inference/v1"


def scanned(
    stack: Running, name: str, of: type[Scene] = Scene, shape: tuple[int, int] = (448, 448), scanner: str = ""
) -> Scene:
    """An exam of a head by a scanner model that nobody else has, read by AI."""
    made = of(stack, new_exam(name, shape=shape))
    made.ids["scanner"] = scanner or f"Scanner {uuid4().hex[:8]}"
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
    items = manager.get(f"{PREFIX}/drift", by_scanner="true", by_organisation="true")["items"]
    return next((one for one in items if (one["model"], one["scanner"]) == (model, scene.ids["scanner"])), None)


def taken(scene: Scene, page: Page) -> Page:
    """The exam on the expert's page, taken."""
    task = task_of(scene.expert, scene.exam.study)
    page.goto(f"{scene.stack.outside.origin}/read/{task['id']}")
    page.get_by_test_id("claim").click()
    return page


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
    page = taken(scene, sign_in(stack.cast.reader, "expert", width, language))
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


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "width", "label", "shown"),
    [
        pytest.param("zh-CN", 390, "肝脏", "胎儿颅脑 肝脏", id="in Chinese on a telephone"),
        pytest.param("en-GB", 1366, "Liver", "Fetal brain Liver", id="in English on a laptop"),
    ],
)
def test_an_expert_corrects_a_view_and_may_take_it_back(
    stack: Running, sign_in: SignIn, language: str, width: int, label: str, shown: str
) -> None:
    scene = scanned(stack, "View^Mian=切面")
    page = taken(scene, sign_in(stack.cast.reader, "expert", width, language))
    description = page.get_by_test_id("description")
    seen = "图像切面（AI 识别）：胎儿颅脑 1 幅。Views seen by AI: fetal brain (1 image)."
    corrected = "图像切面（AI 识别，专家更正）：肝脏 1 幅。Views seen by AI, corrected by the expert: liver (1 image)."
    expect(description).to_have_value(seen)
    accept_all(page, 4)
    for takes_back in (True, False):
        page.get_by_test_id("correct-111031").click()
        page.get_by_test_id("hints").get_by_role("radio", name=label).check()
        assert overflow(page) == 0
        page.get_by_test_id("save-correction").click()
        view = page.get_by_test_id("finding-111031")
        expect(view.get_by_test_id("answer")).to_have_text(shown)
        expect(page.get_by_test_id("hint-111031")).to_have_count(0)
        expect(description).to_have_value(corrected)
        if takes_back:
            expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
            view.get_by_test_id("withdraw").click()
            expect(page.get_by_test_id("hint-111031")).to_be_visible()
            expect(view).to_have_count(0)
            expect(description).to_have_value(seen)
    expect(page.get_by_test_id("views-differ")).to_have_count(0)
    description.fill(f"{seen} 肝实质回声均匀。")
    expect(page.get_by_test_id("views-differ")).to_contain_text(corrected)
    expect(description).to_have_value(f"{seen} 肝实质回声均匀。")
    assert overflow(page) == 0
    description.fill(corrected)
    expect(page.get_by_test_id("views-differ")).to_have_count(0)
    signed_in_browser(page)
    expect(page.get_by_test_id("finding-111031").get_by_test_id("answer")).to_have_text(shown)
    assert wait_for("the count", lambda: with_reviews(scene, "view"))["review"]["recent"][:2] == [0, 1]
    assert with_reviews(scene, "fetal_head")["review"]["recent"] == [4, 0, 0]


def with_reviews(scene: Scene, model: str) -> Any:
    """How the model did on the scene's scanner, once the review was counted."""
    return (found := slice_of(scene, model)) and found["review"] and found


def reviewed(scene: Scene, *states: str) -> None:
    """Sign the exam, its findings decided so in turn."""
    task = task_of(scene.expert, scene.exam.study)
    report_id = scene.expert.post(f"/api/reporting/v1/tasks/{task['id']}/claim")["report_id"]
    findings = scene.expert.get(f"/api/reporting/v1/reports/{report_id}")["findings"]
    decisions = [
        {"finding_id": one["finding_id"], "state": state}
        | ({"corrected_value": one["value"] + 1} if state == "corrected" else {})
        for one, state in zip(findings, states, strict=True)
    ]
    draft = {"findings": decisions, "impression": "头围正常。"}
    scene.expert.put(f"/api/reporting/v1/reports/{report_id}/draft", draft)
    scene.expert.post(f"/api/reporting/v1/reports/{report_id}/sign", {"attestation": True})


@dataclass
class Second(Scene):
    """Of the second clinic, whose models' versions nobody else here looks at."""

    @property
    def clinic(self) -> Session:
        return self.stack.outside.machine(self.stack.cast.clinic_2)


OTHER_READING = """

_read, _measure = read, measure
read = lambda outputs, rows, columns: Refusal("too_wide", "Too wide.") if columns > 500 else _read(outputs, rows, columns)
measure = lambda seen, spacing: _measure(seen, (1.2 * spacing[0], 1.2 * spacing[1]))
"""


@pytest.fixture(scope="module")
def further(stack: Running) -> Iterator[str]:
    """A version of the head model that measures a fifth more and refuses wide pictures, installed while everything runs."""
    version = "99.0.0"
    made = stack.state.data("models") / f"fetal_head@{version}"
    source = Path(services.inference.__file__ or "").parent / "models" / "fetal_head"
    card = yaml.safe_load((source / "card.yaml").read_text(encoding="utf-8"))
    shutil.copytree(source / "1", made / "1")
    shutil.copy(source / "config.pbtxt", made)
    for module in ("criteria", "ellipse"):
        shutil.copy(source / f"{module}.py", made)
    reading = (source / "postprocess.py").read_text(encoding="utf-8") + OTHER_READING
    (made / "postprocess.py").write_text(reading, encoding="utf-8")
    (made / "card.yaml.new").write_text(yaml.safe_dump(card | {"version": version}), encoding="utf-8")
    (made / "card.yaml.new").rename(made / "card.yaml")  # from now on it counts
    wait_for("the version", lambda: version in asked(stack) or None, 90)
    yield version
    if standing(stack)["shown_version"] == version:
        decide(stack, "rollback")
    decide(stack, "shadow")
    shutil.rmtree(made)


def asked(stack: Running) -> list[str]:
    """The versions of the head model that can be asked."""
    models = stack.outside.person(stack.cast.platform, "operator").get(f"{PREFIX}/models")["items"]
    return [
        each["version"] for one in models if one["name"] == "fetal_head" for each in one["versions"] if each["loaded"]
    ]


def standing(stack: Running) -> Any:
    """The second clinic's versions of the head model."""
    rows = stack.outside.person(stack.cast.platform, "operator").get(f"{PREFIX}/model-versions")["items"]
    return next(one for one in rows if (one["model"], one["organisation"]) == ("fetal_head", stack.cast.clinic_2))


def decide(stack: Running, act: str, version: str = "") -> None:
    operator = stack.outside.person(stack.cast.platform, "operator")
    body = {"version": version, "organisation": stack.cast.clinic_2, "reason": "a test"}
    operator.post(f"{PREFIX}/models/fetal_head/{act}", body)


def run_of(scene: Scene) -> Any:
    """What the head model did with the exam."""
    (analysis,) = scene.clinic.get(f"{PREFIX}/analyses", exam_id=scene.ids["exam_id"])["items"]
    return next(one for one in analysis["runs"] if one["model"]["name"] == "fetal_head")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "width", "again", "ask"),
    [
        pytest.param(
            "zh-CN", 390, "回退", "{0}：自下一次检查起，fetal_head 将启用 {1}，取代 {2}。", id="on a telephone"
        ),
        pytest.param("en-GB", 1366, "Roll back", "{0}: fetal_head {1} will be shown instead of {2},", id="on a laptop"),
    ],
)
def test_an_operator_promotes_a_version_that_ran_in_the_shadow_and_rolls_it_back(
    stack: Running, further: str, sign_in: SignIn, language: str, width: int, again: str, ask: str
) -> None:
    decide(stack, "shadow", further)
    shadowed = scanned(stack, "Shadow^Ying=影", Second)
    sign(shadowed.expert, shadowed.exam.study)
    shown = standing(stack)["shown_version"]
    page = sign_in(stack.cast.platform, "operator", width, language)
    page.goto(f"{stack.outside.origin}/models")
    before = standing(stack)
    hospital = before["name_zh"] if language == "zh-CN" else before["name_en"]
    row = page.get_by_test_id("hospital-versions").get_by_role("listitem" if width < 992 else "row")
    row = row.filter(has_text="fetal_head").filter(has_text=hospital)
    expect(row).to_contain_text(shown)
    expect(row).to_contain_text(further)
    worst = before["comparisons"][0]
    assert (worst["version"], worst["against"], worst["disagreed"] > 0) == (further, shown, True)
    differences = row.get_by_test_id("shadow-differences").filter(has_text=further)
    counted = f"{worst['disagreed']} {'/' if language == 'zh-CN' else 'of'} {worst['compared']}"
    expect(differences).to_contain_text(counted)
    differences.locator("summary").click()
    expect(differences).to_contain_text("头围" if language == "zh-CN" else "Head Circumference")

    expect(row.get_by_test_id("shadow-failures").filter(has_text=further)).to_be_visible()

    row.get_by_test_id("promote").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_test_id("doubt")).to_have_count(0)  # it read the exam
    expect(dialog).to_contain_text(ask.format(hospital, further, shown))
    assert overflow(page) == 0
    confirm = dialog.locator(".ant-modal-footer .ant-btn-primary")
    expect(confirm).to_be_disabled()  # without a reason
    dialog.locator("textarea").fill("better in the shadow")
    confirm.click()
    expect(dialog).to_have_count(0, timeout=PATIENT_MS)
    expect(differences).to_contain_text(counted)  # why it was shown can still be seen
    after = standing(stack)
    assert (after["shown_version"], after["previous_version"], after["shadow_version"]) == (further, shown, "")
    later = scanned(stack, "After^Hou=后", Second)
    assert run_of(later)["model"]["version"] == further
    sign(later.expert, later.exam.study)

    row.get_by_test_id("rollback").click()
    expect(dialog).to_contain_text(ask.format(hospital, shown, further))
    expect(dialog).to_contain_text(again)
    dialog.locator("textarea").fill("too large after all")
    confirm.click()
    expect(dialog).to_have_count(0, timeout=PATIENT_MS)
    assert standing(stack)["shown_version"] == shown
    expect(differences).to_contain_text(counted)  # after the roll-back too
    changes = stack.outside.person(stack.cast.platform, "operator").get(f"{PREFIX}/models/fetal_head/changes")["items"]
    assert [(one["act"], one["shown_version"], one["reason"]) for one in changes[:2]] == [
        ("rollback", shown, "too large after all"),
        ("promote", further, "better in the shadow"),
    ]
    assert changes[0]["changed_by"]


@pytest.mark.parametrize(
    ("language", "use", "beyond"),
    [
        pytest.param("zh-CN", "仅供探索", "超出说明卡许可", id="in Chinese"),
        pytest.param("en-GB", "Exploration alone", "beyond its card", id="in English"),
    ],
)
def test_what_a_model_is_for_is_read_in_ones_language_and_no_agreement_goes_beyond_its_card_unsaid(
    stack: Running, sign_in: SignIn, language: str, use: str, beyond: str
) -> None:
    page = sign_in(stack.cast.platform, "operator", 1366, language)
    page.goto(f"{stack.outside.origin}/models")
    expect(page.get_by_role("row").filter(has_text="lung").first).to_contain_text(use)
    page.goto(f"{stack.outside.origin}/agreements/new")
    page.get_by_role("button", name="添加模型" if language == "zh-CN" else "Add a model").click()
    page.locator("#models_0_model").fill("lung")
    expect(page.get_by_test_id("beyond-card")).to_have_count(0)  # a trial, as the form begins with
    page.locator("#models_0_mode").click()
    page.get_by_title("已注册" if language == "zh-CN" else "Approved").click()
    expect(page.get_by_test_id("beyond-card")).to_contain_text(beyond)


@pytest.fixture(scope="module")
def scanner(stack: Running, further: str) -> Scene:
    """A scanner with one exam that was read and reviewed and one that the model refused."""
    decide(stack, "promote", further)
    made = scanned(stack, "Drift^Piao=漂移", Second)
    reviewed(made, "accepted", "accepted", "corrected", "rejected")
    refused = scanned(stack, "Drift^Kuan=宽", Second, shape=(640, 448), scanner=made.ids["scanner"])
    assert run_of(refused)["outcome"] == "nothing found"
    sign(refused.expert, refused.exam.study)
    wait_for("the counts", lambda: with_reviews(made, "fetal_head"))
    return made


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("role", "language", "width", "agreed", "refused"),
    [
        pytest.param(
            "quality_manager", "zh-CN", 390, "50.0 %（共 4）", "50.0 %（共 2）", id="quality manager, telephone"
        ),
        pytest.param("operator", "en-GB", 1366, "50.0 % of 4", "50.0 % of 2", id="operator, laptop"),
    ],
)
def test_the_drift_page_tells_scores_refusals_and_agreement_by_model_hospital_and_scanner(
    scanner: Scene, sign_in: SignIn, role: str, language: str, width: int, agreed: str, refused: str
) -> None:
    cast = scanner.stack.cast
    page = sign_in(cast.platform if role == "operator" else cast.reader, role, width, language)
    page.goto(f"{scanner.stack.outside.origin}/drift")
    page.get_by_test_id("by-hospital").check()
    page.get_by_test_id("by-scanner").check()
    told = slice_of(scanner, "fetal_head")
    hospital = told["name_zh"] if language == "zh-CN" else told["name_en"]
    row = page.get_by_role("listitem" if width < 992 else "row").filter(has_text=scanner.ids["scanner"])
    row = row.filter(has_text=f"fetal_head {told['version']}")
    turn_to(page, row)
    for text in (hospital, agreed, refused):
        expect(row).to_contain_text(text)
    row.get_by_role("button").click()
    heading = page.get_by_test_id("distributions-of")
    expect(heading).to_have_text(f"fetal_head {told['version']} · {hospital} · {scanner.ids['scanner']}")
    expect(heading).to_be_in_viewport()
    for measure in ("outcome", "certainty", "review"):
        expect(page.get_by_test_id(f"drift-{measure}")).to_be_visible()
    assert overflow(page) == 0


def turn_to(page: Page, row: Locator) -> None:
    """Turn the table's pages until the row is there."""
    expect(page.get_by_text("Scanner ").first).to_be_visible()
    for _ in range(50):
        if row.count():
            return
        page.locator(".ant-pagination-next").click()
    raise AssertionError("no page has the row")

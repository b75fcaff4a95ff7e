"""A person goes the whole way in a real browser: reads and signs, closes the period, follows a line back."""

import re

import pytest
from playwright.sync_api import Page, expect

from infra.demo.outside import wait_for
from tests.e2e.conftest import PATIENT_MS, SignIn
from tests.e2e.scene import Scene, new_exam, send_and_complete, sign, task_of
from tests.stack import Running


@pytest.fixture
def scene(stack: Running) -> Scene:
    """An exam that waits for its expert."""
    made = Scene(stack, new_exam("Browser^Wang=王览"))
    made.ids["exam_id"] = send_and_complete(made.clinic, made.exam)["id"]
    task_of(made.expert, made.exam.study)
    return made


@pytest.mark.timeout(600)
def test_an_expert_reads_the_exam_decides_its_findings_and_signs(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.reader, "expert")
    page.get_by_test_id(f"claim-{scene.ids['exam_id']}").click()
    viewer = page.get_by_test_id("viewer")
    expect(viewer).to_be_visible(timeout=PATIENT_MS)
    expect(page.get_by_test_id("window")).to_be_visible(timeout=PATIENT_MS)

    expect(page.get_by_test_id("investigational")).to_be_visible()
    findings = page.locator("[data-testid^=finding-]")
    expect(findings).to_have_count(4)
    findings.nth(0).get_by_test_id("accept").click()
    findings.nth(1).get_by_test_id("correct").click()
    page.locator("[data-testid=corrected-value] input, input[data-testid=corrected-value]").first.fill("51.5")
    page.get_by_test_id("save-correction").click()
    for number in (2, 3):
        findings.nth(number).get_by_test_id("accept").click()
    assert overflow(page) == 0
    page.get_by_test_id("insert-sentences").click()
    expect(page.get_by_test_id("description")).to_have_value(re.compile("Biparietal diameter .BPD.: 51.5 mm"))
    page.get_by_test_id("description").fill("Single fetus. 单胎。")
    page.get_by_test_id("impression").fill("Normal head. 头围正常。")
    page.get_by_test_id("attestation").click()
    page.get_by_test_id("sign").click()
    page.get_by_test_id("signed").wait_for()

    status = scene.clinic.exam(scene.exam.study)
    report = scene.clinic.get("/api/reporting/v1/reports", exam_id=status["id"])["items"][0]
    pdf = scene.clinic.fetch(f"/api/reporting/v1/reports/{report['report_id']}.pdf")
    assert pdf.startswith(b"%PDF-")
    whole = scene.expert.get(f"/api/reporting/v1/reports/{report['report_id']}")
    assert sorted(one["state"] for one in whole["findings"]) == ["accepted", "accepted", "accepted", "corrected"]


@pytest.mark.timeout(600)
def test_a_length_on_the_image_is_in_millimetres_of_its_own_calibration(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.reader, "expert")
    page.get_by_test_id(f"claim-{scene.ids['exam_id']}").click()
    viewer = page.get_by_test_id("viewer")
    expect(page.get_by_test_id("window")).to_be_visible(timeout=PATIENT_MS)
    box = viewer.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.get_by_test_id("tool-length").click()
    page.mouse.move(x - 80, y)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.move(x + 80, y, steps=4)
    page.mouse.up()
    expect(page.get_by_test_id("measurements")).to_contain_text("mm")


@pytest.mark.timeout(600)
def test_the_operator_closes_the_period_and_a_billing_admin_follows_a_line_back(scene: Scene, sign_in: SignIn) -> None:
    sign(scene.expert, scene.exam.study)
    admin = scene.billing()
    wait_for("the charges", lambda: admin.pages("/api/billing/v1/usage", exam_id=scene.ids["exam_id"]))
    operator = sign_in(scene.stack.cast.platform, "operator")
    operator.goto(f"{scene.stack.outside.origin}/periods")
    operator.get_by_test_id("close-period").click()
    confirm = operator.locator(".ant-modal-confirm-btns .ant-btn-primary, .ant-popconfirm-buttons .ant-btn-primary")
    confirm.first.click()

    def invoiced() -> bool:
        usage = admin.pages("/api/billing/v1/usage", exam_id=scene.ids["exam_id"])
        return bool(usage) and all(one["line_id"] for one in usage)

    wait_for("the invoice", lambda: invoiced() or None)
    page = sign_in(scene.stack.cast.reader, "billing_admin")
    usage = admin.pages("/api/billing/v1/usage", exam_id=scene.ids["exam_id"])
    page.goto(f"{scene.stack.outside.origin}/usage?exam_id={scene.ids['exam_id']}")
    page.get_by_test_id(f"trace-{usage[0]['id']}").click()
    expect(page.get_by_test_id("trace")).to_contain_text(scene.exam.study, timeout=PATIENT_MS)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.timeout(600)
def test_no_page_overflows(stack: Running, sign_in: SignIn, width: int, language: str) -> None:
    pages = {
        (stack.cast.clinic_1, "clinic_staff"): ("/exams", "/upload", "/refusals"),
        (stack.cast.reader, "expert"): ("/worklist", "/models"),
        (stack.cast.reader, "quality_manager"): ("/quality", "/drift", "/refusals"),
        (stack.cast.reader, "billing_admin"): (
            "/usage",
            "/by-day",
            "/cost",
            "/invoices",
            "/settlements",
            "/agreements",
        ),
        (stack.cast.platform, "operator"): (
            "/organisations",
            "/devices",
            "/members",
            "/changes",
            "/periods",
            "/models",
            "/drift",
            "/health",
        ),
    }
    wide = []
    for (organisation, role), paths in pages.items():
        page = sign_in(organisation, role, width, language)
        for path in paths:
            page.goto(f"{stack.outside.origin}{path}")
            page.get_by_test_id("account").wait_for()
            page.wait_for_load_state("networkidle")
            if (excess := overflow(page)) > 0:
                wide.append(f"{path} by {excess} px")
    assert wide == []


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

"""What each role does in the browser besides reading and closing: uploads, the second reading, figures, and what goes wrong."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from infra.demo.exams import Head, part10
from infra.demo.outside import wait_for
from tests.e2e.conftest import PATIENT_MS, SignIn
from tests.e2e.scene import Scene, new_exam, send_and_complete, task_of
from tests.stack import Running


def waiting(stack: Running, modality: str = "US") -> Scene:
    """An exam that waits for its expert."""
    made = Scene(stack, new_exam("Pages^Zhao=赵页"))
    for instance in made.exam.instances:
        instance.Modality = modality
    made.ids["exam_id"] = send_and_complete(made.clinic, made.exam)["id"]
    task_of(made.expert, made.exam.study)
    return made


@pytest.fixture
def scene(stack: Running) -> Scene:
    return waiting(stack)


def agree_on_double_reading(stack: Running, modality: str) -> None:
    """Exams of a modality of their own are read twice; what the region has agreed on stays."""
    operator = stack.outside.person(stack.cast.platform, "operator")
    given = operator.get("/api/directory/v1/agreements/DZ-QH-2024-01")
    twice = {name: given[name] for name in ("requester", "reader", "valid_from", "turnarounds", "currency")}
    twice |= {"services": [{"modality": modality, "body_part": "*"}], "reading": "double", "consent_attested": True}
    operator.put("/api/directory/v1/agreements/TWICE", twice | {"price_items": given["price_items"][:1]})


@pytest.mark.timeout(600)
def test_a_second_expert_sees_the_first_reading_agrees_and_signs(stack: Running, sign_in: SignIn) -> None:
    agree_on_double_reading(stack, "OT")
    scene = waiting(stack, "OT")
    exam_id = scene.ids["exam_id"]
    first = sign_in(stack.cast.reader, "expert")
    first.get_by_test_id(f"claim-{exam_id}").click()
    first.get_by_test_id("impression").fill("First opinion. 一审意见。")
    first.get_by_test_id("attestation").click()
    first.get_by_test_id("sign").click()
    expect(first.get_by_test_id("signed-first")).to_be_visible()
    first.goto(f"{stack.outside.origin}/worklist")
    expect(first.get_by_test_id(f"open-{exam_id}")).to_be_visible()
    expect(first.get_by_test_id(f"claim-{exam_id}")).to_have_count(0)

    second = sign_in(stack.cast.reader, "expert", nth=1)
    second.get_by_test_id(f"claim-{exam_id}").click()
    expect(second.get_by_test_id("first-reading")).to_contain_text("First opinion. 一审意见。")
    expect(second.get_by_test_id("impression")).to_have_count(0)
    expect(second.get_by_test_id("sign")).to_have_count(0)  # nothing is chosen beforehand
    second.get_by_test_id("change").click()
    expect(second.get_by_test_id("impression")).to_have_value("First opinion. 一审意见。")
    second.get_by_test_id("impression").fill("Second thoughts. 二审修改。")
    expect(second.get_by_test_id("save-state")).to_have_attribute("data-state", "saved", timeout=PATIENT_MS)
    second.get_by_test_id("agree").click()
    second.get_by_test_id("attestation").click()
    second.get_by_test_id("sign").click()
    expect(second.get_by_test_id("signed")).to_be_visible()
    report = scene.clinic.get("/api/reporting/v1/reports", exam_id=exam_id)["items"][0]
    assert report["impression"] == "First opinion. 一审意见。"


@pytest.mark.timeout(600)
def test_an_upload_goes_on_after_a_break_and_a_refused_file_says_why_in_chinese(
    stack: Running, sign_in: SignIn, tmp_path: Path
) -> None:
    exam = new_exam("Upload^Li=李传")
    (tmp_path / "image.dcm").write_bytes(part10(exam.instances[0]))
    (tmp_path / "notes.txt").write_text("no image")
    page = sign_in(stack.cast.clinic_1, "clinic_staff", language="zh-CN")
    page.goto(f"{stack.outside.origin}/upload")
    broken: list[str] = []

    def breaks_once(route: Route) -> None:
        if route.request.method == "PATCH" and not broken:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/ingest/v1/uploads/**", breaks_once)
    page.get_by_test_id("upload-files").set_input_files([tmp_path / "image.dcm", tmp_path / "notes.txt"])
    rows = page.get_by_role("table")
    expect(rows).to_contain_text("已安全保存", timeout=PATIENT_MS)
    expect(rows).to_contain_text("不是 DICOM 文件。请发送 DICOM 文件")
    assert broken
    clinic = stack.outside.machine(stack.cast.clinic_1)
    wait_for("the exam", lambda: clinic.exam(exam.study))


@pytest.mark.timeout(600)
def test_images_after_the_signature_bring_their_findings_into_the_addendum(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.reader, "expert")
    page.get_by_test_id(f"claim-{scene.ids['exam_id']}").click()
    accept_all(page, 4)
    page.get_by_test_id("impression").fill("Normal. 正常。")
    page.get_by_test_id("attestation").click()
    page.get_by_test_id("sign").click()
    page.get_by_test_id("signed").wait_for()

    late = new_exam(images=2).instances[1]
    late.StudyInstanceUID, late.SeriesInstanceUID = scene.exam.study, scene.exam.series
    late.PatientName, late.PatientID = scene.exam.patient.name, scene.exam.patient.id
    assert scene.clinic.stow([part10(late)]).status == 200
    page.get_by_test_id("new-images").wait_for()
    page.get_by_test_id("addendum").click()
    page.get_by_test_id("offer-accept").click()
    accept_all(page, 8)
    page.get_by_test_id("attestation").click()
    page.get_by_test_id("sign-addendum").click()
    expect(page.get_by_test_id("signed")).to_contain_text("2", timeout=PATIENT_MS)


def accept_all(page: Page, count: int) -> None:
    findings = page.locator("[data-testid^=finding-]")
    expect(findings).to_have_count(count)
    for number in range(count):
        findings.nth(number).get_by_test_id("accept").click()


def draw_length(page: Page, share: float) -> None:
    """Draws a level line through the middle of the viewer, over this share of its width."""
    box = page.get_by_test_id("viewer").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * (0.5 - share / 2), y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (0.5 + share / 2), y, steps=6)
    page.mouse.up()


@pytest.mark.timeout(300)
def test_a_tool_chosen_before_the_picture_is_there_measures_on_it(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.reader, "expert")
    held_back: list[Route] = []

    def hold_back(route: Route) -> None:
        held_back.append(route)

    page.route("**/frames/**", hold_back)
    with page.expect_request("**/frames/**"):
        page.get_by_test_id(f"claim-{scene.ids['exam_id']}").click()
    page.get_by_test_id("tool-length").click()
    expect(page.get_by_test_id("window")).to_have_count(0)  # it says how a picture is shown: there is none yet
    page.route("**/frames/**", lambda route: route.continue_())
    for route in held_back:
        route.continue_()
    expect(page.get_by_test_id("window")).to_be_visible(timeout=PATIENT_MS)
    draw_length(page, 0.2)
    expect(page.get_by_test_id("measurements")).to_contain_text("mm")


@pytest.mark.timeout(300)
def test_the_picture_stays_whole_when_the_window_changes_its_size(stack: Running, sign_in: SignIn) -> None:
    scene = Scene(stack, new_exam("Wide^Xu=徐宽", images=0))
    scene.exam.add_head(Head(np.full((200, 800), 90, np.uint8), 0.2, 0, "a wide grey picture"))
    exam_id = send_and_complete(scene.clinic, scene.exam)["id"]
    task_of(scene.expert, scene.exam.study)
    page = sign_in(stack.cast.reader, "expert")
    page.get_by_test_id(f"claim-{exam_id}").click()
    expect(page.get_by_test_id("window")).to_be_visible(timeout=PATIENT_MS)
    page.get_by_test_id("tool-length").click()
    draw_length(page, 0.8)
    expect(page.get_by_test_id("measurements")).to_contain_text("mm")
    assert 0.7 < drawn(page) < 0.9
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("window")).to_be_visible()
    wait_for("the new size", lambda: 0.7 < drawn(page) < 0.9 or None)


def drawn(page: Page) -> float:
    """The drawn line's length as a share of the picture's width."""
    return float(
        page.evaluate(
            """() => {
              const line = document.querySelector('.picture svg line').getBoundingClientRect().width
              return line / document.querySelector('.picture').clientWidth
            }"""
        )
    )


@pytest.mark.timeout(300)
def test_a_quality_manager_sees_turnaround_and_what_became_of_the_findings(stack: Running, sign_in: SignIn) -> None:
    page = sign_in(stack.cast.reader, "quality_manager")
    page.goto(f"{stack.outside.origin}/quality")
    expect(page.get_by_test_id("quality-totals")).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.get_by_text("Refused on the way in, by reason")).to_be_visible()


@pytest.mark.timeout(300)
def test_the_first_page_does_not_fetch_the_viewer(stack: Running, sign_in: SignIn) -> None:
    page = sign_in(stack.cast.reader, "expert")
    page.get_by_role("table").wait_for()
    scripts = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert any("WorklistPage" in name for name in scripts)
    assert not [name for name in scripts if "ReadingPage" in name]


@pytest.mark.timeout(300)
def test_what_goes_wrong_is_said_in_the_readers_language_with_what_to_do_next(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.clinic_2, "clinic_staff", language="zh-CN")
    origin = scene.stack.outside.origin
    page.goto(f"{origin}/exams/{scene.ids['exam_id']}")  # another hospital's
    expect(page.get_by_role("alert")).to_contain_text("没有找到")
    expect(page.get_by_role("alert")).to_contain_text("没有该检查。")

    page.goto(f"{origin}/exams/nonsense")
    expect(page.get_by_role("alert")).to_contain_text("没有找到")

    exams = re.compile(r"/api/ingest/v1/exams(\?|$)")
    page.route(exams, lambda route: route.fulfill(status=502, body="<html>Bad Gateway</html>"))
    page.goto(f"{origin}/exams")
    expect(page.get_by_role("alert")).to_contain_text("某个部件暂时不可用", timeout=PATIENT_MS)
    expect(page.get_by_role("alert")).not_to_contain_text("Bad Gateway")
    page.unroute(exams)
    page.get_by_role("alert").get_by_role("button").click()
    expect(page.get_by_role("table")).to_be_visible()

    problem = '{"type": "urn:sonobridge:Unauthenticated", "detail": "the access token has expired; get a new one"}'
    page.route(
        "**/api/ingest/v1/refusals**",
        lambda route: route.fulfill(status=401, content_type="application/problem+json", body=problem),
    )
    page.goto(f"{origin}/refusals")
    expect(page.get_by_text("会话已结束，请重新登录后继续。")).to_be_visible()


@pytest.mark.timeout(300)
def test_an_operator_sees_at_once_why_a_form_was_not_taken_and_whether_anything_changed(
    stack: Running, sign_in: SignIn
) -> None:
    page = sign_in(stack.cast.platform, "operator", language="zh-CN")
    page.goto(f"{stack.outside.origin}/organisations")
    page.get_by_role("button", name="添加机构").click()
    drawer = page.locator(".ant-drawer")
    texts = {"alias": "new-hospital", "name_zh": "新医院", "name_en": "New", "unified_social_credit_code": "12"}
    for name, text in texts.items():
        drawer.locator(f"#{name}").fill(text)
    page.get_by_test_id("save").click()
    expect(drawer.get_by_role("alert")).to_contain_text("统一社会信用代码应为 18 位。")
    expect(drawer.get_by_role("alert")).to_be_in_viewport(ratio=1)

    page.goto(f"{stack.outside.origin}/agreements/DZ-QH-2024-01")
    page.get_by_test_id("new-version").click()
    page.get_by_test_id("save").click()
    expect(page.get_by_text("内容相同，没有改动")).to_be_visible()


@pytest.mark.timeout(300)
def test_an_operator_sees_who_changed_what_and_to_what(stack: Running, sign_in: SignIn) -> None:
    page = sign_in(stack.cast.platform, "operator")
    page.goto(f"{stack.outside.origin}/changes")
    page.get_by_role("button", name="Show the content of").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("{")


@pytest.mark.timeout(300)
def test_the_worklist_and_the_reading_page_work_by_keyboard_alone(scene: Scene, sign_in: SignIn) -> None:
    page = sign_in(scene.stack.cast.reader, "expert")
    claim = page.get_by_test_id(f"claim-{scene.ids['exam_id']}")
    claim.wait_for()
    focus_by_tab(page, f"claim-{scene.ids['exam_id']}")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("window")).to_be_visible(timeout=PATIENT_MS)
    page.keyboard.press("?")
    expect(page.get_by_test_id("keys")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("KeyL")
    expect(page.get_by_test_id("tool-length")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-testid^=finding-]").first.wait_for()
    focus_by_tab(page, "accept")
    page.keyboard.press("Space")
    accepted = page.locator("[data-testid^=finding-][data-state=accepted]")
    expect(accepted).to_have_count(1)


def focus_by_tab(page: Page, test_id: str) -> None:
    """Tab until the element has the focus, which is then to be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        found, outline = page.evaluate(
            "(() => { const one = document.activeElement; return [one.dataset.testid, getComputedStyle(one).outlineStyle] })()"
        )
        if found == test_id:
            assert outline == "solid"
            return
    raise AssertionError(f"Tab never comes to {test_id}")

"""An analysis that says more than lengths: coded answers to decide, views and quality beside them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sonobridge.inference.v1 import events_pb2 as inference
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.shared.events import Event
from tests.integration.reporting.hapi import validate
from tests.integration.reporting.region import Region, draft_body
from tests.integration.reporting.test_desk import later
from tests.integration.reporting.test_fhir import fetch

LIVER = inference.Code(value="10200004", scheme="SCT", meaning="Liver")
VIEW = inference.Code(value="111031", scheme="DCM", meaning="Image View")
NATURE = inference.Code(value="nature", scheme="99SONOBRIDGE", meaning="Nature of the tissue")
BREAST = inference.Code(value="76752008", scheme="SCT", meaning="Breast")
BENIGN = inference.Code(value="30807003", scheme="SCT", meaning="Benign")
MALIGNANT = inference.Code(value="21594007", scheme="SCT", meaning="Malignant")
FIRST_WORDS = "图像切面（AI 识别）：肝脏 1 幅。Views seen by AI: liver (1 image)."


def analysed(region: Region, exam: ingest.Exam, revision: int = 1) -> Event:
    """A liver that was read, on an exam that says something else."""
    event = region.analysed(exam, revision=revision)
    body = event.decode(inference.AnalysisCompleted)
    image, model = exam.instances[0].sop_instance_uid, body.findings[0].model
    body.ClearField("findings")
    anchor = inference.Anchor(
        series_instance_uid="1.2", sop_instance_uid=image, first_frame=1, last_frame=1, plane=LIVER, key_frame=1
    )

    def said(number: int, question: inference.Code, answer: inference.Code) -> inference.Finding:
        return inference.Finding(
            finding_id=f"00000000-0000-5000-8000-{revision:06d}{number:06d}",
            code=question,
            evaluation=inference.Evaluation(answer=answer, choices=[BENIGN, MALIGNANT]),
            anchor=anchor,
            certainty_percent=88,
            model=model,
        )

    body.findings.append(said(1, NATURE, BENIGN))
    body.hints.append(said(2, VIEW, LIVER))
    body.hints[0].evaluation.choices.append(BREAST)
    body.contradictions.append(inference.Contradiction(sop_instance_uid=image, body_part="BREAST", view=LIVER))
    body.silences.append(
        inference.Silence(model="fetal_head", sop_instance_uid=image, name="no_head", reason="No head.", frames=3)
    )
    return replace(event, body=body.SerializeToString())


async def test_the_expert_sees_answers_views_and_what_contradicts_the_exam(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    (answer,) = report["findings"]
    assert (answer["coded"], answer["answer"], answer["answer_zh"]) == (True, "30807003", "良性")
    assert (answer["sentence_zh"], answer["anchor"]["plane_en"]) == ("肝脏组织性质：良性。", "Liver")
    (hint,) = report["hints"]
    assert (hint["code"], hint["answer_en"]) == ("111031", "Liver")
    (told,) = report["contradictions"]
    assert (told["body_part"], told["view_zh"]) == ("BREAST", "肝脏")
    assert report["silences"] == [
        {
            "model": "fetal_head",
            "sop_instance_uid": hint["anchor"]["sop_instance_uid"],
            "reason_zh": "No head.",
            "reason_en": "No head.",
            "frames": 3,
        }
    ]
    assert report["description"] == FIRST_WORDS


async def test_the_expert_is_told_which_models_failed_and_the_others_are_heard(region: Region) -> None:
    exam = await region.exam()
    event = analysed(region, exam)
    body = event.decode(inference.AnalysisCompleted)
    head = inference.ModelReference(name="fetal_head", version="2.0.0", mode=body.findings[0].model.mode)
    reason = "the output presence holds values that are not numbers"
    body.runs.append(inference.ModelRun(model=head, outcome="failed", reason=reason))
    body.runs.append(inference.ModelRun(model=body.findings[0].model, outcome="findings"))
    await region.handle(region.completed(exam))
    await region.handle(replace(event, body=body.SerializeToString()))
    report = await region.claimed(exam)
    assert report["failures"] == [{"model": "fetal_head", "version": "2.0.0", "reason": reason}]
    assert [one["answer"] for one in report["findings"]] == ["30807003"]


async def test_an_analysis_that_fails_says_so_beside_what_an_earlier_one_said(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    amended = later(exam, 2)
    await region.handle(region.amended(amended, "1.2.3"))
    await region.handle(region.not_analysed(amended, "failed"))
    report = await region.claimed(exam)
    assert report["failures"] == [{"model": "view", "version": "", "reason": "it hangs"}]
    assert [one["answer_en"] for one in report["hints"]] == ["Liver"]
    again = later(exam, 3)
    await region.handle(region.amended(again, "1.2.4"))
    await region.handle(analysed(region, again, revision=3))
    report = (await region.call("GET", f"reports/{report['id']}")).raise_for_status().json()
    assert report["failures"] == []


async def test_a_view_that_the_expert_corrects_is_signed_and_one_taken_back_is_a_hint_again(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    (answer,), (view,) = report["findings"], report["hints"]
    path = f"reports/{report['id']}/draft"

    async def saved(**decision: Any) -> list[Any]:
        both = [
            {"finding_id": answer["finding_id"], "state": "accepted"},
            {"finding_id": view["finding_id"]} | decision,
        ]
        answered = await region.call("PUT", path, body={"findings": both, "impression": "乳腺。"})
        found: list[Any] = answered.raise_for_status().json()["findings"]
        return found

    assert len(await saved(state="corrected", corrected_answer="76752008")) == 2
    assert len(await saved(state="proposed")) == 1
    await saved(state="corrected", corrected_answer="76752008")
    (await region.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})).raise_for_status()
    signed = (await region.call("GET", f"reports/{report['id']}", "nurse")).json()["findings"]
    assert [(one["code"], one["state"]) for one in signed] == [("nature", "accepted"), ("111031", "corrected")]
    assert signed[1]["sentence_zh"] == "切面：乳腺。"


CORRECTED_WORDS = (
    "图像切面（AI 识别，专家更正）：乳腺 1 幅。Views seen by AI, corrected by the expert: breast (1 image)."
)


async def test_an_untouched_description_follows_the_view_that_the_expert_corrects(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    path, view = f"reports/{report['id']}/draft", report["hints"][0]["finding_id"]

    async def saved(description: str, **decision: Any) -> Any:
        body = {"findings": [{"finding_id": view} | decision], "description": description}
        return (await region.call("PUT", path, body=body)).raise_for_status().json()

    corrected = await saved(FIRST_WORDS, state="corrected", corrected_answer="76752008")
    assert (corrected["description"], corrected["views_now"]) == (CORRECTED_WORDS, None)
    back = await saved(CORRECTED_WORDS, state="proposed")
    assert (back["description"], back["views_now"]) == (FIRST_WORDS, None)
    await saved(FIRST_WORDS, state="corrected", corrected_answer="76752008")
    # Given back, and analysed anew: nobody touched the words yet.
    (await region.call("POST", f"tasks/{report['task_id']}/release")).raise_for_status()
    await region.handle(region.amended(later(exam, 2), "1.2.3"))
    await region.handle(analysed(region, later(exam, 2), revision=2))
    assert (await region.claimed(exam))["description"] == CORRECTED_WORDS


async def test_words_that_the_expert_touched_stay_and_are_told_to_name_other_views(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    path, view = f"reports/{report['id']}/draft", report["hints"][0]["finding_id"]
    touched = f"{FIRST_WORDS}\n肝实质回声均匀。"
    decision = {"finding_id": view, "state": "corrected", "corrected_answer": "76752008"}
    for body in ({"description": touched}, {"description": touched, "findings": [decision]}):
        told = (await region.call("PUT", path, body=body)).raise_for_status().json()
        assert told["description"] == touched
        assert told["views_now"] == (CORRECTED_WORDS if "findings" in body else None)


async def test_views_follow_a_later_analysis_and_the_experts_words_stay(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam))
    report = await region.claimed(exam)
    assert (report["hints"], report["description"]) == ([], "")
    await region.call("PUT", f"reports/{report['id']}/draft", body=draft_body(report))
    await region.handle(analysed(region, exam))
    later = (await region.call("GET", f"reports/{report['id']}")).json()
    assert len(later["hints"]) == 1
    assert later["description"] == draft_body(report)["description"]
    assert later["is_offered"]


@pytest.mark.timeout(300)
async def test_a_coded_answer_is_signed_and_goes_out_as_fhir(region: Region, tmp_path: Path) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    (answer,) = report["findings"]
    body = draft(answer, state="accepted") | {"description": FIRST_WORDS}
    (await region.call("PUT", f"reports/{report['id']}/draft", body=body)).raise_for_status()
    sign = await region.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})
    assert sign.is_success, sign.text
    found = await fetch(region, f"DiagnosticReport/{report['id']}")
    assert "Liver, nature: benign." in found["text"]["div"]
    observation = await fetch(region, found["result"][0]["reference"])
    assert observation["valueCodeableConcept"]["coding"][0]["code"] == "30807003"
    faults = [
        one
        for one in validate(tmp_path, {"report": found, "observation": observation})
        if one.severity in ("ERROR", "FATAL")
    ]
    assert faults == [], "\n".join(map(str, faults))


def draft(answer: dict[str, Any], **decision: Any) -> dict[str, Any]:
    return {"findings": [{"finding_id": answer["finding_id"]} | decision], "impression": "肝内病变。"}


async def test_the_experts_other_answer_is_signed_beside_the_models_own(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(analysed(region, exam))
    report = await region.claimed(exam)
    (answer,) = report["findings"]
    assert [one["code"] for one in answer["alternatives"]] == ["21594007", "other"]
    path = f"reports/{report['id']}/draft"
    for wrong in ({"corrected_value": 1.0}, {"corrected_answer": "30807003"}, {"corrected_answer": "other"}):
        refused = await region.call("PUT", path, body=draft(answer, state="corrected", **wrong))
        assert refused.status_code == 422, refused.text
    said = {"corrected_answer": "other", "corrected_text": "单纯囊肿"}
    saved = (await region.call("PUT", path, body=draft(answer, state="corrected", **said))).raise_for_status().json()
    assert saved["findings"][0]["sentence_zh"] == "肝脏组织性质：单纯囊肿。"
    said = {"corrected_answer": "21594007"}
    (await region.call("PUT", path, body=draft(answer, state="corrected", **said))).raise_for_status()
    (await region.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})).raise_for_status()

    (signed,) = (await region.call("GET", f"reports/{report['id']}", "nurse")).json()["findings"]
    assert (signed["state"], signed["answer_zh"], signed["corrected_answer"]["zh"]) == ("corrected", "良性", "恶性")
    assert (signed["corrected_text"], signed["reviewed_by"]) == ("", f"expert-{region.centre.alias}")
    found = await fetch(region, f"DiagnosticReport/{report['id']}")
    observation = await fetch(region, found["result"][0]["reference"])
    assert observation["valueCodeableConcept"]["coding"][0]["code"] == "21594007"
    assert observation["note"][0]["text"] == "Corrected by the expert; the AI judged Benign."
    (line,) = (await region.call("GET", "quality", "manager")).json()["findings"]
    assert (line["label_en"], line["corrected"], line["mean_correction"]) == ("Nature", 1, None)

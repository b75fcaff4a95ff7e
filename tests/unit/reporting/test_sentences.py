"""Coded answers, and what models say as sentences in both languages."""

from dataclasses import replace

import pytest

from services.reporting import codec
from services.reporting.documents.page import page
from services.reporting.model.findings import OTHER, Anchor, Code, Decision, Finding, Review, ReviewedFinding, decide
from services.reporting.model.sentences import of_hints, sentence, views_now
from services.shared.errors import Invalid
from tests.unit.reporting.samples import CONTENT, HC, finding

BREAST = Code("76752008", "SCT", "Breast")
LIVER = Code("10200004", "SCT", "Liver")
BENIGN = Code("30807003", "SCT", "Benign")
MALIGNANT = Code("21594007", "SCT", "Malignant")
NATURES = (Code("17621005", "SCT", "Normal"), BENIGN, MALIGNANT)


def coded(question: Code, answer: Code | None, image: str = "1.2.3.4.1", plane: Code | None = None) -> Finding:
    anchor = Anchor("1.2.3.4", image, 1, 1, plane)
    said = replace(finding(value=0.0, unit="", half_interval=0.0), coded=True, answer=answer)
    return replace(said, code=question, anchor=anchor)


NATURE = replace(coded(Code("nature", "99SONOBRIDGE", "Nature"), BENIGN, plane=LIVER), choices=NATURES)


def view(answer: Code, image: str) -> Finding:
    return coded(Code("111031", "DCM", "Image View"), answer, image)


def quality(answer: Code, image: str) -> Finding:
    return coded(Code("111101", "DCM", "Image Quality"), answer, image)


def test_a_coded_answer_is_said_with_its_site() -> None:
    assert sentence(ReviewedFinding(NATURE)) == ("肝脏组织性质：良性。", "Liver, nature: benign.")
    unjudged = ReviewedFinding(replace(NATURE, answer=None, why="too dark"))
    assert sentence(unjudged) == ("肝脏组织性质：无法判断。", "Liver, nature: cannot be judged.")


def test_a_measurement_is_said_with_the_experts_value() -> None:
    larger = ReviewedFinding(HC, Review.CORRECTED, 270.0, "li")
    assert sentence(larger) == ("头围 HC：270.0 mm。", "Head circumference (HC): 270.0 mm.")
    breast = Code("76752008", "SCT", "Breast")
    cancer = finding(4, Code("111047", "DCM", "Probability of cancer"), 12.5, "%")
    cancer = replace(cancer, anchor=replace(cancer.anchor, plane=breast))
    assert sentence(ReviewedFinding(cancer)) == ("乳腺恶性概率：12.5 %。", "Breast, probability of cancer: 12.5 %.")


def corrected(answer: str, text: str = "") -> ReviewedFinding:
    decision = Decision(NATURE.finding_id, Review.CORRECTED, corrected_answer=answer, corrected_text=text)
    return decide([ReviewedFinding(NATURE)], [decision], "li")[0]


def test_an_answer_is_corrected_to_another_of_its_choices_and_the_models_own_stays() -> None:
    one = corrected("21594007")
    assert (one.reported_answer, one.finding.answer, one.reviewed_by) == (MALIGNANT, BENIGN, "li")
    assert sentence(one) == ("肝脏组织性质：恶性。", "Liver, nature: malignant.")
    back = decide([one], [Decision(NATURE.finding_id, Review.ACCEPTED)], "li")[0]
    assert (back.reported_answer, back.corrected_answer) == (BENIGN, None)


def test_an_answer_is_corrected_to_the_experts_own_words() -> None:
    one = corrected("other", " 单纯囊肿 ")
    assert (one.corrected_answer, one.corrected_text) == (OTHER, "单纯囊肿")
    assert sentence(one) == ("肝脏组织性质：单纯囊肿。", "Liver, nature: 单纯囊肿.")
    assert corrected("21594007", "not asked for").corrected_text == ""


def test_an_answer_is_not_corrected_to_itself_to_a_value_or_to_nothing() -> None:
    for answer in ("30807003", "b-lines", ""):
        with pytest.raises(Invalid, match="one of 17621005, 21594007, other"):
            corrected(answer)
    with pytest.raises(Invalid, match="corrected_text"):
        corrected("other", "  ")
    with pytest.raises(Invalid, match="an answer"):
        decide([ReviewedFinding(NATURE)], [Decision(NATURE.finding_id, Review.CORRECTED, 1.0)], "li")


def test_the_drafts_first_words_tell_the_views_and_what_is_wrong_with_the_images() -> None:
    poor = Code("gain-too-low", "99SONOBRIDGE", "Gain too low")
    good = Code("122741", "DCM", "Good image quality")
    brain = Code("12738006", "SCT", "Brain")
    hints = [
        view(LIVER, "1"),
        view(LIVER, "1"),
        view(LIVER, "2"),
        view(brain, "3"),
        quality(good, "1"),
        quality(poor, "3"),
    ]
    assert of_hints(hints) == (
        "图像切面（AI 识别）：肝脏 2 幅、胎儿颅脑 1 幅。Views seen by AI: liver (2 images), fetal brain (1 image).\n"
        "图像质量（AI 提示）：增益过低 1 幅。Image quality, AI's hints: gain too low (1 image)."
    )
    assert of_hints([quality(good, "1")]) == ""


SEEN = tuple(replace(view(LIVER, image), finding_id=image, choices=(LIVER, BREAST)) for image in ("1", "2"))
AS_SEEN = "图像切面（AI 识别）：肝脏 2 幅。Views seen by AI: liver (2 images)."


def decided(*decisions: Decision) -> tuple[ReviewedFinding, ...]:
    return decide((), decisions, "li", SEEN)


def test_the_drafts_first_words_name_the_views_as_the_expert_corrected_them() -> None:
    breast = Decision("2", Review.CORRECTED, corrected_answer=BREAST.value)
    own = Decision("1", Review.CORRECTED, corrected_answer="other", corrected_text="腮腺")
    assert of_hints(SEEN, decided(breast)) == (
        "图像切面（AI 识别，专家更正）：肝脏 1 幅、乳腺 1 幅。"
        "Views seen by AI, corrected by the expert: liver (1 image), breast (1 image)."
    )
    assert of_hints(SEEN, decided(breast, own)).startswith("图像切面（AI 识别，专家更正）：乳腺 1 幅、腮腺 1 幅。")
    assert of_hints(SEEN, decided(Decision("1", Review.ACCEPTED))) == AS_SEEN
    rejected = [Decision(image, Review.REJECTED) for image in ("1", "2")]
    assert of_hints(SEEN, decided(rejected[0])).startswith("图像切面（AI 识别，专家更正）：肝脏 1 幅。")
    assert of_hints(SEEN, decided(*rejected)) == ""


@pytest.mark.parametrize(
    ("description", "differs"),
    [
        (AS_SEEN, True),
        (f"{AS_SEEN}肝实质回声均匀。", True),
        ("Views seen by AI: liver (2 images).", True),
        ("图像切面（AI 识别，专家更正）：肝脏 1 幅、乳腺 1 幅。肝实质回声均匀。", False),  # without its English half
        ("肝脏、乳腺各一幅。", False),
        ("", False),
    ],
)
def test_words_that_name_other_views_than_those_that_stand_are_told_with_these(description: str, differs: bool) -> None:
    corrected = decided(Decision("2", Review.CORRECTED, corrected_answer=BREAST.value))
    assert views_now(description, SEEN, corrected) == (of_hints(SEEN, corrected) if differs else None)
    assert views_now(AS_SEEN, SEEN, ()) is None
    assert views_now(AS_SEEN, SEEN, decided(*(Decision(one, Review.REJECTED) for one in ("1", "2")))) == ""


def test_the_page_states_a_coded_answer_in_both_languages() -> None:
    made = page(replace(CONTENT, findings=(ReviewedFinding(NATURE, Review.ACCEPTED, None, "li"),)), key_image=False)
    (picture,) = made["images"]
    (row,) = picture["findings"]
    assert (row["label_zh"], row["value"]) == ("肝脏组织性质", "良性 Benign")
    assert row["source_zh"] == "人工智能（试验）判断，专家确认"


def test_the_page_states_the_experts_answer_beside_the_models() -> None:
    made = page(replace(CONTENT, findings=(corrected("21594007"),)), key_image=False)
    (row,) = made["images"][0]["findings"]
    assert row["value"] == "恶性 Malignant"
    assert row["source_zh"] == "专家修改；人工智能（试验）原判断 良性"
    assert row["source_en"] == "corrected by expert; fetal_head 1.0.0 (trial) said Benign"


def test_the_event_carries_both_answers() -> None:
    told = codec.report_signed(
        replace(CONTENT, findings=(corrected("21594007"), corrected("other", "囊肿"))), ""
    ).findings
    assert [one.corrected_answer.value for one in told] == ["21594007", "other"]
    assert [one.corrected_text for one in told] == ["", "囊肿"]
    assert codec.finding_from_wire(told[0].finding) == NATURE


def test_the_event_tells_of_the_views_that_the_expert_let_stand() -> None:
    seen = replace(view(LIVER, "1"), finding_id="seen", choices=NATURES)
    (told,) = codec.report_signed(replace(CONTENT, hints=(seen, view(LIVER, "2"))), "").let_stand
    assert (told.finding_id, told.evaluation.answer.value, len(told.evaluation.choices)) == ("seen", LIVER.value, 0)


def test_a_corrected_view_is_said_without_the_anatomy_that_ai_saw() -> None:
    seen = replace(coded(Code("111031", "DCM", "Image View"), LIVER, plane=LIVER), choices=(LIVER, BREAST))
    said = ReviewedFinding(seen, Review.CORRECTED, None, "li", BREAST)
    assert sentence(said) == ("切面：乳腺。", "Image view: breast.")


def test_a_trial_models_hints_make_a_report_investigational() -> None:
    assert not replace(CONTENT, findings=()).investigational
    assert replace(CONTENT, findings=(), hints=(view(LIVER, "1"),)).investigational

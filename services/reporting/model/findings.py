"""Findings: what a model proposes and an expert decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.shared.errors import Conflict, Invalid


class Review(StrEnum):
    """What the expert says of a finding."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Code:
    value: str
    scheme: str  # coding scheme designator: LN, DCM, SCT
    meaning: str


# The expert's answer in words of the expert's own.
OTHER = Code("other", "99SONOBRIDGE", "Other")


@dataclass(frozen=True)
class Anchor:
    """Where a finding stands: an instance, a range of frames counted from 1, and a contour in pixels."""

    series_instance_uid: str
    sop_instance_uid: str
    first_frame: int
    last_frame: int
    plane: Code | None = None
    contour: tuple[tuple[float, float], ...] = ()  # column, row; 0.5 = centre of the first pixel, as SCOORD has it
    key_frame: int = 0  # shows it best, and carries the contour; 0: the first

    @property
    def frame(self) -> int:
        """The frame to look at."""
        return self.key_frame or self.first_frame


@dataclass(frozen=True)
class Model:
    name: str
    version: str
    mode: str  # approved or trial; findings of shadow models never come here
    digest_sha256: str = ""


@dataclass(frozen=True)
class Finding:
    """One measurement of a model, in UCUM units, or the coded answer to a coded question."""

    finding_id: str
    code: Code
    value: float
    unit: str
    lower: float
    upper: float
    method: str
    certainty_percent: float
    anchor: Anchor
    model: Model
    tracking_uid: str = ""
    coded: bool = False  # an answer, not a value
    answer: Code | None = None  # None of a coded finding: it cannot be judged
    why: str = ""  # it cannot be judged
    choices: tuple[Code, ...] = ()  # the answers that the question has

    @property
    def alternatives(self) -> tuple[Code, ...]:
        """What an expert may correct a coded answer to."""
        return (*(one for one in self.choices if one != self.answer), OTHER) if self.coded else ()

    def same_statement(self, other: "Finding") -> bool:
        """Whether both say the same of the same place, by the same model: then a decision on one holds for the other."""
        return (
            self.code,
            self.value,
            self.unit,
            self.answer,
            self.anchor.sop_instance_uid,
            self.anchor.first_frame,
            self.model,
        ) == (
            other.code,
            other.value,
            other.unit,
            other.answer,
            other.anchor.sop_instance_uid,
            other.anchor.first_frame,
            other.model,
        )


@dataclass(frozen=True)
class Contradiction:
    """An image that shows another anatomy than its exam says; AI read it as what it shows."""

    sop_instance_uid: str
    body_part: str
    view: Code


@dataclass(frozen=True)
class Silence:
    """How many frames of an image AI says nothing of, and why; without a model: no model could be asked."""

    model: str
    sop_instance_uid: str
    reason_zh: str
    reason_en: str
    frames: int


@dataclass(frozen=True)
class Failure:
    """A model that was to read the exam and did not; without a model: the analysis as a whole."""

    model: str
    version: str
    reason: str


@dataclass(frozen=True)
class Hints:
    """What an analysis says that nobody must decide: views, quality, criteria of planes, what it is silent on, which models failed; of
    the latest analysis."""

    findings: tuple[Finding, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    silences: tuple[Silence, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class ReviewedFinding:
    """A finding and what was decided about it, by whom."""

    finding: Finding
    state: Review = Review.PROPOSED
    corrected_value: float | None = None
    reviewed_by: str = ""
    corrected_answer: Code | None = None
    corrected_text: str = ""  # where the corrected answer is OTHER

    @property
    def reported_answer(self) -> Code | None:
        """The answer that the report states."""
        return self.corrected_answer or self.finding.answer

    @property
    def reported_value(self) -> float:
        """The value that the report states."""
        return self.finding.value if self.corrected_value is None else self.corrected_value


@dataclass(frozen=True)
class Decision:
    """What an expert decides about one finding."""

    finding_id: str
    state: Review
    corrected_value: float | None = None
    corrected_answer: str = ""  # the value of one of the finding's alternatives
    corrected_text: str = ""


class FindingsUndecided(Conflict):
    """Every finding must be accepted, corrected or rejected before the report is signed."""

    def __init__(self, undecided: Iterable[ReviewedFinding]) -> None:
        open_ones = [
            {"finding_id": one.finding.finding_id, "code": one.finding.code.value, "meaning": one.finding.code.meaning}
            for one in undecided
        ]
        names = ", ".join(one["meaning"] for one in open_ones)
        super().__init__(
            f"accept, correct or reject each finding before signing; undecided: {names}", undecided=open_ones
        )


def decide(
    findings: Iterable[ReviewedFinding], decisions: Iterable[Decision], subject: str, hints: Iterable[Finding] = ()
) -> tuple[ReviewedFinding, ...]:
    """The findings with the decisions applied; those not named stay as they are. Raises Invalid for what cannot be.

    Nobody must decide a hint; one that is decided is a finding from then on, until it is proposed again.
    """
    by_id = {one.finding_id: one for one in decisions}
    beside = {one.finding_id: one for one in hints if one.choices}
    before = tuple(findings)
    held = {one.finding.finding_id for one in before}
    named = beside.keys() & by_id.keys()
    known = (*before, *(ReviewedFinding(beside[one]) for one in beside if one in named and one not in held))
    unknown = by_id.keys() - {one.finding.finding_id for one in known}
    if unknown:
        raise Invalid(f"the draft has no such finding: {', '.join(sorted(unknown))}", unknown=sorted(unknown))
    decided = (
        _decided(one, by_id[one.finding.finding_id], subject) if one.finding.finding_id in by_id else one
        for one in known
    )
    return tuple(one for one in decided if one.state != Review.PROPOSED or one.finding.finding_id not in beside)


def _decided(one: ReviewedFinding, decision: Decision, subject: str) -> ReviewedFinding:
    decided = replace(one, state=decision.state, corrected_value=None, corrected_answer=None, corrected_text="")
    if decision.state == Review.CORRECTED:
        decided = _answered(decided, decision) if one.finding.coded else _measured(decided, decision)
    if decided == one:
        return one  # saying the same again does not change who said it
    return replace(decided, reviewed_by="" if decision.state == Review.PROPOSED else subject)


def _measured(one: ReviewedFinding, decision: Decision) -> ReviewedFinding:
    if decision.corrected_value is None:
        raise Invalid(f"a corrected finding needs its corrected_value: {decision.finding_id}")
    _require_possible(decision.corrected_value, one.finding)
    return replace(one, corrected_value=decision.corrected_value)


def _answered(one: ReviewedFinding, decision: Decision) -> ReviewedFinding:
    alternatives = {code.value: code for code in one.finding.alternatives}
    answer = alternatives.get(decision.corrected_answer)
    if answer is None:
        what, known = labels(one.finding.code)[1], ", ".join(alternatives)
        raise Invalid(f"{what}: an answer is corrected to one of {known}", alternatives=list(alternatives))
    text = decision.corrected_text.strip() if answer == OTHER else ""
    if answer == OTHER and not text:
        raise Invalid(f"another answer needs its corrected_text: {decision.finding_id}")
    return replace(one, corrected_answer=answer, corrected_text=text)


def _require_possible(value: float, finding: Finding) -> None:
    """Raises Invalid for what cannot be measured: no length or age is nothing, no share goes beyond the whole."""
    what, unit = labels(finding.code)[1], finding.unit
    if unit == "%" and not 0 <= value <= 100:
        raise Invalid(f"{what}: a corrected value lies within 0 to 100 %, {value:g} does not")
    if unit in ("mm", "d") and value <= 0:
        raise Invalid(f"{what}: a corrected value is more than 0 {unit}, {value:g} is not")


def undecided(findings: Iterable[ReviewedFinding]) -> list[ReviewedFinding]:
    """Those that nobody has decided about yet."""
    return [one for one in findings if one.state == Review.PROPOSED]


def require_decided(findings: Iterable[ReviewedFinding]) -> None:
    """Raises FindingsUndecided, naming them."""
    if missing := undecided(findings):
        raise FindingsUndecided(missing)


def adopt(
    current: Iterable[ReviewedFinding], offered: Iterable[Finding], hints: Iterable[Finding] = ()
) -> tuple[ReviewedFinding, ...]:
    """The offered findings, with the decisions already made about the same statements; of hints those that were decided."""
    decided = [one for one in current if one.state != Review.PROPOSED]

    def taken_over(finding: Finding) -> ReviewedFinding:
        before = next((one for one in decided if one.finding.same_statement(finding)), None)
        return ReviewedFinding(finding) if before is None else replace(before, finding=finding)

    beside = (taken_over(hint) for hint in hints if hint.choices)
    return (*map(taken_over, offered), *(one for one in beside if one.state != Review.PROPOSED))


def let_stand(findings: Iterable[ReviewedFinding], hints: Iterable[Finding]) -> tuple[Finding, ...]:
    """The answered hints that could have been corrected and were not."""
    decided = {one.finding.finding_id for one in findings}
    return tuple(one for one in hints if one.choices and one.answer and one.finding_id not in decided)


def investigational(findings: Iterable[ReviewedFinding], hints: Iterable[Finding] = ()) -> bool:
    """Whether a model on trial contributed to what the report says."""
    stated = [one.finding for one in findings if one.state != Review.REJECTED]
    return any(one.model.mode == "trial" for one in (*stated, *hints))


# Names in both languages; the codes are LOINC's and DICOM's (PS3.16, TID 1500 and CID 12005, 12013), the Chinese terms
# those of the Chinese guideline on prenatal ultrasound (中国产科超声检查指南, 2019).
_LABELS: Mapping[str, tuple[str, str]] = {
    "11984-2": ("头围 HC", "Head circumference (HC)"),
    "11820-8": ("双顶径 BPD", "Biparietal diameter (BPD)"),
    "11851-3": ("枕额径 OFD", "Occipitofrontal diameter (OFD)"),
    "18185-9": ("孕龄", "Gestational age"),
    "11932-1": ("孕龄（按头围，Hadlock）", "Gestational age by head circumference (Hadlock)"),
    "111031": ("切面", "Image view"),
    "111032": ("标准切面", "Standard plane"),
    "111012": ("置信度", "Certainty"),
    "111047": ("恶性概率", "Probability of cancer"),
    "111101": ("图像质量", "Image quality"),
    "111052": ("图像质量问题", "Image quality finding"),
    "nature": ("组织性质", "Nature"),
    "lung-sign": ("肺超声征象", "Lung ultrasound sign"),
    # views: PS3.16 CID 4031 and codes of the platform's own
    "12738006": ("胎儿颅脑", "Fetal brain"),
    "69536005": ("胎儿头部", "Fetal head"),
    "818981001": ("胎儿腹部", "Fetal abdomen"),
    "71341001": ("胎儿股骨", "Fetal femur"),
    "816094009": ("胎儿胸部", "Fetal thorax"),
    "71252005": ("宫颈", "Cervix"),
    "76752008": ("乳腺", "Breast"),
    "10200004": ("肝脏", "Liver"),
    "39607008": ("肺", "Lung"),
    "91727004": ("肌肉", "Muscle"),
    "other-ultrasound": ("其他超声图像", "Other ultrasound"),
    "not-ultrasound": ("非超声图像", "Not an ultrasound image"),
    "transthalamic": ("经丘脑切面", "Trans-thalamic plane"),
    "transventricular": ("经侧脑室切面", "Trans-ventricular plane"),
    "transcerebellar": ("经小脑切面", "Trans-cerebellar plane"),
    # criteria of the standard head plane
    "head-oval": ("胎头轮廓呈椭圆且完整位于图像内", "Head’s outline oval and whole within the image"),
    "head-half": ("胎头长径超过图像短边一半", "Head longer than half of the image’s shorter side"),
    "midline-level": ("中线接近水平（按胎头长轴）", "Midline about horizontal, by the head’s long axis"),
    "midline-whole": ("中线连续", "Midline continuous"),
    "hemispheres": ("两侧半球对称", "Hemispheres symmetric"),
    "thalami": ("可见丘脑", "Thalami seen"),
    "cavum": ("可见透明隔腔", "Cavum septi pellucidi seen"),
    "no-cerebellum": ("未见小脑", "Cerebellum not seen"),
    "outer-calipers": ("测量点位于颅骨外缘", "Calipers on the skull's outer edge"),
    # answers
    "other": ("其他", "Other"),
    "17621005": ("正常", "Normal"),
    "30807003": ("良性", "Benign"),
    "21594007": ("恶性", "Malignant"),
    "52988006": ("病灶", "Lesion"),
    "103339001": ("长径", "Long axis"),  # PS3.16 CID 7470
    "103340004": ("短径", "Short axis"),
    "b-lines": ("B 线", "B-lines"),
    "consolidation": ("实变或胸腔积液", "Consolidation or effusion"),
    "52101004": ("是", "Yes"),
    "272519000": ("否", "No"),
    "cannot-be-judged": ("无法判断", "Cannot be judged"),
    # image quality: PS3.16 CID 3114 and CID 7011, else the platform's own
    "122740": ("图像质量优", "Excellent image quality"),
    "122741": ("图像质量良好", "Good image quality"),
    "122742": ("图像质量差", "Poor image quality"),
    "111235": ("图像不可用", "Unusable image"),
    "111210": ("运动模糊", "Motion blur"),
    "gain-too-low": ("增益过低", "Gain too low"),
    "gain-too-high": ("增益过高", "Gain too high"),
    "contact-lost": ("探头脱离", "Contact lost"),
    "frozen": ("画面冻结或重复", "Frozen or repeated frames"),
    "burned-in-text": ("图像内有文字", "Burned-in text"),
}


def labels(code: Code) -> tuple[str, str]:
    """The Chinese and the English name of what a finding measures, asks or answers."""
    return _LABELS.get(code.value, (code.meaning, code.meaning))

"""What the printed report shows, as plain strings for the template."""

from typing import Any
from zoneinfo import ZoneInfo

from services.reporting.model.content import (
    ATTESTATION_EN,
    ATTESTATION_ZH,
    INVESTIGATIONAL_EN,
    INVESTIGATIONAL_ZH,
    Content,
    Hospital,
    Kind,
    Patient,
    Signature,
)
from services.reporting.model.findings import Review, ReviewedFinding
from services.reporting.model.sentences import named, quantity, said, stated

_TITLES = {"US": ("超声检查报告", "Ultrasound report")}
_OTHER_TITLE = ("影像检查报告", "Imaging report")
# DICOM PS3.3, C.7.1.1: Patient's Sex.
_SEXES = {"M": "男 / male", "F": "女 / female", "O": "其他 / other"}
_PRIORITIES = {"ROUTINE": "常规 / routine", "URGENT": "紧急 / urgent", "STAT": "立即 / stat"}
_NOT_GIVEN = "—"


def page(content: Content, key_image: bool) -> dict[str, Any]:
    """The template's data."""
    exam = content.exam
    title_zh, title_en = _TITLES.get(exam.modality, _OTHER_TITLE)
    if content.kind == Kind.ADDENDUM:
        title_zh, title_en = f"{title_zh}（补充报告）", f"{title_en}: addendum"
    return {
        "title_zh": title_zh,
        "title_en": title_en,
        "reader_zh": content.reader.name_zh,
        "reader_en": content.reader.name_en,
        "rows": [
            ["姓名", "Name", person(content.patient)],
            ["患者编号", "Patient ID", content.patient.id or _NOT_GIVEN],
            ["性别", "Sex", _SEXES.get(content.patient.sex, _NOT_GIVEN)],
            ["出生日期", "Birth date", content.patient.birth_date or _NOT_GIVEN],
            ["送检医院", "Requesting hospital", _hospital(content.requester)],
            ["报告医院", "Reading hospital", _hospital(content.reader)],
            ["检查项目", "Exam", exam.study_description or f"{exam.modality} {exam.body_part}".strip()],
            ["检查时间", "Exam time", exam.study_time.replace("T", " ") or exam.service_date],
            ["检查号", "Accession number", exam.accession_number or _NOT_GIVEN],
            ["优先级", "Priority", _PRIORITIES.get(exam.priority, exam.priority)],
        ],
        "critical": content.text.critical,
        "key_image": key_image,
        "images": _by_image(content),
        "description": content.text.description,
        "impression": content.text.impression,
        "recommendation": content.text.recommendation,
        "signers": _signers(content),
        "attestation_zh": ATTESTATION_ZH,
        "attestation_en": ATTESTATION_EN,
        "investigational": content.investigational,
        "investigational_zh": INVESTIGATIONAL_ZH,
        "investigational_en": INVESTIGATIONAL_EN,
        "report_id": content.report_id,
        "version": str(content.version),
        "study_instance_uid": exam.study_instance_uid,
    }


def person(patient: Patient) -> str:
    """The patient's name, ideographs first."""
    names = [patient.name_ideographic.replace("^", ""), plain_name(patient.name)]
    return " ".join(name for name in names if name) or _NOT_GIVEN


def plain_name(name: str) -> str:
    """A DICOM person name without its carets (PS3.5, 6.2)."""
    return " ".join(name.replace("^", " ").split())


def _hospital(hospital: Hospital) -> str:
    return f"{hospital.name_zh} {hospital.name_en}".strip()


def _by_image(content: Content) -> list[dict[str, Any]]:
    """What the report states, image by image in the order of the exam; named only where there is more than one."""
    groups: dict[tuple[str, int], list[dict[str, str]]] = {}
    for one in content.findings:
        if one.state != Review.REJECTED:
            groups.setdefault((one.finding.anchor.sop_instance_uid, one.finding.anchor.frame), []).append(_finding(one))
    numbers = {uid: number for number, uid in enumerate(content.instances, 1)}
    ordered = sorted(groups.items(), key=lambda item: (numbers.get(item[0][0], len(numbers) + 1), item[0][1]))
    return [
        {"name": _image_name(numbers.get(uid), frame) if len(groups) > 1 else "", "findings": findings}
        for (uid, frame), findings in ordered
    ]


def _image_name(number: int | None, frame: int) -> str:
    return f"图像 Image {number or _NOT_GIVEN} · 帧 frame {frame}"


def _finding(one: ReviewedFinding) -> dict[str, str]:
    finding = one.finding
    label_zh, label_en = named(finding)
    corrected = one.state == Review.CORRECTED
    interval = ""
    if not corrected and finding.upper > finding.lower:
        interval = f"{quantity(finding.lower, finding.unit)} – {quantity(finding.upper, finding.unit)}"
    model = f"{finding.model.name} {finding.model.version}"
    trial_zh, trial_en = ("（试验）", " (trial)") if finding.model.mode == "trial" else ("", "")
    if corrected:
        before_zh, before_en = said(finding)
        what = "原判断" if finding.coded else "原值"
        source_zh, source_en = (
            f"专家修改；人工智能{trial_zh}{what} {before_zh}",
            f"corrected by expert; {model}{trial_en} said {before_en}",
        )
    else:
        verb = "判断" if finding.coded else "测量"
        source_zh, source_en = f"人工智能{trial_zh}{verb}，专家确认", f"{model}{trial_en}, accepted by expert"
    return {
        "label_zh": label_zh,
        "label_en": label_en,
        "value": _value(one),
        "interval": interval,
        "source_zh": source_zh,
        "source_en": source_en,
        "method": finding.method,
    }


def _value(one: ReviewedFinding) -> str:
    zh, en = stated(one)
    return zh if zh == en else f"{zh} {en}"


def _signers(content: Content) -> list[list[str]]:
    if content.first_signed is None:
        return [["报告医师", "Reported by", content.signed.display_name, _instant(content.signed, content.reader)]]
    first, second = content.first_signed, content.signed
    return [
        ["报告医师", "First reader", first.display_name, _instant(first, content.reader)],
        ["审核医师", "Second reader", second.display_name, _instant(second, content.reader)],
    ]


def _instant(signature: Signature, reader: Hospital) -> str:
    """The time on the reading hospital's clocks."""
    return signature.at.astimezone(ZoneInfo(reader.time_zone)).strftime("%Y-%m-%d %H:%M:%S (UTC%z)")

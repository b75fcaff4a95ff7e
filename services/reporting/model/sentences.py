"""What models say, as sentences for people in Chinese and English."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.reporting.model.findings import Code, Finding, Review, ReviewedFinding, labels

_VIEW = "111031"
_QUALITY = frozenset({"111101", "111052"})  # PS3.16: Image Quality, Quality Finding
_HEADS = ("图像切面（AI 识别", "Views seen by AI")
# What no reader of a report needs to know: that nothing is wrong (PS3.16 CID 3114), and what concerns the file alone.
_UNTOLD = frozenset({"122740", "122741", "burned-in-text", "frozen"})


def quantity(value: float, unit: str) -> str:
    """A value with its UCUM unit as people write it; days of gestation also as weeks and days."""
    if unit == "d":
        weeks, days = divmod(round(value), 7)
        return f"{weeks} 周 {days} 天 ({weeks}w {days}d)"
    return f"{value:.1f} {unit}".strip()


def said(finding: Finding, value: float | None = None) -> tuple[str, str]:
    """What the finding states, its value or answer, in Chinese and English."""
    if finding.coded:
        return labels(finding.answer) if finding.answer else ("无法判断", "cannot be judged")
    text = quantity(finding.value if value is None else value, finding.unit)
    return text, text


def stated(one: ReviewedFinding) -> tuple[str, str]:
    """What the report states in Chinese and English: the expert's value, answer or words where there are such."""
    if one.corrected_text:
        return one.corrected_text, one.corrected_text
    return labels(one.corrected_answer) if one.corrected_answer else said(one.finding, one.reported_value)


def sentence(one: ReviewedFinding) -> tuple[str, str]:
    """A finding as the report would say it, with the expert's value where there is one."""
    (zh, en), (value_zh, value_en) = named(one.finding), stated(one)
    return f"{zh}：{value_zh}。", f"{en}: {_within(value_en)}."


def named(finding: Finding) -> tuple[str, str]:
    """What a finding is about, with its site where the name alone does not say it."""
    zh, en = labels(finding.code)
    plane = finding.anchor.plane
    if plane is None or finding.code.value == _VIEW or _names_its_site(finding.code):
        return zh, en
    site_zh, site_en = labels(plane)
    return f"{site_zh}{zh}", f"{site_en}, {_within(en)}"


def of_hints(hints: Iterable[Finding], decided: Iterable[ReviewedFinding] = ()) -> str:
    """Which views the images show, as the expert decided about them, and what is wrong with them, in both languages; empty where
    nothing is said."""
    shown = list(hints)
    faults = _counted(
        (labels(one.answer), one.answer.value, one)
        for one in shown
        if one.code.value in _QUALITY and one.answer and one.answer.value not in _UNTOLD
    )
    parts = ["".join(views)] if (views := _views(shown, decided)) else []
    if faults:
        parts.append(f"图像质量（AI 提示）：{_listed(faults, 0)}。Image quality, AI's hints: {_listed(faults, 1)}.")
    return "\n".join(parts)


def views_now(description: str, hints: Iterable[Finding], decided: Iterable[ReviewedFinding]) -> str | None:
    """What the first words would say of the views by now (empty: nothing), where those in the description say something else; None
    where they agree, or where the expert's own words name no views in our way."""
    views = _views(hints, decided) or ("", "")
    differs = any(
        head in description and not (now and now in description) for head, now in zip(_HEADS, views, strict=True)
    )
    return "".join(views) if differs else None


def _views(hints: Iterable[Finding], decided: Iterable[ReviewedFinding]) -> tuple[str, str] | None:
    """The sentences on the views in Chinese and English; None where none stands."""
    by_id = {one.finding.finding_id: one for one in decided}
    reviewed = [by_id.get(one.finding_id) or ReviewedFinding(one) for one in hints if one.code.value == _VIEW]
    views = _counted(
        (stated(one), one.reported_answer.value, one.finding)
        for one in reviewed
        if one.state != Review.REJECTED and one.reported_answer
    )
    if not views:
        return None
    by_expert = any(one.state in (Review.CORRECTED, Review.REJECTED) for one in reviewed)
    zh, en = ("，专家更正", ", corrected by the expert") if by_expert else ("", "")
    return f"{_HEADS[0]}{zh}）：{_listed(views, 0)}。", f"{_HEADS[1]}{en}: {_listed(views, 1)}."


def _counted(said: Iterable[tuple[tuple[str, str], str, Finding]]) -> Mapping[tuple[str, str], int]:
    """On how many images each answer (its names, its code) was given, the commonest first."""
    pairs = {(code, names, one.anchor.sop_instance_uid) for names, code, one in said}
    counted = Counter((code, names) for code, names, _ in pairs)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return {names: count for (_, names), count in ordered}


def _listed(counted: Mapping[tuple[str, str], int], language: int) -> str:
    if language == 0:
        return "、".join(f"{names[0]} {count} 幅" for names, count in counted.items())
    return ", ".join(
        f"{_within(names[1])} ({count} {'image' if count == 1 else 'images'})" for names, count in counted.items()
    )


def _within(label: str) -> str:
    """A label within a sentence; abbreviations keep their capitals."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _names_its_site(code: Code) -> bool:
    """Head circumference and its like say where they are measured."""
    return code.scheme == "LN"

"""The query parameters of QIDO-RS, understood: PS3.18 sections 8.3.4 and 10.6, matching as PS3.4 C.2.2.2 has it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from services.ingest.model.attributes import BY_LEVEL
from services.ingest.model.exam import iso_date
from services.shared.errors import Malformed

DEFAULT_LIMIT = 200
MAX_LIMIT = 1000

_UID = re.compile(r"^[0-9][0-9.]{0,63}$")
_TIME = re.compile(r"^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$")
# Said as PS3.18, sections 8.3.4.2 and 8.3.4.4, have it.
MORE = '299 sonobridge "The number of results exceeded the maximum supported by the server. Additional results can be requested."'
_NOT_FUZZY = '299 sonobridge "The fuzzymatching parameter is not supported. Only literal matching has been performed."'

# Attribute -> how it is matched, and the name of its condition in queries.sql.
_KEYS = {
    "0020000D": ("uid", "study_uids"),
    "00080020": ("date", "study_date"),
    "00080030": ("time", "study_time"),
    "00080050": ("text", "accession_number"),
    "00080061": ("list", "modalities_in_study"),
    "00080090": ("name", "referring_physician"),
    "00081030": ("text", "study_description"),
    "00100010": ("name", "patient_name"),
    "00100020": ("text", "patient_id"),
    "00100030": ("date", "birth_date"),
    "00100040": ("text", "patient_sex"),
    "00200010": ("text", "study_id"),
    "0020000E": ("uid", "series_uids"),
    "00080060": ("list", "series_modalities"),
    "0008103E": ("text", "series_description"),
    "00180015": ("text", "body_part"),
    "00200011": ("number", "series_number"),
    "00400244": ("date", "step_date"),
    "00400245": ("time", "step_time"),
    "00400275.00400009": ("text", "scheduled_step_id"),
    "00400275.00401001": ("text", "requested_procedure_id"),
    "00080016": ("uid", "sop_class_uids"),
    "00080018": ("uid", "sop_instance_uids"),
    "00200013": ("number", "instance_number"),
    "00280010": ("number", "rows"),
    "00280011": ("number", "columns"),
    "00280008": ("number", "number_of_frames"),
}
_LEVEL_OF = {
    **dict.fromkeys(("series_uids", "series_modalities", "series_description", "body_part", "series_number"), "series"),
    **dict.fromkeys(("step_date", "step_time", "scheduled_step_id", "requested_procedure_id"), "series"),
    **dict.fromkeys(("sop_class_uids", "sop_instance_uids", "instance_number", "rows"), "instances"),
    **dict.fromkeys(("columns", "number_of_frames"), "instances"),
}
_DEPTH = {"studies": 0, "series": 1, "instances": 2}


@dataclass(frozen=True)
class Query:
    """A query at one level. `conditions` are named as in queries.sql; a range is (from, to), either may be None.

    `limit` is `bounded` when it is the platform's and not the asker's.
    """

    level: str
    conditions: dict[str, Any] = field(default_factory=dict)
    include: frozenset[str] = frozenset()
    limit: int = DEFAULT_LIMIT
    bounded: bool = True
    offset: int = 0
    warnings: tuple[str, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """Every condition that queries.sql names, None where nothing was asked."""
        found: dict[str, Any] = {}
        for kind, name in _KEYS.values():
            value = self.conditions.get(name)
            if kind in ("date", "time"):
                found[f"{name}_from"], found[f"{name}_to"] = value if value else (None, None)
            else:
                found[name] = value
        return found


def parse(level: str, parameters: Iterable[tuple[str, str]], within: dict[str, str] | None = None) -> Query:
    """The query that the parameters ask, within the study and series that the address names by their conditions.

    Raises Malformed for what is unknown, or cannot be matched at this level.
    """
    conditions: dict[str, Any] = {}
    include: set[str] = set()
    limit, bounded, offset = DEFAULT_LIMIT, True, 0
    warnings: list[str] = []
    for name, value in parameters:
        match name:
            case "organisation" | "accept" | "charset":
                continue
            case "limit":
                asked = _number(name, value)
                limit, bounded = min(asked, MAX_LIMIT), asked > MAX_LIMIT
            case "offset":
                offset = _number(name, value)
            case "fuzzymatching":
                if value.lower() == "true":
                    warnings.append(_NOT_FUZZY)
            case "includefield":
                for one in value.split(","):
                    include |= set(BY_LEVEL[level]) if one.strip().lower() == "all" else {_tag(one).partition(".")[0]}
            case _:
                _condition(level, name, value, conditions)
    for condition, uid in (within or {}).items():
        conditions[condition] = [uid] if uid in conditions.get(condition, [uid]) else []
    return Query(level, conditions, frozenset(include), limit, bounded, offset, tuple(warnings))


def like(pattern: str) -> str:
    """DICOM wildcards (* and ?) as a LIKE pattern, everything else literal."""
    escaped = re.sub(r"([\\%_])", r"\\\1", pattern)
    return escaped.replace("*", "%").replace("?", "_")


def _condition(level: str, name: str, value: str, conditions: dict[str, Any]) -> None:
    tag = _tag(name)
    if tag not in _KEYS:
        raise Malformed(
            f"{name} cannot be matched here; matched are {', '.join(sorted(_names(level)))}", parameter=name
        )
    kind, condition = _KEYS[tag]
    if _DEPTH[_LEVEL_OF.get(condition, "studies")] > _DEPTH[level]:
        raise Malformed(f"{name} belongs to a deeper level than {level}", parameter=name)
    if value in ("", "*"):
        return  # universal matching
    if condition in conditions and kind not in ("uid", "list"):
        raise Malformed(f"{name} is asked for twice", parameter=name)
    match kind:
        case "uid":
            uids = [uid for uid in re.split(r"[,\\]", value) if uid]
            if not all(_UID.match(uid) for uid in uids):
                raise Malformed(f"{name}: {value[:80]} is not a list of UIDs", parameter=name)
            conditions[condition] = conditions.get(condition, []) + uids
        case "list":
            found = [like(one) for one in re.split(r"[,\\]", value) if one]
            conditions[condition] = conditions.get(condition, []) + found
        case "date":
            conditions[condition] = _range(name, value, _day)
        case "time":
            conditions[condition] = _range(name, value, _clock)
        case "number":
            conditions[condition] = _number(name, value)
        case "name":
            # PS3.4 C.2.2.2.1: a trailing empty component says nothing.
            conditions[condition] = like(value.rstrip("^"))
        case _:
            conditions[condition] = like(value)


def _range(name: str, value: str, convert: Any) -> tuple[str | None, str | None]:
    first, dash, last = value.partition("-")
    if not dash:
        return convert(name, value, False), convert(name, value, True)
    if not first and not last:
        raise Malformed(f"{name}: a range needs a beginning or an end", parameter=name)
    return (convert(name, first, False) if first else None), (convert(name, last, True) if last else None)


def _day(name: str, value: str, end: bool) -> str:
    day = iso_date(value)
    if not day:
        raise Malformed(f"{name}: {value[:40]} is no date (YYYYMMDD) or range of them", parameter=name)
    return day


def _clock(name: str, value: str, end: bool) -> str:
    if not _TIME.match(value):
        raise Malformed(f"{name}: {value[:40]} is no time (HHMMSS) or range of them", parameter=name)
    # A shorter time stands for all of its hour, minute or second.
    digits, _, fraction = value.partition(".")
    return digits.ljust(6, "0")[:6] + "." + fraction.ljust(6, "0") if not end else _last_moment(digits, fraction)


def _last_moment(digits: str, fraction: str) -> str:
    return digits + "595959"[len(digits) :] + "." + fraction.ljust(6, "9")


def _number(name: str, value: str) -> int:
    if not value.isdigit() or len(value) > 9:
        raise Malformed(f"{name}: {value[:40]} is no whole number", parameter=name)
    return int(value)


def _tag(name: str) -> str:
    """The tag of a keyword or of eight hexadecimal digits; of an attribute in a sequence both, joined by a dot. Raises Malformed."""
    name = name.strip()
    if "." in name:
        return ".".join(_tag(one) for one in name.split("."))
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return name.upper()
    tag = tag_for_keyword(name)
    if tag is None:
        raise Malformed(f"{name[:80]} is not an attribute of DICOM", parameter=name[:80])
    return f"{int(tag):08X}"


def _names(level: str) -> list[str]:
    return [
        ".".join(keyword_for_tag(int(one, 16)) for one in tag.split("."))
        for tag, (_, condition) in _KEYS.items()
        if _DEPTH[_LEVEL_OF.get(condition, "studies")] <= _DEPTH[level]
    ]

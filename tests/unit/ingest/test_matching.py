"""Query parameters, and what they match."""

import fnmatch
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.model.matching import MAX_LIMIT, like, parse
from services.shared.errors import Malformed


def _like(value: str, pattern: str) -> bool:
    """SQL LIKE, as PostgreSQL has it."""
    expression, at = "", 0
    while at < len(pattern):
        if pattern[at] == "\\":
            expression, at = expression + re.escape(pattern[at + 1]), at + 2
            continue
        expression += {"%": ".*", "_": "."}.get(pattern[at], re.escape(pattern[at]))
        at += 1
    return re.fullmatch(expression, value, re.DOTALL) is not None


_TEXT = st.text(alphabet="ab%_\\^=王", max_size=6)


@given(value=_TEXT, pattern=st.text(alphabet="ab%_\\^王*?", max_size=6))
def test_wildcards_match_as_in_file_names_and_all_else_is_literal(value: str, pattern: str) -> None:
    assert _like(value, like(pattern)) == (re.fullmatch(fnmatch.translate(pattern), value) is not None)


@given(first=st.dates(date(1900, 1, 1)), last=st.dates(date(1900, 1, 1)))
def test_a_date_range_has_both_its_ends(first: date, last: date) -> None:
    low, high = sorted((first, last))
    found = parse("studies", [("StudyDate", f"{low:%Y%m%d}-{high:%Y%m%d}")]).parameters()
    assert (found["study_date_from"], found["study_date_to"]) == (low.isoformat(), high.isoformat())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20261101", ("2026-11-01", "2026-11-01")),
        ("20261101-", ("2026-11-01", None)),
        ("-20261101", (None, "2026-11-01")),
    ],
)
def test_open_ranges_are_open(value: str, expected: tuple[str | None, str | None]) -> None:
    assert parse("studies", [("00080020", value)]).conditions["study_date"] == expected


def test_a_short_time_stands_for_all_of_it() -> None:
    assert parse("studies", [("StudyTime", "10")]).conditions["study_time"] == ("100000.000000", "105959.999999")
    assert parse("studies", [("StudyTime", "1015-1030")]).conditions["study_time"] == ("101500.000000", "103059.999999")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StudyDate", "2026-11-01"),
        ("StudyDate", "-"),
        ("StudyTime", "morning"),
        ("StudyInstanceUID", "abc"),
        ("limit", "-1"),
        ("offset", "x"),
        ("NoSuchThing", "1"),
        ("PixelData", "1"),
        ("SOPInstanceUID", "1.2"),
        ("includefield", "NoSuchThing"),
    ],
)
def test_what_cannot_be_asked_is_malformed_and_named(name: str, value: str) -> None:
    with pytest.raises(Malformed):
        parse("studies", [(name, value)])


def test_a_deeper_level_takes_the_conditions_of_those_above() -> None:
    found = parse("instances", [("PatientID", "P*"), ("Modality", "US"), ("InstanceNumber", "3"), ("limit", "5")])
    assert (found.conditions["patient_id"], found.conditions["instance_number"], found.limit) == ("P%", 3, 5)


def test_names_ignore_empty_trailing_components() -> None:
    assert parse("studies", [("PatientName", "王^芳^^")]).conditions["patient_name"] == "王^芳"


def test_fuzzy_matching_is_declined_with_a_warning() -> None:
    assert parse("studies", [("fuzzymatching", "true")]).warnings[0].startswith("299 ")
    assert parse("studies", [("fuzzymatching", "false")]).warnings == ()


def test_the_limit_is_bounded() -> None:
    assert parse("studies", [("limit", "100000")]).limit == MAX_LIMIT


def test_fields_are_included_by_keyword_tag_and_all() -> None:
    assert parse("studies", [("includefield", "PatientComments,00100010")]).include == {"00104000", "00100010"}
    assert "00081030" in parse("studies", [("includefield", "all")]).include


def test_a_list_may_be_given_by_naming_the_attribute_again() -> None:
    asked = [
        ("StudyInstanceUID", "1.2,1.3"),
        ("StudyInstanceUID", "1.4"),
        ("ModalitiesInStudy", "US"),
        ("00080061", "CT"),
    ]
    conditions = parse("studies", asked).conditions
    assert (conditions["study_uids"], conditions["modalities_in_study"]) == (["1.2", "1.3", "1.4"], ["US", "CT"])
    with pytest.raises(Malformed, match="twice"):
        parse("studies", [("PatientID", "1"), ("00100020", "2")])


def test_the_address_narrows_what_the_parameters_ask() -> None:
    def studies(*asked: tuple[str, str]) -> object:
        return parse("series", asked, {"study_uids": "1.2"}).conditions["study_uids"]

    assert studies() == ["1.2"]
    assert studies(("StudyInstanceUID", "1.2,1.3")) == ["1.2"]
    assert studies(("StudyInstanceUID", "1.3")) == []


def test_attributes_of_the_request_are_named_through_their_sequence() -> None:
    for name in ("RequestAttributesSequence.ScheduledProcedureStepID", "00400275.00400009"):
        assert parse("series", [(name, "S*")]).conditions == {"scheduled_step_id": "S%"}
    assert parse("studies", [("includefield", "00081110.00081150")]).include == {"00081110"}


def test_what_says_how_to_answer_is_no_condition() -> None:
    assert parse("studies", [("accept", "application/json"), ("charset", "utf-8")]).conditions == {}


def test_a_limit_is_bounded_unless_the_asker_sets_a_smaller_one() -> None:
    assert [parse("studies", asked).bounded for asked in ([], [("limit", "5000")], [("limit", "7")])] == [
        True,
        True,
        False,
    ]

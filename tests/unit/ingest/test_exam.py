"""An exam's states, and when it crosses."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from services.ingest.model import exam as rules
from services.ingest.model.exam import Agreement, Coverage, Exam, State, crossing, missing, settle

AGREEMENT = Agreement(uuid4(), 3, uuid4(), consent_attested=False, trial_consent_attested=True)
ATTESTED = replace(AGREEMENT, consent_attested=True)


def _exam(**more: object) -> Exam:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    found = Exam(
        id=uuid4(), organisation_id=uuid4(), study_instance_uid="1.2", state=State.RECEIVING, revision=0,
        priority="ROUTINE", service_date=date(2026, 11, 1), first_instance_at=now, last_instance_at=now, modality="US",
        body_part="", attributes={}, instances=1, frames=1, coverage=Coverage.NO_AGREEMENT, agreement_id=None,
        agreement_version=None, reader_id=None, remote_reading_consent=None, trial_consent=None, consent_recorded=False,
        trial_consent_recorded=False, report_state="none", trace_id="", character_set_declared="",
        character_set_detected="",
    )  # fmt: skip
    return replace(found, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agreement", "recorded", "coverage"),
    [
        (None, True, Coverage.NO_AGREEMENT),
        (AGREEMENT, None, Coverage.NO_CONSENT),
        (AGREEMENT, True, Coverage.CROSSES),
        (ATTESTED, None, Coverage.CROSSES),
        (ATTESTED, False, Coverage.NO_CONSENT),  # what the patient says goes before what the hospital attests
    ],
)
def test_an_exam_crosses_by_agreement_and_consent_together(
    agreement: Agreement | None, recorded: bool | None, coverage: Coverage
) -> None:
    found = crossing(agreement, recorded)
    assert found.coverage is coverage
    assert (found.reader_id is not None) == (coverage is Coverage.CROSSES)


def test_completion_is_revision_one_and_names_the_agreement() -> None:
    done = settle(_exam(), crossing(ATTESTED, None), ATTESTED, late_instances=True)
    assert done is not None
    assert (done.state, done.revision, done.agreement_id, done.agreement_version) == (
        State.COMPLETED,
        1,
        ATTESTED.id,
        3,
    )
    assert done.consent_recorded
    assert done.trial_consent_recorded


def _completed() -> Exam:
    done = settle(_exam(), crossing(AGREEMENT, None), AGREEMENT, late_instances=True)
    assert done is not None
    return done


def test_settling_again_without_news_tells_nothing() -> None:
    assert settle(_completed(), crossing(AGREEMENT, None), AGREEMENT, late_instances=False) is None


def test_late_instances_amend_once_more_each_time() -> None:
    amended = settle(_completed(), crossing(AGREEMENT, None), AGREEMENT, late_instances=True)
    assert amended is not None
    assert (amended.state, amended.revision) == (State.AMENDED, 2)
    again = settle(amended, crossing(AGREEMENT, None), AGREEMENT, late_instances=True)
    assert again is not None
    assert again.revision == 3


def test_a_later_consent_makes_it_cross_and_a_withdrawn_one_stops_it() -> None:
    consenting = replace(_completed(), remote_reading_consent=True)
    crossed = settle(consenting, crossing(AGREEMENT, True), AGREEMENT, late_instances=False)
    assert crossed is not None
    assert (crossed.state, crossed.coverage, crossed.reader_id) == (
        State.AMENDED,
        Coverage.CROSSES,
        AGREEMENT.reader_id,
    )
    withdrawn = settle(replace(crossed, remote_reading_consent=False), crossing(AGREEMENT, False), AGREEMENT, False)
    assert withdrawn is not None
    assert (withdrawn.coverage, withdrawn.reader_id) == (Coverage.NO_CONSENT, None)


def test_the_service_date_is_the_hospitals_own() -> None:
    assert rules.local_date(datetime(2026, 11, 1, 16, 30, tzinfo=UTC), "Asia/Shanghai") == date(2026, 11, 2)


def test_what_is_missing_is_said() -> None:
    assert missing(_exam()) == ["completion", "agreement", "patient_id", "patient_name"]
    named = {"00100010": {"vr": "PN", "Value": [{"Ideographic": "王^芳"}]}, "00100020": {"vr": "LO", "Value": ["7"]}}
    assert missing(replace(_completed(), attributes=named)) == ["consent"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("20261101", "2026-11-01"), ("2026.11.01", "2026-11-01"), ("20261301", ""), ("", ""), ("2026", "")],
)
def test_dates_of_both_forms_are_read(value: str, expected: str) -> None:
    assert rules.iso_date(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("101500", "101500.000000"), ("10", "100000.000000"), ("10:15:00.5", "101500.500000"), ("noon", "")],
)
def test_times_sort_as_text(value: str, expected: str) -> None:
    assert rules.sortable_time(value) == expected


def test_every_state_can_be_left_only_as_the_table_says() -> None:
    assert {(state.value, fact.value): to.value for (state, fact), to in rules.TRANSITIONS.items()} == {
        ("receiving", "told_or_quiet"): "completed",
        ("completed", "late_or_recrossed"): "amended",
        ("amended", "late_or_recrossed"): "amended",
    }

"""Decisions on findings, and what happens to them when a later analysis is taken in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting import codec
from services.reporting.model.findings import (
    Code,
    Decision,
    FindingsUndecided,
    Review,
    ReviewedFinding,
    adopt,
    decide,
    investigational,
    let_stand,
    require_decided,
    undecided,
)
from services.shared.errors import Invalid
from tests.unit.reporting.samples import AGE, BPD, CONTENT, HC, finding

LIVER, BREAST = Code("10200004", "SCT", "Liver"), Code("76752008", "SCT", "Breast")
PROPOSED = tuple(ReviewedFinding(one) for one in (HC, BPD, AGE))


def test_a_decision_names_who_made_it_and_repeating_it_does_not_change_that() -> None:
    first = decide(PROPOSED, [Decision(HC.finding_id, Review.ACCEPTED)], "li")
    again = decide(first, [Decision(HC.finding_id, Review.ACCEPTED)], "wang")
    assert again[0].reviewed_by == "li"


def test_a_correction_carries_its_value_and_needs_one() -> None:
    done = decide(PROPOSED, [Decision(BPD.finding_id, Review.CORRECTED, 74.5)], "li")
    assert (done[1].reported_value, done[1].finding.value) == (74.5, 73.2)
    with pytest.raises(Invalid, match="corrected_value"):
        decide(PROPOSED, [Decision(BPD.finding_id, Review.CORRECTED)], "li")


@pytest.mark.parametrize("value", [0.0, -74.5])
def test_a_length_or_an_age_is_not_corrected_to_nothing_or_less(value: float) -> None:
    for one in (BPD, AGE):
        with pytest.raises(Invalid, match=f"more than 0 {one.unit}"):
            decide(PROPOSED, [Decision(one.finding_id, Review.CORRECTED, value)], "li")


def test_a_percentage_is_not_corrected_beyond_a_hundred() -> None:
    certain = ReviewedFinding(replace(HC, unit="%"))
    assert decide([certain], [Decision(HC.finding_id, Review.CORRECTED, 0)], "li")[0].reported_value == 0
    with pytest.raises(Invalid, match="0 to 100 %"):
        decide([certain], [Decision(HC.finding_id, Review.CORRECTED, 101)], "li")


def test_an_unknown_finding_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as raised:
        decide(PROPOSED, [Decision("nothing", Review.ACCEPTED)], "li")
    assert raised.value.data["unknown"] == ["nothing"]


def test_signing_names_what_is_undecided() -> None:
    some = decide(PROPOSED, [Decision(HC.finding_id, Review.ACCEPTED)], "li")
    with pytest.raises(FindingsUndecided, match="Biparietal Diameter, Gestational Age") as raised:
        require_decided(some)
    assert [one["finding_id"] for one in raised.value.data["undecided"]] == [BPD.finding_id, AGE.finding_id]


def test_taking_in_a_later_analysis_keeps_decisions_about_the_same_statements_only() -> None:
    decided = decide(PROPOSED, [Decision(one.finding_id, Review.ACCEPTED) for one in (HC, BPD)], "li")
    same = replace(HC, finding_id="new-1")
    other = replace(BPD, finding_id="new-2", value=75.0)
    taken = adopt(decided, (same, other))
    assert [(one.finding.finding_id, one.state, one.reviewed_by) for one in taken] == [
        ("new-1", Review.ACCEPTED, "li"),
        ("new-2", Review.PROPOSED, ""),
    ]


SEEN = replace(
    finding(9), code=Code("111031", "DCM", "Image View"), coded=True, answer=LIVER, choices=(LIVER, BREAST), value=0.0
)


def test_a_hint_that_is_decided_is_a_finding_until_it_is_proposed_again() -> None:
    said = Decision(SEEN.finding_id, Review.CORRECTED, corrected_answer=BREAST.value)
    with_view = decide(PROPOSED, [said], "li", [SEEN])
    assert (with_view[3].finding, with_view[3].reported_answer, with_view[3].reviewed_by) == (SEEN, BREAST, "li")
    assert decide(with_view, [Decision(HC.finding_id, Review.ACCEPTED)], "wang", [SEEN])[3] == with_view[3]
    assert decide(with_view, [Decision(SEEN.finding_id, Review.PROPOSED)], "li", [SEEN]) == PROPOSED
    with pytest.raises(Invalid, match="no such finding"):
        decide(PROPOSED, [said], "li", [replace(SEEN, choices=())])


def test_a_decided_hint_is_kept_while_a_later_analysis_says_it_again() -> None:
    with_view = decide(
        PROPOSED, [Decision(SEEN.finding_id, Review.CORRECTED, corrected_answer=BREAST.value)], "li", [SEEN]
    )
    again, other = replace(SEEN, finding_id="again"), replace(SEEN, finding_id="other", answer=BREAST)
    assert [one.finding.finding_id for one in adopt(with_view, (HC,), (again,))] == [HC.finding_id, "again"]
    assert [one.finding.finding_id for one in adopt(with_view, (HC,), (other,))] == [HC.finding_id]


def test_hints_that_could_be_corrected_and_were_not_are_let_stand() -> None:
    unjudged = replace(SEEN, finding_id="unjudged", answer=None)
    assert let_stand(PROPOSED, (SEEN, unjudged, replace(HC, finding_id="quality"))) == (SEEN,)
    corrected = decide((), [Decision(SEEN.finding_id, Review.CORRECTED, corrected_answer=BREAST.value)], "li", [SEEN])
    assert let_stand(corrected, (SEEN,)) == ()


@given(st.lists(st.tuples(st.sampled_from(PROPOSED), st.sampled_from(Review), st.floats(1, 400)), max_size=20))
def test_undecided_is_exactly_what_is_proposed(steps: list[tuple[ReviewedFinding, Review, float]]) -> None:
    now = PROPOSED
    for one, state, value in steps:
        now = decide(now, [Decision(one.finding.finding_id, state, value)], "li")
    assert {one.finding.finding_id for one in undecided(now)} == {
        one.finding.finding_id for one in now if one.state == Review.PROPOSED
    }
    assert all((one.corrected_value is not None) == (one.state == Review.CORRECTED) for one in now)
    assert all((one.reviewed_by == "") == (one.state == Review.PROPOSED) for one in now)


def test_a_report_is_investigational_while_it_states_anything_of_a_model_on_trial() -> None:
    assert investigational([ReviewedFinding(HC, Review.ACCEPTED)])
    assert not investigational([ReviewedFinding(HC, Review.REJECTED)])
    assert not investigational([ReviewedFinding(finding(mode="approved"), Review.ACCEPTED)])


def test_content_survives_json_unchanged() -> None:
    assert codec.content_from_json(codec.content_to_json(CONTENT)) == CONTENT


def test_the_event_says_what_was_decided() -> None:
    told = codec.report_signed(CONTENT, "ab" * 32)
    assert [one.finding.finding_id for one in told.findings] == [one.finding.finding_id for one in CONTENT.findings]
    assert told.findings[1].corrected_value == 74.0
    assert codec.finding_from_wire(told.findings[0].finding) == HC

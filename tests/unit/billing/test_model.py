"""What billing charges for, to whom, on which day, and how it is posted."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.model.agreement import (
    AgreementVersion,
    BillableEvent,
    GateMode,
    ModelRun,
    Party,
    PriceItem,
    Unbillable,
    analysis_items,
    report_items,
    version_in_force,
)
from services.billing.model.ledger import AccountKind, ItemAmount, invoice_postings
from services.billing.model.money import decimal_text
from services.billing.model.period import last_service_date, tier_period
from services.billing.model.usage import rate, record, reversal
from services.billing.rating import Tier
from services.inference.result import FAILED, FINDINGS, NOTHING_FOUND

REQUESTER, READER, PLATFORM, EXAM = (UUID(int=n) for n in range(1, 5))
FLAT = (Tier(None, 5000),)


def item(code: str, event: BillableEvent, model: str | None = None, **parties: Party) -> PriceItem:
    chosen = {"payer": Party.REQUESTER, "payee": Party.READER} | parties
    return PriceItem(code, "项目", "item", event, model, chosen["payer"], chosen["payee"], FLAT)


READING = item("reading", BillableEvent.REPORT_SIGNED)
FEE = item("platform", BillableEvent.REPORT_SIGNED, payer=Party.READER, payee=Party.PLATFORM)
AI = item("ai.fetal_head", BillableEvent.ANALYSIS_COMPLETED, "fetal_head", payee=Party.PLATFORM)
AGREEMENT = AgreementVersion(
    UUID(int=9), 1, "A-1", REQUESTER, READER, date(2026, 1, 1), None, "CNY", (READING, FEE, AI)
)


def test_a_signed_report_makes_its_items_due_between_the_parties_they_name() -> None:
    due = {one.item_code: (one.payer_id, one.payee_id) for one in report_items(AGREEMENT, PLATFORM)}
    assert due == {"reading": (REQUESTER, READER), "platform": (READER, PLATFORM)}


@pytest.mark.parametrize(
    ("run", "charged"),
    [
        (ModelRun("fetal_head", GateMode.TRIAL, FINDINGS), True),
        (ModelRun("fetal_head", GateMode.APPROVED, NOTHING_FOUND), True),
        (ModelRun("fetal_head", GateMode.SHADOW, "findings"), False),
        (ModelRun("fetal_head", GateMode.TRIAL, FAILED), False),
        (ModelRun("fetal_head", GateMode.APPROVED, FAILED), False),
        (ModelRun("fetal_head", None, "findings"), False),
        (ModelRun("another", GateMode.TRIAL, "findings"), False),
    ],
)
def test_ai_is_charged_only_for_a_shown_model_that_answered(run: ModelRun, charged: bool) -> None:
    assert bool(analysis_items(AGREEMENT, [run], PLATFORM)) is charged


def test_an_item_for_any_model_is_due_once_however_many_answered() -> None:
    any_model = replace(AGREEMENT, items=(replace(AI, model=None),))
    runs = [ModelRun(name, GateMode.TRIAL, "findings") for name in ("a", "b")]
    assert len(analysis_items(any_model, runs, PLATFORM)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        replace(READING, payee=Party.REQUESTER),
        replace(READING, tiers=()),
        replace(READING, tiers=(Tier(10, 5),)),
    ],
)
def test_a_price_that_can_never_be_charged_is_refused(broken: PriceItem) -> None:
    with pytest.raises(Unbillable, match="item reading of agreement A-1 version 1"):
        report_items(replace(AGREEMENT, items=(broken,)), PLATFORM)


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Unbillable, match="currency 'XXX'"):
        report_items(replace(AGREEMENT, currency="XXX"), PLATFORM)


def test_the_version_in_force_is_the_one_that_began_last_and_when_it_ends_the_one_before_does_not_come_back() -> None:
    second = replace(AGREEMENT, version=2, valid_from=date(2026, 6, 1), valid_until=date(2026, 9, 1))
    versions = [second, AGREEMENT]
    in_force = {on: version_in_force(versions, date(*on)) for on in [(2026, 5, 31), (2026, 6, 1), (2026, 9, 1)]}
    assert [found and found.version for found in in_force.values()] == [1, 2, None]
    assert version_in_force(versions, date(2025, 12, 31)) is None


def test_the_same_exam_and_item_always_give_the_same_record() -> None:
    (priced,) = analysis_items(AGREEMENT, [ModelRun("fetal_head", GateMode.TRIAL, "findings")], PLATFORM)
    first = record(priced, EXAM, date(2026, 11, 2), "t")
    assert record(priced, EXAM, date(2026, 11, 3), "u").id == first.id
    assert record(priced, uuid4(), date(2026, 11, 2), "t").id != first.id


def test_a_reversal_keeps_the_service_date_and_gives_back_what_was_taken() -> None:
    (priced, _) = report_items(AGREEMENT, PLATFORM)
    original = record(priced, EXAM, date(2026, 10, 2), "t")
    taken_back = reversal(original, "wrong patient")
    assert taken_back.service_date == original.service_date
    assert taken_back.quantity == -1
    assert taken_back.corrects_usage_id == original.id
    charged = rate(original.id, 3, (Tier(2, 100), Tier(None, 80)), None)
    assert charged.amount_minor == 80
    assert rate(taken_back.id, None, FLAT, charged.amount_minor).amount_minor == -80


@pytest.mark.parametrize(
    ("through", "zone", "last"),
    [
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "Asia/Shanghai", date(2026, 10, 31)),
        (datetime(2026, 10, 31, 16, 0, 0, 1, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 1)),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "Asia/Urumqi", date(2026, 10, 31)),
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), "America/New_York", date(2026, 10, 31)),
    ],
)
def test_a_close_takes_in_the_days_that_had_begun_by_the_requesters_clock(
    through: datetime, zone: str, last: date
) -> None:
    assert last_service_date(through, zone) == last


def test_tiers_count_within_the_calendar_month_of_the_service_date() -> None:
    assert tier_period(date(2026, 11, 30)) == date(2026, 11, 1)


@given(st.lists(st.tuples(st.sampled_from(["reading", "ai", "platform"]), st.integers(-(10**12), 10**12))))
def test_an_invoice_balances_in_both_books(items: list[tuple[str, int]]) -> None:
    postings = invoice_postings(REQUESTER, READER, "CNY", [ItemAmount(*one) for one in items])
    books: dict[UUID, int] = defaultdict(int)
    for posting in postings:
        books[posting.account.organisation_id] += posting.amount_minor
    assert set(books.values()) <= {0}
    owed = sum(p.amount_minor for p in postings if p.account.kind is AccountKind.RECEIVABLE)
    assert owed == sum(amount for _, amount in items)
    assert all(type(posting.amount_minor) is int and posting.amount_minor != 0 for posting in postings)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(-123450, "CNY", "-1234.50"), (5, "CNY", "0.05"), (-5, "CNY", "-0.05"), (0, "CNY", "0.00"), (1200, "JPY", "1200")],
)
def test_minor_units_are_written_with_the_currencys_decimals(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text

"""From clinical events to invoices, on a real PostgreSQL."""

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sonobridge.directory.v1 import directory_pb2 as pb
from sonobridge.inference.v1 import events_pb2

from services.billing.model.period import PeriodState
from services.shared.errors import Conflict, Invalid, Unavailable
from services.shared.kafka import Poison
from tests.integration.billing.conftest import Billing
from tests.integration.billing.region import NOW, event

DAY = "2026-11-20"


def rows(eye: psycopg.Connection, statement: str) -> list[tuple[Any, ...]]:
    return eye.execute(statement.encode()).fetchall()


def usage(eye: psycopg.Connection) -> list[tuple[Any, ...]]:
    return rows(eye, "SELECT item_code, quantity FROM usage_records ORDER BY item_code, quantity DESC")


async def test_an_exam_is_charged_once_for_each_item_however_its_events_come(
    billing: Billing, eye: psycopg.Connection
) -> None:
    region, exam = billing.region, uuid4()
    events = [
        region.exam_completed(exam, DAY),
        region.analysis_completed(exam, DAY),
        region.analysis_completed(exam, DAY, revision=2),
        region.report_signed(exam, DAY),
        region.report_signed(exam, DAY, version=2),
    ]
    for order in itertools.islice(itertools.permutations(events), 0, None, 17):
        await billing.hear(*order)
    assert usage(eye) == [("ai.fetal_head", 1), ("platform", 1), ("reading", 1)]
    assert rows(eye, "SELECT count(*) FROM outbox") == [(3,)]
    assert rows(eye, "SELECT count(*) FROM exam_events") == [(5,)]


async def test_two_consumers_at_once_still_charge_once(billing: Billing, eye: psycopg.Connection) -> None:
    exam = uuid4()
    versions = [billing.region.report_signed(exam, DAY, version) for version in range(1, 7)]
    await asyncio.gather(*(billing.hear(one) for one in versions))
    assert usage(eye) == [("platform", 1), ("reading", 1)]


async def test_an_addendum_that_comes_before_its_report_charges_for_both(
    billing: Billing, eye: psycopg.Connection
) -> None:
    exam = uuid4()
    await billing.hear(billing.region.report_signed(exam, DAY, 2), billing.region.report_signed(exam, DAY, 1))
    assert usage(eye) == [("platform", 1), ("reading", 1)]


@pytest.mark.parametrize(
    ("outcome", "mode", "crosses"),
    [
        ("no calibrated region", pb.GATE_MODE_TRIAL, True),
        ("findings", pb.GATE_MODE_SHADOW, True),
        ("findings", pb.GATE_MODE_TRIAL, False),
    ],
)
async def test_ai_that_gave_no_answer_or_was_never_shown_is_not_charged(
    billing: Billing, eye: psycopg.Connection, outcome: str, mode: "pb.GateMode", crosses: bool
) -> None:
    await billing.hear(billing.region.analysis_completed(uuid4(), DAY, outcome=outcome, mode=mode, crosses=crosses))
    assert usage(eye) == []


async def test_ai_that_failed_or_was_skipped_leaves_no_trace_in_money(
    billing: Billing, eye: psycopg.Connection
) -> None:
    exam = uuid4()
    await billing.hear(
        event("analysis.failed", billing.region.clinic, exam, events_pb2.AnalysisFailed(exam_id=str(exam))),
        event("analysis.skipped", billing.region.clinic, exam, events_pb2.AnalysisSkipped(exam_id=str(exam))),
    )
    assert usage(eye) == []


async def test_an_agreement_that_the_copy_does_not_know_yet_is_waited_for(
    billing: Billing, eye: psycopg.Connection
) -> None:
    signed = billing.region.report_signed(uuid4(), DAY, agreement_version=2)
    with pytest.raises(Unavailable, match="version 2 is not in the copy"):
        await billing.hear(signed)
    assert usage(eye) == []
    await billing.region.publish_agreement(billing.directory, billing.region.agreement(2, "2026-11-01", reading=9000))
    await billing.hear(signed)
    assert rows(eye, "SELECT DISTINCT agreement_version FROM usage_records") == [(2,)]


async def test_the_version_in_force_on_the_service_date_prices_the_exam(
    billing: Billing, eye: psycopg.Connection
) -> None:
    await billing.region.publish_agreement(billing.directory, billing.region.agreement(2, "2026-11-20", reading=9000))
    await billing.hear(
        billing.region.report_signed(uuid4(), "2026-11-19", agreement_version=2),
        billing.region.report_signed(uuid4(), "2026-11-20", agreement_version=1),
    )
    found = rows(
        eye, "SELECT service_date::text, agreement_version FROM usage_records WHERE item_code = 'reading' ORDER BY 1"
    )
    assert found == [("2026-11-19", 1), ("2026-11-20", 2)]


async def test_a_report_before_any_version_was_in_force_can_never_be_charged(billing: Billing) -> None:
    with pytest.raises(Poison, match="no version .* in force on 2025-12-31"):
        await billing.hear(billing.region.report_signed(uuid4(), "2025-12-31"))


async def test_a_record_without_its_agreement_version_cannot_exist(billing: Billing, eye: psycopg.Connection) -> None:
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        eye.execute(
            "INSERT INTO usage_records (organisation_id, id, exam_id, agreement_id, agreement_version, item_code, payer_id,"
            " payee_id, currency, service_date, quantity, trace_id, recorded_at)"
            " SELECT organisation_id, gen_random_uuid(), exam_id, agreement_id, 7, 'other', payer_id, payee_id, currency,"
            " service_date, 1, trace_id, now() FROM usage_records LIMIT 1"
        )


async def test_a_close_makes_one_invoice_per_payer_and_payee_and_balances(
    billing: Billing, eye: psycopg.Connection
) -> None:
    region = billing.region
    for _ in range(5):
        exam = uuid4()
        await billing.hear(region.analysis_completed(exam, DAY), region.report_signed(exam, DAY))
    period = await billing.closer.close(NOW)
    assert period.state is PeriodState.CLOSED
    invoices = rows(eye, "SELECT payer_id, payee_id, total_minor FROM invoices")
    assert sorted(invoices) == sorted(
        [
            (region.clinic, region.centre, 2 * 8000 + 2 * 6000 + 5000),
            (region.centre, region.platform, 5 * 500),
            (region.clinic, region.platform, 5 * 300),
        ]
    )
    assert rows(eye, "SELECT sum(amount_minor)::bigint FROM ledger_postings") == [(0,)]
    assert set(rows(eye, "SELECT sum(amount_minor)::bigint FROM ledger_postings GROUP BY organisation_id")) == {(0,)}
    statements = dict(rows(eye, "SELECT organisation_id, net_minor FROM settlements"))
    assert statements == {region.clinic: -34500, region.centre: 33000 - 2500, region.platform: 4000}
    assert sum(statements.values()) == 0
    assert rows(eye, "SELECT count(*) FROM open_usage") == [(0,)]


async def test_units_are_rated_in_the_order_of_service_date_and_id(billing: Billing, eye: psycopg.Connection) -> None:
    for day in ("2026-11-03", "2026-11-01", "2026-11-02", "2026-11-01", "2026-11-05"):
        await billing.hear(billing.region.report_signed(uuid4(), day))
    await billing.closer.close(NOW)
    ordered = rows(
        eye,
        "SELECT ordinal, amount_minor FROM lines WHERE item_code = 'reading' ORDER BY service_date, usage_id",
    )
    assert ordered == [(1, 8000), (2, 8000), (3, 6000), (4, 6000), (5, 5000)]


async def test_tiers_begin_anew_with_each_calendar_month(billing: Billing, eye: psycopg.Connection) -> None:
    for day in ("2026-10-30", "2026-10-30", "2026-10-31", "2026-11-01"):
        await billing.hear(billing.region.report_signed(uuid4(), day))
    await billing.closer.close(NOW)
    amounts = rows(eye, "SELECT amount_minor FROM lines WHERE item_code = 'reading' ORDER BY service_date, usage_id")
    assert amounts == [(8000,), (8000,), (6000,), (8000,)]


async def test_late_usage_goes_into_the_next_close_with_its_own_service_date(
    billing: Billing, eye: psycopg.Connection
) -> None:
    october_ends = datetime.fromisoformat("2026-11-01T00:00:00+08:00")
    for day in ("2026-10-30", "2026-10-31", "2026-11-01"):
        await billing.hear(billing.region.report_signed(uuid4(), day))
    await billing.closer.close(october_ends)
    assert rows(eye, "SELECT max(service_date)::text, count(*) FROM lines") == [("2026-10-31", 4)]
    await billing.hear(billing.region.report_signed(uuid4(), "2026-10-29"))
    await billing.closer.close(NOW)
    late = rows(
        eye,
        "SELECT l.service_date::text, l.ordinal, l.amount_minor FROM lines l JOIN periods p ON p.id = l.period_id"
        " WHERE p.after IS NOT NULL AND l.item_code = 'reading' ORDER BY 1",
    )
    assert late == [("2026-10-29", 3, 6000), ("2026-11-01", 1, 8000)]


async def test_closing_again_through_the_same_instant_changes_nothing(
    billing: Billing, eye: psycopg.Connection
) -> None:
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    first = await billing.closer.close(NOW)
    everything = (
        "SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM invoices),"
        " (SELECT count(*) FROM ledger_postings), (SELECT count(*) FROM settlements)"
    )
    before = rows(eye, everything)
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    assert await billing.closer.close(NOW) == first
    assert rows(eye, everything) == before
    with pytest.raises(Conflict, match="already closed through"):
        await billing.closer.close(NOW - timedelta(hours=1))
    await billing.closer.close(NOW + timedelta(hours=1))
    assert await billing.closer.close(NOW) == first


async def test_closes_at_the_same_time_agree(billing: Billing, eye: psycopg.Connection) -> None:
    for _ in range(6):
        await billing.hear(billing.region.report_signed(uuid4(), DAY))
    periods = await asyncio.gather(*(billing.closer.close(NOW) for _ in range(4)))
    assert len({period.id for period in periods}) == 1
    assert rows(eye, "SELECT count(*), sum(amount_minor)::bigint FROM lines WHERE item_code = 'reading'") == [
        (6, 38000)
    ]
    assert rows(eye, "SELECT count(*) FROM invoices WHERE state = 'issued'") == [(2,)]


@pytest.mark.parametrize("through", [NOW.replace(tzinfo=None), NOW + timedelta(days=32)])
async def test_an_instant_without_zone_or_far_ahead_is_refused(billing: Billing, through: datetime) -> None:
    with pytest.raises(Invalid):
        await billing.closer.close(through)


async def test_invoice_numbers_of_a_payee_have_no_gaps(billing: Billing, eye: psycopg.Connection) -> None:
    for hour in range(1, 4):
        exam = uuid4()
        await billing.hear(billing.region.analysis_completed(exam, DAY), billing.region.report_signed(exam, DAY))
        await billing.closer.close(NOW - timedelta(hours=4 - hour))
    by_payee: dict[UUID, list[int]] = {}
    for payee, sequence in rows(eye, "SELECT payee_id, sequence FROM invoices ORDER BY sequence"):
        by_payee.setdefault(payee, []).append(sequence)
    assert by_payee == {billing.region.centre: [1, 2, 3], billing.region.platform: [1, 2, 3, 4, 5, 6]}

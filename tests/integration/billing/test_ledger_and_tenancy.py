"""The books cannot be made wrong, corrections are new records, and each party sees its own."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services.billing.service.statements import Statements, Wanted
from services.shared.errors import Conflict, Forbidden, NotFound
from services.shared.tenancy import Principal
from tests.integration.billing.conftest import Billing
from tests.integration.billing.region import NOW
from tests.parts import Database as ScratchDatabase

DAY = "2026-11-20"
BOOKED = (
    "usage_records", "lines", "invoices", "settlements", "ledger_accounts", "ledger_transactions", "ledger_postings",
)  # fmt: skip


def rows(eye: psycopg.Connection, statement: str) -> list[tuple[Any, ...]]:
    return eye.execute(statement.encode()).fetchall()


def admin(organisation_id: UUID) -> Principal:
    return Principal("sub", "admin", "", organisation_id, "alias", frozenset({"billing_admin"}))


def statements(billing: Billing) -> Statements:
    return Statements(billing.db, billing.directory, billing.clock)


@asynccontextmanager
async def as_role(database: ScratchDatabase, organisation: UUID, role: str | None = None) -> AsyncIterator[Any]:
    """A connection of the service's own login, acting for an organisation, as its code would."""
    connection = await psycopg.AsyncConnection.connect(database.service("billing"))
    async with connection, connection.transaction():
        await connection.execute("SET LOCAL search_path = billing")
        if role:
            await connection.execute(f"SET LOCAL ROLE {role}".encode())
        await connection.execute("SELECT set_config('app.org', %s, true)", (str(organisation),))
        yield connection


async def invoiced_exam(billing: Billing) -> dict[str, Any]:
    """One exam, closed; its reading record."""
    exam = uuid4()
    await billing.hear(billing.region.analysis_completed(exam, DAY), billing.region.report_signed(exam, DAY))
    await billing.closer.close(NOW)
    found = await statements(billing).usage(billing.region.clinic, Wanted(exam_id=exam), None, 10)
    return next(one for one in found if one["item_code"] == "reading")


async def test_what_usage_will_cost_is_what_the_close_makes_of_it(billing: Billing, eye: psycopg.Connection) -> None:
    days = ["2026-10-30", "2026-11-03", "2026-11-01", "2026-11-03", "2026-10-31", "2026-11-02", "2026-11-02"]
    for day in days:
        exam = uuid4()
        await billing.hear(billing.region.analysis_completed(exam, day), billing.region.report_signed(exam, day))
    look = statements(billing)
    region = billing.region
    before = {one["id"]: one["amount_minor"] for one in await look.usage(region.clinic, Wanted(), None, 100)}
    promised = sum(one["amount_minor"] for one in await look.statement(region.clinic, NOW))
    by_day = await look.by_day(region.clinic, None, None)
    await billing.closer.close(NOW)
    after = {one["id"]: one["amount_minor"] for one in await look.usage(region.clinic, Wanted(), None, 100)}
    assert before == after
    assert promised == sum(after.values())
    assert [(one["date"], one["owes_minor"]) for one in by_day] == [
        (one["date"], one["owes_minor"]) for one in await look.by_day(region.clinic, None, None)
    ]
    assert await look.statement(region.clinic, NOW) == []


async def test_a_correction_before_the_close_cancels_and_frees_the_tier(
    billing: Billing, eye: psycopg.Connection
) -> None:
    for _ in range(3):
        await billing.hear(billing.region.report_signed(uuid4(), DAY))
    first = rows(eye, "SELECT id FROM usage_records WHERE item_code = 'reading' ORDER BY id LIMIT 1")[0][0]
    await billing.corrector.reverse(admin(billing.region.centre), first, "wrong study")
    await billing.closer.close(NOW)
    amounts = rows(eye, "SELECT amount_minor FROM lines WHERE item_code = 'reading' ORDER BY usage_id")
    assert amounts == [(8000,), (8000,)]
    assert rows(eye, "SELECT count(*) FROM open_usage") == [(0,)]


async def test_a_correction_after_the_close_is_a_credit_on_the_next_invoice_with_the_same_service_date(
    billing: Billing, eye: psycopg.Connection
) -> None:
    original = await invoiced_exam(billing)
    made = await billing.corrector.reverse(admin(billing.region.centre), original["id"], "read twice")
    look = statements(billing)
    seen = {one["id"]: one for one in await look.usage(billing.region.clinic, Wanted(), None, 10)}
    assert (seen[made.id]["state"], seen[made.id]["amount_minor"]) == ("provisional", -8000)
    assert (seen[original["id"]]["state"], seen[original["id"]]["amount_minor"]) == ("reversed", 8000)
    await billing.closer.close(NOW + timedelta(hours=1))
    credit = rows(
        eye,
        "SELECT l.service_date::text, l.quantity, l.amount_minor, i.total_minor, i.sequence FROM lines l"
        " JOIN invoices i ON i.id = l.invoice_id WHERE l.quantity < 0",
    )
    assert credit == [(DAY, -1, -8000, -8000, 2)]
    balances = rows(
        eye,
        "SELECT a.kind, sum(p.amount_minor)::bigint FROM ledger_accounts a JOIN ledger_postings p ON p.account_id = a.id"
        " WHERE a.item_code = 'reading' GROUP BY a.kind ORDER BY 1",
    )
    assert balances == [("expense", 0), ("revenue", 0)]


async def test_a_unit_after_a_credit_goes_on_counting_and_no_issued_line_moves(
    billing: Billing, eye: psycopg.Connection
) -> None:
    for _ in range(2):
        await billing.hear(billing.region.report_signed(uuid4(), DAY))
    await billing.closer.close(NOW)
    first = rows(eye, "SELECT usage_id FROM lines WHERE item_code = 'reading' AND ordinal = 1")[0][0]
    await billing.corrector.reverse(admin(billing.region.centre), first, "wrong study")
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    await billing.closer.close(NOW + timedelta(hours=1))
    found = rows(eye, "SELECT ordinal, amount_minor FROM lines WHERE item_code = 'reading' ORDER BY ordinal NULLS LAST")
    assert found == [(1, 8000), (2, 8000), (3, 6000), (None, -8000)]


async def test_correcting_twice_makes_one_reversal_and_a_reversal_cannot_be_reversed(
    billing: Billing, eye: psycopg.Connection
) -> None:
    original = await invoiced_exam(billing)
    centre = admin(billing.region.centre)
    made = await billing.corrector.reverse(centre, original["id"], "read twice")
    assert await billing.corrector.reverse(centre, original["id"], "again") == made
    assert rows(eye, "SELECT count(*) FROM usage_records WHERE quantity < 0") == [(1,)]
    with pytest.raises(Conflict):
        await billing.corrector.reverse(centre, made.id, "back")


async def test_only_who_earns_gives_back_and_a_stranger_finds_nothing(billing: Billing) -> None:
    original = await invoiced_exam(billing)
    with pytest.raises(Forbidden):
        await billing.corrector.reverse(admin(billing.region.clinic), original["id"], "too dear")
    with pytest.raises(NotFound):
        await billing.corrector.reverse(admin(billing.region.id("stranger")), original["id"], "mine")


async def test_a_transaction_that_does_not_balance_is_refused(
    billing: Billing, migrated: ScratchDatabase, eye: psycopg.Connection
) -> None:
    await invoiced_exam(billing)
    with pytest.raises(psycopg.errors.CheckViolation, match="is off by 1 CNY"):
        async with as_role(migrated, billing.region.centre, "billing_close") as connection:
            await connection.execute(
                b"INSERT INTO ledger_postings (organisation_id, transaction_id, account_id, period_id, currency, amount_minor)"
                b" SELECT a.organisation_id, t.id, a.id, t.period_id, a.currency, 1 FROM ledger_transactions t, ledger_accounts a"
                b" WHERE NOT EXISTS (SELECT FROM ledger_postings p WHERE p.transaction_id = t.id AND p.account_id = a.id) LIMIT 1"
            )


async def test_what_is_booked_is_never_changed_or_taken_away(
    billing: Billing, migrated: ScratchDatabase, eye: psycopg.Connection
) -> None:
    await invoiced_exam(billing)
    for table, change in itertools.product(
        BOOKED, ("UPDATE {} SET organisation_id = organisation_id", "DELETE FROM {}")
    ):
        statement = change.format(table).encode()
        with pytest.raises(psycopg.errors.RestrictViolation):
            eye.execute(statement)
        for role in (None, "billing_consumer", "billing_close"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
                async with as_role(migrated, billing.region.clinic, role) as connection:
                    await connection.execute(statement)


async def test_nobody_reads_a_partition_by_its_own_name(
    billing: Billing, migrated: ScratchDatabase, eye: psycopg.Connection
) -> None:
    await invoiced_exam(billing)
    partitions = [
        name
        for (name,) in rows(
            eye,
            "SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relkind = 'r'"
            " WHERE c.relnamespace = 'billing'::regnamespace AND c.relname NOT LIKE 'inbox%'",
        )
    ]
    assert len(partitions) == 5 * 16
    for role in (None, "billing_consumer", "billing_close"):
        for name in partitions[::9]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with as_role(migrated, billing.region.clinic, role) as connection:
                    await connection.execute(f"SELECT FROM {name}".encode())


async def test_each_party_sees_what_it_requested_pays_or_earns(billing: Billing, migrated: ScratchDatabase) -> None:
    await invoiced_exam(billing)
    region = billing.region
    expected = {
        region.clinic: {"ai.fetal_head", "platform", "reading"},
        region.centre: {"platform", "reading"},
        region.platform: {"ai.fetal_head", "platform"},
        region.id("stranger"): set(),
    }
    for organisation, codes in expected.items():
        async with as_role(migrated, organisation) as connection:
            for table in ("usage_records", "lines", "priced_items"):
                cursor = await connection.execute(f"SELECT item_code FROM {table}".encode())
                assert {row[0] for row in await cursor.fetchall()} == codes, table
            for table in ("exams", "exam_events", "invoices", "settlements", "ledger_accounts", "ledger_postings"):
                cursor = await connection.execute(f"SELECT count(*) FROM {table}".encode())
                assert bool((await cursor.fetchone())[0]) is bool(codes), table


async def test_who_only_requested_sees_that_it_is_invoiced_and_no_line_of_others(billing: Billing) -> None:
    """The fee that the reader pays the platform, as the requester sees it."""
    exam = (await invoiced_exam(billing))["exam_id"]
    seen = {}
    for party in (billing.region.clinic, billing.region.centre):
        found = await statements(billing).usage(party, Wanted(exam_id=exam), None, 10)
        seen[party] = next(one for one in found if one["item_code"] == "platform")
    assert [one["state"] for one in seen.values()] == ["invoiced", "invoiced"]
    assert [bool(one["line_id"]) for one in seen.values()] == [False, True]
    assert [bool(one["invoice_number"]) for one in seen.values()] == [False, True]
    assert {one["amount_minor"] for one in seen.values()} == {500}


async def test_a_tenant_transaction_writes_nothing(billing: Billing, migrated: ScratchDatabase) -> None:
    await invoiced_exam(billing)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with as_role(migrated, billing.region.clinic) as connection:
            await connection.execute(b"DELETE FROM open_usage")


async def test_the_consumer_cannot_write_for_another_requester(billing: Billing, migrated: ScratchDatabase) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        async with as_role(migrated, billing.region.clinic, "billing_consumer") as connection:
            await connection.execute(
                b"INSERT INTO exams (organisation_id, exam_id, service_date, trace_id) VALUES (%s, %s, now(), '')",
                (billing.region.centre, uuid4()),
            )


async def test_nothing_about_the_patient_is_kept(billing: Billing, eye: psycopg.Connection) -> None:
    exam = uuid4()
    await billing.hear(billing.region.exam_completed(exam, DAY))
    kept = str(rows(eye, "SELECT e, v FROM exams e JOIN exam_events v USING (exam_id)"))
    assert str(exam) in kept
    assert "Zhang" not in kept and "张" not in kept and "P1" not in kept.replace(str(exam), "")

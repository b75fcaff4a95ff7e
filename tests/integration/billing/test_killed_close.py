"""A close that is killed at any point is finished later, all of it, once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.billing import metrics
from services.billing.model.period import PeriodState
from services.billing.service.statements import Statements, Wanted
from services.billing.service.upkeep import Upkeep
from tests.integration.billing.conftest import Billing
from tests.integration.billing.region import NOW
from tests.parts import Database as ScratchDatabase

DAY = "2026-11-20"
CLOSE = """
import asyncio, sys
from pathlib import Path
from datetime import datetime
import services.billing
from services.billing.service.closing import Closer
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.outbox import Outbox
from services.shared.settings import PostgresSettings

async def main():
    host, port, database, password, through = sys.argv[1:]
    settings = PostgresSettings(postgres_host=host, postgres_port=int(port), postgres_database=database,
        postgres_user="billing", postgres_password_file=Path(password))
    db = Database(settings, "billing", Queries(Path(services.billing.__file__).parent / "queries.sql"))
    await db.open()
    clock = SystemClock()
    await Closer(db, DirectoryCopy(db), Outbox("billing", "billing.v1", clock), clock).close(datetime.fromisoformat(through))

asyncio.run(main())
"""


def rows(eye: psycopg.Connection, statement: str) -> list[tuple[Any, ...]]:
    return eye.execute(statement.encode()).fetchall()


def close_in_a_process(database: ScratchDatabase, crash_file: Path) -> int:
    return subprocess.run(
        [
            sys.executable, "-c", CLOSE, database.host, str(database.port), database.name,
            str(database.password_file("billing")), NOW.isoformat(),
        ],
        env=os.environ | {"SONOBRIDGE_CRASH_FILE": str(crash_file)},
        check=False,
        timeout=60,
    ).returncode  # fmt: skip


@pytest.mark.parametrize(
    "point", ["close.rating", "close.rated", "close.issuing", "close.issued", "close.settling", "close.settled"]
)
async def test_a_close_killed_at_a_point_is_seen_whole_or_not_at_all_and_is_finished_once(
    billing: Billing, migrated: ScratchDatabase, eye: psycopg.Connection, tmp_path: Path, point: str
) -> None:
    for _ in range(5):
        exam = uuid4()
        await billing.hear(billing.region.analysis_completed(exam, DAY), billing.region.report_signed(exam, DAY))
    crash_file = tmp_path / "crash"
    crash_file.write_text(point)
    assert close_in_a_process(migrated, crash_file) == -signal.SIGKILL
    assert not crash_file.exists()
    for organisation in (billing.region.clinic, billing.region.centre, billing.region.platform):
        async with billing.db.tenant(organisation) as tx:
            seen = [len(await tx.all(name, **given)) for name, given in SEEN.items()]
        assert all(seen) if point == "close.settled" else not any(seen)
        looked = await Statements(billing.db, billing.directory, billing.clock).usage(organisation, Wanted(), None, 100)
        states = {(one["state"], bool(one["line_id"])) for one in looked}
        assert states <= ({("invoiced", True), ("invoiced", False)} if all(seen) else {("provisional", False)})
    # Usage that comes while the close lies broken is never lost, wherever it ends.
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    await billing.closer.resume()
    period = await billing.closer.close(NOW)
    assert period.state is PeriodState.CLOSED
    lines, open_records = rows(eye, "SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM open_usage)")[0]
    assert lines + open_records == 17
    assert rows(eye, "SELECT sum(amount_minor)::bigint FROM lines WHERE item_code = 'ai.fetal_head'") == [(1500,)]
    assert rows(eye, "SELECT count(*) FROM invoices WHERE state <> 'issued'") == [(0,)]
    totals = "SELECT sum(total_minor)::bigint FROM invoices UNION ALL SELECT sum(amount_minor)::bigint FROM lines"
    assert len(set(rows(eye, totals))) == 1
    assert set(rows(eye, "SELECT sum(amount_minor)::bigint FROM ledger_postings GROUP BY transaction_id")) == {(0,)}
    assert rows(eye, "SELECT count(*) FROM ledger_transactions") == rows(eye, "SELECT count(*) FROM invoices")
    assert rows(eye, "SELECT sum(net_minor)::bigint FROM settlements") == [(0,)]
    told = rows(eye, "SELECT count(*) FROM outbox WHERE headers->>'ce_type' = 'invoice.issued'")
    assert told == rows(eye, "SELECT count(*) FROM invoices")
    for (sequences,) in rows(eye, "SELECT array_agg(sequence ORDER BY sequence) FROM invoices GROUP BY payee_id"):
        assert sequences == list(range(1, len(sequences) + 1))


SEEN: dict[str, dict[str, Any]] = {
    "select_invoices": {"period_id": None, "after_time": None, "after_id": None, "limit": 10},
    "select_settlements": {"id": None},
    "select_periods": {},
}


async def test_what_no_close_has_settled_is_measured_and_a_broken_close_is_taken_up_without_being_asked(
    billing: Billing, migrated: ScratchDatabase, eye: psycopg.Connection, tmp_path: Path
) -> None:
    await billing.hear(billing.region.report_signed(uuid4(), DAY))
    crash_file = tmp_path / "crash"
    crash_file.write_text("close.rated")
    assert close_in_a_process(migrated, crash_file) == -signal.SIGKILL
    await billing.hear(billing.region.report_signed(uuid4(), "2026-11-19"))
    stop = asyncio.Event()
    upkeep = asyncio.create_task(Upkeep(billing.db, billing.closer, billing.clock).run(stop))
    for _ in range(300):
        if metrics.OPEN_USAGE._value.get() == 2:
            break
        await asyncio.sleep(0.1)
    stop.set()
    await asyncio.wait_for(upkeep, 10)
    assert rows(eye, "SELECT state FROM periods") == [("closed",)]
    assert metrics.OPEN_USAGE._value.get() == 2
    assert metrics.OPEN_USAGE_DAYS._value.get() == 3

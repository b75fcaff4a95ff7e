"""The pool and its transactions: what was passed over is not committed, what the server ended is not handed out."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from services.shared.db import Database
from services.shared.errors import Malformed
from tests.integration.shared.schema import SERVICE, prepare
from tests.parts import Database as ScratchDatabase


@pytest.fixture
async def db(postgres_database: ScratchDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    database = prepare(postgres_database, tmp_path)
    await database.open()
    yield database
    await database.close()


async def test_connections_that_the_server_ended_are_not_handed_out(
    db: Database, postgres_database: ScratchDatabase
) -> None:
    mine = uuid4()
    async with db.tenant(mine) as tx:
        await tx.run("insert_note", organisation_id=mine, text="before")
    with psycopg.connect(postgres_database.service(SERVICE)) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert ended and all(row[0] for row in ended)
    async with db.tenant(mine) as tx:
        assert await tx.all("select_notes") == [{"text": "before"}]


async def test_a_transaction_whose_failure_was_passed_over_is_not_taken_for_committed(db: Database) -> None:
    mine = uuid4()
    with pytest.raises(RuntimeError, match="passed over"):
        async with db.tenant(mine) as tx:
            await tx.run("insert_note", organisation_id=mine, text="lost")
            with pytest.raises(psycopg.Error):
                await tx.run("insert_note", organisation_id=uuid4(), text="foreign")
    async with db.tenant(mine) as tx:
        assert await tx.all("select_notes") == []


async def test_what_an_exception_ends_is_rolled_back(db: Database) -> None:
    mine = uuid4()
    with pytest.raises(KeyError):
        async with db.tenant(mine) as tx:
            await tx.run("insert_note", organisation_id=mine, text="half")
            raise KeyError
    async with db.tenant(mine) as tx:
        assert await tx.all("select_notes") == []


@pytest.mark.parametrize("text", ["a\0b", "half a pair: \ud800"])
async def test_a_character_that_no_text_can_hold_is_the_senders_fault(db: Database, text: str) -> None:
    mine = uuid4()
    with pytest.raises(Malformed, match="character"):
        async with db.tenant(mine) as tx:
            await tx.run("insert_note", organisation_id=mine, text=text)
    with pytest.raises(Malformed, match="character"):
        async with db.tenant(mine) as tx:
            await tx.all("select_member", document=Jsonb({"name": text}))

"""Row level security: a transaction sees its own organisation's rows and no others, whatever it asks."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from services.shared.db import Database
from services.shared.migrate import MigrationError, migrate
from tests.integration.shared.schema import SERVICE, prepare, settings
from tests.parts import Database as ScratchDatabase


@pytest.fixture
async def db(postgres_database: ScratchDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    database = prepare(postgres_database, tmp_path)
    await database.open()
    yield database
    await database.close()


async def test_an_organisation_sees_its_own_rows_only(db: Database) -> None:
    mine, others = uuid4(), uuid4()
    async with db.tenant(mine) as tx:
        await tx.run("insert_note", organisation_id=mine, text="mine")
    async with db.tenant(others) as tx:
        assert await tx.all("select_notes") == []
    async with db.tenant(mine) as tx:
        assert await tx.all("select_notes") == [{"text": "mine"}]


async def test_nobody_writes_for_another_organisation(db: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.tenant(uuid4()) as tx:
            await tx.run("insert_note", organisation_id=uuid4(), text="foreign")


async def test_a_pooled_connection_forgets_whom_it_acted_for(db: Database) -> None:
    mine = uuid4()
    async with db.tenant(mine) as tx:
        await tx.run("insert_note", organisation_id=mine, text="mine")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.work("relay") as tx:
            await tx.all("select_notes")


async def test_a_changed_migration_is_refused(db: Database, postgres_database: ScratchDatabase, tmp_path: Path) -> None:
    path = tmp_path / "0001_note.sql"
    path.write_text(path.read_text() + "-- later thought\n")
    with pytest.raises(MigrationError, match="0001_note.sql was applied in another wording"):
        migrate(settings(postgres_database, "sonobridge_owner"), SERVICE, tmp_path)


async def test_every_table_of_the_shared_schema_has_forced_row_level_security(
    db: Database, postgres_database: ScratchDatabase
) -> None:
    with psycopg.connect(postgres_database.owner) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT (relrowsecurity AND relforcerowsecurity)",
            (SERVICE,),
        ).fetchall()
    assert rows == []

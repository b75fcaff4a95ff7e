"""The database as all migrations leave it: tenancy holds on every table, under roles that cannot pass it by."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.__main__ import SERVICES
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.parts import Database

ROOT = Path(__file__).resolve().parents[2]

# Tables without an owning organisation, and why.
NOT_OWNED = {
    "migration": "the ledger of migrations",
    "directory_copy": "concerns several organisations: organisation_ids",
}

# Tables that stay one, and why; all others are partitioned by hash of the organisation.
NOT_PARTITIONED = {
    "migration": "the ledger of migrations",
    "outbox": "sent rows go after some days",
    "directory_copy": "as many as hospitals, devices, people and agreements",
    "model_versions": "as many as hospitals and models",
    "model_version_changes": "as many as an operator's decisions",
    "priced_items": "as many as prices in agreements",
    "periods": "as many as closes",
    "invoices": "as many as pairs of hospitals in a close",
    "invoice_counters": "as many as hospitals",
    "settlements": "as many as hospitals in a close",
    "ledger_accounts": "as many as pairs of hospitals and items",
    "ledger_transactions": "as many as invoices",
    "ledger_postings": "as many as invoices and their items",
}


@pytest.fixture(scope="module")
def connection(postgres_database: Database) -> Iterator[psycopg.Connection]:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    for service in SERVICES:
        migrate(owner, service, ROOT / "services" / service / "migrations")
        assert migrate(owner, service, ROOT / "services" / service / "migrations") == [], "a second run changes nothing"
    with psycopg.connect(postgres_database.owner) as made:
        yield made


def tables(connection: psycopg.Connection) -> list[tuple[str, str, bool, bool]]:
    return connection.execute(
        "SELECT n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s)",
        (list(SERVICES),),
    ).fetchall()


def test_row_level_security_is_forced_on_every_table(connection: psycopg.Connection) -> None:
    found = tables(connection)
    assert len(found) > 5 * 5
    assert [f"{schema}.{table}" for schema, table, enabled, forced in found if not (enabled and forced)] == []


def test_every_table_carries_the_owning_organisation_or_is_named_here(connection: psycopg.Connection) -> None:
    columns = connection.execute(
        "SELECT table_schema, table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = ANY(%s) GROUP BY 1, 2",
        (list(SERVICES),),
    ).fetchall()
    unowned = {
        f"{schema}.{table}"
        for schema, table, names in columns
        if table not in NOT_OWNED and not {"organisation_id", "requester_id", "payer_id"} & set(names)
    }
    assert unowned - {"directory.organisation"} == set()


def test_every_table_that_grows_with_the_exams_is_partitioned_by_its_organisation(
    connection: psycopg.Connection,
) -> None:
    found = connection.execute(
        "SELECT n.nspname || '.' || c.relname, c.relname, pg_get_partkeydef(c.oid) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY(%s) AND n.nspname <> 'directory'",
        (list(SERVICES),),
    ).fetchall()
    whole = {name for name, table, key in found if key != "HASH (organisation_id)" and table not in NOT_PARTITIONED}
    assert whole == set()
    assert {table for _, table, key in found if key is None} == set(NOT_PARTITIONED), "what is named here stays one"


def test_a_partition_named_directly_shows_and_takes_nothing(connection: psycopg.Connection) -> None:
    open_to_somebody = connection.execute(
        "SELECT c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relispartition"
    ).fetchall()
    assert open_to_somebody == []


def test_no_role_of_a_service_passes_row_level_security_by(connection: psycopg.Connection) -> None:
    roles = connection.execute(
        "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND rolname ~ %s",
        (f"^({'|'.join(SERVICES)}|sonobridge)",),
    ).fetchall()
    assert roles == []


def test_a_work_role_is_taken_on_purpose_and_never_inherited(connection: psycopg.Connection) -> None:
    inherited = connection.execute(
        "SELECT m.member::regrole::text, m.roleid::regrole::text FROM pg_auth_members m"
        " WHERE m.inherit_option AND m.member::regrole::text = ANY(%s)",
        (list(SERVICES),),
    ).fetchall()
    assert inherited == []


def test_no_service_reaches_anothers_tables(connection: psycopg.Connection) -> None:
    foreign = connection.execute(
        "SELECT grantee, table_schema, table_name FROM information_schema.role_table_grants"
        " WHERE table_schema = ANY(%s) AND grantee <> 'sonobridge_owner' AND grantee !~ ('^' || table_schema || '(_|$)')",
        (list(SERVICES),),
    ).fetchall()
    assert foreign == []


def test_nobody_may_empty_a_table_or_is_granted_through_public(connection: psycopg.Connection) -> None:
    broad = connection.execute(
        "SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = ANY(%s) AND grantee <> 'sonobridge_owner'"
        " AND (grantee = 'PUBLIC' OR privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES'))",
        (list(SERVICES),),
    ).fetchall()
    assert broad == []

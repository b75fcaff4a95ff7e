"""The parts that other tests rely on: real, private, with the platform's roles and topics."""

import psycopg
import pytest
from psycopg import errors

from infra.local.postgres import SERVICES
from services.shared.kafka import Producer, Record, held
from tests.parts import Database, Topics


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_logs_in_to_its_own_schema_and_to_no_other(postgres_database: Database, service: str) -> None:
    foreign = next(name for name in SERVICES if name != service)
    with psycopg.connect(postgres_database.owner) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {foreign}.kept_apart_{service} (id int)")
    with psycopg.connect(postgres_database.service(service)) as connection:
        assert connection.execute("SELECT current_schema()").fetchone() == (service,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT id FROM {foreign}.kept_apart_{service}")


@pytest.mark.parametrize("service", SERVICES)
def test_no_role_that_serves_requests_passes_row_level_security(postgres_database: Database, service: str) -> None:
    with psycopg.connect(postgres_database.owner) as connection:
        passing = connection.execute(
            "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls OR rolcreaterole) AND rolname LIKE %s",
            [f"{service}%"],
        ).fetchall()
        assert passing == []


def test_work_beyond_a_tenant_is_done_only_under_the_role_taken_for_it(postgres_database: Database) -> None:
    with psycopg.connect(postgres_database.owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE ingest.waiting (id int)")
        connection.execute("INSERT INTO ingest.waiting VALUES (1)")
        connection.execute("ALTER TABLE ingest.waiting ENABLE ROW LEVEL SECURITY")
        connection.execute("GRANT SELECT ON ingest.waiting TO ingest_relay")
        connection.execute("CREATE POLICY relay ON ingest.waiting TO ingest_relay USING (true)")
    with psycopg.connect(postgres_database.service("ingest")) as connection:
        assert connection.execute("SELECT id FROM waiting").fetchall() == []
        connection.execute("SET LOCAL ROLE ingest_relay")
        assert connection.execute("SELECT id FROM waiting").fetchall() == [(1,)]
        connection.rollback()
        assert connection.execute("SELECT id FROM waiting").fetchall() == []
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SET LOCAL ROLE billing_close")


def test_a_wrong_password_opens_nothing(postgres_database: Database) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(psycopg.conninfo.make_conninfo(postgres_database.service("ingest"), password="wrong"))


async def test_a_record_sent_to_a_topic_is_read_from_it(kafka_topics: Topics) -> None:
    producer = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    await producer.send([Record("ingest.v1", "exam", {"kind": "test"}, b"completed")])
    await producer.close()
    (record,) = held(kafka_topics.bootstrap, [kafka_topics.name("ingest.v1"), "a topic that is not there"])
    assert (record.key, record.headers, record.value) == (b"exam", {"kind": b"test"}, b"completed")

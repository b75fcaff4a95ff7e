"""A tiny service of the tests' own: the shared tables and one table `note`, in the schema of billing's role."""

from pathlib import Path

from services.shared.db import Database, Queries
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.parts import Database as ScratchDatabase

SERVICE = "billing"

_MIGRATION = """
CREATE TABLE note (organisation_id uuid NOT NULL, text text NOT NULL);
ALTER TABLE note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON note TO __SERVICE__ USING (organisation_id = current_organisation());
GRANT SELECT, INSERT ON note TO __SERVICE__;
"""
_QUERIES = """
-- name: insert_note
INSERT INTO note (organisation_id, text) VALUES (%(organisation_id)s, %(text)s);
-- name: select_notes
SELECT text FROM note ORDER BY text;
-- name: select_member
SELECT %(document)s->>'name' AS name;
"""


def settings(database: ScratchDatabase, user: str) -> PostgresSettings:
    return PostgresSettings(
        postgres_host=database.host,
        postgres_port=database.port,
        postgres_database=database.name,
        postgres_user=user,
        postgres_password_file=database.password_file(user),
    )


def prepare(database: ScratchDatabase, folder: Path) -> Database:
    """Migrate the schema and answer a pool, not yet open."""
    (folder / "0001_note.sql").write_text(_MIGRATION)
    (folder / "queries.sql").write_text(_QUERIES)
    migrate(settings(database, "sonobridge_owner"), SERVICE, folder)
    return Database(settings(database, SERVICE), SERVICE, Queries(folder / "queries.sql"))

"""Migrations: shared ones and a service's own, into the service's schema, under the owner's role."""

import hashlib
from pathlib import Path

import psycopg
from psycopg import sql

from services.shared.db import connection_parameters
from services.shared.settings import PostgresSettings

_SHARED = Path(__file__).parent / "migrations"
_LOCK = 0x50_4E_4F_42  # one migration at a time in a database


class MigrationError(Exception):
    """The schema cannot be brought up to date."""


def migrate(settings: PostgresSettings, service: str, folder: Path) -> list[str]:
    """Apply what is missing; the names applied. Raises MigrationError when an applied file was changed since."""
    applied: list[str] = []
    with (
        psycopg.connect(
            **connection_parameters(settings, "sonobridge_owner"),
            options="-c lock_timeout=5s -c statement_timeout=60s",
        ) as connection,
        connection.transaction(),
    ):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(service)))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        # No role but the owner has a grant on the ledger; row level security all the same, as on every table.
        connection.execute("ALTER TABLE migration ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute("DROP POLICY IF EXISTS ledger ON migration")
        connection.execute("CREATE POLICY ledger ON migration TO CURRENT_USER USING (true) WITH CHECK (true)")
        known: dict[str, str] = dict(connection.execute("SELECT name, digest FROM migration").fetchall())
        for name, text in _files(folder, service):
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name not in known:
                connection.execute(text.encode())
                connection.execute("INSERT INTO migration (name, digest) VALUES (%s, %s)", (name, digest))
                applied.append(name)
            elif known[name] != digest:
                raise MigrationError(f"{service}: {name} was applied in another wording; add a new migration instead")
    return applied


def _files(folder: Path, service: str) -> list[tuple[str, str]]:
    shared = [(f"shared/{path.name}", path) for path in sorted(_SHARED.glob("[0-9]*.sql"))]
    own = [(path.name, path) for path in sorted(folder.glob("[0-9]*.sql"))]
    return [(name, path.read_text(encoding="utf-8").replace("__SERVICE__", service)) for name, path in shared + own]

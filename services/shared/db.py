"""PostgreSQL: a pool, named queries, and transactions that are always somebody's."""

import logging
import re
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.shared.errors import Malformed, Unavailable
from services.shared.settings import PostgresSettings, read_secret

_log = logging.getLogger(__name__)
_SHARED = Path(__file__).parent / "queries.sql"
_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_WORK = re.compile(r"^[a-z_]+$")


def connection_parameters(settings: PostgresSettings, role: str) -> dict[str, Any]:
    """Where PostgreSQL is, who signs in (`role` unless the settings name another), and how far the way is checked."""
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "dbname": settings.postgres_database,
        "user": settings.postgres_user or role,
        "password": read_secret(settings.postgres_password_file),
        "sslmode": settings.postgres_sslmode,
    } | ({"sslrootcert": str(settings.postgres_ca_file)} if settings.postgres_ca_file else {})


class Queries:
    """The statements of one or more queries.sql files by their names."""

    def __init__(self, *paths: Path) -> None:
        self._statements: dict[str, LiteralString] = {}
        for path in (_SHARED, *paths):
            pieces = _NAME.split(path.read_text(encoding="utf-8"))
            for name, statement in zip(pieces[1::2], pieces[2::2], strict=True):
                if name in self._statements:
                    raise ValueError(f"{path} names the query {name} again")
                # The text comes from a file of this package, never from a request.
                self._statements[name] = cast(LiteralString, statement.strip().rstrip(";"))

    def __getitem__(self, name: str) -> LiteralString:
        return self._statements[name]


class Transaction:
    """One open transaction. Only `Database` commits it."""

    def __init__(self, connection: psycopg.AsyncConnection[dict[str, Any]], queries: Queries, service: str) -> None:
        self._connection = connection
        self._queries = queries
        self.service = service

    async def run(self, name: str, **params: Any) -> int:
        """Run the query `name`; the number of rows it touched."""
        return (await self._connection.execute(self._queries[name], params)).rowcount

    async def run_many(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Run the query `name` once per row, in one round trip."""
        async with self._connection.cursor() as cursor:
            await cursor.executemany(self._queries[name], rows)

    async def one(self, name: str, **params: Any) -> dict[str, Any] | None:
        """The first row of the query `name`, or None."""
        return await (await self._connection.execute(self._queries[name], params)).fetchone()

    async def all(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of the query `name`."""
        return await (await self._connection.execute(self._queries[name], params)).fetchall()

    async def act_for(self, organisation_id: UUID) -> None:
        """From here on this transaction acts for `organisation_id`."""
        await self._connection.execute("SELECT set_config('app.org', %s, true)", (str(organisation_id),))


class Database:
    """A pool for one service's role, and the ways to open a transaction on it."""

    def __init__(self, settings: PostgresSettings, service: str, queries: Queries) -> None:
        self._service = service
        self._queries = queries
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]] = AsyncConnectionPool(
            kwargs=connection_parameters(settings, service)
            | {
                "options": f"-c search_path={service}",
                "application_name": f"sonobridge-{service}",
                "connect_timeout": 5,
                "row_factory": dict_row,
                "autocommit": True,  # `_transaction` begins each one itself, with whose it is in the same round trip
            },
            min_size=1,
            max_size=settings.postgres_pool_size,
            timeout=10,
            check=_still_there,
            open=False,
        )

    async def open(self) -> None:
        """Fill the pool. Raises Unavailable when PostgreSQL does not answer within 30 s."""
        try:
            await self._pool.open(wait=True, timeout=30)
        except PoolTimeout as error:
            raise Unavailable("PostgreSQL does not answer") from error

    async def close(self) -> None:
        await self._pool.close()

    async def ready(self) -> None:
        """Raises Unavailable unless PostgreSQL answers."""
        async with self._transaction() as tx:
            await tx.one("ready")

    @asynccontextmanager
    async def tenant(self, organisation_id: UUID) -> AsyncIterator[Transaction]:
        """A transaction of one organisation: row level security shows what is its own, or what a named policy lets it see."""
        async with self._transaction(_for(organisation_id)) as tx:
            yield tx

    @asynccontextmanager
    async def work(self, name: str, organisation_id: UUID | None = None) -> AsyncIterator[Transaction]:
        """A transaction of the work role `<service>_<name>`, for work that belongs to no tenant; policies name that role."""
        if not _WORK.match(name):
            raise ValueError(f"not a work role: {name}")
        role = sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(f"{self._service}_{name}"))
        async with self._transaction(role, *([] if organisation_id is None else [_for(organisation_id)])) as tx:
            yield tx

    @asynccontextmanager
    async def _transaction(self, *whose: sql.Composable) -> AsyncIterator[Transaction]:
        begin = sql.SQL("; ").join([sql.SQL("BEGIN"), *whose])
        try:
            async with self._pool.connection() as connection:  # commits, or rolls back after an exception
                await connection.execute(begin, prepare=False)
                yield Transaction(connection, self._queries, self._service)
                if connection.info.transaction_status == TransactionStatus.INERROR:
                    raise RuntimeError("a failed statement was passed over; its transaction cannot be committed")
        except PoolTimeout as error:
            raise Unavailable("PostgreSQL does not answer") from error
        except (psycopg.DataError, UnicodeEncodeError) as error:
            if not _is_no_text(error):
                raise
            raise Malformed("a text holds a character that no text can: U+0000, or half of a surrogate pair") from error
        except psycopg.OperationalError as error:
            # A lost connection, a server going down, a full disk: the transaction did not happen, or its end is not known.
            # The caller learns the kind alone: the server's words name its address.
            _log.warning("PostgreSQL: %s", (str(error).splitlines() or ["connection lost"])[0])
            raise Unavailable(f"PostgreSQL: {type(error).__name__}") from error


def _for(organisation_id: UUID) -> sql.Composable:
    return sql.SQL("SET LOCAL app.org = {}").format(sql.Literal(str(organisation_id)))


def _is_no_text(error: Exception) -> bool:
    """Whether PostgreSQL, or the way to it, cannot hold a text that somebody sent."""
    untold = isinstance(error, UnicodeEncodeError | psycopg.errors.UntranslatableCharacter)
    return untold or "NUL" in str(error) or "surrogate" in str(error)


async def _still_there(connection: psycopg.AsyncConnection[Any]) -> None:
    """Raises OperationalError when the server has ended this idle connection; asks the socket, not the server."""
    ended = select.poll()
    ended.register(connection.pgconn.socket, select.POLLIN)
    if ended.poll(0):  # nobody asked anything, so what there is to read is the end
        await connection.close()  # else the pool would take it back
        raise psycopg.OperationalError("the server has closed the connection")

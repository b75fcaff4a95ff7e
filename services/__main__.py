"""The launcher: `sonobridge <command>`."""

import argparse
import importlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import uvloop

from services.shared import migrate, settings, supervise

SERVICES = ("directory", "ingest", "inference", "reporting", "billing")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["admin"]:
        return int(importlib.import_module("services.admin.main").main(given[1:]))
    parser = argparse.ArgumentParser(prog="sonobridge", description="The services of SonoBridge.")
    commands = parser.add_subparsers(dest="command", required=True)
    for service in SERVICES:
        commands.add_parser(service, help=f"run the {service} service")
    commands.add_parser("migrate", help="bring the schemas of all services up to date")
    check = commands.add_parser("check-config", help="validate a service's settings and exit")
    check.add_argument("service", choices=SERVICES)
    commands.add_parser(
        "admin", help="make topics, set up a region, look after dead letters (see `sonobridge admin --help`)"
    )
    chosen = parser.parse_args(given)
    try:
        match chosen.command:
            case "migrate":
                return _migrate()
            case "check-config":
                settings.load(_settings_of(chosen.service))
                print(f"{chosen.service}: the settings are valid")
                return 0
            case service:
                settings.load(_settings_of(service))
                return uvloop.run(_serve(service))
    except settings.SettingsError as error:
        print(f"sonobridge {chosen.command}: the settings are not usable:\n{error}", file=sys.stderr)
        return 2
    except migrate.MigrationError as error:
        print(f"sonobridge migrate: {error}", file=sys.stderr)
        return 1


def _settings_of(service: str) -> type[settings.ServiceSettings]:
    found: type[settings.ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


async def _serve(service: str) -> int:
    # gRPC's core would write lines of its own between the log's JSON; what matters comes as an error in Python.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # What pydicom and highdicom warn of names the value that they doubt, such as a patient's name. Workers inherit this.
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    stop = supervise.stop_on_signals()
    try:
        await importlib.import_module(f"services.{service}.main").run(stop)
    except BaseException:
        logging.getLogger("sonobridge").exception("%s ends", service)
        return 1
    return 0


def _migrate() -> int:
    owner = settings.load(settings.PostgresSettings)
    folder = Path(__file__).parent
    for service in SERVICES:
        applied = migrate.migrate(owner, service, folder / service / "migrations")
        print(json.dumps({"service": service, "applied": applied}))
    return 0


if __name__ == "__main__":
    # A crash must be seen: exit by the status, without waiting for threads of a broken part.
    status = main()
    sys.stdout.flush()
    os._exit(status) if status else sys.exit(0)

"""A part of one's own beside the stack: started in a folder, shared by several processes, gone with the process that asked.

`python -m infra.local.private postgres --folder DIR --until-pid PID` runs the part until that process ends.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from infra.local.account import ordinary_account, reachable_data
from infra.local.files import locked, write_whole
from infra.local.kafka import start_kafka
from infra.local.keycloak import start_keycloak
from infra.local.paths import ROOT, State
from infra.local.postgres import start_postgres
from infra.local.process import PartFailed, last_lines, start_time
from infra.local.triton import start_triton

STARTERS: dict[str, Callable[[Path], AbstractContextManager[object]]] = {
    "postgres": start_postgres,
    "kafka": start_kafka,
    "keycloak": start_keycloak,
    "triton": start_triton,
}
READY_WITHIN_S = 300.0


def ensure(part: str, folder: Path, until_pid: int) -> None:
    """Starts the part in the folder unless it runs there already; returns when it is ready. Raises PartFailed."""
    ready = folder / f"{part}.ready"
    log = State(folder).log(f"{part}-keeper")
    with locked(folder / f"{part}.lock"):
        if ready.exists():
            return
        command = (
            sys.executable,
            "-m",
            "infra.local.private",
            part,
            "--folder",
            str(folder),
            "--until-pid",
            str(until_pid),
        )
        with log.open("ab") as out:
            keeper = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not ready.exists():
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise PartFailed(part, (last_lines(log, 1) or ["no reason given"])[0], log)
            time.sleep(0.05)


def keep(part: str, folder: Path, until_pid: int) -> None:
    """Runs the part until the process named ends or this one is told to, then removes its data."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    ready = folder / f"{part}.ready"
    began = start_time(until_pid)
    try:
        with STARTERS[part](folder):
            write_whole(ready, "")
            while began is not None and start_time(until_pid) == began and not told.wait(0.5):
                pass
    finally:
        ready.unlink(missing_ok=True)
        if part == "postgres":
            shutil.rmtree(reachable_data(folder / part, ordinary_account()), ignore_errors=True)
        shutil.rmtree(folder / part, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=sorted(STARTERS))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--until-pid", type=int, required=True)
    given = parser.parse_args()
    try:
        keep(given.part, given.folder, given.until_pid)
    except (PartFailed, OSError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()

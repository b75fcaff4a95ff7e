"""What may be asked of a running stack: from the command line, the demo and the tests that kill parts."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.local.files import locked, read_json
from infra.local.paths import ROOT, State
from infra.local.process import PartFailed, last_lines, start_time

SUPERVISOR_WITHIN = timedelta(seconds=30)
TIMEOUT = timedelta(minutes=6)
POLL_S = 0.2


class NotRunning(Exception):
    """The stack is not running."""


@dataclass(frozen=True)
class PartStatus:
    """What the supervisor says of one part."""

    part: str
    phase: str
    reason: str
    pid: int | None
    ports: dict[str, int]
    restarts: int
    took_s: float
    log: Path

    @property
    def up(self) -> bool:
        return self.phase in ("ready", "done")


@contextmanager
def socket_address(state: State) -> Iterator[str]:
    """The supervisor's socket by a short name: a socket's own path may have 107 characters at most, a folder's more."""
    folder = os.open(state.folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/supervisor.sock"
    finally:
        os.close(folder)


class Control:
    """A stack's supervisor, seen from outside. Every method may raise NotRunning."""

    def __init__(self, state: State) -> None:
        self.state = state

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """One question, one answer. Raises ValueError when the supervisor cannot do it."""
        try:
            with socket_address(self.state) as address, socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(10)
                connection.connect(address)
                connection.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    answer = json.loads(lines.readline() or b"{}")
        except (OSError, ValueError) as error:
            raise NotRunning(f"no stack runs in {self.state.folder}: start it with `make up`") from error
        if "error" in answer:
            raise ValueError(answer["error"])
        return dict(answer)

    def status(self) -> list[PartStatus]:
        """Every part, in the order of the table."""
        return [PartStatus(**{**row, "log": Path(row["log"])}) for row in self.ask("status")["parts"]]

    def of(self, part: str) -> PartStatus:
        """One part."""
        return next(row for row in self.status() if row.part == part)

    def up(self, parts: list[str] | None = None, tell: Callable[[PartStatus], None] = lambda _: None) -> None:
        """Starts the parts (all of them without a list), and the supervisor first; returns when they are ready. Raises PartFailed."""
        self.ensure_supervisor()
        for part in parts or [row.part for row in self.status()]:
            self.ask("start", part=part)
        self.wait_ready(parts, tell=tell)

    def start(self, part: str, within: timedelta = TIMEOUT) -> None:
        """Starts a part and returns when it is ready. Raises PartFailed."""
        self.ask("start", part=part)
        self.wait_ready([part], within)

    def stop(self, part: str) -> None:
        """Stops a part in good order; returns when it is gone. It stays down until it is started."""
        self.ask("stop", part=part)
        self._wait_gone(part)

    def kill(self, part: str, stay_down: bool = False) -> None:
        """Ends a part by SIGKILL. It comes back by itself, or stays down until it is started."""
        before = self.of(part).pid
        self.ask("kill", part=part, stay_down=stay_down)
        if stay_down:
            self._wait_gone(part)
            return
        deadline = time.monotonic() + 10
        while self.of(part).pid == before and before is not None and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def restart(self, part: str) -> None:
        """Stops a part and starts it again; returns when it is ready. Raises PartFailed."""
        self.stop(part)
        self.start(part)

    def wait_ready(
        self,
        parts: list[str] | None = None,
        within: timedelta = TIMEOUT,
        tell: Callable[[PartStatus], None] = lambda _: None,
    ) -> None:
        """Returns when the parts (all of them without a list) are ready; tells each change. Raises PartFailed."""
        deadline = time.monotonic() + within.total_seconds()
        told: dict[str, str] = {}
        while True:
            rows = [row for row in self.status() if parts is None or row.part in parts]
            for row in rows:
                if told.get(row.part) != row.phase:
                    told[row.part] = row.phase
                    tell(row)
            if all(row.up for row in rows):
                return
            for row in rows:
                if row.phase == "failed":
                    raise PartFailed(row.part, row.reason, row.log)
            if time.monotonic() > deadline:
                late = next(row for row in rows if not row.up)
                raise PartFailed(
                    late.part, f"{late.phase} after {within.total_seconds():.0f} s: {late.reason}", late.log
                )
            time.sleep(POLL_S)

    def _wait_gone(self, part: str) -> None:
        deadline = time.monotonic() + TIMEOUT.total_seconds()
        while self.of(part).phase != "stopped" and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def ensure_supervisor(self) -> None:
        """Starts the supervisor in the background unless it runs. Raises PartFailed."""
        with locked(self.state.folder / "supervisor.lock"):
            try:
                self.ask("status")
                return
            except NotRunning:
                pass
            log = self.state.log("supervisor")
            argv = (sys.executable, "-m", "infra.local.supervisor", "--state", str(self.state.folder))
            with log.open("ab") as out:
                child = subprocess.Popen(
                    argv,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    close_fds=True,
                )
            deadline = time.monotonic() + SUPERVISOR_WITHIN.total_seconds()
            while time.monotonic() < deadline:
                try:
                    self.ask("status")
                    return
                except NotRunning:
                    if child.poll() is not None:
                        break
                    time.sleep(POLL_S)
            raise PartFailed("supervisor", (last_lines(log, 1) or ["it does not answer"])[0], log)

    def down(self) -> None:
        """Stops every part and the supervisor; returns when they are gone."""
        noted = read_json(self.state.pids / "supervisor.pid")
        self.ask("down")
        while noted and start_time(noted["pid"]) == noted["started"]:
            time.sleep(POLL_S)

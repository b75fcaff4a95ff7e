"""Keeps one part as it is wanted: started after what it needs, waited for, started again when it ends by itself."""

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from infra.local import ports, process
from infra.local.files import read_json, write_json
from infra.local.parts import Part
from infra.local.process import NotReady
from infra.local.stack import Stack

_log = logging.getLogger(__name__)
POLL_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
LONG_ENOUGH = timedelta(seconds=5)  # a part that ran this long begins again with the first pause


class Phase(StrEnum):
    """Where a part is."""

    STOPPED = "stopped"
    WAITING = "waiting"  # for the parts that it comes after
    STARTING = "starting"
    READY = "ready"
    DONE = "done"  # a task that ended well
    CRASHED = "crashed"  # will be started again
    FAILED = "failed"  # did not come up; stays down until it is asked for again


class Keeper(threading.Thread):
    """The one thread that starts and ends a part's process. `wanted` is set and read by others."""

    def __init__(self, part: Part, stack: Stack, ready: Callable[[str], bool]) -> None:
        super().__init__(name=part.name, daemon=True)
        self.part = part
        self.stack = stack
        self.log = stack.state.log(part.name)
        self.phase = Phase.STOPPED
        self.reason = ""
        self.restarts = 0
        self.took_s = 0.0
        self.pid: int | None = None
        self.ready_at: float | None = None
        self._ready_elsewhere = ready
        self._wanted = threading.Event()
        self._closing = threading.Event()

    # What others ask; each returns at once.

    def want(self) -> None:
        """The part shall run."""
        if self.phase in (Phase.FAILED, Phase.STOPPED, Phase.DONE):
            self._enter(Phase.WAITING)
        self._wanted.set()

    def unwant(self) -> None:
        """The part shall not run."""
        self._wanted.clear()

    def kill(self, stay_down: bool) -> None:
        """Ends the part by SIGKILL, as a crash would; it comes back by itself unless it shall stay down."""
        if stay_down:
            self.unwant()
        if self.pid is not None:
            process.kill_group(self.pid)

    def close(self) -> None:
        """The part shall not run, and the thread ends."""
        self._closing.set()
        self.unwant()

    # The thread.

    def run(self) -> None:
        while not self._closing.is_set():
            if not self._wanted.wait(POLL_S * 5):
                continue
            try:
                self._keep_running()
            except Exception as error:  # the supervisor must outlive whatever one part does
                _log.exception("%s", self.part.name)
                self._fail(f"{type(error).__name__}: {error}")
        self._enter(Phase.STOPPED)

    def _keep_running(self) -> None:
        pause = FIRST_PAUSE_S
        tries = 0
        while self._wanted.is_set():
            self._enter(Phase.WAITING)
            if not self._needed_parts_ready():
                return
            began = time.monotonic()
            ended = self._run_once(began)
            if ended is None:
                return
            if not self._wanted.is_set():
                break
            if self.ready_at is None:
                tries += 1
                if tries >= self.part.tries:
                    self._fail(ended)
                    return
            elif time.monotonic() - self.ready_at > LONG_ENOUGH.total_seconds():
                pause = FIRST_PAUSE_S
            self.restarts += 1
            self._enter(Phase.CRASHED, ended)
            _log.warning("%s %s; again in %.0f s", self.part.name, ended, pause)
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        self._enter(Phase.STOPPED)

    def _needed_parts_ready(self) -> bool:
        while self._wanted.is_set():
            if all(self._ready_elsewhere(name) for name in self.part.after):
                return True
            time.sleep(POLL_S)
        self._enter(Phase.STOPPED)
        return False

    def _run_once(self, began: float) -> str | None:
        """One life of the process: why it ended, None when it needs no other one."""
        self._enter(Phase.STARTING)
        try:
            child = self._spawn()
        except (ports.PortTaken, process.PartFailed, OSError, RuntimeError) as error:
            self._fail(getattr(error, "reason", str(error)))
            return None
        try:
            reason = self._follow(child, began)
            if self.part.ends and child.returncode == 0:
                self.took_s = time.monotonic() - began
                self._enter(Phase.DONE)
                self.unwant()
                return None
            return reason
        finally:
            self._end(child)

    def _spawn(self) -> subprocess.Popen[bytes]:
        for name in self.part.ports:
            if not ports.is_free(self.stack.ports[name]):
                raise ports.PortTaken(name, self.stack.ports[name], self.stack.state.ports)
        command = self.part.prepare(self.stack)
        child = process.spawn(command, self.log)
        self._command = command
        self.pid = child.pid
        self.ready_at = None
        write_json(self._pid_file, {"pid": child.pid, "started": process.start_time(child.pid)})
        return child

    def _follow(self, child: subprocess.Popen[bytes], began: float) -> str:
        """Watches the process until it ends or is not wanted; on the way it becomes ready. Says how it ended."""
        deadline = began + self.part.within.total_seconds()
        while self._wanted.is_set():
            if (status := child.poll()) is not None:
                return process.describe_exit(status)
            if self.ready_at is None and not self.part.ends:
                not_ready = self._try_ready(began)
                if not_ready and time.monotonic() > deadline:
                    return f"not ready after {self.part.within.total_seconds():.0f} s: {not_ready}"
            time.sleep(POLL_S)
        return "stopped"

    def _try_ready(self, began: float) -> str:
        """Marks the part ready when it is; why it is not otherwise."""
        try:
            self.part.check(self.stack)
            self.part.settle(self.stack)
        except NotReady as reason:
            return str(reason)
        except Exception as error:  # a part that has just come up may still refuse; the deadline decides
            return f"{type(error).__name__}: {error}"
        self.ready_at = time.monotonic()
        self.took_s = self.ready_at - began
        self._enter(Phase.READY)
        return ""

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        process.stop(child.pid, self._command.stop_signal, self._command.stop_timeout)
        child.wait()
        self.pid = None
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.stack.state.pids / f"{self.part.name}.json"

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._wanted.is_set() and time.monotonic() < until:
            time.sleep(POLL_S)

    def _enter(self, phase: Phase, reason: str = "") -> None:
        self.phase, self.reason = phase, reason

    def _fail(self, reason: str) -> None:
        self.unwant()
        _log.error("%s did not come up: %s", self.part.name, reason)
        self._enter(Phase.FAILED, reason)


def end_leftovers(pids: Path) -> list[str]:
    """Ends the processes of a supervisor that was itself killed, by the pids that it noted; their parts' names."""
    ended = []
    for file in sorted(pids.glob("*.json")):
        noted = read_json(file)
        if noted["started"] is not None and process.start_time(noted["pid"]) == noted["started"]:
            process.stop(noted["pid"], signal.SIGTERM, timedelta(seconds=20))
            ended.append(file.stem)
        file.unlink(missing_ok=True)
    return ended

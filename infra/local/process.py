"""One child process: started with its log, waited for, stopped by its pid."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

LOG_LINES_SHOWN = 15
LINE_SHOWN = 400
LOG_BYTES_KEPT = 32 * 1024 * 1024  # a longer log is put aside when its part starts again


@dataclass(frozen=True)
class Command:
    """What to execute; `env` is added to the environment that every part gets (see `clean_environment`)."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: timedelta = timedelta(seconds=20)


class NotReady(Exception):
    """A part is not ready yet; the message says why."""


class PartFailed(Exception):
    """A part did not come up: names the part, the reason, the end of its log and where the log is."""

    def __init__(self, part: str, reason: str, log: Path) -> None:
        tail = "\n".join(f"    {readable(line)}" for line in last_lines(log))
        super().__init__(f"{part} did not come up: {reason}\n  last lines of {log}:\n{tail or '    (empty)'}")
        self.part = part
        self.reason = reason
        self.log = log


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> list[str]:
    """The last lines of a log, [] when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16384))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def readable(line: str) -> str:
    """One log line for a person: of a structured one what happened and the end of its traceback, cut to a few lines' length."""
    try:
        entry = json.loads(line)
        text = " ".join(str(entry[key]) for key in ("timestamp", "level", "event") if key in entry)
        if "exception" in entry:
            text += f": {entry['exception'].strip().splitlines()[-1]}"
    except (ValueError, TypeError, AttributeError, IndexError):
        text = line
    return text if len(text) <= LINE_SHOWN else f"{text[:LINE_SHOWN]}…"


def clean_environment() -> dict[str, str]:
    """What every part inherits: the search path, the locale and certificates, none of the caller's settings."""
    kept = ("PATH", "HOME", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LANG": "C.UTF-8"}


def spawn(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own, both its outputs appended to the log. Raises OSError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as out:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=clean_environment() | dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_ready(
    part: str, process: subprocess.Popen[bytes], ready: Callable[[], None], log: Path, timeout: timedelta
) -> None:
    """Polls `ready` until it raises NotReady no more. Raises PartFailed when the process ends or time is up."""
    deadline = time.monotonic() + timeout.total_seconds()
    pause = 0.05
    while True:
        if (status := process.poll()) is not None:
            raise PartFailed(part, describe_exit(status), log)
        try:
            return ready()
        except NotReady as reason:
            if time.monotonic() > deadline:
                raise PartFailed(part, f"not ready after {timeout.total_seconds():.0f} s: {reason}", log) from reason
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def describe_exit(status: int) -> str:
    """An exit status in words: `ended with status 1`, `was ended by SIGKILL`."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def start_time(pid: int) -> int | None:
    """When the process began, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def stop(pid: int, first: signal.Signals, timeout: timedelta) -> None:
    """Ends a process group: the first signal to its leader, SIGKILL to all of it when time is up or the leader left."""
    began = start_time(pid)
    if began is not None:
        os.kill(pid, first)
    deadline = time.monotonic() + timeout.total_seconds()
    while began is not None and start_time(pid) == began and time.monotonic() < deadline:
        time.sleep(0.05)
    kill_group(pid)


def kill_group(pid: int) -> None:
    """Sends SIGKILL to the process and to whatever it started in its group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def running(
    part: str, command: Command, ready: Callable[[], None], log: Path, timeout: timedelta
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ready inside the block and gone after it. Raises PartFailed."""
    process = spawn(command, log)
    try:
        wait_ready(part, process, ready, log, timeout)
        yield process
    finally:
        stop(process.pid, command.stop_signal, command.stop_timeout)
        process.wait()

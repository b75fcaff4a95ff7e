"""Lets a fault test kill a process at a named point, as a power cut would."""

import os
import signal
from pathlib import Path

_FILE = "SONOBRIDGE_CRASH_FILE"


def point(name: str) -> None:
    """Die by SIGKILL here if the file named by SONOBRIDGE_CRASH_FILE holds `name`; the file is removed first, so it happens once."""
    path = os.environ.get(_FILE)
    if path is None:
        return
    wanted = Path(path)
    try:
        if wanted.read_text().strip() != name:
            return
        wanted.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

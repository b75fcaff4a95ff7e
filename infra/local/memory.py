"""How much memory a part really takes: the proportional set size of its process and of those that it started."""

from pathlib import Path

import psutil


def pss_bytes(pid: int) -> int:
    """The sum over the process and its descendants, in bytes; those that are gone count nothing."""
    try:
        leader = psutil.Process(pid)
        members = [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(_own_pss_bytes(member.pid) for member in members)


def _own_pss_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0

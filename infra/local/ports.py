"""Free loopback ports, chosen once for a stack and kept in its ports.json."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path

from infra.local.files import locked, read_json, write_json

# Below Linux's ephemeral range (from 32768), so that no outgoing connection can take a port between two starts.
FIRST, LAST = 18000, 32000


class PortTaken(Exception):
    """A port that a part needs is held by another process."""

    def __init__(self, part: str, port: int, ports_file: Path) -> None:
        super().__init__(
            f"port {port} of {part} is taken by another process: end that process, "
            f'or delete the line "{part}" from {ports_file} to have a new port chosen'
        )
        self.part = part
        self.port = port


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(excluding: Iterable[int] = ()) -> int:
    """A loopback port that is free now and is not among those excluded."""
    taken = set(excluding)
    for port in random.sample(range(FIRST, LAST), LAST - FIRST):
        if port not in taken and is_free(port):
            return port
    raise RuntimeError(f"no loopback port is free between {FIRST} and {LAST}")


def keep_ports(file: Path, names: Iterable[str]) -> dict[str, int]:
    """The port of each name: those kept in the file, and new ones, chosen free, for names it lacks."""
    with locked(file.with_suffix(".lock")):
        kept: dict[str, int] = read_json(file) or {}
        missing = [name for name in names if name not in kept]
        for name in missing:
            kept[name] = free_port(kept.values())
        if missing:
            write_json(file, kept)
    return kept

"""Small files that other processes read: written whole or not at all, private where they hold secrets."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replaces a file's content in one step; a reader sees the old or the new text, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), mode)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Writes a value as indented JSON, whole or not at all."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", mode)


def read_json(path: Path) -> Any:
    """The value in a JSON file, or None where the file is missing."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock between processes; blocks until it is free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Secrets:
    """Secrets drawn at first use and kept as files of mode 0600 in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file that holds the secret; it is drawn (32 random bytes, URL-safe) when missing."""
        file = self.folder / name
        with locked(self.folder / ".lock"):
            self.folder.chmod(0o700)
            if not file.exists():
                write_whole(file, secrets.token_urlsafe(32), 0o600)
        return file

    def value(self, name: str) -> str:
        """The secret itself, drawn when missing."""
        return self.path(name).read_text(encoding="utf-8").strip()

"""The file that keeps drawn passwords and client secrets: private, replaced whole, one writer at a time."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Credentials:
    """`{"machines": [{organisation, client_id, client_secret, ae_title}], "people": [{organisation, username, password, roles}]}`"""

    def __init__(self, path: Path) -> None:
        self.path = path

    def machine(self, client_id: str) -> dict[str, Any] | None:
        """The machine's entry, None where the file has none."""
        return next((one for one in self._read()["machines"] if one["client_id"] == client_id), None)

    def person(self, organisation: str, username: str) -> dict[str, Any] | None:
        """The person's entry in one organisation, None where the file has none."""
        wanted = (organisation, username)
        return next((one for one in self._read()["people"] if (one["organisation"], one["username"]) == wanted), None)

    def password_of(self, username: str) -> str | None:
        """The password of a person in whichever organisation: there is one account for all of them."""
        return next((str(one["password"]) for one in self._read()["people"] if one["username"] == username), None)

    def keep_machine(self, organisation: str, client_id: str, client_secret: str, ae_title: str | None) -> None:
        """Add or replace a machine's entry, durably."""
        entry = {
            "organisation": organisation,
            "client_id": client_id,
            "client_secret": client_secret,
            "ae_title": ae_title or "",
        }
        with self._changing() as content:
            others = [one for one in content["machines"] if one["client_id"] != client_id]
            content["machines"] = [*others, entry]

    def keep_person(self, organisation: str, username: str, password: str, roles: list[str]) -> None:
        """Add or replace a person's entry, durably; a new password holds in all the person's organisations."""
        entry = {"organisation": organisation, "username": username, "password": password, "roles": roles}
        with self._changing() as content:
            wanted = (organisation, username)
            others = [one for one in content["people"] if (one["organisation"], one["username"]) != wanted]
            renewed = [one | {"password": password} if one["username"] == username else one for one in others]
            content["people"] = [*renewed, entry]

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        try:
            content: dict[str, list[dict[str, Any]]] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            content = {}
        return {"machines": content.get("machines", []), "people": content.get("people", [])}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, list[dict[str, Any]]]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = self._read()
            yield content
            self._write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def _write(self, text: str) -> None:
        temporary = self.path.with_name(f".{self.path.name}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

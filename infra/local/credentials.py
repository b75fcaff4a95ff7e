"""credentials.json of a stack: what people and machines of the organisations sign in with. Mode 0600."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.files import locked, read_json, write_json


@dataclass(frozen=True)
class Machine:
    """A client by client credentials; `ae_title` is that of the device it stands for, '' for none."""

    organisation: str
    client_id: str
    client_secret: str
    ae_title: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who signs in by name and password; `organisation` is Keycloak's alias."""

    organisation: str
    username: str
    password: str
    roles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Credentials:
    """Everything in the file."""

    machines: list[Machine] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)


def read_credentials(file: Path) -> Credentials:
    """The file's content; empty where there is none."""
    content = read_json(file) or {}
    return Credentials(
        [Machine(**row) for row in content.get("machines", [])], [Person(**row) for row in content.get("people", [])]
    )


def keep_credentials(file: Path, new: Credentials) -> Credentials:
    """Adds to the file, or replaces what it holds of the same machine or the same person in the same organisation."""
    with locked(file.with_suffix(".lock")):
        kept = read_credentials(file)
        machines = {row.client_id: row for row in (*kept.machines, *new.machines)}
        people = {(row.organisation, row.username): row for row in (*kept.people, *new.people)}
        merged = Credentials(list(machines.values()), list(people.values()))
        write_json(file, asdict(merged), 0o600)
    return merged

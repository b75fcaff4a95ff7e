"""A region in a file: its hospitals with devices, machines and people, and the agreements between them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from services.admin.connection import Directory, Failed
from services.admin.credentials import Credentials

_TOP = {"organisations", "agreements"}
_INSIDE = ("devices", "machines", "people")


class _Loader(yaml.SafeLoader):
    """Names the line of a value that cannot be, such as a date that no calendar has, and of a name that would hide an earlier one."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands here twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Result:
    """What became of one entry of the file."""

    kind: str
    name: str
    outcome: str
    note: str = ""


def read(path: Path) -> dict[str, Any]:
    """The region in a YAML file. Raises Failed, naming the line or the entry that is wrong."""
    try:
        region = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failed(f"{path} is no YAML: {error}") from error
    if not isinstance(region, dict) or not region or set(region) - _TOP:
        raise Failed(
            f"{path} holds {' and '.join(sorted(_TOP))}, each by name; see infra/demo/demo.yaml for an example"
        )
    for kind, entries in region.items():
        _named(path, kind, entries)
        for name, entry in entries.items():
            for inside in _INSIDE if kind == "organisations" else ():
                _named(path, f"{kind}.{name}.{inside}", entry.get(inside, {}))
    return region


def _named(path: Path, where: str, entries: Any) -> None:
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise Failed(f"{path}: {where} is a mapping of names to their content")
    for name in entries:
        if not isinstance(name, str) or not name:
            raise Failed(f"{path}: {where} has an entry {name!r}; a name is a text, in quotes where it is all digits")


class Applier:
    """Puts a region piece by piece, keeps what is drawn at once, and tells what each piece became."""

    def __init__(
        self, directory: Directory, credentials: Credentials, renew_missing: bool, tell: Callable[[Result], None]
    ) -> None:
        self._directory = directory
        self._credentials = credentials
        self._renew_missing = renew_missing
        self._tell = tell

    def apply(self, region: dict[str, Any]) -> None:
        """Put everything. Raises Failed at the first refusal; what was put stays, and applying again goes on."""
        organisations: dict[str, dict[str, Any]] = region.get("organisations", {})
        for alias, entry in organisations.items():
            body = {name: value for name, value in entry.items() if name not in _INSIDE}
            self._put("organisation", "organisations", alias, body)
        for alias, entry in organisations.items():
            for ae_title, device in entry.get("devices", {}).items():
                self._put("device", "devices", ae_title, device | {"organisation": alias})
            for client_id, machine in entry.get("machines", {}).items():
                self.machine(alias, client_id, machine)
            for username, person in entry.get("people", {}).items():
                self.person(alias, username, person)
        for number, agreement in region.get("agreements", {}).items():
            for body in agreement.get("versions", [agreement]):
                parties = {name: agreement[name] for name in ("requester", "reader") if name in agreement}
                self._put("agreement", "agreements", number, parties | body)

    def machine(self, alias: str, client_id: str, entry: dict[str, Any]) -> None:
        """Put one machine and keep its secret."""
        body = {name: value for name, value in entry.items() if name != "ae_title"}
        answer = self._directory.put(f"machines/{quote(client_id, safe='')}", body | {"organisation": alias})
        secret, note = answer["client_secret"], ""
        known = self._credentials.machine(client_id)
        if secret is None and known is not None:
            secret = known["client_secret"]
        elif secret is None and self._renew_missing:
            secret, note = (
                self._directory.post(f"machines/{quote(client_id, safe='')}/secret")["client_secret"],
                "new secret",
            )
        if secret is not None:
            self._credentials.keep_machine(alias, client_id, secret, entry.get("ae_title"))
        else:
            note = f"its secret is not in {self._credentials.path} (--renew-missing draws a new one)"
        self._tell(Result("machine", client_id, answer["outcome"], note))

    def person(self, alias: str, username: str, entry: dict[str, Any]) -> None:
        """Put one person and keep the password."""
        answer = self._directory.put(f"memberships/{quote(username, safe='')}", entry | {"organisation": alias})
        password, note = answer["password"], ""
        if password is None:
            password = self._credentials.password_of(username)
        if password is None and self._renew_missing:
            password, note = (
                self._directory.post(f"memberships/{quote(username, safe='')}/password")["password"],
                "new password",
            )
        if password is not None:
            self._credentials.keep_person(alias, username, password, list(entry.get("roles", [])))
        else:
            note = f"the password is not in {self._credentials.path} (--renew-missing draws a new one)"
        self._tell(Result("person", username, answer["outcome"], note))

    def _put(self, kind: str, path: str, name: str, body: dict[str, Any]) -> None:
        answer = self._directory.put(f"{path}/{quote(name, safe='')}", _plain(body))
        version = answer.get("agreement", {}).get("version")
        self._tell(Result(kind, name, answer["outcome"], f"version {version}" if version else ""))


def _plain(value: Any) -> Any:
    """YAML's dates as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value

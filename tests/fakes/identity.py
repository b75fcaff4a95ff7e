"""An identity provider in memory, held to the contract of the real one by tests/contract/directory."""

from uuid import uuid4

from services.shared.errors import Conflict, SonoBridgeError, Unavailable


class FakeIdentity:
    """Keeps organisations, users, machine clients, members and passwords; `away` makes every call fail."""

    def __init__(self) -> None:
        self.away = False
        self.organisations: dict[str, bool] = {}
        self.subjects: dict[str, str] = {}
        self.owners: dict[str, str] = {"console": ""}
        self.members: set[tuple[str, str]] = set()
        self.passwords: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    async def ready(self) -> None:
        self._answer()

    async def ensure_organisation(self, alias: str, name: str, active: bool) -> None:
        self._answer()
        self.organisations[alias] = active

    async def ensure_person(self, alias: str, username: str, display_name: str) -> str:
        self._answer()
        return self._join(alias, username)

    async def ensure_machine(self, alias: str, client_id: str, display_name: str) -> str:
        self._answer()
        if self.owners.setdefault(client_id, alias) != alias:
            raise Conflict(f"the client id {client_id} is in use for something else")
        self.secrets.setdefault(client_id, uuid4().hex)
        return self._join(alias, f"service-account-{client_id}")

    async def leave(self, alias: str, subject: str) -> None:
        self._answer()
        self.members.discard((alias, subject))

    async def has_password(self, subject: str) -> bool:
        self._answer()
        return subject in self.passwords

    async def set_password(self, subject: str, password: str) -> None:
        self._answer()
        self.passwords[subject] = password

    async def secret(self, client_id: str, renew: bool = False) -> str:
        self._answer()
        if renew:
            self.secrets[client_id] = uuid4().hex
        return self.secrets[client_id]

    def _join(self, alias: str, name: str) -> str:
        if alias not in self.organisations:
            raise SonoBridgeError(f"no organisation {alias}")
        subject = self.subjects.setdefault(name, str(uuid4()))
        self.members.add((alias, subject))
        return subject

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("the identity provider does not answer")

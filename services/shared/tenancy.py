"""Who asks, for which organisation, and whose an object key is."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from services.shared.errors import Forbidden

SERVICE_ROLE = "platform-service"
# The platform's own organisation, known before anything is stored: its first operator is made on its behalf.
PLATFORM_ORGANISATION = uuid5(NAMESPACE_URL, "urn:sonobridge:platform")


@dataclass(frozen=True)
class Principal:
    """The caller, and the one organisation it acts for."""

    subject: str
    username: str
    display_name: str
    organisation_id: UUID
    organisation_alias: str
    roles: frozenset[str]
    service: bool = False
    machine: bool = False

    def require(self, *roles: str) -> None:
        """Raises Forbidden unless one of `roles` is held; a platform service acting for the tenant holds all but people's own acts."""
        if not self.service and not self.roles.intersection(roles):
            raise Forbidden(f"this needs the role {' or '.join(roles)} in {self.organisation_alias}", roles=list(roles))


def object_key(organisation_id: UUID, *parts: str) -> str:
    """A key in the object store; its first part is always the owning organisation."""
    if not parts or any(not part or "/" in part or part in {".", ".."} for part in parts):
        raise ValueError(f"not a path of plain names: {parts}")
    return "/".join((str(organisation_id), *parts))


def owner_of_key(key: str) -> UUID:
    """The organisation that owns the object at `key`."""
    return UUID(key.split("/", 1)[0])

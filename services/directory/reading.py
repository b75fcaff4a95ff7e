"""What can be looked up in the directory, each as far as the caller may see: what is another's does not exist."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from services.directory import store
from services.directory.model import Agreement, Change, Device, Membership, Organisation
from services.directory.service import DirectoryService
from services.shared.db import Transaction
from services.shared.errors import Conflict, NotFound
from services.shared.tenancy import Principal

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and where the next ones begin."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True)
class Parties:
    requester: Organisation
    reader: Organisation


class Reading:
    """One method, one question."""

    def __init__(self, service: DirectoryService) -> None:
        self._open = service.reading

    async def own_organisation(self, caller: Principal) -> Organisation:
        async with self._open(caller) as tx:
            return await _organisation_by_id(tx, caller.organisation_id)

    async def organisations(self, caller: Principal, cursor: str, limit: int) -> Page[Organisation]:
        async with self._open(caller) as tx:
            return _page(await store.organisations(tx, cursor, limit + 1), limit, lambda one: one.alias)

    async def organisation(self, caller: Principal, alias: str) -> Organisation:
        """Raises NotFound."""
        async with self._open(caller) as tx:
            return await _organisation(tx, alias)

    async def organisation_by_id(self, caller: Principal, id: UUID) -> Organisation:
        """Raises NotFound."""
        async with self._open(caller) as tx:
            return await _organisation_by_id(tx, id)

    async def devices(
        self, caller: Principal, organisation: str | None, cursor: str, limit: int
    ) -> Page[tuple[Device, Organisation]]:
        """Of the organisation, if one is named (raises NotFound), else of every one that the caller may see into."""
        async with self._open(caller) as tx:
            owner_id = (await _organisation(tx, organisation)).id if organisation else None
            page = _page(await store.devices(tx, owner_id, cursor, limit + 1), limit, lambda one: one.ae_title)
            return Page([(one, await _organisation_by_id(tx, one.organisation_id)) for one in page.items], page.next)

    async def device(self, caller: Principal, ae_title: str) -> tuple[Device, Organisation]:
        """Raises NotFound."""
        async with self._open(caller) as tx:
            found = await store.device(tx, ae_title)
            if found is None:
                raise NotFound(f"there is no device with the AE title {ae_title}")
            return found, await _organisation_by_id(tx, found.organisation_id)

    async def memberships(
        self, caller: Principal, organisation: str | None, cursor: str, limit: int
    ) -> Page[tuple[Membership, Organisation]]:
        """Of the organisation, if one is named (raises NotFound), else of every one that the caller may see into."""
        after, _, after_organisation = cursor.partition("/")
        async with self._open(caller) as tx:
            owner_id = (await _organisation(tx, organisation)).id if organisation else None
            found = await store.memberships(tx, owner_id, after, after_organisation, limit + 1)
            page = _page(found, limit, lambda one: f"{one.username}/{one.organisation_id}")
            return Page([(one, await _organisation_by_id(tx, one.organisation_id)) for one in page.items], page.next)

    async def membership(
        self, caller: Principal, username: str, organisation: str | None
    ) -> tuple[Membership, Organisation]:
        """Raises NotFound, or Conflict where the caller sees several and names no organisation."""
        async with self._open(caller) as tx:
            found = await store.memberships_of(tx, username)
            if organisation is not None:
                owner_id = (await _organisation(tx, organisation)).id
                found = [one for one in found if one.organisation_id == owner_id]
            if not found:
                raise NotFound(f"there is no member {username}")
            if len(found) > 1:
                raise Conflict(f"{username} is a member of {len(found)} organisations: say which with organisation=")
            return found[0], await _organisation_by_id(tx, found[0].organisation_id)

    async def agreements(self, caller: Principal, cursor: str, limit: int) -> Page[tuple[Agreement, Parties]]:
        """The latest version of each."""
        async with self._open(caller) as tx:
            page = _page(await store.latest_versions(tx, cursor, limit + 1), limit, lambda one: one.number)
            return Page([(one, await _parties(tx, one)) for one in page.items], page.next)

    async def agreement(self, caller: Principal, number: str) -> tuple[list[Agreement], Parties]:
        """All versions, the first first. Raises NotFound."""
        async with self._open(caller) as tx:
            versions = await store.versions(tx, number)
            if not versions:
                raise NotFound(f"there is no agreement {number}")
            return versions, await _parties(tx, versions[0])

    async def changes(
        self, caller: Principal, organisation: str | None, before: UUID | None, limit: int
    ) -> Page[tuple[Change, Organisation]]:
        """Who changed what, the latest first: of the organisation, if one is named (raises NotFound), else all that the caller may see."""
        async with self._open(caller) as tx:
            owner_id = (await _organisation(tx, organisation)).id if organisation else None
            page = _page(await store.changes(tx, owner_id, before, limit + 1), limit, lambda one: str(one.id))
            return Page([(one, await _organisation_by_id(tx, one.organisation_id)) for one in page.items], page.next)

    async def every_version(self, caller: Principal) -> list[Agreement]:
        """All versions of all agreements that the caller is a party of."""
        async with self._open(caller) as tx:
            return await store.all_versions(tx)


async def _organisation(tx: Transaction, alias: str) -> Organisation:
    found = await store.organisation(tx, alias)
    if found is None:
        raise NotFound(f"there is no organisation {alias}")
    return found


async def _organisation_by_id(tx: Transaction, id: UUID) -> Organisation:
    found = await store.organisation_by_id(tx, id)
    if found is None:
        raise NotFound("there is no such organisation")
    return found


async def _parties(tx: Transaction, agreement: Agreement) -> Parties:
    return Parties(
        await _organisation_by_id(tx, agreement.requester_id), await _organisation_by_id(tx, agreement.reader_id)
    )


def _page(found: list[Item], limit: int, key: Callable[[Item], str]) -> Page[Item]:
    items = found[:limit]
    return Page(items, key(items[-1]) if len(found) > limit else None)

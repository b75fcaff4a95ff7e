"""What can be done with the directory: one method, one use case. Whoever calls the `put_…` methods has made sure of an operator."""

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from uuid import UUID

from services.directory import messages, metrics, store
from services.directory.keycloak import Identity
from services.directory.model import (
    Agreement,
    Device,
    Done,
    Membership,
    Organisation,
    Outcome,
    Terms,
    check_roles,
    conflict_between,
    coverage_of,
    next_version,
    settle,
)
from services.shared import crash
from services.shared.clock import uuid7
from services.shared.db import Database, Transaction
from services.shared.errors import Conflict, Invalid, NotFound
from services.shared.outbox import Outbox
from services.shared.tenancy import PLATFORM_ORGANISATION, Principal

OPERATOR = "operator"
EVENT = "directory.changed"

Entity = TypeVar("Entity", Organisation, Device, Membership, Agreement)


@dataclass(frozen=True)
class Put(Generic[Entity]):
    """What putting an entity did, and the password or client secret that was drawn for it, if one was."""

    outcome: Outcome
    entity: Entity
    secret: str | None = None


class DirectoryService:
    """Operators see and write every organisation (work role `operator`), everybody else reads as a tenant."""

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        identity: Identity,
        ids: Callable[[], UUID] = uuid7,
        draw_password: Callable[[], str] = lambda: secrets.token_urlsafe(18),
    ) -> None:
        self._db = db
        self._outbox = outbox
        self._identity = identity
        self._ids = ids
        self._draw_password = draw_password

    def reading(self, caller: Principal) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that sees what the caller may see."""
        return self._db.work("operator") if OPERATOR in caller.roles else self._db.tenant(caller.organisation_id)

    async def put_organisation(self, by: Principal, proposed: Organisation) -> Put[Organisation]:
        """Raises Conflict where the alias or the social credit code is another's."""
        proposed = replace(proposed, id=PLATFORM_ORGANISATION if proposed.platform else self._ids())
        async with self._db.work("operator") as tx:
            await _settle_organisation(tx, proposed)  # refuses before anything is made at the identity provider
        await self._identity.ensure_organisation(
            proposed.alias, f"{proposed.name_zh} {proposed.name_en}", proposed.active
        )
        async with self._db.work("operator") as tx:
            await store.lock_writes(tx)
            outcome, organisation = await _settle_organisation(tx, proposed)
            if outcome == Outcome.CREATED:
                await store.insert_organisation(tx, organisation)
            elif outcome == Outcome.CHANGED:
                await store.update_organisation(tx, organisation)
            await self._publish(tx, by, outcome, organisation, organisation.id)
        return Put(outcome, organisation)

    async def put_device(self, by: Principal, alias: str, proposed: Device) -> Put[Device]:
        """`proposed` as a device of the organisation `alias`. Raises Conflict where its AE title is another organisation's."""
        async with self._db.work("operator") as tx:
            await store.lock_writes(tx)
            owner = await _named(tx, alias)
            existing = await store.device(tx, proposed.ae_title)
            if existing is not None and existing.organisation_id != owner.id:
                other = await store.organisation_by_id(tx, existing.organisation_id)
                raise Conflict(
                    f"the AE title {proposed.ae_title} belongs to a device of {other.alias if other else 'another organisation'}; "
                    f"a calling AE title is unique on the platform: give the device another one"
                )
            outcome, device = settle(existing, replace(proposed, id=self._ids(), organisation_id=owner.id))
            if outcome == Outcome.CREATED:
                await store.insert_device(tx, device)
            elif outcome == Outcome.CHANGED:
                await store.update_device(tx, device)
            await self._publish(tx, by, outcome, device, owner.id)
        return Put(outcome, device)

    async def put_membership(self, by: Principal, alias: str, proposed: Membership) -> Put[Membership]:
        """`proposed` as a member of the organisation `alias`, with an account at the identity provider.

        A person's password is drawn when the account has none yet; a machine's secret is told when the account is new. Each step
        may be run again: whatever a process leaves undone when it dies, putting the same once more completes.
        """
        async with self._db.work("operator") as tx:
            await self._settle_membership(
                tx, alias, proposed
            )  # refuses before anything is made at the identity provider
        ensure = self._identity.ensure_machine if proposed.machine else self._identity.ensure_person
        subject = await ensure(alias, proposed.username, proposed.display_name)
        crash.point("directory.account_made")
        async with self._db.work("operator") as tx:
            await store.lock_writes(tx)
            existing, outcome, membership = await self._settle_membership(tx, alias, replace(proposed, subject=subject))
            if outcome == Outcome.CREATED:
                await store.insert_membership(tx, membership)
            elif outcome == Outcome.CHANGED:
                await store.update_membership(tx, membership)
            await self._publish(tx, by, outcome, membership, membership.organisation_id)
        crash.point("directory.membership_committed")
        if not membership.active:
            await self._identity.leave(alias, subject)
            return Put(outcome, membership)
        new_account = existing is None or existing.subject != subject
        return Put(outcome, membership, await self._first_secret(membership, new_account))

    async def reset_password(self, by: Principal, username: str) -> str:
        """A new password for a person. Raises NotFound."""
        membership = await self._noted_draw(by, username, machine=False)
        return await self._draw(membership)

    async def reset_secret(self, by: Principal, client_id: str) -> str:
        """A new secret for a machine; the one before stops working. Raises NotFound."""
        await self._noted_draw(by, client_id, machine=True)
        metrics.SECRETS_DRAWN.labels("machine").inc()
        return await self._identity.secret(client_id, renew=True)

    async def put_agreement(
        self, by: Principal, number: str, requester: str, reader: str, terms: Terms
    ) -> Put[Agreement]:
        """The terms between two organisations, as a new version unless a version says just that already.

        Raises Conflict where the terms cannot follow the latest version, or another agreement covers a service at the same time.
        """
        async with self._db.work("operator") as tx:
            await store.lock_writes(tx)
            asks, reads = await _named(tx, requester), await _named(tx, reader)
            if asks.platform or reads.platform:
                raise Invalid(
                    "the platform neither asks for reads nor gives them; an agreement is between two hospitals"
                )
            proposed = Agreement(
                id=self._ids(), number=number, version=1, requester_id=asks.id, reader_id=reads.id, terms=terms
            )
            versions = await store.versions(tx, number)
            for known in versions:
                if (known.requester_id, known.reader_id, known.terms) == (asks.id, reads.id, terms):
                    metrics.PUTS.labels("agreement", Outcome.UNCHANGED).inc()
                    return Put(Outcome.UNCHANGED, known)
            agreement = next_version(versions[-1], proposed) if versions else proposed
            await self._refuse_overlap(tx, asks, [*versions, agreement])
            await store.insert_version(tx, agreement, coverage_of([*versions, agreement]))
            outcome = Outcome.CHANGED if versions else Outcome.CREATED
            await self._publish(tx, by, outcome, agreement, asks.id)
        return Put(outcome, agreement)

    async def republish(self) -> dict[str, int]:
        """Tell everything once more, as it is now; how many of each kind. A copy that has an entity at its revision is not changed."""
        counts = {"organisation": 0, "device": 0, "membership": 0, "agreement": 0}
        no_limit = 1 << 31
        async with self._db.work("operator") as tx:
            await store.lock_writes(tx)
            told: list[tuple[UUID, messages.Entity]] = [
                *((one.id, one) for one in await store.organisations(tx, "", no_limit)),
                *((one.organisation_id, one) for one in await store.devices(tx, None, "", no_limit)),
                *((one.organisation_id, one) for one in await store.memberships(tx, None, "", "", no_limit)),
                *((one.requester_id, one) for one in await store.all_versions(tx)),
            ]
            for owner_id, entity in told:
                key, body = messages.change(entity)
                await self._outbox.publish(tx, EVENT, key, owner_id, body)
                counts[key.split("/", 1)[0]] += 1
        return counts

    async def _settle_membership(
        self, tx: Transaction, alias: str, proposed: Membership
    ) -> tuple[Membership | None, Outcome, Membership]:
        owner = await _named(tx, alias)
        check_roles(owner, proposed.roles)
        others = await store.memberships_of(tx, proposed.username)
        if any(other.machine != proposed.machine for other in others):
            raise Conflict(f"the name {proposed.username} is in use by a {'person' if proposed.machine else 'machine'}")
        existing = next((one for one in others if one.organisation_id == owner.id), None)
        outcome, membership = settle(existing, replace(proposed, id=self._ids(), organisation_id=owner.id))
        return existing, outcome, membership

    async def _first_secret(self, membership: Membership, new_account: bool) -> str | None:
        if membership.machine:
            return await self._identity.secret(membership.username) if new_account else None
        return None if await self._identity.has_password(membership.subject) else await self._draw(membership)

    async def _draw(self, membership: Membership) -> str:
        password = self._draw_password()
        await self._identity.set_password(membership.subject, password)
        metrics.SECRETS_DRAWN.labels("person").inc()
        return password

    async def _noted_draw(self, by: Principal, username: str, machine: bool) -> Membership:
        """The member, once it is noted who draws a new secret for it: noted in vain is better than drawn unnoted."""
        async with self._db.work("operator") as tx:
            found = [one for one in await store.memberships_of(tx, username) if one.machine == machine]
            if not found:
                raise NotFound(f"there is no {'machine' if machine else 'person'} {username}")
            for membership in found:
                await self._note(tx, by, Done.RENEWED, membership, membership.organisation_id)
        return found[0]

    async def _refuse_overlap(self, tx: Transaction, requester: Organisation, versions: list[Agreement]) -> None:
        number = versions[0].number
        others: dict[str, list[Agreement]] = {}
        for one in await store.versions_of_requester(tx, requester.id):
            if one.number != number:
                others.setdefault(one.number, []).append(one)
        theirs = [coverage for group in others.values() for coverage in coverage_of(group)]
        if pair := conflict_between(coverage_of(versions), theirs):
            mine, other = pair
            raise Conflict(
                f"{requester.alias} has a reader for {other.service} from {other.begins} until {other.ends or 'further notice'} already, "
                f"by agreement {other.agreement.number} version {other.agreement.version}; {number} would cover {mine.service} "
                f"from {mine.begins} on. End that agreement first (a version with valid_until), or begin this one later.",
                agreement=other.agreement.number,
                version=other.agreement.version,
            )

    async def _publish(
        self, tx: Transaction, by: Principal, outcome: Outcome, entity: messages.Entity, owner_id: UUID
    ) -> None:
        key, body = messages.change(entity)
        metrics.PUTS.labels(key.split("/", 1)[0], outcome).inc()
        if outcome != Outcome.UNCHANGED:
            await self._note(tx, by, Done(outcome), entity, owner_id)
            await self._outbox.publish(tx, EVENT, key, owner_id, body)

    async def _note(self, tx: Transaction, by: Principal, done: Done, entity: messages.Entity, owner_id: UUID) -> None:
        kind, name, content = messages.told(entity)
        reader_id = entity.reader_id if isinstance(entity, Agreement) else None
        await store.insert_change(tx, self._ids(), owner_id, reader_id, by, kind, name, done, content)


async def _named(tx: Transaction, alias: str) -> Organisation:
    """The organisation that a request names. Raises Invalid: the request is at fault, not its address."""
    found = await store.organisation(tx, alias)
    if found is None:
        raise Invalid(f"there is no organisation {alias}; put it first")
    return found


async def _settle_organisation(tx: Transaction, proposed: Organisation) -> tuple[Outcome, Organisation]:
    existing = await store.organisation(tx, proposed.alias)
    if existing is not None and existing.platform != proposed.platform:
        raise Conflict(f"{proposed.alias} cannot turn from a hospital into the platform or back")
    if (code := proposed.unified_social_credit_code) is not None:
        holder = await store.organisation_by_code(tx, code)
        if holder is not None and holder.alias != proposed.alias:
            raise Conflict(f"the unified social credit code {code} belongs to {holder.alias}")
    return settle(existing, proposed)

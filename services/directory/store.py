"""The directory's records. Every function works inside the caller's transaction; what it may see and write is the transaction's role's."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from services.directory.model import Agreement, Change, Coverage, Device, Done, Membership, Organisation, Role, Terms
from services.shared.db import Transaction
from services.shared.errors import Conflict
from services.shared.tenancy import Principal

_TERMS = TypeAdapter(Terms)


async def lock_writes(tx: Transaction) -> None:
    """Waits until no other transaction changes the directory."""
    await tx.one("lock_writes")


async def organisation(tx: Transaction, alias: str) -> Organisation | None:
    return _organisation(await tx.one("select_organisation", alias=alias))


async def organisation_by_id(tx: Transaction, id: UUID) -> Organisation | None:
    return _organisation(await tx.one("select_organisation_by_id", id=id))


async def organisation_by_code(tx: Transaction, code: str) -> Organisation | None:
    return _organisation(await tx.one("select_organisation_by_code", code=code))


async def organisations(tx: Transaction, after: str, limit: int) -> list[Organisation]:
    return [Organisation(**row) for row in await tx.all("list_organisations", after=after, limit=limit)]


async def insert_organisation(tx: Transaction, organisation: Organisation) -> None:
    """Raises Conflict where the alias, the code or the platform's place is taken."""
    try:
        await tx.run("insert_organisation", **asdict(organisation))
    except errors.UniqueViolation as error:
        raise Conflict(f"{organisation.alias}: {error.diag.message_detail}") from error


async def update_organisation(tx: Transaction, organisation: Organisation) -> None:
    await tx.run("update_organisation", **asdict(organisation))


async def device(tx: Transaction, ae_title: str) -> Device | None:
    row = await tx.one("select_device", ae_title=ae_title)
    return Device(**row) if row else None


async def devices(tx: Transaction, organisation_id: UUID | None, after: str, limit: int) -> list[Device]:
    rows = await tx.all("list_devices", organisation_id=organisation_id, after=after, limit=limit)
    return [Device(**row) for row in rows]


async def insert_device(tx: Transaction, device: Device) -> None:
    await tx.run("insert_device", **asdict(device))


async def update_device(tx: Transaction, device: Device) -> None:
    await tx.run("update_device", **asdict(device))


async def memberships_of(tx: Transaction, username: str) -> list[Membership]:
    return [_membership(row) for row in await tx.all("select_memberships_of", username=username)]


async def membership_by_subject(tx: Transaction, organisation_id: UUID, subject: str) -> Membership | None:
    row = await tx.one("select_membership_by_subject", organisation_id=organisation_id, subject=subject)
    return _membership(row) if row else None


async def memberships(
    tx: Transaction, organisation_id: UUID | None, after: str, after_organisation: str, limit: int
) -> list[Membership]:
    """Memberships after the one of the name `after` in `after_organisation`; all that are visible where no organisation is named."""
    rows = await tx.all(
        "list_memberships",
        organisation_id=organisation_id,
        after=after,
        after_organisation=after_organisation,
        limit=limit,
    )
    return [_membership(row) for row in rows]


async def insert_membership(tx: Transaction, membership: Membership) -> None:
    await tx.run("insert_membership", **_membership_row(membership))


async def update_membership(tx: Transaction, membership: Membership) -> None:
    await tx.run("update_membership", **_membership_row(membership))


async def versions(tx: Transaction, number: str) -> list[Agreement]:
    """All versions of one agreement, the first first."""
    return [_agreement(row) for row in await tx.all("select_versions", number=number)]


async def versions_of_requester(tx: Transaction, requester_id: UUID) -> list[Agreement]:
    return [_agreement(row) for row in await tx.all("select_versions_of_requester", requester_id=requester_id)]


async def latest_versions(tx: Transaction, after: str, limit: int) -> list[Agreement]:
    return [_agreement(row) for row in await tx.all("list_agreements", after=after, limit=limit)]


async def all_versions(tx: Transaction) -> list[Agreement]:
    return [_agreement(row) for row in await tx.all("list_versions")]


async def insert_version(tx: Transaction, agreement: Agreement, coverage: list[Coverage]) -> None:
    """Adds a version; `coverage` is what all versions of the agreement then cover. Raises Conflict where it overlaps another's."""
    await tx.run(
        "insert_agreement",
        id=agreement.id,
        number=agreement.number,
        requester_id=agreement.requester_id,
        reader_id=agreement.reader_id,
    )
    parties = {"requester_id": agreement.requester_id, "reader_id": agreement.reader_id}
    await tx.run(
        "insert_version",
        agreement_id=agreement.id,
        version=agreement.version,
        **parties,
        valid_from=agreement.terms.valid_from,
        terms=Jsonb(_TERMS.dump_python(agreement.terms, mode="json")),
        revision=agreement.revision,
    )
    await tx.run("delete_coverage", agreement_id=agreement.id)
    rows = [
        {
            "agreement_id": agreement.id,
            "version": one.agreement.version,
            **parties,
            "modality": one.service.modality,
            "body_part": one.service.body_part,
            "begins": one.begins,
            "ends": one.ends,
        }
        for one in coverage
    ]
    try:
        await tx.run_many("insert_coverage", rows)
    except errors.ExclusionViolation as error:
        raise Conflict(
            f"agreement {agreement.number} overlaps another one of the same requester: {error.diag.message_detail}"
        ) from error


async def insert_change(
    tx: Transaction,
    id: UUID,
    organisation_id: UUID,
    reader_id: UUID | None,
    by: Principal,
    kind: str,
    name: str,
    outcome: Done,
    content: dict[str, Any],
) -> None:
    await tx.run(
        "insert_change",
        id=id,
        organisation_id=organisation_id,
        reader_id=reader_id,
        subject=by.subject,
        username=by.username,
        kind=kind,
        named=name,
        outcome=outcome.value,
        content=Jsonb(content),
    )


async def changes(tx: Transaction, organisation_id: UUID | None, before: UUID | None, limit: int) -> list[Change]:
    """The latest first; of one organisation, or all that are visible."""
    rows = await tx.all("list_changes", organisation_id=organisation_id, before=before, limit=limit)
    return [Change(**row | {"outcome": Done(row["outcome"])}) for row in rows]


def _organisation(row: dict[str, Any] | None) -> Organisation | None:
    return Organisation(**row) if row else None


def _membership(row: dict[str, Any]) -> Membership:
    return Membership(**row | {"roles": frozenset(Role(role) for role in row["roles"])})


def _membership_row(membership: Membership) -> dict[str, Any]:
    return asdict(membership) | {"roles": sorted(membership.roles)}


def _agreement(row: dict[str, Any]) -> Agreement:
    return Agreement(**row | {"terms": _TERMS.validate_python(row["terms"])})

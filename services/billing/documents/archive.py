"""Issued documents: set once, then the same bytes for everybody and for ever, in the issuer's part of the object store."""

from typing import Any, Protocol
from uuid import UUID

from services.billing.documents.pages import Language, Typesetter, invoice_pdf, settlement_pdf
from services.shared.errors import NotFound
from services.shared.tenancy import object_key

Row = dict[str, Any]


class Objects(Protocol):
    """What the archive asks of the object store."""

    async def get(self, key: str) -> bytes: ...
    async def put(self, key: str, data: bytes) -> None: ...


class Zones(Protocol):
    """What the archive asks of the directory's copy."""

    async def organisation(self, organisation_id: UUID) -> Any: ...


class Archive:
    """PDFs of invoices and settlement statements that the caller was already allowed to see."""

    def __init__(self, objects: Objects, zones: Zones, typesetter: Typesetter) -> None:
        self._objects, self._zones, self._typesetter = objects, zones, typesetter

    async def invoice(self, invoice: Row, lines: list[Row], language: Language) -> bytes:
        """The invoice as its payee issued it."""
        owner = invoice["payee_id"]
        key = object_key(owner, "billing", "invoices", f"{invoice['id']}.{language.value}.pdf")
        try:
            return await self._objects.get(key)
        except NotFound:
            pdf = await invoice_pdf(self._typesetter, invoice, lines, language, await self._zone(owner))
            await self._objects.put(key, pdf)
            return pdf

    async def settlement(self, settlement: Row, invoices: list[Row], language: Language) -> bytes:
        """The organisation's own statement."""
        owner = settlement["organisation_id"]
        key = object_key(owner, "billing", "settlements", f"{settlement['id']}.{language.value}.pdf")
        try:
            return await self._objects.get(key)
        except NotFound:
            pdf = await settlement_pdf(self._typesetter, settlement, invoices, language, await self._zone(owner))
            await self._objects.put(key, pdf)
            return pdf

    async def _zone(self, organisation_id: UUID) -> str:
        organisation = await self._zones.organisation(organisation_id)
        return organisation.time_zone if organisation else "UTC"

"""Signing: the draft becomes an immutable version with its documents, and the event that says so."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from services.reporting import codec, metrics, store
from services.reporting.model import lease
from services.reporting.model.content import (
    Content,
    FirstReading,
    Hospital,
    Kind,
    Signature,
    Text,
    require_attested,
    require_text,
)
from services.reporting.model.findings import Decision, ReviewedFinding, adopt, decide, require_decided
from services.reporting.model.states import FINAL, Act, IllegalTransition, after
from services.reporting.publisher import Publisher
from services.reporting.service.desk import SameReaderTwice, Work, locked, require_edition, require_person
from services.reporting.store import Report, Version
from services.shared import crash, telemetry
from services.shared.clock import Clock
from services.shared.db import Database, Transaction
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import Unavailable
from services.shared.outbox import Outbox
from services.shared.tenancy import Principal

_log = logging.getLogger(__name__)
# Each signing holds a connection while its documents are made; no more of them at once than leave room for reading.
_AT_ONCE = 2


@dataclass(frozen=True)
class Addendum:
    """What an addendum decides and says; it restates the whole report."""

    decisions: tuple[Decision, ...]
    text: Text


class Signing:
    def __init__(
        self, db: Database, directory: DirectoryCopy, outbox: Outbox, clock: Clock, publisher: Publisher
    ) -> None:
        self._db = db
        self._directory = directory
        self._outbox = outbox
        self._clock = clock
        self._publisher = publisher
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def sign(self, principal: Principal, report_id: UUID, attestation: bool, if_match: int | None) -> None:
        """Sign the draft. With double reading the first signature passes it on to another expert, the second makes the report.

        The same expert's signing again changes nothing. Raises NotFound, Invalid, IllegalTransition, NotClaimed,
        ClaimedByAnother, SameReaderTwice, FindingsUndecided, PreconditionFailed.
        """
        require_person(principal)
        require_attested(attestation)
        with metrics.SIGNING_SECONDS.time():
            async with self._room, self._db.tenant(principal.organisation_id) as tx:
                work = await locked(tx, report_id=report_id)
                if work.task.state in FINAL:
                    await self._require_signed_by(tx, principal, work)
                    return
                first = work.report.first_signed
                passes_on = work.task.double_reading and first is None
                state = after(work.task.state, Act.SIGN_FIRST if passes_on else Act.SIGN)
                if first is not None and first.subject == principal.subject:
                    raise SameReaderTwice("you signed this exam first; another expert signs it now")
                lease.renew(work.task.lease, principal.subject, self._clock.now())
                require_edition(work.report, if_match)
                require_decided(work.report.findings)
                require_text(work.report.text)
                signature = Signature(principal.subject, principal.display_name, self._clock.now())
                task = replace(work.task, state=state, lease=None)
                if passes_on:
                    said = FirstReading(signature, work.report.findings, work.report.text)
                    await store.save_task(tx, task)
                    await store.save_report(tx, replace(work.report, first_reading=said), task.reader_id)
                    return
                await store.save_task(tx, task)
                await self._publish(tx, work, signature, work.report.findings, work.report.text, Kind.REPORT)
        _count(Kind.REPORT, work.report.text)

    async def addend(
        self, principal: Principal, report_id: UUID, addendum: Addendum, attestation: bool, if_match: int | None
    ) -> None:
        """Sign an addendum: a new version of the same report. The same addendum again changes nothing.

        Decisions may name findings that a later analysis offers. Raises as `sign` does.
        """
        require_person(principal)
        require_attested(attestation)
        require_text(addendum.text)
        with metrics.SIGNING_SECONDS.time():
            async with self._room, self._db.tenant(principal.organisation_id) as tx:
                work = await locked(tx, report_id=report_id)
                state = after(work.task.state, Act.ADD)
                require_edition(work.report, if_match)
                report, findings = _restated(work.report, addendum.decisions, principal.subject)
                require_decided(findings)
                if not work.task.new_images and await self._says_nothing_new(tx, work, findings, addendum.text):
                    return
                signature = Signature(principal.subject, principal.display_name, self._clock.now())
                await store.save_task(tx, replace(work.task, state=state, new_images=False))
                await self._publish(tx, replace(work, report=report), signature, findings, addendum.text, Kind.ADDENDUM)
        _count(Kind.ADDENDUM, addendum.text)

    async def _require_signed_by(self, tx: Transaction, principal: Principal, work: Work) -> None:
        versions = await store.versions(tx, work.report.id)
        if versions and versions[0].content.signed.subject != principal.subject:
            raise IllegalTransition(work.task.state, Act.SIGN)

    async def _says_nothing_new(
        self, tx: Transaction, work: Work, findings: Iterable[ReviewedFinding], text: Text
    ) -> bool:
        latest = (await store.versions(tx, work.report.id))[-1].content
        return (latest.findings, latest.text) == (tuple(findings), text)

    async def _publish(
        self,
        tx: Transaction,
        work: Work,
        signature: Signature,
        findings: tuple[ReviewedFinding, ...],
        text: Text,
        kind: Kind,
    ) -> None:
        content = await self._content(work, signature, findings, text, kind)
        owner = work.exam.organisation_id
        with telemetry.span_in_trace("report.sign", content.exam.trace_id):
            made = await self._publisher.publish(owner, content, work.exam.message, work.report.key_image)
            crash.point("report.stored")
            version = Version(
                content,
                organisation_id=owner,
                reader_id=UUID(content.reader.id),
                document_key=made.document_key,
                document_digest_sha256=made.document_digest_sha256,
                sr_key=made.sr_key,
            )
            await store.insert_version(tx, version, signature.at, made.encapsulated_key)
            await store.save_report(
                tx,
                replace(work.report, version=content.version, findings=findings, text=text),
                work.task.reader_id,
            )
            # From here on for the requester, whose exam and event this is: the crossing that the agreement allows.
            await tx.act_for(owner)
            await self._outbox.publish(
                tx,
                "report.signed",
                key=content.exam.exam_id,
                organisation_id=owner,
                body=codec.report_signed(content, made.document_digest_sha256),
            )

    async def _content(
        self, work: Work, signature: Signature, findings: tuple[ReviewedFinding, ...], text: Text, kind: Kind
    ) -> Content:
        message = work.exam.message
        crossing = message.crossing
        agreement = await self._directory.agreement(UUID(crossing.agreement_id), crossing.agreement_version)
        return Content(
            report_id=str(work.report.id),
            version=work.report.version + 1,
            kind=kind,
            exam=codec.exam_facts(message, agreement.number if agreement else ""),
            patient=codec.patient_of(message),
            requester=await self._hospital(work.exam.organisation_id),
            reader=await self._hospital(UUID(crossing.reader_id)),
            findings=findings,
            text=text,
            signed=signature,
            first_signed=work.report.first_signed if kind == Kind.REPORT else None,
            instances=tuple(one.sop_instance_uid for one in message.instances),
            hints=work.report.hints.findings,
        )

    async def _hospital(self, organisation_id: UUID) -> Hospital:
        organisation = await self._directory.organisation(organisation_id)
        if organisation is None:
            raise Unavailable(f"the hospital {organisation_id} has not come from the directory yet")
        return codec.hospital_of(organisation)


def _count(kind: Kind, text: Text) -> None:
    crash.point("report.committed")
    metrics.SIGNED.labels(kind).inc()
    if text.critical:
        metrics.CRITICAL.inc()


def _restated(
    report: Report, decisions: tuple[Decision, ...], subject: str
) -> tuple[Report, tuple[ReviewedFinding, ...]]:
    """The report and its findings with the decisions; those that name an offered finding take the whole offer in."""
    offer = report.offer
    offered = {one.finding_id for one in offer.findings} if offer else set()
    hints = report.hints.findings
    before = decide(report.findings, [one for one in decisions if one.finding_id not in offered], subject, hints)
    late = [one for one in decisions if one.finding_id in offered]
    if offer is None or not late:
        return report, before
    taken = replace(report, offer=None, key_image=offer.key_image)
    return taken, decide(adopt(before, offer.findings, hints), late, subject)

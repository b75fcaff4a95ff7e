"""The expert's desk: take a task, write the draft, take or leave what the AI offers late."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from services.reporting import store
from services.reporting.model import lease
from services.reporting.model.content import Text
from services.reporting.model.findings import Decision, ReviewedFinding, adopt, decide
from services.reporting.model.sentences import of_hints
from services.reporting.model.states import FINAL, OPEN, Act, State, after
from services.reporting.store import Exam, Listed, Report, Task
from services.shared import telemetry
from services.shared.clock import Clock
from services.shared.db import Database, Transaction
from services.shared.errors import Conflict, Forbidden, NotFound, PreconditionFailed
from services.shared.tenancy import Principal


class SameReaderTwice(Conflict):
    """Double reading needs a second, other expert."""


@dataclass(frozen=True)
class Work:
    """A task, its report and its exam, locked for this transaction."""

    exam: Exam
    task: Task
    report: Report


async def locked(tx: Transaction, *, task_id: UUID | None = None, report_id: UUID | None = None) -> Work:
    """Lock the exam and read what hangs on it. Raises NotFound unless the caller's organisation reads it."""
    if task_id is not None:
        row = await tx.one("select_exam_of_task", task_id=task_id)
    else:
        row = await tx.one("select_exam_of_report", report_id=report_id)
    exam = await store.lock_exam(tx, row["organisation_id"], row["exam_id"]) if row else None
    task = await store.task_of_exam(tx, exam) if exam else None
    report = await store.report(tx, task.report_id) if task else None
    if exam is None or task is None or report is None:
        raise NotFound()
    telemetry.link_trace(exam.message.trace_id)
    return Work(exam, task, report)


def require_person(principal: Principal) -> None:
    """Reading is a person's own act. Raises Forbidden for a platform service."""
    principal.require("expert")
    if principal.service:
        raise Forbidden("only an expert reads and signs")


def require_edition(report: Report, if_match: int | None) -> None:
    """Raises PreconditionFailed when the caller has seen another edition."""
    if if_match is not None and if_match != report.edition:
        raise PreconditionFailed(
            f"the report has changed since you read it: fetch it again (now edition {report.edition})"
        )


def let_go_if_over(task: Task, work_clock: Clock) -> Task:
    """The task without a lease that has ended."""
    if task.lease is None or task.lease.runs(work_clock.now()):
        return task
    return replace(task, state=after(task.state, Act.LET_GO), lease=None)


class Desk:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def worklist(
        self, principal: Principal, state: State | None, mine: bool, cursor: str | None, limit: int
    ) -> tuple[list[Listed], str | None]:
        """A page of what the caller's hospital reads: what is open, or needs an addendum; or what is in one state."""
        async with self._db.tenant(principal.organisation_id) as tx:
            return await store.worklist(
                tx,
                states=[state] if state else sorted(OPEN),
                with_new_images=state is None,
                subject=principal.subject if mine else None,
                now=self._clock.now(),
                cursor=cursor,
                limit=limit,
            )

    async def claim(self, principal: Principal, task_id: UUID) -> None:
        """Take a task, or take over one whose lease has ended. An offer that nobody has worked past goes into the draft.

        Raises NotFound, ClaimedByAnother, SameReaderTwice, IllegalTransition.
        """
        require_person(principal)
        async with self._db.tenant(principal.organisation_id) as tx:
            work = await locked(tx, task_id=task_id)
            task = let_go_if_over(work.task, self._clock)
            fresh = task.state == State.UNASSIGNED
            state = after(task.state, Act.CLAIM)
            held = lease.take(task.lease, principal.subject, principal.display_name, self._clock.now())
            first = work.report.first_signed
            if first is not None and first.subject == principal.subject:
                raise SameReaderTwice("you signed this exam first; another expert reads it now")
            await store.save_task(tx, replace(task, state=state, lease=held))
            if fresh and work.report.offer is not None:
                await store.save_report(tx, _taken(work.report), work.task.reader_id)

    async def renew(self, principal: Principal, task_id: UUID) -> None:
        """Prolong the lease. Raises NotFound, NotClaimed, ClaimedByAnother."""
        require_person(principal)
        async with self._db.tenant(principal.organisation_id) as tx:
            work = await locked(tx, task_id=task_id)
            held = lease.renew(work.task.lease, principal.subject, self._clock.now())
            await store.save_task(tx, replace(work.task, lease=held))

    async def release(self, principal: Principal, task_id: UUID) -> None:
        """Give the task back; what was drafted stays. Raises NotFound, NotClaimed, ClaimedByAnother."""
        require_person(principal)
        async with self._db.tenant(principal.organisation_id) as tx:
            work = await locked(tx, task_id=task_id)
            lease.renew(work.task.lease, principal.subject, self._clock.now())
            await store.save_task(tx, replace(work.task, state=after(work.task.state, Act.LET_GO), lease=None))

    async def draft(
        self, principal: Principal, report_id: UUID, decisions: Iterable[Decision], text: Text, if_match: int | None
    ) -> None:
        """Write the draft and prolong the lease; first words that nobody touched follow the views that are decided.

        Raises NotFound, IllegalTransition, NotClaimed, PreconditionFailed, Invalid.
        """
        require_person(principal)
        async with self._db.tenant(principal.organisation_id) as tx:
            work = await locked(tx, report_id=report_id)
            state = after(work.task.state, Act.EDIT) if work.task.state != State.UNASSIGNED else work.task.state
            held = lease.renew(work.task.lease, principal.subject, self._clock.now())
            require_edition(work.report, if_match)
            hints = work.report.hints.findings
            findings = decide(work.report.findings, decisions, principal.subject, hints)
            text = replace(text, description=_followed(work.report, findings, text.description))
            await store.save_task(tx, replace(work.task, state=state, lease=held))
            await store.save_report(tx, replace(work.report, findings=findings, text=text), work.task.reader_id)

    async def settle_offer(self, principal: Principal, report_id: UUID, accept: bool) -> None:
        """Take the offered analysis into the draft (decisions about the same statements stay), or leave it.

        Raises NotFound, NotClaimed, ClaimedByAnother, and Conflict when nothing is offered.
        """
        require_person(principal)
        async with self._db.tenant(principal.organisation_id) as tx:
            work = await locked(tx, report_id=report_id)
            if work.report.offer is None:
                raise Conflict("no analysis is offered to this report")
            if work.task.state not in FINAL:
                held = lease.renew(work.task.lease, principal.subject, self._clock.now())
                await store.save_task(tx, replace(work.task, lease=held))
            settled = _taken(work.report) if accept else replace(work.report, offer=None)
            await store.save_report(tx, settled, work.task.reader_id)


def _taken(report: Report) -> Report:
    offer = report.offer
    if offer is None:
        return report
    findings = adopt(report.findings, offer.findings, report.hints.findings)
    text = replace(report.text, description=_followed(report, findings, report.text.description))
    return replace(report, findings=findings, text=text, key_image=offer.key_image, offer=None)


def _followed(report: Report, findings: tuple[ReviewedFinding, ...], description: str) -> str:
    """The description; where it is still our first words, as these findings have them."""
    hints = report.hints.findings
    return of_hints(hints, findings) if description == of_hints(hints, report.findings) else description

"""The routes under /api/reporting/v1."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from services.reporting.http.bodies import AddendumBody, DraftBody, SignBody
from services.reporting.http.views import ReportView, TaskView, VersionPage, VersionView, Worklist, etag
from services.reporting.model.states import State
from services.reporting.service import Archive, Desk, Signing
from services.reporting.service.signing import Addendum
from services.shared.clock import Clock
from services.shared.errors import Malformed
from services.shared.http import Caller, role
from services.shared.tenancy import Principal

IfMatch = Annotated[str | None, Header(description="The ETag of the report as you read it")]


def router(desk: Desk, signing: Signing, archive: Archive, clock: Clock) -> APIRouter:
    """All routes but FHIR's."""
    api = APIRouter(prefix="/api/reporting/v1")

    @api.get("/worklist")
    async def worklist(
        caller: Annotated[Principal, role("expert")],
        state: State | None = None,
        mine: bool = False,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Worklist:
        """What the caller's hospital is to read, the earliest due first."""
        found, following = await desk.worklist(caller, state, mine, cursor, limit)
        names = await archive.names({one.task.organisation_id for one in found})
        now = clock.now()
        return Worklist(items=[TaskView.of(one, names[one.task.organisation_id], now) for one in found], next=following)

    async def task(caller: Principal, task_id: UUID) -> TaskView:
        found = await archive.task(caller, task_id=task_id)
        names = await archive.names({found.task.organisation_id})
        return TaskView.of(found, names[found.task.organisation_id], clock.now())

    @api.get("/tasks/{task_id}")
    async def get_task(caller: Caller, task_id: UUID) -> TaskView:
        """A task's status, for its requester and its reader."""
        return await task(caller, task_id)

    @api.post("/tasks/{task_id}/claim")
    async def claim(caller: Caller, task_id: UUID) -> TaskView:
        """Take the task for half an hour; again by its holder prolongs it."""
        await desk.claim(caller, task_id)
        return await task(caller, task_id)

    @api.post("/tasks/{task_id}/renew")
    async def renew(caller: Caller, task_id: UUID) -> TaskView:
        """Prolong the claim."""
        await desk.renew(caller, task_id)
        return await task(caller, task_id)

    @api.post("/tasks/{task_id}/release")
    async def release(caller: Caller, task_id: UUID) -> TaskView:
        """Give the task back; the draft stays."""
        await desk.release(caller, task_id)
        return await task(caller, task_id)

    @api.get("/reports")
    async def reports(caller: Caller, exam_id: UUID) -> VersionPage:
        """The signed report of an exam."""
        found = await archive.signed(caller, exam_id=exam_id)
        return VersionPage(items=[VersionView.of(one) for one in found])

    async def document(caller: Principal, report_id: UUID, kind: str, version: int | None) -> Response:
        data, found = await archive.document(caller, report_id, kind, version)
        suffix, media_type = ("pdf", "application/pdf") if kind == "pdf" else ("dcm", "application/dicom")
        name = f"report-{report_id}-v{found.content.version}.{suffix}"
        return Response(
            data,
            media_type=media_type,
            headers={
                "Content-Disposition": f'{"inline" if kind == "pdf" else "attachment"}; filename="{name}"',
                "ETag": etag(found.content.version),
                "Cache-Control": "private, no-cache",
            },
        )

    # Before the plain report: its path would take the suffix for a part of the id.
    @api.get("/reports/{report_id}.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
    async def pdf(caller: Caller, report_id: UUID, version: Annotated[int | None, Query(ge=1)] = None) -> Response:
        """The sealed PDF of a version; the latest unless one is named."""
        return await document(caller, report_id, "pdf", version)

    @api.get(
        "/reports/{report_id}.dcm", response_class=Response, responses={200: {"content": {"application/dicom": {}}}}
    )
    async def dcm(caller: Caller, report_id: UUID, version: Annotated[int | None, Query(ge=1)] = None) -> Response:
        """The DICOM SR of a version; the latest unless one is named."""
        return await document(caller, report_id, "sr", version)

    async def report(caller: Principal, report_id: UUID, response: Response) -> ReportView:
        found = ReportView.of(await archive.report(caller, report_id), caller)
        response.headers["ETag"] = found.etag
        return found

    @api.get("/reports/{report_id}")
    async def get_report(caller: Caller, report_id: UUID, response: Response) -> ReportView:
        """The draft for its reader; what is signed for both hospitals."""
        return await report(caller, report_id, response)

    @api.put("/reports/{report_id}/draft")
    async def draft(
        caller: Caller, report_id: UUID, body: DraftBody, response: Response, if_match: IfMatch = None
    ) -> ReportView:
        """Write the draft; prolongs the claim."""
        await desk.draft(caller, report_id, body.decisions(), body.text(), _edition(if_match))
        return await report(caller, report_id, response)

    @api.post("/reports/{report_id}/offer/accept")
    async def accept_offer(caller: Caller, report_id: UUID, response: Response) -> ReportView:
        """Take the findings of the analysis that came late into the draft."""
        await desk.settle_offer(caller, report_id, accept=True)
        return await report(caller, report_id, response)

    @api.post("/reports/{report_id}/offer/dismiss")
    async def dismiss_offer(caller: Caller, report_id: UUID, response: Response) -> ReportView:
        """Leave the findings of the analysis that came late."""
        await desk.settle_offer(caller, report_id, accept=False)
        return await report(caller, report_id, response)

    @api.post("/reports/{report_id}/sign")
    async def sign(
        caller: Caller, report_id: UUID, body: SignBody, response: Response, if_match: IfMatch = None
    ) -> ReportView:
        """Sign the draft, with the attestation."""
        await signing.sign(caller, report_id, body.attestation, _edition(if_match))
        return await report(caller, report_id, response)

    @api.post("/reports/{report_id}/addenda")
    async def addend(
        caller: Caller, report_id: UUID, body: AddendumBody, response: Response, if_match: IfMatch = None
    ) -> ReportView:
        """Sign an addendum: a new version that restates the report."""
        addendum = Addendum(body.decisions(), body.text())
        await signing.addend(caller, report_id, addendum, body.attestation, _edition(if_match))
        return await report(caller, report_id, response)

    return api


def _edition(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    try:
        return int(if_match.strip().removeprefix("W/").strip('"'))
    except ValueError as error:
        raise Malformed("If-Match must be the report's ETag") from error

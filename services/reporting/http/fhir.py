"""FHIR R4 over signed reports: DiagnosticReport, Observation and ImagingStudy (http://hl7.org/fhir/R4)."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from services.reporting.http import resources
from services.reporting.service import Archive
from services.reporting.store import Version
from services.shared.errors import Malformed, NotFound, SonoBridgeError
from services.shared.http import Caller

MEDIA_TYPE = "application/fhir+json"

# HTTP status to FHIR's IssueType (http://hl7.org/fhir/R4/valueset-issue-type.html).
_ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    406: "not-supported",
    422: "invalid",
    503: "transient",
}


class FhirResponse(JSONResponse):
    media_type = MEDIA_TYPE


class _FhirRoute(APIRoute):
    """A route whose errors are OperationOutcomes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except SonoBridgeError as error:
                return _outcome(error.status, error.detail)
            except RequestValidationError as error:
                return _outcome(400, "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()))

        return handle


def router(archive: Archive, public_origin: str) -> APIRouter:
    """The routes under /fhir/R4."""
    base = f"{public_origin.rstrip('/')}/fhir/R4"
    fhir = APIRouter(prefix="/fhir/R4", route_class=_FhirRoute, default_response_class=FhirResponse)
    started = datetime.now(UTC)

    @fhir.get("/metadata")
    async def metadata() -> Response:
        """What this server can do; open to all, as it tells of nobody (R4, 3.1.0.13)."""
        return FhirResponse(resources.capability_statement(base, started))

    @fhir.get("/DiagnosticReport")
    async def search(
        caller: Caller,
        request: Request,
        identifier: Annotated[str | None, Query(description="Study UID (urn:oid:…) or report id (urn:uuid:…)")] = None,
        _id: Annotated[str | None, Query(alias="_id")] = None,
    ) -> Response:
        """Signed reports by study or by report."""
        if identifier is None and _id is None:
            raise Malformed("search DiagnosticReport by identifier or by _id")
        found = await _search(archive, caller, identifier, _id)
        return FhirResponse(resources.search_set(base, str(request.url.query), found))

    @fhir.get("/DiagnosticReport/{report_id}")
    async def read(caller: Caller, report_id: str) -> Response:
        """The latest signed version of a report."""
        return _answer(resources.diagnostic_report(base, await _latest(archive, caller, report_id)))

    @fhir.get("/Observation/{observation_id}")
    async def observation(caller: Caller, observation_id: str) -> Response:
        """One finding of a signed report."""
        report_id, _, part = observation_id.partition(".")
        found = resources.observation(base, await _latest(archive, caller, report_id), part)
        if found is None:
            raise NotFound()
        return _answer(found)

    @fhir.get("/ImagingStudy/{exam_id}")
    async def imaging_study(caller: Caller, exam_id: str) -> Response:
        """The study that a signed report is about."""
        exam, version = await archive.exam(caller, _uuid(exam_id))
        return _answer(resources.imaging_study(base, exam, version))

    # Last: it takes what no route above does.
    @fhir.get("/{rest:path}", include_in_schema=False)
    async def unknown(rest: str) -> Response:
        """What this server does not know is answered in FHIR's own words too."""
        return _outcome(404, f"this server has no {rest}; /fhir/R4/metadata says what it can do", "not-supported")

    return fhir


async def _search(archive: Archive, caller: Caller, identifier: str | None, _id: str | None) -> list[Version]:
    """The reports that match both parameters, each a list of alternatives (R4, 3.1.1.4)."""
    tokens = None if identifier is None else [_Token.of(one) for one in identifier.split(",")]
    named = [_Token("", one) for one in _id.split(",")] if _id is not None else tokens or []
    found: dict[str, Version] = {}
    for token in named:
        for one in await archive.signed(caller, **token.lookup):
            found[one.content.report_id] = one
    return [one for one in found.values() if tokens is None or any(token.names(one) for token in tokens)]


@dataclass(frozen=True)
class _Token:
    """A business identifier as searches write it: with its system or without (R4, 3.1.1.4.10)."""

    system: str
    value: str

    @classmethod
    def of(cls, text: str) -> "_Token":
        system, _, value = text.rpartition("|")
        return cls(system, value.removeprefix("urn:oid:").removeprefix("urn:uuid:"))

    @property
    def lookup(self) -> dict[str, Any]:
        """How the archive finds it: a report's id is a UUID, a study's is not."""
        try:
            return {"report_id": UUID(self.value)}
        except ValueError:
            return {"study_instance_uid": self.value}

    def names(self, version: Version) -> bool:
        """Whether this is the report's own identifier, or its study's."""
        content = version.content
        return (self.system in ("", resources.URI) and self.lookup.get("report_id") == UUID(content.report_id)) or (
            self.system in ("", resources.DICOM_UID) and self.value == content.exam.study_instance_uid
        )


async def _latest(archive: Archive, caller: Caller, report_id: str) -> Version:
    found = await archive.signed(caller, report_id=_uuid(report_id))
    if not found:
        raise NotFound()
    return found[0]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound() from error


def _answer(resource: dict[str, Any]) -> Response:
    version = resource.get("meta", {}).get("versionId", "1")
    return FhirResponse(resource, headers={"ETag": f'W/"{version}"'})


def _outcome(status: int, detail: str, issue: str = "") -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return FhirResponse(resources.operation_outcome(issue or _ISSUES.get(status, "exception"), detail), status, headers)

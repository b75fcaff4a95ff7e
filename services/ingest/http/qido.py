"""QIDO-RS: PS3.18 section 10.6."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from services.ingest.http.accept import Accept
from services.ingest.http.datasets import answer_datasets
from services.ingest.http.exams import VIEWERS
from services.ingest.model.matching import MORE, parse
from services.ingest.service.query import Queries
from services.shared import http
from services.shared.tenancy import Principal


def routes(queries: Queries, origin: str) -> APIRouter:
    """The addresses that are searched."""
    router = APIRouter(tags=["QIDO-RS"])
    viewer = Annotated[Principal, http.role(*VIEWERS)]

    async def answer(
        request: Request, caller: Principal, accept: str | None, level: str, within: dict[str, str]
    ) -> Response:
        query = parse(level, request.query_params.multi_items(), within)
        rows, more = await queries.find(caller.organisation_id, query, request.query_params.get("organisation"))
        root = f"{origin}/dicomweb/studies"
        warnings = [*query.warnings, *([MORE] if more else [])]
        headers = {"Warning": ", ".join(warnings)} if warnings else {}
        items = [json.dumps(_item(level, row, root), ensure_ascii=False) for row in rows]
        return answer_datasets(items, accept, headers)

    @router.get("/dicomweb/studies", summary="Search studies")
    async def studies(request: Request, caller: viewer, accept: Accept) -> Response:
        return await answer(request, caller, accept, "studies", {})

    @router.get("/dicomweb/series", summary="Search all series")
    async def all_series(request: Request, caller: viewer, accept: Accept) -> Response:
        return await answer(request, caller, accept, "series", {})

    @router.get("/dicomweb/instances", summary="Search all instances")
    async def all_instances(request: Request, caller: viewer, accept: Accept) -> Response:
        return await answer(request, caller, accept, "instances", {})

    @router.get("/dicomweb/studies/{study}/series", summary="Search a study's series")
    async def series(request: Request, caller: viewer, study: str, accept: Accept) -> Response:
        return await answer(request, caller, accept, "series", {"study_uids": study})

    @router.get("/dicomweb/studies/{study}/instances", summary="Search a study's instances")
    async def study_instances(request: Request, caller: viewer, study: str, accept: Accept) -> Response:
        return await answer(request, caller, accept, "instances", {"study_uids": study})

    @router.get("/dicomweb/studies/{study}/series/{series}/instances", summary="Search a series' instances")
    async def series_instances(request: Request, caller: viewer, study: str, series: str, accept: Accept) -> Response:
        return await answer(request, caller, accept, "instances", {"study_uids": study, "series_uids": series})

    return router


def _item(level: str, row: dict[str, Any], root: str) -> dict[str, Any]:
    """One match in DICOM JSON."""
    url = f"{root}/{row['study_instance_uid']}"
    item = dict(row.get("study_attributes", row["attributes"]))
    item["0020000D"] = {"vr": "UI", "Value": [row["study_instance_uid"]]}
    item["00080061"] = {"vr": "CS", "Value": row["modalities"]} if row["modalities"] else {"vr": "CS"}
    if level == "studies":
        item["00201206"] = {"vr": "IS", "Value": [row["number_of_series"]]}
        item["00201208"] = {"vr": "IS", "Value": [row["number_of_instances"]]}
    if level != "studies":
        url += f"/series/{row['series_instance_uid']}"
        item |= row.get("series_attributes", row["attributes"])
        item["0020000E"] = {"vr": "UI", "Value": [row["series_instance_uid"]]}
    if level == "series":
        item["00201209"] = {"vr": "IS", "Value": [row["number_of_instances"]]}
    if level == "instances":
        url += f"/instances/{row['sop_instance_uid']}"
        item |= row["attributes"]
    item |= row["extra"]
    item["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    item["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    item["00081190"] = {"vr": "UR", "Value": [url]}
    return dict(sorted(item.items()))

"""STOW-RS: PS3.18 section 10.5. The body is parsed as it arrives; each instance has its own result."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from services.ingest.dicom.native_xml import to_xml
from services.ingest.http.accept import Accept, choose
from services.ingest.http.parts import begun
from services.ingest.model import refusals
from services.ingest.model.refusals import Refused
from services.ingest.multipart import MediaType, Parser, boundary_of
from services.ingest.service.receive import Receiver, Sender, Stored
from services.shared import http
from services.shared.errors import Malformed, SonoBridgeError, UnsupportedMediaType
from services.shared.tenancy import Principal

DICOM = "application/dicom"
_ANSWERS = ("application/dicom+json", "application/json", "application/dicom+xml", "application/xml", "text/xml")
_AT_ONCE = 4  # instances of one request that are being stored while the next one arrives
# What is still read after an error, so that the sender gets to see the answer.
_DRAIN_BYTES = 256 << 20


@dataclass
class Results:
    """What became of each instance of a request."""

    stored: list[Stored] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def status(self) -> int:
        if not self.refused:
            return 200
        if self.stored:
            return 202
        return 413 if all(one.reason is refusals.TOO_LARGE for one in self.refused) else 409


def routes(receiver: Receiver, origin: str) -> APIRouter:
    """The two addresses that instances are stored at."""
    router = APIRouter(tags=["STOW-RS"])

    @router.post("/dicomweb/studies", summary="Store instances")
    @router.post("/dicomweb/studies/{study}", summary="Store instances of one study")
    async def store(
        request: Request,
        caller: Annotated[Principal, http.role("clinic_staff")],
        accept: Accept,
        study: str = "",
    ) -> Response:
        answer, _ = choose(accept, _ANSWERS)
        content_type = MediaType.parse(request.headers.get("content-type", ""))
        sender = Sender(caller.organisation_id, "stow", caller.username, study)
        body = http.body_chunks(request)
        coding = request.headers.get("content-encoding", "identity").lower()
        try:
            if coding != "identity":
                raise UnsupportedMediaType(f"send the body as it is, without the content coding {coding[:32]}")
            results = await _store(receiver, sender, content_type, body)
        except SonoBridgeError:
            await _drain(body)
            raise
        return _response(results, answer, origin)

    return router


async def _store(receiver: Receiver, sender: Sender, content_type: MediaType, body: AsyncIterator[bytes]) -> Results:
    results = Results()
    slots = asyncio.Semaphore(_AT_ONCE)
    failures: list[SonoBridgeError] = []

    async def accept(spool: Any) -> None:
        try:
            results.stored.append(await receiver.accept(spool, sender))
        except Refused as refused:
            results.refused.append(refused)
        except SonoBridgeError as error:
            failures.append(error)
        finally:
            slots.release()

    count = 0
    async with asyncio.TaskGroup() as group:
        try:
            async for media_type, chunks in _instances(content_type, body):
                count += 1
                if media_type not in (DICOM, "", "application/octet-stream"):
                    refused = Refused(refusals.NOT_DICOM, f"the part's type is {media_type[:64]}, not {DICOM}")
                    await receiver.refuse(refused, sender)
                    results.refused.append(refused)
                    continue
                await slots.acquire()
                if failures:
                    break
                spool = receiver.spool()
                try:
                    async for chunk in chunks:
                        # One byte beyond the limit is enough to know; the rest is read and forgotten.
                        if spool.size_bytes <= receiver.max_instance_bytes:
                            spool.write(chunk)
                except BaseException:
                    spool.discard()
                    raise
                group.create_task(accept(spool))
        except SonoBridgeError as error:
            # What is already received is stored all the same; the answer tells of the error.
            failures.append(error)
    if failures:
        raise failures[0]
    if not count:
        raise Malformed("the body holds no instance")
    return results


async def _instances(
    content_type: MediaType, body: AsyncIterator[bytes]
) -> AsyncIterator[tuple[str, AsyncIterable[bytes]]]:
    """The media type and bytes of each instance in the body."""
    if content_type.type == DICOM:
        with contextlib.suppress(StopAsyncIteration):
            yield DICOM, await begun(body)
        return
    inner = content_type.parameters.get("type", DICOM).lower()
    if content_type.type != "multipart/related" or inner != DICOM:
        raise UnsupportedMediaType(f'send multipart/related; type="{DICOM}" (PS3.18, 10.5), or one instance as {DICOM}')
    async for part in Parser(body, boundary_of(content_type)).parts():
        yield part.content_type.type, part


async def _drain(body: AsyncIterator[bytes]) -> None:
    read = 0
    async for chunk in body:
        read += len(chunk)
        if read > _DRAIN_BYTES:
            return


def _response(results: Results, media_type: str, origin: str) -> Response:
    """The Store Instances Response: PS3.18 table 10.5.3-1 and I.2."""
    root = f"{origin}/dicomweb/studies"
    dataset: dict[str, Any] = {}
    studies = {one.study_instance_uid for one in results.stored}
    if len(studies) == 1:
        dataset["00081190"] = {"vr": "UR", "Value": [f"{root}/{studies.pop()}"]}
    named = [_failed(one) for one in results.refused if one.sop_instance_uid]
    if named:
        dataset["00081198"] = {"vr": "SQ", "Value": named}
    if results.stored:
        dataset["00081199"] = {"vr": "SQ", "Value": [_referenced(one, root) for one in results.stored]}
    unnamed = [_failed(one) for one in results.refused if not one.sop_instance_uid]
    if unnamed:
        dataset["0008119A"] = {"vr": "SQ", "Value": unnamed}
    body = to_xml(dataset) if media_type.endswith("xml") else json.dumps(dataset, ensure_ascii=False).encode()
    return Response(body, results.status, media_type=media_type)


def _referenced(stored: Stored, root: str) -> dict[str, Any]:
    url = f"{root}/{stored.study_instance_uid}/series/{stored.series_instance_uid}/instances/{stored.sop_instance_uid}"
    return {
        "00081150": {"vr": "UI", "Value": [stored.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [stored.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [url]},
    }


def _failed(refused: Refused) -> dict[str, Any]:
    item: dict[str, Any] = {
        # Error Comment: beyond the standard's answer, for the person who has to do something about it.
        "00000902": {"vr": "LO", "Value": [str(refused)]},
        "00081197": {"vr": "US", "Value": [refused.reason.failure_reason]},
    }
    if refused.sop_instance_uid:
        item["00081150"] = {"vr": "UI", "Value": [refused.sop_class_uid]}
        item["00081155"] = {"vr": "UI", "Value": [refused.sop_instance_uid]}
    return item

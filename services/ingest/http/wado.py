"""WADO-RS: PS3.18 section 10.4."""

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from services.ingest.dicom import pixels
from services.ingest.dicom.pixels import Rendering
from services.ingest.dicom.syntax import EXPLICIT_LITTLE, OCTET_STREAM
from services.ingest.http.accept import Range, choose, parse
from services.ingest.http.exams import VIEWERS
from services.ingest.http.rendering import rendering
from services.ingest.service.retrieve import Place, Retriever, StoredInstance
from services.shared import http
from services.shared.errors import Malformed, NotAcceptable, NotFound
from services.shared.tenancy import Principal

_DICOM = "application/dicom"
_METADATA = ("application/dicom+json", "application/json")
_PICTURES = ("image/jpeg", "image/png")
_STUDY = "/dicomweb/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_THUMBNAIL = (128, 128)
# Nothing stored ever changes under its UID, but who may see it can.
_CACHE = {"Cache-Control": "private, max-age=3600"}


def routes(retriever: Retriever, origin: str) -> APIRouter:
    """The addresses that are retrieved from."""
    router = APIRouter(tags=["WADO-RS"])
    viewer = Annotated[Principal, http.role(*VIEWERS)]
    accepted = Annotated[str | None, Header()]

    async def place(request: Request, caller: Principal, study: str) -> Place:
        return await retriever.place(caller.organisation_id, study, request.query_params.get("organisation"))

    async def one(
        request: Request, caller: Principal, study: str, series: str, instance: str
    ) -> tuple[Place, StoredInstance]:
        where = await place(request, caller, study)
        return where, (await retriever.stored(where, series, instance))[0]

    @router.get(_STUDY, summary="A study's instances")
    @router.get(_SERIES, summary="A series' instances")
    @router.get(_INSTANCE, summary="An instance")
    async def instances(
        request: Request,
        caller: viewer,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        accept: accepted = None,
    ) -> Response:
        where = await place(request, caller, study)
        stored = await retriever.stored(where, series, instance)
        for wanted in parse(accept):
            if not (wanted.matches(_DICOM) and all(wanted.takes_syntax(item.transfer_syntax_uid) for item in stored)):
                continue
            if not wanted.multipart and wanted.type != "*/*":
                if instance is None:
                    continue
                kind = f"{_DICOM}; transfer-syntax={stored[0].transfer_syntax_uid}"
                size = {"Content-Length": str(stored[0].size_bytes)}
                return StreamingResponse(retriever.bytes_of(stored[0].object_key), 200, size | _CACHE, kind)
            return _multipart(_DICOM, _objects(retriever, stored))
        syntaxes = sorted({item.transfer_syntax_uid for item in stored})
        raise NotAcceptable(
            f"instances are given as they were stored: {_DICOM} in {', '.join(syntaxes)}", transfer_syntaxes=syntaxes
        )

    @router.get(_STUDY + "/metadata", summary="A study's metadata")
    @router.get(_SERIES + "/metadata", summary="A series' metadata")
    @router.get(_INSTANCE + "/metadata", summary="An instance's metadata")
    async def metadata(
        request: Request,
        caller: viewer,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        accept: accepted = None,
    ) -> Response:
        media_type = choose(accept, _METADATA)
        texts = await retriever.metadata(await place(request, caller, study), series, instance)
        body = "[" + ",".join(texts) + "]"
        # Addresses are noted without the origin, which may change; a quote inside a value would be escaped.
        body = body.replace('"BulkDataURI":"/', f'"BulkDataURI":"{origin}/')
        return Response(body.encode(), 200, media_type=media_type)

    @router.get(_INSTANCE + "/frames/{numbers}", summary="Frames")
    async def frames(
        request: Request, caller: viewer, study: str, series: str, instance: str, numbers: str, accept: accepted = None
    ) -> Response:
        where, stored = await one(request, caller, study, series, instance)
        asked = _numbers(numbers)
        if not stored.number_of_frames:
            raise NotFound("this instance has no frames")
        wanted, decoded = _form(parse(accept), stored, len(asked))
        spans = await retriever.spans(where, stored, asked)
        image: dict[str, Any] = {}
        if decoded or not stored.syntax.encapsulated:
            image = pixels.description((await retriever.details(where, stored)).metadata)
        kind, syntax = (
            (OCTET_STREAM, EXPLICIT_LITTLE) if decoded else (stored.syntax.media_type, stored.transfer_syntax_uid)
        )
        if not decoded and not stored.syntax.encapsulated:
            syntax = EXPLICIT_LITTLE  # native pixels are the same in every syntax but the big endian one, turned here

        async def frame(number: int, span: tuple[int, int]) -> bytes:
            if decoded or not stored.syntax.encapsulated:
                return await retriever.frame_in_little_endian(stored, number, span, image)
            return await retriever.frame(stored, span)

        kind = f"{kind}; transfer-syntax={syntax}"
        first = await frame(asked[0], spans[0])  # what cannot be given is told before the answer begins
        if not wanted.multipart and wanted.type != "*/*":
            return Response(first, 200, _CACHE, kind)

        async def parts() -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
            yield kind, _single(first)
            for number, span in zip(asked[1:], spans[1:], strict=True):
                yield kind, _single(await frame(number, span))

        return _multipart(kind.partition(";")[0], parts())

    @router.get(_INSTANCE + "/rendered", summary="An instance as a picture")
    @router.get(_INSTANCE + "/frames/{number}/rendered", summary="A frame as a picture")
    async def rendered(
        request: Request,
        caller: viewer,
        study: str,
        series: str,
        instance: str,
        number: int = 1,
        accept: accepted = None,
    ) -> Response:
        wanted = rendering(choose(accept, _PICTURES), request.query_params)
        where, stored = await one(request, caller, study, series, instance)
        return Response(await retriever.rendered(where, stored, number, wanted), 200, _CACHE, wanted.media_type)

    @router.get(_STUDY + "/thumbnail", summary="A small picture of a study")
    @router.get(_SERIES + "/thumbnail", summary="A small picture of a series")
    @router.get(_INSTANCE + "/thumbnail", summary="A small picture of an instance")
    @router.get(_INSTANCE + "/frames/{number}/thumbnail", summary="A small picture of a frame")
    async def thumbnail(
        request: Request,
        caller: viewer,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        number: int | None = None,
        accept: accepted = None,
    ) -> Response:
        media_type = choose(accept, _PICTURES)
        size = rendering(media_type, request.query_params).size or _THUMBNAIL
        where = await place(request, caller, study)
        stored = await retriever.stored(where, series, instance)
        shown = next((item for item in stored if item.number_of_frames and not item.derived), stored[0])
        wanted = Rendering(media_type, size=size, quality=80)
        picture = await retriever.rendered(where, shown, number or 1, wanted)
        return Response(picture, 200, _CACHE, media_type)

    @router.get(_INSTANCE + "/bulkdata/{tag}", summary="A long value")
    async def bulk(
        request: Request, caller: viewer, study: str, series: str, instance: str, tag: str, accept: accepted = None
    ) -> Response:
        where, stored = await one(request, caller, study, series, instance)
        ranges = parse(accept)
        if tag.upper() == "7FE00010" and stored.syntax.encapsulated:
            numbers = ",".join(str(n) for n in range(1, max(stored.number_of_frames, 1) + 1))
            return await frames(request, caller, study, series, instance, numbers, accept)
        value = await retriever.bulk(where, stored, tag)
        for wanted in ranges:
            if wanted.matches(OCTET_STREAM):
                if wanted.multipart:
                    return _multipart(OCTET_STREAM, _one_part(OCTET_STREAM, value))
                return StreamingResponse(value, 200, _CACHE, OCTET_STREAM)
        raise NotAcceptable(f"bulk data is given as {OCTET_STREAM}")

    return router


def _form(ranges: list[Range], stored: StoredInstance, count: int) -> tuple[Range, bool]:
    """In which form frames are given, and whether they must be decoded for it. Raises NotAcceptable."""
    native, uid = stored.syntax.media_type, stored.transfer_syntax_uid
    for wanted in ranges:
        if not wanted.multipart and wanted.type != "*/*" and count > 1:
            continue  # several frames are several parts
        if not stored.syntax.encapsulated:
            if wanted.matches(OCTET_STREAM) and (wanted.takes_syntax(EXPLICIT_LITTLE) or wanted.takes_syntax(uid)):
                return wanted, False
            continue
        if wanted.matches(native) and wanted.takes_syntax(uid) and (wanted.type != OCTET_STREAM):
            return wanted, False
        if wanted.matches(OCTET_STREAM):
            if wanted.transfer_syntax in ("*", uid):
                return wanted, False
            if wanted.transfer_syntax in ("", EXPLICIT_LITTLE) and not stored.syntax.video:
                return wanted, True
    raise NotAcceptable(
        f"these frames are given as {native} in {uid}"
        + (f", or as {OCTET_STREAM} in {EXPLICIT_LITTLE}" if native != OCTET_STREAM else "")
        + ("; several frames only as multipart/related" if count > 1 else "")
    )


def _numbers(text: str) -> list[int]:
    """Frame numbers, which count from 1. Raises Malformed."""
    parts = text.split(",")
    if not all(part.isdigit() and 0 < len(part) < 9 and int(part) for part in parts):
        raise Malformed("frames are named by numbers from 1 on, separated by commas")
    return [int(part) for part in parts]


async def _objects(
    retriever: Retriever, stored: list[StoredInstance]
) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    for item in stored:
        yield f"{_DICOM}; transfer-syntax={item.transfer_syntax_uid}", retriever.bytes_of(item.object_key)


async def _single(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _one_part(kind: str, value: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    yield kind, value


def _multipart(kind: str, parts: AsyncIterator[tuple[str, AsyncIterator[bytes]]]) -> StreamingResponse:
    """A multipart/related answer, written as it is read."""
    boundary = uuid.uuid4().hex

    async def body() -> AsyncIterator[bytes]:
        async for part_kind, chunks in parts:
            yield f"--{boundary}\r\nContent-Type: {part_kind}\r\n\r\n".encode()
            async for chunk in chunks:
                yield chunk
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return StreamingResponse(body(), 200, _CACHE, f'multipart/related; type="{kind}"; boundary={boundary}')

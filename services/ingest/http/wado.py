"""WADO-RS: PS3.18 section 10.4."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.ingest.dicom import pixels
from services.ingest.dicom.pixels import Rendering
from services.ingest.dicom.syntax import EXPLICIT_LITTLE, OCTET_STREAM
from services.ingest.http.accept import Accept, Range, choose, parse
from services.ingest.http.datasets import answer_datasets
from services.ingest.http.exams import VIEWERS
from services.ingest.http.parts import Parts, begun, multipart, pieces
from services.ingest.http.rendering import rendering
from services.ingest.service.retrieve import Place, Retriever, StoredInstance
from services.ingest.service.transcode import in_explicit_little_endian, transcodable
from services.shared import http
from services.shared.errors import Malformed, NotAcceptable, NotFound
from services.shared.tenancy import Principal

_DICOM = "application/dicom"
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
        accept: Accept,
        study: str,
        series: str | None = None,
        instance: str | None = None,
    ) -> Response:
        where = await place(request, caller, study)
        stored = await retriever.stored(where, series, instance)
        given, alone = _whole_instances(parse(accept), stored, instance is not None)
        # What cannot be given is told before the answer begins.
        first = await begun(_body(retriever, where, *given[0]))
        if alone:
            return StreamingResponse(first, 200, _length(*given[0]) | _CACHE, _kind(given[0][1]))

        async def parts() -> Parts:
            yield _kind(given[0][1]), first
            for item, syntax in given[1:]:
                yield _kind(syntax), _body(retriever, where, item, syntax)

        return multipart(_DICOM, parts(), _CACHE)

    @router.get(_STUDY + "/metadata", summary="A study's metadata")
    @router.get(_SERIES + "/metadata", summary="A series' metadata")
    @router.get(_INSTANCE + "/metadata", summary="An instance's metadata")
    async def metadata(
        request: Request,
        caller: viewer,
        accept: Accept,
        study: str,
        series: str | None = None,
        instance: str | None = None,
    ) -> Response:
        texts = await retriever.metadata(await place(request, caller, study), series, instance)
        # Addresses are noted without the origin, which may change; a quote inside a value would be escaped.
        return answer_datasets(
            [text.replace('"BulkDataURI":"/', f'"BulkDataURI":"{origin}/') for text in texts], accept
        )

    @router.get(_INSTANCE + "/frames/{numbers}", summary="Frames")
    async def frames(
        request: Request, caller: viewer, accept: Accept, study: str, series: str, instance: str, numbers: str
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

        async def found() -> AsyncIterator[bytes]:
            for number, span in zip(asked, spans, strict=True):
                yield await frame(number, span)

        given = await begun(found())  # what cannot be given is told before the answer begins
        if wanted.multipart or wanted.type == "*/*":
            return multipart(kind, pieces(f"{kind}; transfer-syntax={syntax}", given), _CACHE)
        return Response(await anext(given), 200, _CACHE, f"{kind}; transfer-syntax={syntax}")

    @router.get(_STUDY + "/rendered", summary="A study's instances as pictures")
    @router.get(_SERIES + "/rendered", summary="A series' instances as pictures")
    @router.get(_INSTANCE + "/rendered", summary="An instance as a picture")
    @router.get(_INSTANCE + "/frames/{numbers}/rendered", summary="Frames as pictures")
    async def rendered(
        request: Request,
        caller: viewer,
        accept: Accept,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        numbers: str = "1",
    ) -> Response:
        where = await place(request, caller, study)
        stored = await retriever.stored(where, series, instance)
        shown = [item for item in stored if item.number_of_frames] or stored[:1]
        asked = _numbers(numbers)
        if instance is not None and shown[0].number_of_frames:
            await retriever.spans(where, shown[0], asked)
        kind, as_parts = choose(accept, _PICTURES if len(shown) * len(asked) == 1 else (), _PICTURES)
        wanted = rendering(kind, request.query_params)

        async def pictures() -> AsyncIterator[bytes]:
            for item in shown:
                for number in asked:
                    try:
                        yield await retriever.rendered(where, item, number, wanted)
                    except NotAcceptable:
                        if len(shown) == 1:
                            raise  # of several instances those are left out that cannot be shown

        try:
            found = await begun(pictures())
        except StopAsyncIteration:
            raise NotAcceptable("none of these instances can be shown") from None
        if as_parts:
            return multipart(kind, pieces(kind, found), _CACHE)
        return Response(await anext(found), 200, _CACHE, kind)

    @router.get(_STUDY + "/thumbnail", summary="A small picture of a study")
    @router.get(_SERIES + "/thumbnail", summary="A small picture of a series")
    @router.get(_INSTANCE + "/thumbnail", summary="A small picture of an instance")
    @router.get(_INSTANCE + "/frames/{number}/thumbnail", summary="A small picture of a frame")
    async def thumbnail(
        request: Request,
        caller: viewer,
        accept: Accept,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        number: int | None = None,
    ) -> Response:
        media_type, _ = choose(accept, _PICTURES)
        size = rendering(media_type, request.query_params).size or _THUMBNAIL
        where = await place(request, caller, study)
        stored = await retriever.stored(where, series, instance)
        shown = next((item for item in stored if item.number_of_frames and not item.derived), stored[0])
        wanted = Rendering(media_type, size=size, quality=80)
        picture = await retriever.rendered(where, shown, number or 1, wanted)
        return Response(picture, 200, _CACHE, media_type)

    @router.get(_INSTANCE + "/bulkdata/{tag}", summary="A long value")
    async def bulk(
        request: Request, caller: viewer, accept: Accept, study: str, series: str, instance: str, tag: str
    ) -> Response:
        where, stored = await one(request, caller, study, series, instance)
        ranges = parse(accept)
        if tag.upper() == "7FE00010" and stored.syntax.encapsulated:
            numbers = ",".join(str(n) for n in range(1, max(stored.number_of_frames, 1) + 1))
            return await frames(request, caller, accept, study, series, instance, numbers)
        value = await retriever.bulk(where, stored, tag)
        for wanted in ranges:
            if wanted.matches(OCTET_STREAM):
                if wanted.multipart:
                    return multipart(OCTET_STREAM, _one_part(OCTET_STREAM, value), _CACHE)
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


def _whole_instances(
    ranges: list[Range], stored: list[StoredInstance], one: bool
) -> tuple[list[tuple[StoredInstance, str]], bool]:
    """Each instance with the transfer syntax that it is given in, and whether it comes alone. Raises NotAcceptable."""
    for wanted in ranges:
        alone = not wanted.multipart and wanted.type != "*/*"
        given = [(item, syntax) for item in stored if (syntax := _syntax(item, wanted))]
        if wanted.matches(_DICOM) and len(given) == len(stored) and (one or not alone):
            return given, alone
    syntaxes = sorted({item.transfer_syntax_uid for item in stored})
    besides = f", or in {EXPLICIT_LITTLE}" if all(transcodable(item.syntax) for item in stored) else ""
    raise NotAcceptable(
        f"instances are given as they were stored, {_DICOM} in {', '.join(syntaxes)}{besides}",
        transfer_syntaxes=syntaxes,
    )


def _syntax(item: StoredInstance, wanted: Range) -> str:
    """The transfer syntax in which the instance is given for `wanted`, as stored where it may be; empty for none."""
    if wanted.takes_syntax(item.transfer_syntax_uid):
        return item.transfer_syntax_uid
    return EXPLICIT_LITTLE if wanted.transfer_syntax == EXPLICIT_LITTLE and transcodable(item.syntax) else ""


def _kind(syntax: str) -> str:
    return f"{_DICOM}; transfer-syntax={syntax}"


def _length(item: StoredInstance, syntax: str) -> dict[str, str]:
    return {"Content-Length": str(item.size_bytes)} if syntax == item.transfer_syntax_uid else {}


def _body(retriever: Retriever, place: Place, item: StoredInstance, syntax: str) -> AsyncIterator[bytes]:
    if syntax == item.transfer_syntax_uid:
        return retriever.bytes_of(item.object_key)
    return in_explicit_little_endian(retriever, place, item)


async def _one_part(kind: str, value: AsyncIterator[bytes]) -> Parts:
    yield kind, value

"""tus 1.0 (https://tus.io/protocols/resumable-upload): core, creation, creation-with-upload, termination, expiration."""

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable
from email.utils import format_datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.requests import ClientDisconnect

from services.ingest.model.refusals import Refused
from services.ingest.service.uploads import Upload, Uploads
from services.shared import http
from services.shared.errors import Invalid, Malformed, UnsupportedMediaType
from services.shared.tenancy import Principal

_VERSION = "1.0.0"
_BYTES = "application/offset+octet-stream"
_ROOT = "/api/ingest/v1/uploads"
_TUS = {"Tus-Resumable": _VERSION, "Cache-Control": "no-store"}


def routes(uploads: Uploads, origin: str) -> APIRouter:
    """The addresses that a tus client speaks to."""
    router = APIRouter(tags=["uploads"])
    clinic = Annotated[Principal, http.role("clinic_staff")]

    @router.options(_ROOT, summary="What this server's tus can do")
    async def options(caller: clinic) -> Response:
        can = "creation,creation-with-upload,termination,expiration"
        return Response(
            status_code=204,
            headers=_TUS | {"Tus-Version": _VERSION, "Tus-Extension": can, "Tus-Max-Size": str(uploads.max_bytes)},
        )

    @router.post(_ROOT, summary="Begin an upload", status_code=201)
    async def begin(request: Request, caller: clinic) -> Response:
        _speak_tus(request)
        length = _number(request, "upload-length")
        metadata = request.headers.get("upload-metadata", "")
        upload_id = await uploads.begin(caller, length, _file_name(metadata), metadata)
        headers = _TUS | {"Location": f"{origin}{_ROOT}/{upload_id}"}
        if request.headers.get("content-type", "") == _BYTES:
            upload = await _append(request, caller, upload_id, 0)
            headers |= _state(upload)
        return Response(status_code=201, headers=headers)

    @router.head(_ROOT + "/{upload_id}", summary="How far an upload is")
    async def head(request: Request, caller: clinic, upload_id: UUID) -> Response:
        _speak_tus(request)
        upload = await _told(uploads.state(caller, upload_id))
        headers = _TUS | _state(upload) | {"Upload-Length": str(upload.length_bytes)}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return Response(status_code=200, headers=headers)

    @router.patch(_ROOT + "/{upload_id}", summary="Go on with an upload", status_code=204)
    async def patch(request: Request, caller: clinic, upload_id: UUID) -> Response:
        _speak_tus(request)
        if request.headers.get("content-type", "") != _BYTES:
            raise UnsupportedMediaType(f"the content type of a piece is {_BYTES}")
        upload = await _append(request, caller, upload_id, _number(request, "upload-offset"))
        return Response(status_code=204, headers=_TUS | _state(upload))

    @router.delete(_ROOT + "/{upload_id}", summary="Give an upload up", status_code=204)
    async def delete(request: Request, caller: clinic, upload_id: UUID) -> Response:
        _speak_tus(request)
        await uploads.delete(caller, upload_id)
        return Response(status_code=204, headers=_TUS)

    async def _append(request: Request, caller: Principal, upload_id: UUID, offset: int) -> Upload:
        return await _told(uploads.append(caller, upload_id, offset, _body(request)))

    return router


async def _told(work: Awaitable[Upload]) -> Upload:
    """What `work` gives; a refused file becomes the platform's own error."""
    try:
        return await work
    except Refused as refused:
        raise Invalid(str(refused), reason=refused.reason.code, sop_instance_uid=refused.sop_instance_uid) from refused


def _speak_tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != _VERSION:
        detail = f"this server speaks tus {_VERSION}: send Tus-Resumable: {_VERSION}"
        raise HTTPException(412, detail, {"Tus-Version": _VERSION})


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isdigit() or len(text) > 18:
        raise Malformed(f"{header} must be a whole number")
    return int(text)


def _file_name(metadata: str) -> str:
    """The name in Upload-Metadata. Raises Malformed."""
    for pair in metadata.split(","):
        name, _, value = pair.strip().partition(" ")
        if name in ("filename", "name") and value:
            try:
                return base64.b64decode(value, validate=True).decode()[:255]
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Malformed("Upload-Metadata holds values in Base64 of UTF-8") from error
    return ""


def _state(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in http.body_chunks(request):
            yield chunk
    except ClientDisconnect as error:
        raise ConnectionError("the browser went away") from error

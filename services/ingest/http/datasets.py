"""Datasets as answers, in DICOM JSON or in XML: PS3.18 section 8.7.3.2 and Annex F."""

import json
from collections.abc import AsyncIterator

from fastapi import Response

from services.ingest.dicom.native_xml import to_xml
from services.ingest.http.accept import choose
from services.ingest.http.parts import multipart, pieces

_JSON = ("application/dicom+json", "application/json")
_XML = "application/dicom+xml"


def answer_datasets(items: list[str], accept: str | None, headers: dict[str, str] | None = None) -> Response:
    """Datasets, each a JSON object's text: one array of them, or a document in XML for each. Raises NotAcceptable."""
    media_type, _ = choose(accept, _JSON, (_XML,))
    if media_type == _XML and not items:
        return Response(status_code=204, headers=headers)  # there is no multipart body without a part
    if media_type == _XML:
        return multipart(_XML, pieces(_XML, _in_xml(items)), headers)
    return Response(("[" + ",".join(items) + "]").encode(), 200, headers, media_type)


async def _in_xml(items: list[str]) -> AsyncIterator[bytes]:
    for item in items:
        yield to_xml(json.loads(item))

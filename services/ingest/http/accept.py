"""Accept, understood: RFC 9110 section 12.5.1, with the multipart forms of PS3.18 section 8.7."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.ingest.multipart import MediaType
from services.shared.errors import NotAcceptable

# Commas inside quotes do not separate.
_SEPARATOR = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


@dataclass(frozen=True, slots=True)
class Range:
    """One media range. For multipart/related `type` is that of the parts and `multipart` is True."""

    type: str
    transfer_syntax: str
    multipart: bool
    quality: float

    def matches(self, media_type: str) -> bool:
        kind, _, _ = self.type.partition("/")
        return self.type in ("*/*", media_type) or (self.type == f"{kind}/*" and media_type.startswith(f"{kind}/"))

    def takes_syntax(self, uid: str) -> bool:
        """Whether bytes in this transfer syntax are wanted; unnamed and * take any."""
        return self.transfer_syntax in ("", "*", uid)


def parse(header: str | None) -> list[Range]:
    """The ranges in the order of preference; everything when there is no header."""
    ranges = []
    for entry in _SEPARATOR.split(header or "*/*"):
        if not entry.strip():
            continue
        media = MediaType.parse(entry)
        try:
            quality = float(media.parameters.get("q", "1"))
        except ValueError:
            quality = 0.0
        multipart = media.type in ("multipart/related", "multipart/*")
        kind = media.parameters.get("type", "*/*").lower() if multipart else media.type
        if quality > 0:
            ranges.append(Range(kind, media.parameters.get("transfer-syntax", ""), multipart, quality))
    return sorted(ranges, key=lambda one: -one.quality)


def choose(header: str | None, single: tuple[str, ...], parts: tuple[str, ...] = ()) -> tuple[str, bool]:
    """The first of the wanted media types that is offered, and whether as parts of multipart/related. Raises NotAcceptable."""
    for wanted in parse(header):
        multipart = wanted.multipart or (wanted.type == "*/*" and not single)
        for media_type in parts if multipart else single:
            if wanted.matches(media_type):
                return media_type, multipart
    offered = [*single, *(f'multipart/related; type="{one}"' for one in parts)]
    raise NotAcceptable(f"this is given as {', '.join(offered)}", offered=offered)


def _accept(request: Request) -> str | None:
    # Where a plus stood unescaped, the address says a space.
    by_query = request.query_params.get("accept", "").replace("/dicom ", "/dicom+")
    return by_query or ", ".join(request.headers.getlist("accept")) or None


# What the caller takes: by the query parameter, where an address alone must say it (PS3.18, section 8.3.3.1), else by the header.
Accept = Annotated[str | None, Depends(_accept)]

"""multipart/related bodies, parsed as they arrive and never held whole (RFC 2046 section 5.1, RFC 2387)."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from services.shared.errors import Malformed

_MAX_HEADER_BYTES = 16 << 10
_BOUNDARY = re.compile(r"^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type: lower-case type and parameters with lower-case names."""

    type: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Tolerant of quotes or none around parameters."""
        kind, _, _ = text.partition(";")
        parameters = {}
        for name, value in _PARAMETER.findall(text[len(kind) :]):
            bare = value.strip()
            parameters[name.lower()] = re.sub(r"\\(.)", r"\1", bare[1:-1]) if bare.startswith('"') else bare
        return cls(kind.strip().lower(), parameters)


def boundary_of(content_type: MediaType) -> bytes:
    """The boundary that the Content-Type names. Raises Malformed."""
    boundary = content_type.parameters.get("boundary", "")
    if not boundary:
        raise Malformed('the Content-Type names no boundary: multipart/related; type="application/dicom"; boundary=…')
    if not _BOUNDARY.match(boundary):
        raise Malformed("the Content-Type's boundary is not one (RFC 2046, section 5.1.1)")
    return boundary.encode("ascii")


class Part:
    """One body part. Iterate over it to its end before asking for the next one."""

    def __init__(self, headers: dict[str, str], body: AsyncIterator[bytes]) -> None:
        self.headers = headers
        self._body = body

    @property
    def content_type(self) -> MediaType:
        return MediaType.parse(self.headers.get("content-type", ""))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body


class Parser:
    """Splits a stream into parts. It keeps at most one chunk and one boundary's length in memory."""

    def __init__(self, chunks: AsyncIterable[bytes], boundary: bytes) -> None:
        self._chunks = aiter(chunks)
        # The first boundary may stand at the very beginning, or after a preamble whose lines end as they like.
        self._delimiter = b"\n--" + boundary
        self._buffer = bytearray(b"\n")
        self._found = False
        self._ended = False

    async def parts(self) -> AsyncIterator[Part]:
        """The parts in order. Raises Malformed when the body is not the multipart it claims to be."""
        async for _ in self._until_delimiter():
            pass  # the preamble says nothing
        self._delimiter = b"\r" + self._delimiter
        while await self._another():
            body = self._until_delimiter()
            yield Part(await self._headers(), body)
            async for _ in body:
                pass  # what the reader left unread

    async def _fill(self) -> bool:
        try:
            self._buffer += await anext(self._chunks)
        except StopAsyncIteration:
            return False
        return True

    async def _until_delimiter(self) -> AsyncIterator[bytes]:
        """What precedes the next boundary; leaves the buffer right after it."""
        while True:
            at = self._buffer.find(self._delimiter)
            if at >= 0:
                head = bytes(self._buffer[:at])
                del self._buffer[: at + len(self._delimiter)]
                self._found = True
                if head:
                    yield head
                return
            # The boundary may have begun at the end of what is here.
            safe = len(self._buffer) - len(self._delimiter) + 1
            if safe > 0:
                head = bytes(self._buffer[:safe])
                del self._buffer[:safe]
                yield head
            if not await self._fill():
                raise Malformed(
                    "the body breaks off inside a part: its closing boundary is missing"
                    if self._found
                    else "the boundary that the Content-Type names is not in the body"
                )

    async def _another(self) -> bool:
        """Whether a part follows the boundary just passed, or it was the last. Raises Malformed."""
        while len(self._buffer) < 2:
            if not await self._fill():
                raise Malformed("the body breaks off after a boundary")
        if self._buffer[:2] == b"--":
            async for _ in self._chunks:
                pass  # the epilogue says nothing
            return False
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > _MAX_HEADER_BYTES or not await self._fill():
                raise Malformed("a boundary is not followed by a line break")
        padding, _, _ = bytes(self._buffer).partition(b"\r\n")
        if padding.strip(b" \t"):
            raise Malformed("a boundary is not followed by a line break")
        del self._buffer[: len(padding)]
        return True

    async def _headers(self) -> dict[str, str]:
        # The buffer begins with the boundary's own line break, so that no headers at all read as an empty line too.
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _MAX_HEADER_BYTES:
                raise Malformed(f"a part's headers are longer than {_MAX_HEADER_BYTES} bytes")
            if not await self._fill():
                raise Malformed("the body breaks off inside a part's headers")
        block, _, _ = bytes(self._buffer).partition(b"\r\n\r\n")
        del self._buffer[: len(block) + 4]
        headers = {}
        # A header may go on in the next line, which then begins with white space (RFC 5322, section 2.2.3).
        for line in re.sub(r"\r\n[ \t]+", " ", block.decode("latin-1")).split("\r\n"):
            if line:
                name, colon, value = line.partition(":")
                if not colon:
                    raise Malformed("a part's header has no colon")
                headers[name.strip().lower()] = value.strip()
        return headers

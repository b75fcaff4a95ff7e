"""multipart/related answers: PS3.18 section 8.6.1."""

import uuid
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

Parts = AsyncIterator[tuple[str, AsyncIterator[bytes]]]  # content type and body of each


def multipart(kind: str, parts: Parts, headers: dict[str, str] | None = None) -> StreamingResponse:
    """An answer of parts of the type `kind`, written as they are read."""
    boundary = uuid.uuid4().hex

    async def body() -> AsyncIterator[bytes]:
        async for part_kind, chunks in parts:
            yield f"--{boundary}\r\nContent-Type: {part_kind}\r\n\r\n".encode()
            async for chunk in chunks:
                yield chunk
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return StreamingResponse(body(), 200, headers, f'multipart/related; type="{kind}"; boundary={boundary}')


async def pieces(kind: str, bodies: AsyncIterator[bytes]) -> Parts:
    """Parts of one type, each in one piece."""
    async for body in bodies:
        yield kind, _single(body)


async def _single(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def begun(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, once its first piece is there. Raises StopAsyncIteration when there is none."""
    first = await anext(body)

    async def again() -> AsyncIterator[bytes]:
        yield first
        async for chunk in body:
            yield chunk

    return again()

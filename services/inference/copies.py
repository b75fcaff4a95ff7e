"""Objects as local files while they are read: decoders want a file, whatever the store is."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from services.inference.decode import Undecodable
from services.shared.objects import ObjectStore


class LocalCopies:
    """Copies in a folder of this process' own, which begins empty: what a killed predecessor left is removed."""

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        self._objects = objects
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    @asynccontextmanager
    async def of(self, key: str, digest_sha256: str = "") -> AsyncIterator[Path]:
        """The object as a file while the block runs. Raises NotFound, or Undecodable when its bytes have another digest."""
        path = self._folder / uuid.uuid4().hex
        try:
            with path.open("xb") as file:
                digest = await self._copy(key, file)
            if digest_sha256 and digest != digest_sha256:
                raise Undecodable("the stored bytes are not those that the event names")
            yield path
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _copy(self, key: str, file: BinaryIO) -> str:
        digest = hashlib.sha256()

        def take(chunk: bytes) -> None:
            digest.update(chunk)
            file.write(chunk)

        async for chunk in self._objects.stream(key):
            await asyncio.to_thread(take, chunk)
        return digest.hexdigest()

"""The object store: a folder written durably, or a bucket. `commit` and `put` return once the bytes are safe."""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from services.shared.clock import uuid7
from services.shared.errors import NotFound, StorageFull, Unavailable
from services.shared.settings import ObjectSettings, read_secret

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 20
_NOTHING = ".ready/"  # keys begin with an organisation: nothing lies here, and a bucket that is away or another's says so all the same
# A bucket takes large objects in pieces, of which this many are on their way, and so in memory, at once.
_PIECE_BYTES, _PIECES = 8 << 20, 4
# Who waits for an answer is told in time that the bucket is away.
_RETRIES: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Spool:
    """A temporary file that is written, hashed and then committed under a key, or discarded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._file = path.open("xb")

    def write(self, chunk: bytes | memoryview) -> None:
        """Append. Raises StorageFull."""
        try:
            self._file.write(chunk)
        except OSError as error:
            raise storage_error(error) from error
        self._hash.update(chunk)
        self.size_bytes += len(chunk)

    @property
    def digest_sha256(self) -> str:
        return self._hash.hexdigest()

    def flush(self) -> None:
        """Let readers of `path` see all that was written. Raises StorageFull."""
        try:
            self._file.flush()
        except OSError as error:
            raise storage_error(error) from error

    def sync(self) -> None:
        """Put all that was written onto the disk and close. Raises StorageFull."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise storage_error(error) from error

    def discard(self) -> None:
        """Forget it; harmless when it was committed."""
        # A full disk refuses the last buffer; the file goes anyway.
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


class Backend(Protocol):
    """Where whole objects are put."""

    def commit(self, spool: Spool, key: str) -> None: ...
    def delete(self, key: str) -> None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def commit(self, spool: Spool, key: str) -> None:
        target = self._root / key
        try:
            spool.sync()
            _make_folder(target.parent, self._root)
            spool.path.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise storage_error(error) from error

    def delete(self, key: str) -> None:
        (self._root / key).unlink(missing_ok=True)


class _Bucket:
    def __init__(self, store: Any) -> None:
        self._store = store

    def commit(self, spool: Spool, key: str) -> None:
        spool.flush()
        with _told():
            self._store.put(key, spool.path, chunk_size=_PIECE_BYTES, max_concurrency=_PIECES)
        spool.discard()

    def delete(self, key: str) -> None:
        with _told():
            self._store.delete(key)


class ObjectStore:
    """Objects by key; a key's first part is the owning organisation (tenancy.object_key)."""

    def __init__(self, backend: Backend, reader: Any, spool_folder: Path) -> None:
        self._backend = backend
        self._reader = reader
        self.spool_folder = spool_folder

    async def ready(self) -> None:
        """Raises Unavailable unless the store answers and there is a folder to receive into."""
        if not self.spool_folder.is_dir():
            raise Unavailable("the folder for what is being received is not there")
        async for _ in self.list(_NOTHING):
            break

    def spool(self) -> Spool:
        """A new temporary file. Blocks for a file's opening only. Raises StorageFull."""
        try:
            return Spool(self.spool_folder / f"{uuid7()}.part")
        except OSError as error:
            raise storage_error(error) from error

    async def commit(self, spool: Spool, key: str) -> None:
        """Make the spool's bytes the object at `key`, durably. Raises StorageFull, and Unavailable as all that follow."""
        await asyncio.to_thread(self._backend.commit, spool, key)

    async def put(self, key: str, data: bytes) -> None:
        """Make `data` the object at `key`, durably. Raises StorageFull."""
        await asyncio.to_thread(self._put, key, data)

    async def get(self, key: str) -> bytes:
        """The whole object. Raises NotFound."""
        with _told():
            return bytes(await (await self._reader.get_async(key)).bytes_async())

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on: one range read. Raises NotFound."""
        with _told():
            return bytes(await self._reader.get_range_async(key, start=offset, length=length))

    async def stream(self, key: str, chunk_bytes: int = _CHUNK_BYTES) -> AsyncIterator[bytes]:
        """The object in pieces. Raises NotFound."""
        with _told():
            answer = await self._reader.get_async(key)
            async for chunk in answer.stream(min_chunk_size=chunk_bytes):
                yield bytes(chunk)

    async def size(self, key: str) -> int:
        """The object's size in bytes. Raises NotFound."""
        with _told():
            return int((await self._reader.head_async(key))["size"])

    async def list(self, prefix: str) -> AsyncIterator[dict[str, Any]]:
        """The objects below `prefix`: path, size and last_modified."""
        with _told():
            async for batch in self._reader.list(prefix):
                for entry in batch:
                    yield dict(entry)

    async def delete(self, key: str) -> None:
        """Remove the object; harmless when it is not there."""
        await asyncio.to_thread(self._backend.delete, key)

    def _put(self, key: str, data: bytes) -> None:
        spool = self.spool()
        try:
            spool.write(data)
            self._backend.commit(spool, key)
        finally:
            spool.discard()


def open_store(settings: ObjectSettings, spool_folder: Path | None = None) -> ObjectStore:
    """The store that the settings name. A folder spools inside itself, so that a commit is a rename; a bucket needs `spool_folder`."""
    url = urlsplit(settings.objects_url)
    if url.scheme == "file":
        root = Path(url.path)
        spool = root / ".spool"
        spool.mkdir(parents=True, exist_ok=True)
        return ObjectStore(_Folder(root), LocalStore(root), spool)
    if url.scheme != "s3" or spool_folder is None:
        raise ValueError(f"not an object store that can be opened here: {settings.objects_url}")
    spool_folder.mkdir(parents=True, exist_ok=True)
    keys: dict[str, Any] = {}
    if settings.objects_access_key_file and settings.objects_secret_key_file:
        keys["access_key_id"] = read_secret(settings.objects_access_key_file)
        keys["secret_access_key"] = read_secret(settings.objects_secret_key_file)
    if settings.objects_endpoint:
        keys["endpoint"] = settings.objects_endpoint
        keys["virtual_hosted_style_request"] = False
        keys["client_options"] = {"allow_http": settings.objects_endpoint.startswith("http://")}
    if settings.objects_region:
        keys["region"] = settings.objects_region
    store = S3Store(url.netloc, prefix=url.path.strip("/") or None, retry_config=_RETRIES, **keys)
    return ObjectStore(_Bucket(store), store, spool_folder)


def _make_folder(folder: Path, root: Path) -> None:
    """Make `folder` and sync each parent that gained an entry."""
    missing = []
    while not folder.exists() and folder != root:
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        _sync_folder(one.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the store, in the platform's own errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("the object is not in the store") from error
    except BaseError as error:
        # Where the bucket is concerns nobody outside.
        _log.warning("the object store: %s", str(error).splitlines()[0])
        raise Unavailable("the object store does not answer") from error


def storage_error(error: OSError) -> Exception:
    """What a full disk is told as; any other error as it is."""
    return StorageFull() if error.errno in _FULL else error

"""The object store, as a folder: durable, ranged, and clear about a full disk."""

import asyncio
import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from services.shared.errors import NotFound, StorageFull
from services.shared.objects import ObjectStore, open_store
from services.shared.settings import ObjectSettings

KEY = "018f0000-0000-7000-8000-00000000000a/1.2.3/4.5.6"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(ObjectSettings(objects_url=f"file://{tmp_path}/objects"))


async def test_what_was_spooled_is_read_back_whole_ranged_and_in_pieces(store: ObjectStore) -> None:
    data = os.urandom(3 << 20)
    spool = store.spool()
    for start in range(0, len(data), 100_000):
        spool.write(data[start : start + 100_000])
    assert (spool.size_bytes, spool.digest_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    await store.commit(spool, KEY)
    spool.discard()
    assert await store.get(KEY) == data
    assert await store.get_range(KEY, 1_000_000, 77) == data[1_000_000:1_000_077]
    assert b"".join([chunk async for chunk in store.stream(KEY)]) == data
    assert await store.size(KEY) == len(data)


async def test_a_discarded_spool_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    spool = store.spool()
    spool.write(b"x")
    spool.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    for read in (store.get(KEY), store.get_range(KEY, 0, 1), store.size(KEY)):
        with pytest.raises(NotFound):
            await read
    await store.delete(KEY)


async def test_the_same_key_from_many_writers_at_once_is_one_whole_object(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(KEY, bytes([number]) * 50_000) for number in range(16)))
    assert len(set(await store.get(KEY))) == 1


async def test_file_and_folders_are_synced_before_a_commit_returns(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    await store.put(KEY, b"x")
    assert synced[0].endswith(".part")
    assert {"objects", KEY.split("/", maxsplit=1)[0], "1.2.3"} <= set(synced)


async def test_a_full_disk_is_named_as_that(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        await store.put(KEY, b"x")
    monkeypatch.undo()
    await store.put(KEY, b"x")
    assert await store.get(KEY) == b"x"

"""The object store as a folder, durable and clear about a full disk; and as a bucket that is away. What both keep is in tests/contract."""

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from services.shared.errors import NotFound, StorageFull, Unavailable
from services.shared.objects import ObjectStore, open_store
from services.shared.settings import ObjectSettings
from tests.fakes.settings import free_port

KEY = "018f0000-0000-7000-8000-00000000000a/1.2.3/4.5.6"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(ObjectSettings(objects_url=f"file://{tmp_path}/objects"))


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


def bucket(folder: Path, endpoint: str, region: str = "") -> ObjectStore:
    for name in ("access", "secret"):
        (folder / name).write_text("key")
    settings = ObjectSettings(
        objects_url="s3://bucket/exams",
        objects_endpoint=endpoint,
        objects_region=region,
        objects_access_key_file=folder / "access",
        objects_secret_key_file=folder / "secret",
    )
    return open_store(settings, folder / "spool")


async def test_a_bucket_that_is_away_is_told_as_that(tmp_path: Path) -> None:
    store = bucket(tmp_path, f"http://127.0.0.1:{free_port()}")
    reads = (store.get(KEY), store.get_range(KEY, 0, 1), store.size(KEY))
    for work in (store.ready(), store.put(KEY, b"x"), *reads, store.delete(KEY)):
        with pytest.raises(Unavailable, match="object store"):
            await work
    with pytest.raises(Unavailable, match="object store"):
        await anext(store.stream(KEY))
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_folder_or_a_bucket_that_is_gone_is_not_ready(store: ObjectStore, tmp_path: Path) -> None:
    await store.ready()
    store.spool_folder.rmdir()
    with pytest.raises(Unavailable, match="not there"):
        await store.ready()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<Error><Code>NoSuchBucket</Code></Error>"
        writer.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        away = bucket(tmp_path, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(Unavailable, match="object store"):
            await away.ready()


@pytest.mark.parametrize(("region", "signed"), [("", "us-east-1"), ("cn-north-1", "cn-north-1")])
async def test_requests_are_signed_for_the_buckets_region(tmp_path: Path, region: str, signed: str) -> None:
    authorizations: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        authorizations.extend(line for line in head.splitlines() if line.lower().startswith("authorization:"))
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        store = bucket(tmp_path, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", region)
        with pytest.raises(NotFound):
            await store.get(KEY)
    assert f"/{signed}/s3/aws4_request" in authorizations[0]

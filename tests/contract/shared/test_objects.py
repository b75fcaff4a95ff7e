"""What every object store keeps: the folder of one machine and a bucket of a real S3 server alike."""

import asyncio
import hashlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from services.shared.errors import NotFound
from services.shared.objects import ObjectStore, open_store
from services.shared.settings import ObjectSettings
from tests.s3 import S3Server

pytestmark = pytest.mark.timeout(300)  # the server is fetched once

KEY = "018f0000-0000-7000-8000-00000000000a/1.2.3/4.5.6"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return open_store(ObjectSettings(objects_url=f"file://{tmp_path}/objects"))
    server: S3Server = request.getfixturevalue("s3")
    name = f"b{uuid4().hex}"
    server.make_bucket(name)
    access, secret = server.key_files
    settings = ObjectSettings(
        objects_url=f"s3://{name}/exams",
        objects_endpoint=server.endpoint,
        objects_access_key_file=access,
        objects_secret_key_file=secret,
    )
    return open_store(settings, tmp_path / "spool")


async def test_what_was_spooled_is_read_back_whole_ranged_and_in_pieces(store: ObjectStore) -> None:
    data = os.urandom(13 << 20)  # more than goes in one request to a bucket
    spool = store.spool()
    for start in range(0, len(data), 1_000_000):
        spool.write(data[start : start + 1_000_000])
    assert (spool.size_bytes, spool.digest_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    await store.commit(spool, KEY)
    spool.discard()
    assert await store.get(KEY) == data
    assert await store.get_range(KEY, 1_000_000, 77) == data[1_000_000:1_000_077]
    assert b"".join([chunk async for chunk in store.stream(KEY)]) == data
    assert await store.size(KEY) == len(data)
    assert list(store.spool_folder.iterdir()) == []


async def test_a_discarded_spool_leaves_nothing(store: ObjectStore) -> None:
    spool = store.spool()
    spool.write(b"x")
    spool.discard()
    assert list(store.spool_folder.iterdir()) == []
    assert [one async for one in store.list("")] == []


async def test_a_store_that_answers_is_ready(store: ObjectStore) -> None:
    await store.ready()
    await store.put(KEY, b"x")
    await store.ready()


async def test_an_empty_object_is_one(store: ObjectStore) -> None:
    await store.put(KEY, b"")
    assert (await store.get(KEY), await store.size(KEY)) == (b"", 0)


async def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    for read in (store.get(KEY), store.get_range(KEY, 0, 1), store.size(KEY), anext(store.stream(KEY))):
        with pytest.raises(NotFound):
            await read
    await store.delete(KEY)


async def test_what_was_deleted_is_gone(store: ObjectStore) -> None:
    await store.put(KEY, b"x")
    await store.delete(KEY)
    with pytest.raises(NotFound):
        await store.get(KEY)


async def test_the_objects_below_a_prefix_are_listed(store: ObjectStore) -> None:
    for name in ("a/1", "a/2", "b/1"):
        await store.put(name, name.encode())
    assert sorted([(one["path"], one["size"]) async for one in store.list("a")]) == [("a/1", 3), ("a/2", 3)]


async def test_the_same_key_from_many_writers_at_once_is_one_whole_object(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(KEY, bytes([number]) * 50_000) for number in range(16)))
    found = await store.get(KEY)
    assert (len(set(found)), len(found)) == (1, 50_000)

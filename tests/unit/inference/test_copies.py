"""Local copies and the worker pool."""

import hashlib
import os
import signal
import time
from pathlib import Path

import pytest

from services.inference.copies import LocalCopies
from services.inference.decode import Undecodable
from services.inference.workers import WorkerFailed, Workers
from services.shared.errors import NotFound
from services.shared.objects import ObjectStore, open_store
from services.shared.settings import ObjectSettings


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_store(ObjectSettings(objects_url=f"file://{tmp_path / 'objects'}"))


async def test_a_copy_holds_the_objects_bytes_and_is_gone_afterwards(objects: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    await objects.put("o/1", data)
    copies = LocalCopies(objects, tmp_path / "copies")
    async with copies.of("o/1", hashlib.sha256(data).hexdigest()) as path:
        assert path.read_bytes() == data
    assert list((tmp_path / "copies").iterdir()) == []


async def test_bytes_of_another_digest_are_refused_and_leave_nothing(objects: ObjectStore, tmp_path: Path) -> None:
    await objects.put("o/1", b"data")
    copies = LocalCopies(objects, tmp_path / "copies")
    with pytest.raises(Undecodable, match="not those"):
        async with copies.of("o/1", "00" * 32):
            pass
    with pytest.raises(NotFound):
        async with copies.of("o/2"):
            pass
    assert list((tmp_path / "copies").iterdir()) == []


def test_what_a_killed_process_left_is_removed(objects: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "left").write_bytes(b"pixels")
    LocalCopies(objects, folder)
    assert list(folder.iterdir()) == []


async def test_work_that_kills_its_process_is_refused_and_the_next_is_done() -> None:
    workers = Workers(1)
    try:
        with pytest.raises(WorkerFailed):
            await workers.run(_die)
        assert await workers.run(abs, -3) == 3
    finally:
        workers.close()


async def test_work_that_hangs_is_ended() -> None:
    workers = Workers(1, timeout_seconds=2.0)
    try:
        with pytest.raises(WorkerFailed, match="TimeoutError"):
            await workers.run(time.sleep, 600)
        assert await workers.run(abs, -3) == 3
    finally:
        workers.close()


async def test_an_error_of_the_work_comes_back_as_it_is() -> None:
    workers = Workers(1)
    try:
        with pytest.raises(ValueError, match="invalid literal"):
            await workers.run(int, "x")
    finally:
        workers.close()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

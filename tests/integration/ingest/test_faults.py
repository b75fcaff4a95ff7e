"""Kills at every point, a full disk, an exam larger than memory should be."""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pynetdicom import AE

from infra.local.postgres import BOOTSTRAP
from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

_ALLOWED_BYTES = 64 << 20


@pytest.mark.parametrize(
    "point",
    ["ingest.noted", "ingest.stored", "ingest.committed", "ingest.acknowledge", "ingest.settled", "relay.published", "relay.marked"],
)  # fmt: skip
async def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(unstarted: Stage, point: str) -> None:
    stage = unstarted
    await stage.start()
    await stage.found()
    await stage.agree()
    study = samples.uid()
    file = samples.image(study)
    stage.crash_file.write_text(point)
    with contextlib.suppress(httpx.HTTPError):
        await stage.stow(file)
        exam = await stage.exam(study)
        await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    assert await stage.died() == -9
    # What is left of an attempt is an hour old before it counts as left behind; here it is.
    with psycopg.connect(stage.database.server.conninfo(BOOTSTRAP, stage.database.name)) as connection:
        connection.execute("UPDATE ingest.pending_objects SET noted_at = noted_at - interval '2 hours'")
    await stage.start()
    again = await stage.stow(file)
    assert again.status_code == 200
    exam = await stage.exam(study)
    done = await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    assert (done.json()["instances"], done.json()["revision"]) == (1, 1)
    events = await stage.events(exam["id"], 2 if point == "relay.published" else 1)
    assert {kind for kind, *_ in events} == {"exam.completed"}
    await stage.until(lambda: len(stage.objects()) == 1)
    assert stage.objects()[0].read_bytes() == file
    assert stage.rows("SELECT count(*) FROM ingest.pending_objects") == [(0,)]


async def test_a_full_disk_refuses_for_now_and_recovers_without_help(unstarted: Stage) -> None:
    stage = unstarted
    await stage.start()
    await stage.found()
    study = samples.uid()
    large = samples.dataset(study, Rows=800, Columns=800)
    large.PixelData = bytes(800 * 800)
    file = samples.file_bytes(large)

    def store() -> int:
        sender = AE(ae_title=stage.ae_title)
        sender.add_requested_context(large.SOPClassUID, ExplicitVRLittleEndian)
        association = sender.associate("127.0.0.1", stage.dicom_port)
        status = int(association.send_c_store(large).Status)
        association.release()
        return status

    # No file may grow beyond this, as if the disk were full: writing answers with an error just so.
    resource.prlimit(stage.pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    refused = await stage.stow(file)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert await asyncio.to_thread(store) == 0xA700
    assert stage.objects() == []
    assert list((stage.folder / "objects" / ".spool").iterdir()) == []
    resource.prlimit(stage.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (await stage.stow(file)).status_code == 200
    assert await asyncio.to_thread(store) == 0
    assert (await stage.exam(study))["instances"] == 1


async def test_a_disk_that_is_full_for_an_inflated_copy_refuses_for_now_too(unstarted: Stage) -> None:
    stage = unstarted
    await stage.start()
    await stage.found()
    large = samples.dataset(samples.uid(), syntax=DeflatedExplicitVRLittleEndian, Rows=800, Columns=800)
    large.PixelData = bytes(800 * 800)
    file = samples.file_bytes(large)
    await stage.stow(samples.image(samples.uid()))  # the process that reads files is there by now
    readers = [one.pid for one in psutil.Process(stage.pid).children(recursive=True)]
    for pid in readers:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    assert (await stage.stow(file)).status_code == 503
    assert list((stage.folder / "objects" / ".spool").iterdir()) == []
    for pid in readers:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (await stage.stow(file)).status_code == 200


def _peak_bytes(pid: int) -> int:
    """The highest resident memory of the process and its children since `_forget_peak`."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    peaks = (Path(f"/proc/{process.pid}/status").read_text().split("VmHWM:")[1].split()[0] for process in processes)
    return sum(int(peak) * 1024 for peak in peaks)


def _forget_peak(pid: int) -> None:
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")


async def test_a_cine_of_a_gibibyte_takes_hardly_any_memory(unstarted: Stage) -> None:
    stage = unstarted
    await stage.start()
    await stage.found()
    await stage.stow(samples.image(samples.uid()))  # everything is loaded by now
    frames = 1024
    cine = samples.dataset(samples.uid(), frames=2, Rows=1024, Columns=1024)
    cine.NumberOfFrames = frames
    cine.PixelData = b""
    cine["PixelData"].VR = "OB"
    head = samples.file_bytes(cine)[:-4] + (frames << 20).to_bytes(4, "little")

    async def body() -> AsyncIterator[bytes]:
        yield b"--b\r\nContent-Type: application/dicom\r\n\r\n" + head
        piece = bytes(range(256)) * 4096
        for _ in range(frames):
            yield piece
        yield b"\r\n--b--\r\n"

    _forget_peak(stage.pid)
    before = _peak_bytes(stage.pid)
    started = time.monotonic()
    headers = {
        "Content-Type": "multipart/related; type=application/dicom; boundary=b",
        "Authorization": f"Bearer {stage.token()}",
    }
    async with httpx.AsyncClient(timeout=240) as client:
        answer = await client.post(f"{stage.http}/dicomweb/studies", content=body(), headers=headers)
    assert answer.status_code == 200, answer.text
    rise = _peak_bytes(stage.pid) - before
    print(f"1 GiB in {time.monotonic() - started:.1f} s, memory rose by {rise / (1 << 20):.1f} MiB")
    assert rise <= _ALLOWED_BYTES
    (instance,) = (await stage.get(f"/dicomweb/studies/{cine.StudyInstanceUID}/instances")).json()
    path = instance["00081190"]["Value"][0].removeprefix("http://127.0.0.1:8080")
    frame = await stage.get(f"{path}/frames/1024", headers={"Accept": "application/octet-stream"})
    assert frame.content == bytes(range(256)) * 4096

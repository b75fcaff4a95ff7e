"""C-STORE and C-ECHO with real peers: pynetdicom as sender, and dcmtk where it is installed."""

import asyncio
import io
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)
from pynetdicom import AE
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
_DCMTK = shutil.which("storescu", path=f"/usr/bin:{os.defpath}")


def _send(stage: Stage, *files: Path, title: str = "") -> list[Any]:
    """The answers to C-STORE of these files over one association; raises when it is rejected."""
    sender = AE(ae_title=title or stage.ae_title)
    for path in files:
        found = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        sender.add_requested_context(found.SOPClassUID, found.file_meta.TransferSyntaxUID)
    association = sender.associate("127.0.0.1", stage.dicom_port, ae_title="SONOBRIDGE")
    if not association.is_established:
        raise ConnectionRefusedError(str(getattr(association.acceptor.primitive, "diagnostic", "no answer")))
    try:
        return [association.send_c_store(path) for path in files]
    finally:
        association.release()


async def _store(stage: Stage, *files: Path, title: str = "") -> list[Any]:
    return await asyncio.to_thread(lambda: _send(stage, *files, title=title))


def _write(folder: Path, found: pydicom.FileDataset, name: str = "a.dcm") -> Path:
    path = folder / name
    path.write_bytes(samples.file_bytes(found))
    return path


def _compressed(study: str, syntax: str) -> pydicom.FileDataset:
    found = samples.dataset(study, syntax=pydicom.uid.UID(syntax), frames=2)
    found.PixelData = encapsulate([b"\xff\xd8\xff\xe0" + bytes(60), b"\xff\xd8\xff\xe0" + bytes(70)])
    found["PixelData"].is_undefined_length = True
    return found


@pytest.mark.parametrize("syntax", _NATIVE)
async def test_a_known_scanner_stores_in_every_native_encoding(stage: Stage, tmp_path: Path, syntax: str) -> None:
    study = samples.uid()
    (answer,) = await _store(stage, _write(tmp_path, samples.dataset(study, syntax=pydicom.uid.UID(syntax))))
    assert answer.Status == 0
    exam = await stage.exam(study)
    assert (exam["organisation_id"], exam["instances"]) == (str(stage.ids["clinic"]), 1)
    (instance,) = (await stage.get(f"/dicomweb/studies/{study}/instances")).json()
    url = instance["00081190"]["Value"][0].replace("http://127.0.0.1:8080", "")
    frame = await stage.get(f"{url}/frames/1", headers={"Accept": "application/octet-stream"})
    assert frame.content == samples.dataset(study).PixelData


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, RLELossless])
async def test_compressed_instances_keep_their_encoding(stage: Stage, tmp_path: Path, syntax: str) -> None:
    study = samples.uid()
    (answer,) = await _store(stage, _write(tmp_path, _compressed(study, syntax)))
    assert answer.Status == 0
    (instance,) = (await stage.get(f"/dicomweb/studies/{study}/instances")).json()
    assert instance["00083002"]["Value"] == [syntax]


async def test_a_scanner_that_nobody_knows_is_rejected_with_the_reason(stage: Stage, tmp_path: Path) -> None:
    path = _write(tmp_path, samples.dataset(samples.uid()))
    with pytest.raises(ConnectionRefusedError, match="3"):  # calling AE title not recognised, PS3.8 table 9-21
        await _store(stage, path, title="NOBODY")


async def test_it_answers_an_echo(stage: Stage) -> None:
    def echo() -> int:
        sender = AE(ae_title=stage.ae_title)
        sender.add_requested_context(Verification)
        association = sender.associate("127.0.0.1", stage.dicom_port)
        status = association.send_c_echo().Status
        association.release()
        return int(status)

    assert await asyncio.to_thread(echo) == 0


async def test_the_same_instance_by_the_other_protocol_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    study = samples.uid()
    path = _write(tmp_path, samples.dataset(study))
    await stage.stow(path.read_bytes())
    (answer,) = await _store(stage, path)
    assert answer.Status == 0
    assert (await stage.exam(study))["instances"] == 1


async def test_the_same_uid_with_another_dataset_fails_with_a_comment(stage: Stage, tmp_path: Path) -> None:
    found = samples.dataset(samples.uid())
    await stage.stow(samples.file_bytes(found))
    found.PatientID = "P-2"
    (answer,) = await _store(stage, _write(tmp_path, found))
    assert answer.Status == 0xC111
    assert "another dataset" in answer.ErrorComment


async def test_many_associations_at_once_all_succeed(stage: Stage, tmp_path: Path) -> None:
    study = samples.uid()
    paths = [_write(tmp_path, samples.dataset(study, InstanceNumber=n), f"{n}.dcm") for n in range(24)]
    answers = await asyncio.gather(*(_store(stage, *paths[at : at + 4]) for at in range(0, 24, 4)))
    assert {answer.Status for batch in answers for answer in batch} == {0}
    assert (await stage.exam(study))["instances"] == 24


async def test_a_connection_that_ends_amid_an_instance_leaves_nothing(stage: Stage) -> None:
    found = samples.dataset(samples.uid(), Rows=400, Columns=400)
    found.PixelData = bytes(400 * 400)
    sender = AE(ae_title=stage.ae_title)
    sender.add_requested_context(found.SOPClassUID, ExplicitVRLittleEndian)

    def break_off() -> None:
        association = sender.associate("127.0.0.1", stage.dicom_port)
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = found.SOPClassUID, found.SOPInstanceUID
        request.DataSet = io.BytesIO(encode(found, False, True) or b"")
        message = C_STORE_RQ()
        message.primitive_to_message(request)
        for piece in list(message.encode_msg(association.accepted_contexts[0].context_id or 1, 4096))[:-1]:
            association.dul.send_pdu(piece)
        while not list(spool.iterdir()):
            time.sleep(0.05)
        association.abort()

    spool = stage.folder / "objects" / ".spool"
    await asyncio.to_thread(break_off)
    await stage.until(lambda: not list(spool.iterdir()))
    assert (await stage.get(f"/dicomweb/studies/{found.StudyInstanceUID}")).status_code == 404


@pytest.mark.skipif(_DCMTK is None, reason="dcmtk is not installed")
async def test_dcmtk_stores_and_what_it_rewrote_is_still_the_same(stage: Stage, tmp_path: Path) -> None:
    study = samples.uid()
    item = pydicom.Dataset()
    item.CodeValue, item.CodeMeaning = "1", "one"
    found = samples.dataset(study, ProcedureCodeSequence=[item])
    found["ProcedureCodeSequence"].is_undefined_length = True
    found.add_new(0x00080000, "UL", 7)
    path = _write(tmp_path, found)

    async def storescu(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            str(_DCMTK), "-v", "-aet", stage.ae_title, "-aec", "SONOBRIDGE", *arguments,
            "127.0.0.1", str(stage.dicom_port), str(path),
            env={"TCP_NODELAY": "1"}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    status, out = await storescu()
    assert status == 0, out
    (stored,) = await stage.get_files(study)
    assert stored != path.read_bytes()
    assert (await stage.stow(path.read_bytes())).status_code == 200
    assert (await stage.exam(study))["instances"] == 1

"""QIDO-RS and WADO-RS over what was stored."""

import email
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit

from services.ingest.model.matching import DEFAULT_LIMIT
from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CINE = Path(pydicom.__file__).parent / "data" / "test_files" / "examples_ybr_color.dcm"


def _parts(answer: Any) -> list[tuple[str, bytes]]:
    """Content type and body of each part of a multipart answer."""
    message: Any = email.message_from_bytes(
        b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content
    )
    return [(part["Content-Type"], part.get_payload(decode=True)) for part in message.get_payload()]


def _path(found: dict[str, Any]) -> str:
    url: str = found["00081190"]["Value"][0]
    return url.removeprefix("http://127.0.0.1:8080")


async def _cine(stage: Stage) -> tuple[str, pydicom.FileDataset]:
    """pydicom's colour cine under UIDs of its own: its path, and the dataset."""
    found = pydicom.dcmread(_CINE)
    found.StudyInstanceUID, found.SeriesInstanceUID, found.SOPInstanceUID = samples.uid(), samples.uid(), samples.uid()
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    answer = await stage.stow(samples.file_bytes(found))
    assert answer.status_code == 200, answer.text
    return (
        f"/dicomweb/studies/{found.StudyInstanceUID}/series/{found.SeriesInstanceUID}/instances/{found.SOPInstanceUID}",
        found,
    )


async def test_chinese_names_are_found_whatever_set_they_came_in(stage: Stage) -> None:
    for declared, codec in (
        ("GB18030", "gb18030"), ("GBK", "gbk"), ("ISO_IR 192", "utf-8"), ("\\ISO 2022 IR 58", "iso58"), (None, "gb18030"),
    ):  # fmt: skip
        study = samples.uid()
        found = samples.dataset(study, PatientName="QQQQ=RRRRRRRRRRRRRRRRRR")
        if declared:
            found.SpecificCharacterSet = declared.split("\\")
        name = "王^小东"
        escaped = b"\x1b$)A" + "王".encode("gb2312") + b"^\x1b$)A" + "小东".encode("gb2312")
        raw = escaped if codec == "iso58" else name.encode(codec)
        data = samples.file_bytes(found).replace(b"QQQQ=RRRRRRRRRRRRRRRRRR", (b"WANG=" + raw).ljust(23))
        answer = await stage.stow(data)
        assert answer.status_code == 200, answer.text
        for query in ("王*", "WANG", "wang", "王^小?"):
            (match,) = (
                await stage.get("/dicomweb/studies", params={"PatientName": query, "StudyInstanceUID": study})
            ).json()
            assert match["00100010"]["Value"] == [{"Alphabetic": "WANG", "Ideographic": name}], (declared, query)
        exam = await stage.exam(study)
        assert exam["patient"]["name_ideographic"] == name
        assert exam["character_set"] == {
            "declared": declared or "",
            "detected": "GB18030" if declared is None else "",
        }
        (metadata,) = (await stage.get(f"/dicomweb/studies/{study}/metadata")).json()
        assert metadata["00080005"]["Value"] == ["ISO_IR 192"]
        given = await stage.get(
            f"/dicomweb/studies/{study}", headers={"Accept": 'multipart/related; type="application/dicom"'}
        )
        assert _parts(given)[0][1] == data


async def test_studies_are_found_by_what_they_are(stage: Stage) -> None:
    patient = samples.uid()[-12:]
    for number in range(5):
        await stage.stow(
            samples.image(samples.uid(), PatientID=patient, StudyDate=f"2026110{number + 1}", StudyID=f"S{number}")
        )

    async def ids(**query: str) -> list[str]:
        found = (await stage.get("/dicomweb/studies", params={"PatientID": patient} | query)).json()
        return [item["00200010"]["Value"][0] for item in found]

    assert await ids() == ["S4", "S3", "S2", "S1", "S0"]
    assert await ids(StudyDate="20261102-20261104") == ["S3", "S2", "S1"]
    assert await ids(StudyDate="-20261102") == ["S1", "S0"]
    assert await ids(limit="2") == ["S4", "S3"]
    assert await ids(limit="2", offset="4") == ["S0"]
    assert await ids(ModalitiesInStudy="CT") == []
    assert await ids(ModalitiesInStudy="U?") == ["S4", "S3", "S2", "S1", "S0"]
    assert await ids(StudyID="S[0]") == []
    assert await ids(StudyDescription="Obst*", PatientSex="F", AccessionNumber="A-1?", limit="1") == ["S4"]
    (with_more,) = (
        await stage.get(
            "/dicomweb/studies",
            params={"PatientID": patient, "limit": "1", "includefield": "BitsStored", "fuzzymatching": "true"},
        )
    ).json()
    assert with_more["00280101"]["Value"] == [8]


async def test_a_name_is_found_by_the_groups_that_are_asked_for(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(
        samples.image(study, SpecificCharacterSet="ISO_IR 192", PatientName="Wang^XiaoDong=王^小东=おう^しょう")
    )

    async def found(name: str) -> int:
        query = {"PatientName": name, "StudyInstanceUID": study}
        return len((await stage.get("/dicomweb/studies", params=query)).json())

    for name in ("wang^xiaodong=王^小东", "=王*", "==おう*", "Wang*==おう^しょう", "Wang^XiaoDong=王^小东=おう^しょう"):
        assert await found(name) == 1, name
    for name in ("王*=", "Wang*=李*", "=Wang*"):
        assert await found(name) == 0, name


async def test_series_are_found_by_the_procedure_that_made_them(stage: Stage) -> None:
    study = samples.uid()
    asked = Dataset()
    asked.ScheduledProcedureStepID, asked.RequestedProcedureID = "STEP-7", "REQ-9"
    made = {"PerformedProcedureStepStartDate": "20261101", "PerformedProcedureStepStartTime": "1015"}
    await stage.stow(samples.image(study, RequestAttributesSequence=[asked], **made))

    async def found(**query: str) -> int:
        return len((await stage.get(f"/dicomweb/studies/{study}/series", params=query)).json())

    assert await found(PerformedProcedureStepStartDate="20261101-", PerformedProcedureStepStartTime="10-11") == 1
    assert await found(PerformedProcedureStepStartTime="1016-") == 0
    assert await found(**{"RequestAttributesSequence.ScheduledProcedureStepID": "STEP-?"}) == 1
    assert await found(**{"00400275.00401001": "REQ-8"}) == 0


async def test_who_gets_not_all_for_the_platforms_own_limit_is_told_so(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(*(samples.image(study, InstanceNumber=number) for number in range(DEFAULT_LIMIT + 1)))
    path = f"/dicomweb/studies/{study}/instances"
    first, asked = await stage.get(path), await stage.get(f"{path}?limit=5")
    assert (len(first.json()), first.headers["warning"][:4]) == (DEFAULT_LIMIT, "299 ")
    assert (len(asked.json()), "warning" in asked.headers) == (5, False)
    rest = await stage.get(f"{path}?offset={DEFAULT_LIMIT}")
    assert (len(rest.json()), "warning" in rest.headers) == (1, False)


async def test_results_and_metadata_come_as_xml_when_asked(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(*(samples.image(study, InstanceNumber=number) for number in (1, 2)))
    accept = {"Accept": 'multipart/related; type="application/dicom+xml"'}
    for path in (f"/dicomweb/studies/{study}/instances", f"/dicomweb/studies/{study}/metadata"):
        parts = _parts(await stage.get(path, headers=accept))
        assert [kind for kind, _ in parts] == ["application/dicom+xml"] * 2
        roots = [ElementTree.fromstring(body) for _, body in parts]
        numbers = [root.findtext("{*}DicomAttribute[@keyword='InstanceNumber']/{*}Value") for root in roots]
        assert numbers == ["1", "2"]
    assert (await stage.get(f"/dicomweb/studies/{samples.uid()}/instances", headers=accept)).status_code == 204


async def test_an_address_alone_says_which_form_it_wants(stage: Stage) -> None:
    path, _ = await _cine(stage)
    picture = await stage.get(f"{path}/rendered?accept=image/png")
    assert picture.headers["content-type"] == "image/png"
    found = await stage.get(f"{path}/metadata?accept=application/json", headers={"Accept": "text/html"})
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")


async def test_a_character_that_no_text_can_hold_is_a_bad_request(stage: Stage) -> None:
    assert (await stage.get("/dicomweb/studies?PatientName=a%00b")).status_code == 400


async def test_fuzzy_matching_is_declined_politely(stage: Stage) -> None:
    answer = await stage.get("/dicomweb/studies?PatientName=nobody&fuzzymatching=true")
    assert answer.status_code == 200
    assert "fuzzymatching" in answer.headers["warning"]


async def test_series_and_instances_are_found_below_and_beside_their_study(stage: Stage) -> None:
    study = samples.uid()
    series = [samples.uid(), samples.uid()]
    await stage.stow(
        *(
            samples.image(study, series=one, SeriesNumber=number + 1, InstanceNumber=place)
            for number, one in enumerate(series)
            for place in (1, 2)
        )
    )
    found = (await stage.get(f"/dicomweb/studies/{study}/series")).json()
    assert [item["0020000E"]["Value"][0] for item in found] == series
    assert [item["00201209"]["Value"][0] for item in found] == [2, 2]
    assert len((await stage.get(f"/dicomweb/studies/{study}/series/{series[0]}/instances")).json()) == 2
    assert len((await stage.get(f"/dicomweb/studies/{study}/instances?InstanceNumber=2")).json()) == 2
    assert len((await stage.get(f"/dicomweb/series?StudyInstanceUID={study}&SeriesNumber=2")).json()) == 1
    assert len((await stage.get(f"/dicomweb/instances?StudyInstanceUID={study}&Rows=32")).json()) == 4


@pytest.mark.parametrize("query", ["StudyDate=yesterday", "Nonsense=1", "limit=-3", "SOPInstanceUID=1.2"])
async def test_a_query_that_cannot_be_understood_is_a_bad_request(stage: Stage, query: str) -> None:
    answer = await stage.get(f"/dicomweb/studies?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


async def test_frames_come_as_they_are_stored_or_decoded(stage: Stage) -> None:
    path, cine = await _cine(stage)
    stored = list(pydicom.encaps.generate_frames(cine.PixelData, number_of_frames=30))
    answer = await stage.get(
        f"{path}/frames/1,30,2",
        headers={"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'},
    )
    parts = _parts(answer)
    assert [data for _, data in parts] == [stored[0], stored[29], stored[1]]
    assert parts[0][0] == "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"
    jpeg = await stage.get(f"{path}/frames/3", headers={"Accept": "image/jpeg"})
    assert (jpeg.content, jpeg.headers["content-type"]) == (
        stored[2],
        "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50",
    )
    plain = await stage.get(f"{path}/frames/1", headers={"Accept": "application/octet-stream"})
    assert len(plain.content) == 240 * 320 * 3
    expected = cine.pixel_array[0]
    got = np.frombuffer(plain.content, np.uint8).reshape(240, 320, 3)
    assert np.abs(got.astype(int) - expected.astype(int)).mean() < 4
    assert (await stage.get(f"{path}/frames/31")).status_code == 404
    assert (await stage.get(f"{path}/frames/0")).status_code == 400
    assert (await stage.get(f"{path}/frames/1", headers={"Accept": "image/jp2"})).status_code == 406


async def test_a_frame_is_shown_as_a_picture(stage: Stage) -> None:
    path, _ = await _cine(stage)
    jpeg = await stage.get(f"{path}/frames/2/rendered", headers={"Accept": "image/jpeg"})
    assert Image.open(io.BytesIO(jpeg.content)).size == (320, 240)
    png = await stage.get(f"{path}/rendered?viewport=100,100", headers={"Accept": "image/png"})
    assert Image.open(io.BytesIO(png.content)).size == (100, 75)
    accept_parts = {"Accept": 'multipart/related; type="image/png"'}
    assert [kind for kind, _ in _parts(await stage.get(f"{path}/rendered", headers=accept_parts))] == ["image/png"]
    small = await stage.get(f"{path}/thumbnail")
    assert max(Image.open(io.BytesIO(small.content)).size) == 128
    assert len(_parts(await stage.get(f"{path}/frames/2,30/rendered", headers=accept_parts))) == 2
    assert (await stage.get(f"{path}/frames/2,31/rendered", headers=accept_parts)).status_code == 404
    assert (await stage.get(f"{path}/frames/2,3/rendered", headers={"Accept": "image/png"})).status_code == 406
    assert (await stage.get(f"{path}/rendered?window=1,0")).status_code == 400
    assert (await stage.get(f"{path}/rendered", headers={"Accept": "video/mp4"})).status_code == 406


async def test_metadata_refers_to_its_pixels_by_an_address_that_answers(stage: Stage) -> None:
    path, cine = await _cine(stage)
    (metadata,) = (await stage.get(f"{path}/metadata")).json()
    assert metadata["00280008"]["Value"] == [30]
    bulk = metadata["7FE00010"]["BulkDataURI"]
    assert bulk.startswith("http://127.0.0.1:8080/dicomweb/")
    answer = await stage.get(bulk.removeprefix("http://127.0.0.1:8080"))
    assert len(_parts(answer)) == 30
    theirs = json.loads(cine.to_json())
    assert metadata["00186011"] == theirs["00186011"]


async def test_studies_and_series_come_whole(stage: Stage) -> None:
    study = samples.uid()
    files = [samples.image(study, InstanceNumber=number) for number in (1, 2, 3)]
    await stage.stow(*files)
    answer = await stage.get(f"/dicomweb/studies/{study}")
    assert [data for _, data in _parts(answer)] == files
    (series,) = (await stage.get(f"/dicomweb/studies/{study}/series")).json()
    assert len(_parts(await stage.get(_path(series)))) == 3
    other_syntax = await stage.get(
        f"/dicomweb/studies/{study}",
        headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50'},
    )
    assert other_syntax.status_code == 406
    assert (await stage.get(f"/dicomweb/studies/{samples.uid()}")).status_code == 404


async def test_a_study_is_shown_as_a_picture_of_each_instance_that_has_one(stage: Stage) -> None:
    study, series = samples.uid(), samples.uid()
    broken = samples.dataset(study, series, syntax=JPEGBaseline8Bit)
    broken.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 nothing"])
    document = samples.dataset(study, samples.uid(), Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(document, keyword)
    images = [samples.image(study, series=series, InstanceNumber=number) for number in (1, 2)]
    assert (await stage.stow(*images, *map(samples.file_bytes, (broken, document)))).status_code == 200
    for path in (f"/dicomweb/studies/{study}", f"/dicomweb/studies/{study}/series/{series}"):
        parts = _parts(await stage.get(f"{path}/rendered"))
        assert [Image.open(io.BytesIO(body)).size for _, body in parts] == [(48, 32)] * 2
    other = f"/dicomweb/studies/{study}/series/{document.SeriesInstanceUID}"
    assert (await stage.get(f"{other}/rendered")).status_code == 406
    assert (await stage.get(f"/dicomweb/studies/{samples.uid()}/rendered")).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "examples_ybr_color.dcm",
        "JPEG2000.dcm",
        "MR_small_RLE.dcm",
        "MR_small_implicit.dcm",
        "image_dfl.dcm",
        "reportsi.dcm",
    ],
)
async def test_who_cannot_read_what_is_stored_gets_it_in_explicit_little_endian(stage: Stage, name: str) -> None:
    stored = pydicom.dcmread(_CINE.parent / name)
    stored.StudyInstanceUID, stored.SOPInstanceUID = samples.uid(), samples.uid()
    stored.file_meta.MediaStorageSOPInstanceUID = stored.SOPInstanceUID
    assert (await stage.stow(samples.file_bytes(stored))).status_code == 200
    wanted = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'}
    ((kind, body),) = _parts(await stage.get(f"/dicomweb/studies/{stored.StudyInstanceUID}", headers=wanted))
    given = pydicom.dcmread(io.BytesIO(body))
    assert kind == f"application/dicom; transfer-syntax={given.file_meta.TransferSyntaxUID}"
    assert given.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (given.SOPInstanceUID, given.PatientName) == (stored.SOPInstanceUID, stored.PatientName)
    besides = {0x00080005, 0xFFFCFFFC}  # text comes in UTF-8 where it had to be rewritten; padding says nothing
    assert {element.tag for element in given} - besides == {element.tag for element in stored} - besides
    if "PixelData" in stored:
        difference = given.pixel_array.astype(int) - stored.pixel_array.astype(int)
        lossy = stored.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
        assert np.abs(difference).max() <= (8 if lossy else 0)  # two JPEG decoders round differently


async def test_what_cannot_be_decoded_is_not_acceptable_in_another_syntax(stage: Stage) -> None:
    study = samples.uid()
    broken = samples.dataset(study, syntax=JPEGBaseline8Bit)
    broken.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 nothing"])
    assert (await stage.stow(samples.file_bytes(broken))).status_code == 200
    wanted = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'}
    assert (await stage.get(f"/dicomweb/studies/{study}", headers=wanted)).status_code == 406


async def test_what_has_no_way_to_explicit_little_endian_is_not_acceptable(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(samples.image(study, syntax=ExplicitVRBigEndian))
    wanted = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'}
    answer = await stage.get(f"/dicomweb/studies/{study}", headers=wanted)
    assert (answer.status_code, answer.json()["transfer_syntaxes"]) == (406, ["1.2.840.10008.1.2.2"])

"""Browser uploads that resume (tus)."""

import base64

import pytest

from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

_TUS = {"Tus-Resumable": "1.0.0"}
_PIECE = _TUS | {"Content-Type": "application/offset+octet-stream"}


async def _begin(stage: Stage, length: int) -> str:
    name = base64.b64encode("超声.dcm".encode()).decode()
    headers = _TUS | {"Upload-Length": str(length), "Upload-Metadata": f"filename {name}"}
    answer = await stage.call("POST", "/api/ingest/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("http://127.0.0.1:8080")


async def test_an_upload_in_pieces_becomes_an_instance(stage: Stage) -> None:
    study = samples.uid()
    file = samples.image(study)
    path = await _begin(stage, len(file))
    first = await stage.call("PATCH", path, content=file[:700], headers=_PIECE | {"Upload-Offset": "0"})
    assert (first.status_code, first.headers["upload-offset"]) == (204, "700")
    stands = await stage.call("HEAD", path, headers=_TUS)
    assert (stands.headers["upload-offset"], stands.headers["upload-length"]) == ("700", str(len(file)))
    wrong = await stage.call("PATCH", path, content=file[:9], headers=_PIECE | {"Upload-Offset": "0"})
    assert (wrong.status_code, wrong.json()["offset"]) == (409, 700)
    last = await stage.call("PATCH", path, content=file[700:], headers=_PIECE | {"Upload-Offset": "700"})
    assert last.status_code == 204, last.text
    assert (await stage.exam(study))["instances"] == 1
    assert not [one for one in stage.objects() if "uploads" in one.parts]


async def test_an_upload_cut_off_at_its_very_end_is_taken_in_when_asked_about(stage: Stage) -> None:
    study = samples.uid()
    file = samples.image(study)
    path = await _begin(stage, len(file))
    await stage.call("PATCH", path, content=file[:700], headers=_PIECE | {"Upload-Offset": "0"})
    # As if the process had been killed between the last piece and the instance.
    upload_id = path.rsplit("/", 1)[1]
    key = f"{stage.ids['clinic']}/uploads/{upload_id}/rest"
    (stage.folder / "objects" / key).write_bytes(file[700:])
    stage.execute(
        f"UPDATE ingest.uploads SET offset_bytes = {len(file)}, piece_keys = piece_keys || '{key}'::text WHERE id = '{upload_id}'"
    )
    stands = await stage.call("HEAD", path, headers=_TUS)
    assert stands.headers["upload-offset"] == str(len(file))
    assert (await stage.exam(study))["instances"] == 1


async def test_an_upload_that_is_no_dicom_is_refused_with_the_reason(stage: Stage) -> None:
    path = await _begin(stage, 500)
    answer = await stage.call("PATCH", path, content=b"x" * 500, headers=_PIECE | {"Upload-Offset": "0"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_dicom")
    (refused, *_) = (await stage.get("/api/ingest/v1/refusals")).json()["items"]
    assert (refused["protocol"], refused["reason"]) == ("upload", "not_dicom")


async def test_an_upload_belongs_to_its_hospital(stage: Stage) -> None:
    path = await _begin(stage, 500)
    assert (await stage.call("HEAD", path, "stranger", headers=_TUS)).status_code == 404
    piece = await stage.call("PATCH", path, "stranger", content=b"x", headers=_PIECE | {"Upload-Offset": "0"})
    assert piece.status_code == 404
    assert (await stage.call("DELETE", path, "stranger", headers=_TUS)).status_code == 404
    assert (await stage.call("DELETE", path, headers=_TUS)).status_code == 204
    assert (await stage.call("HEAD", path, headers=_TUS)).status_code == 404


async def test_more_than_was_said_is_too_large(stage: Stage) -> None:
    path = await _begin(stage, 5)
    answer = await stage.call("PATCH", path, content=b"123456", headers=_PIECE | {"Upload-Offset": "0"})
    assert answer.status_code == 413


async def test_another_version_of_tus_is_told_which_one_is_spoken(stage: Stage) -> None:
    headers = {"Tus-Resumable": "0.2.2", "Upload-Length": "4"}
    answer = await stage.call("POST", "/api/ingest/v1/uploads", headers=headers)
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")

"""Ingest with its objects in a bucket of a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.fakes.oidc import FakeIssuer
from tests.integration.ingest import samples
from tests.integration.ingest.conftest import make_stage
from tests.integration.ingest.stage import Stage
from tests.parts import Database, Topics
from tests.s3 import S3Server, s3_server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(loop_scope="module")
async def on_bucket(
    migrated: Database, kafka_topics: Topics, issuer: FakeIssuer, tmp_path: Path
) -> AsyncIterator[tuple[Stage, S3Server]]:
    """A running ingest over a bucket, and the server of the bucket."""
    with s3_server(tmp_path / "s3") as server:
        bucket = f"b{uuid4().hex}"
        server.make_bucket(bucket)
        access, secret = server.key_files
        stage = make_stage(
            migrated,
            kafka_topics,
            issuer,
            tmp_path,
            objects_url=f"s3://{bucket}/exams",
            objects_endpoint=server.endpoint,
            objects_access_key_file=access,
            objects_secret_key_file=secret,
        )
        try:
            await stage.start()
            await stage.found()
            yield stage, server
        finally:
            await stage.close()


async def test_an_exam_goes_in_and_comes_out_and_a_bucket_that_is_away_is_a_503(
    on_bucket: tuple[Stage, S3Server],
) -> None:
    stage, server = on_bucket
    study = samples.uid()
    found = samples.dataset(study, frames=3)
    file = samples.file_bytes(found)
    assert (await stage.stow(file)).status_code == 200
    assert (await stage.stow(file)).status_code == 200
    assert await stage.get_files(study) == [file]
    series = f"/dicomweb/studies/{study}/series/{found.SeriesInstanceUID}/instances/{found.SOPInstanceUID}"
    frame = await stage.get(f"{series}/frames/2", headers={"Accept": "application/octet-stream"})
    assert frame.content == found.PixelData[32 * 48 : 2 * 32 * 48]
    spools = stage.folder / "spool"
    assert list(spools.iterdir()) == []

    server.process.kill()
    server.process.wait()
    late = await stage.stow(samples.image(study))
    assert (late.status_code, late.json()["detail"]) == (503, "the object store does not answer")
    assert (await stage.get(series)).status_code == 503
    assert (await stage.exam(study))["instances"] == 1
    assert list(spools.iterdir()) == []

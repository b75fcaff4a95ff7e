"""The whole process, killed between effect and offset: every exam is charged once all the same."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from services.shared.kafka import Producer, Record
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.integration.billing.region import Region, changed
from tests.parts import Database as ScratchDatabase
from tests.parts import Topics

DAY = "2026-11-20"


def start(variables: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "services", "billing"], env=os.environ | variables)


async def ended(process: subprocess.Popen[bytes], within_seconds: float) -> int:
    for _ in range(int(within_seconds * 10)):
        if (status := process.poll()) is not None:
            return status
        await asyncio.sleep(0.1)
    process.kill()
    raise AssertionError("the process was not killed at the point")


@pytest.mark.parametrize("point", ["billing.recording", "billing.recorded", "consumer.handled", "relay.published"])
async def test_a_process_killed_at_a_point_charges_every_exam_once(
    migrated: ScratchDatabase, kafka_topics: Topics, eye: psycopg.Connection, tmp_path: Path, point: str
) -> None:
    issuer, region = FakeIssuer(), Region()
    crash_file = tmp_path / "crash"
    variables = environment(
        "billing", migrated, kafka_topics, issuer, tmp_path, objects_url=(tmp_path / "objects").as_uri()
    ) | {"SONOBRIDGE_CRASH_FILE": str(crash_file)}
    producer = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    directory = [changed(f"organisation/{one.id}", organisation=one) for one in region.organisations()]
    directory.append(changed(f"agreement/{region.agreement_id}/1", agreement=region.agreement()))
    await producer.send([Record("directory.v1", one.key, one.headers(), one.body) for one in directory])
    for _ in range(4):
        exam = uuid4()
        for topic, one in (
            ("inference.v1", region.analysis_completed(exam, DAY)),
            ("reporting.v1", region.report_signed(exam, DAY)),
            ("reporting.v1", region.report_signed(exam, DAY, version=2)),
        ):
            await producer.send([Record(topic, one.key, one.headers(), one.body)])
    await producer.close()
    crash_file.write_text(point)
    killed = start(variables)
    assert await ended(killed, 60) == -signal.SIGKILL
    again = start(variables)
    try:
        found: list[tuple[object, ...]] = []
        for _ in range(300):
            found = eye.execute(
                "SELECT (SELECT count(*) FROM usage_records), (SELECT count(*) FROM exam_events),"
                " (SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL)"
            ).fetchall()
            if found == [(12, 12, 12)]:
                break
            await asyncio.sleep(0.2)
        assert found == [(12, 12, 12)]
    finally:
        again.terminate()
        assert await asyncio.to_thread(again.wait, 30) == 0
        issuer.close()

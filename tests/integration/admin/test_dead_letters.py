"""A record that can never succeed: put aside by the consumer, listed, shown and replayed by the command."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sonobridge.directory.v1 import directory_pb2 as pb
from sonobridge.directory.v1 import events_pb2

from services.admin.main import main
from services.shared.clock import uuid7
from services.shared.events import Event
from services.shared.kafka import Consumer, Poison, Producer, Record
from tests.parts import Topics


class Handler:
    """Cannot handle anything until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.seen = 0
        self.handled: list[Event] = []

    async def __call__(self, event: Event) -> None:
        self.seen += 1
        if not self.mended:
            raise Poison("its kind is not known here")
        self.handled.append(event)


@asynccontextmanager
async def consuming(topics: Topics, handler: Handler) -> AsyncIterator[None]:
    stop, producer = asyncio.Event(), Producer(topics.bootstrap, topics.prefix)
    consumer = Consumer(topics.bootstrap, "ingest", ["directory.v1"], handler, producer, topics.prefix)
    running = asyncio.create_task(consumer.run(stop))
    yield
    stop.set()
    await running
    await producer.close()


async def _until(handler: Handler, count: int) -> None:
    async with asyncio.timeout(60):
        while handler.seen < count:
            await asyncio.sleep(0.05)


async def test_a_dead_letter_is_listed_shown_and_replayed_once(
    kafka_topics: Topics, capsys: pytest.CaptureFixture[str]
) -> None:
    event = Event(
        id=uuid7(),
        type="directory.changed",
        source="/sonobridge/directory",
        key="organisation/1",
        organisation_id=uuid7(),
        time=datetime.now(UTC),
        body=events_pb2.DirectoryChanged(organisation=pb.Organisation(alias="qinghe")).SerializeToString(),
    )
    handler = Handler()
    producer = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    await producer.send(
        [
            Record("directory.v1", event.key, event.headers(), event.body),
            Record("directory.v1", event.key, {"ce_type": "directory.changed"}, b"\xff\x00"),
        ]
    )
    await producer.close()

    def run(action: str, *arguments: str) -> tuple[int, str]:
        broker = ["--kafka", kafka_topics.bootstrap, "--topic-prefix", kafka_topics.prefix]
        status = main(["dead-letters", action, *arguments, *broker])
        return status, capsys.readouterr().out

    def listed(*arguments: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in run("list", "--json", *arguments)[1].splitlines() if line]

    async with consuming(kafka_topics, handler):
        await _until(handler, 1)
        async with asyncio.timeout(60):
            while len(letters := await asyncio.to_thread(listed)) < 2:
                await asyncio.sleep(0.2)
        handler.mended = True
        assert {one["reason"] for one in letters} == {"its kind is not known here", "the header ce_id is missing"}
        good = next(one for one in letters if one["reason"] == "its kind is not known here")
        assert good["type"] == "directory.changed"
        status, shown = await asyncio.to_thread(run, "show", str(good["id"]))
        assert (status, "qinghe" in shown) == (0, False)
        assert "qinghe" in (await asyncio.to_thread(run, "show", str(good["id"]), "--body"))[1]
        assert await asyncio.to_thread(run, "replay", str(good["id"])) == (0, "1 replayed\n")
        await _until(handler, 2)

    assert handler.handled == [event]
    assert [one["id"] for one in listed()] == [one["id"] for one in letters if one != good]
    assert len(listed("--all")) == 2
    assert run("replay", "ingest.v1.dlq/0/99")[0] == 1
    assert run("replay")[0] == 1

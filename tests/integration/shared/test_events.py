"""Events: written beside the state change, sent in order, had once, buried when they can never succeed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sonobridge.billing.v1 import events_pb2

from services.shared.clock import SystemClock
from services.shared.db import Database
from services.shared.errors import Unavailable
from services.shared.events import Event
from services.shared.kafka import Consumer, Poison, Producer, Record, Taken, first_time, held
from services.shared.outbox import Outbox, Relay
from tests.integration.shared.schema import SERVICE, prepare
from tests.parts import Database as ScratchDatabase
from tests.parts import Topics

ORGANISATION = UUID("018f0000-0000-7000-8000-000000000001")


@pytest.fixture
async def db(postgres_database: ScratchDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    database = prepare(postgres_database, tmp_path)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def producer(kafka_topics: Topics) -> AsyncIterator[Producer]:
    made = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    yield made
    await made.close()


@asynccontextmanager
async def running(*parts: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    tasks = [asyncio.ensure_future(part(stop)) for part in parts]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def consumer(topics: Topics, producer: Producer, handler: Callable[[Event], Awaitable[None]]) -> Consumer:
    return Consumer(topics.bootstrap, SERVICE, ["billing.v1"], handler, producer, topics.prefix)


async def unsent(db: Database, key: str) -> int:
    async with db.work("relay") as tx:
        return len([row for row in await tx.all("select_outbox", limit=100) if row["key"] == key])


async def publish(db: Database, outbox: Outbox, key: str, number: int) -> None:
    async with db.tenant(ORGANISATION) as tx:
        await outbox.publish(tx, "usage.recorded", key, ORGANISATION, events_pb2.UsageRecorded(quantity=number))


async def test_events_arrive_in_the_order_of_each_exams_commits(
    db: Database, producer: Producer, kafka_topics: Topics
) -> None:
    outbox = Outbox(SERVICE, "billing.v1", SystemClock())
    had: dict[str, list[int]] = {"a": [], "b": []}

    async def handle(event: Event) -> None:
        if event.key in had:
            had[event.key].append(event.decode(events_pb2.UsageRecorded).quantity)

    for number in range(30):
        await publish(db, outbox, "a" if number % 2 else "b", number)
    async with running(Relay(db, producer, outbox).run, consumer(kafka_topics, producer, handle).run):
        await eventually(lambda: sum(map(len, had.values())) == 30)
    assert had == {"a": list(range(1, 30, 2)), "b": list(range(0, 30, 2))}


async def test_an_event_of_a_rolled_back_transaction_never_goes_out(db: Database) -> None:
    outbox = Outbox(SERVICE, "billing.v1", SystemClock())
    with pytest.raises(ZeroDivisionError):
        async with db.tenant(ORGANISATION) as tx:
            await outbox.publish(tx, "usage.recorded", "rolled back", ORGANISATION, events_pb2.UsageRecorded())
            raise ZeroDivisionError
    assert await unsent(db, "rolled back") == 0


async def test_while_kafka_is_away_the_outbox_waits_and_nothing_is_marked_sent(db: Database) -> None:
    outbox = Outbox(SERVICE, "billing.v1", SystemClock())
    await publish(db, outbox, "waiting", 1)
    nowhere = Producer("127.0.0.1:1")
    async with running(Relay(db, nowhere, outbox).run):
        await asyncio.sleep(1)
    await nowhere.close()
    assert await unsent(db, "waiting") == 1


async def test_the_same_event_twice_has_its_effect_once(db: Database, producer: Producer, kafka_topics: Topics) -> None:
    handled = []

    async def handle(event: Event) -> None:
        async with db.tenant(event.organisation_id) as tx:
            if await first_time(tx, SERVICE, event):
                await tx.run("insert_note", organisation_id=event.organisation_id, text=str(event.id))
        handled.append(event.id)

    event = Event(uuid4(), "usage.recorded", "/test", "a", ORGANISATION, SystemClock().now(), b"")
    await producer.send([Record("billing.v1", "a", event.headers(), b"")] * 2)
    async with running(consumer(kafka_topics, producer, handle).run):
        await eventually(lambda: len(handled) == 2)
    async with db.tenant(ORGANISATION) as tx:
        notes = [row["text"] for row in await tx.all("select_notes")]
    assert notes.count(str(event.id)) == 1


async def test_what_can_never_succeed_goes_to_the_dead_letters_with_its_reason_and_the_next_goes_on(
    producer: Producer, kafka_topics: Topics
) -> None:
    had = []

    async def handle(event: Event) -> None:
        if event.type == "poison":
            raise Poison("this one is poisonous")
        had.append(event.type)

    def record(type: str) -> Record:
        event = Event(uuid4(), type, "/test", "a", ORGANISATION, SystemClock().now(), b"")
        return Record("billing.v1", "a", event.headers(), b"")

    await producer.send([Record("billing.v1", "a", {"no": "event"}, b"\xff"), record("poison"), record("good")])
    reading = consumer(kafka_topics, producer, handle)
    assert metric("sonobridge_dead_letters_total", kafka_topics) == 0, "an alert on its increase needs the zero first"
    async with running(reading.run):
        await eventually(lambda: had == ["good"])
    assert metric("sonobridge_dead_letters_total", kafka_topics) == 2
    letters = await asyncio.to_thread(dead_letters, kafka_topics)
    assert [letter.headers["dlq_reason"].decode() for letter in letters] == [
        "the header ce_id is missing",
        "this one is poisonous",
    ]
    assert letters[0].value == b"\xff"


async def test_the_lag_counts_what_is_not_yet_handled(producer: Producer, kafka_topics: Topics) -> None:
    go_on = asyncio.Event()

    async def handle(event: Event) -> None:
        await go_on.wait()

    def lag() -> float:
        return metric("sonobridge_consumer_lag_records", kafka_topics)

    events = [Event(uuid4(), "usage.recorded", "/test", "a", ORGANISATION, SystemClock().now(), b"") for _ in range(5)]
    await producer.send([Record("billing.v1", "a", event.headers(), b"") for event in events])
    async with running(consumer(kafka_topics, producer, handle).run):
        try:
            await eventually(lambda: lag() == 5)
        finally:
            go_on.set()
        await eventually(lambda: lag() == 0)


async def test_the_outbox_tells_how_many_events_wait_and_how_long(db: Database) -> None:
    outbox = Outbox(SERVICE, "billing.v1", SystemClock())
    for number in range(2):
        await publish(db, outbox, "told", number)
    async with db.work("relay") as tx:
        waiting = len(await tx.all("select_outbox", limit=100))
    nowhere = Producer("127.0.0.1:1")
    async with running(Relay(db, nowhere, outbox).purge):
        await eventually(lambda: value("sonobridge_outbox_waiting_events") == waiting >= 2)
        assert value("sonobridge_outbox_oldest_seconds") > 0
    await nowhere.close()


def metric(name: str, topics: Topics) -> float:
    return value(name, topic=topics.name("billing.v1"))


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, f"{name} {labels} is not there"
    return found


async def test_an_unavailable_part_makes_the_consumer_try_the_same_record_again(
    producer: Producer, kafka_topics: Topics
) -> None:
    tries = []

    async def handle(event: Event) -> None:
        tries.append(event.id)
        if len(tries) < 3:
            raise Unavailable("not yet")

    event = Event(uuid4(), "usage.recorded", "/test", "a", ORGANISATION, SystemClock().now(), b"")
    await producer.send([Record("billing.v1", "a", event.headers(), b"")])
    async with running(consumer(kafka_topics, producer, handle).run):
        await eventually(lambda: len(tries) == 3)
    assert tries == [event.id] * 3


async def test_a_fault_of_the_handler_ends_the_consumer(producer: Producer, kafka_topics: Topics) -> None:
    async def handle(event: Event) -> None:
        raise ZeroDivisionError

    event = Event(uuid4(), "usage.recorded", "/test", "a", ORGANISATION, SystemClock().now(), b"")
    await producer.send([Record("billing.v1", "a", event.headers(), b"")])
    with pytest.raises(ExceptionGroup) as failed:
        await consumer(kafka_topics, producer, handle).run(asyncio.Event())
    assert failed.group_contains(ZeroDivisionError)


def dead_letters(topics: Topics) -> list[Taken]:
    return held(topics.bootstrap, [topics.name("billing.v1.dlq")])

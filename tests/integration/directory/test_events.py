"""Every change reaches the topic, and a copy made from the whole topic equals one that followed it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from services.shared import directory_copy
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.kafka import Consumer, Producer
from services.shared.migrate import migrate
from services.shared.outbox import Outbox, Relay
from services.shared.settings import PostgresSettings
from tests.integration.directory.conftest import Platform
from tests.integration.directory.region import hospital, terms
from tests.parts import Database as ScratchDatabase
from tests.parts import Topics


@asynccontextmanager
async def copy_of(service: str, database: ScratchDatabase, folder: Path) -> AsyncIterator[DirectoryCopy]:
    """The copy in another service's schema."""

    def settings(user: str) -> PostgresSettings:
        return PostgresSettings(
            postgres_host=database.host,
            postgres_port=database.port,
            postgres_database=database.name,
            postgres_user=user,
            postgres_password_file=database.password_file(user),
        )

    migrate(settings("sonobridge_owner"), service, folder / "none")
    db = Database(settings(service), service, Queries())
    await db.open()
    yield DirectoryCopy(db)
    await db.close()


@pytest.fixture
async def copy(migrated: ScratchDatabase, tmp_path: Path) -> AsyncIterator[DirectoryCopy]:
    async with copy_of("ingest", migrated, tmp_path) as made:
        yield made


@pytest.fixture
async def later_copy(migrated: ScratchDatabase, tmp_path: Path) -> AsyncIterator[DirectoryCopy]:
    """A copy that begins when everything has been told already."""
    async with copy_of("inference", migrated, tmp_path) as made:
        yield made


async def content(copy: DirectoryCopy, requester: UUID) -> list[bytes]:
    entities = [*await copy.organisations(), *await copy.agreements_of(requester)]
    return sorted(one.SerializeToString(deterministic=True) for one in entities)


@asynccontextmanager
async def following(topics: Topics, copy: DirectoryCopy, group: str) -> AsyncIterator[None]:
    """The copy follows the topic inside the block."""
    stop, dead_letters = asyncio.Event(), Producer(topics.bootstrap, topics.prefix)
    consumer = Consumer(topics.bootstrap, group, [directory_copy.TOPIC], copy.apply, dead_letters, topics.prefix)
    running = asyncio.create_task(consumer.run(stop))
    yield
    stop.set()
    await running
    await dead_letters.close()


@asynccontextmanager
async def relaying(topics: Topics, platform: Platform) -> AsyncIterator[None]:
    """The outbox goes out inside the block."""
    stop, producer = asyncio.Event(), Producer(topics.bootstrap, topics.prefix)
    relay = Relay(platform.db, producer, Outbox("directory", directory_copy.TOPIC, SystemClock()))
    running = asyncio.create_task(relay.run(stop))
    yield
    stop.set()
    await running
    await producer.close()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await true():
            await asyncio.sleep(0.05)


async def test_a_region_reaches_a_copy_and_a_later_copy_gets_all_of_it_by_replay(
    platform: Platform, number: int, kafka_topics: Topics, copy: DirectoryCopy, later_copy: DirectoryCopy
) -> None:
    county, region = f"county-{number}", f"region-{number}"
    (await platform.put(f"organisations/{county}", hospital(10 * number))).raise_for_status()
    (await platform.put(f"organisations/{region}", hospital(10 * number + 1))).raise_for_status()
    (await platform.put(f"devices/US{number}", {"organisation": county})).raise_for_status()
    path = f"agreements/A-{number}"
    agreement = (await platform.put(path, terms(county, region))).json()["agreement"]
    head = [{"modality": "US", "body_part": "HEAD"}]
    (await platform.put(path, terms(county, region, valid_from="2025-01-01", services=head))).raise_for_status()
    await platform.member(county, f"wang-{number}", "clinic_staff")
    (await platform.put(f"organisations/{county}", hospital(10 * number, quiet_period="PT7M"))).raise_for_status()
    requester = UUID(agreement["requester_id"])

    async def arrived(copy: DirectoryCopy = copy) -> bool:
        found = await copy.organisation_by_alias(county)
        return found is not None and found.quiet_period.seconds == 420 and len(await copy.agreements_of(requester)) == 2

    async def same(copy: DirectoryCopy) -> bool:
        return await content(copy, requester) == before

    async with relaying(kafka_topics, platform), following(kafka_topics, copy, "ingest"):
        await until(arrived)
        first = await copy.agreement_in_force(requester, "US", "LIVER", date(2024, 12, 31))
        assert first is not None
        assert (first.version, first.reader_id) == (1, agreement["reader_id"])
        assert await copy.agreement_in_force(requester, "US", "LIVER", date(2025, 1, 1)) is None
        second = await copy.agreement_in_force(requester, "US", "HEAD", date(2025, 1, 1))
        assert second is not None
        assert second.version == 2
        device = await copy.device_by_ae_title(f"US{number}")
        assert device is not None
        assert device.organisation_id == str(requester)
    before = await content(copy, requester)
    told = (await platform.post("republish")).json()
    assert told["agreement"] >= 2
    async with relaying(kafka_topics, platform), following(kafka_topics, later_copy, "inference"):
        await until(lambda: arrived(later_copy))
        await until(lambda: same(later_copy))
    async with following(kafka_topics, copy, "ingest"):
        await until(lambda: same(copy))


async def test_what_changes_nothing_tells_nothing(platform: Platform, number: int, migrated: ScratchDatabase) -> None:
    async def waiting() -> int:
        async with platform.db.work("relay") as tx:
            row = await tx.one("outbox_lag")
        return int(row["waiting"]) if row else 0

    await platform.put(f"organisations/county-{number}", hospital(number))
    before = await waiting()
    await platform.put(f"organisations/county-{number}", hospital(number))
    assert await waiting() == before

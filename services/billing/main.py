"""Billing's process: settings, telemetry, records, documents, use cases, servers; in that order."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from services.billing import consumers, rpc
from services.billing import http as routes
from services.billing.documents.archive import Archive
from services.billing.documents.pages import Typesetter
from services.billing.service.closing import Closer
from services.billing.service.correcting import Corrector
from services.billing.service.recording import CONSUMER, Recorder
from services.billing.service.statements import Statements
from services.billing.service.upkeep import Upkeep
from services.billing.settings import Settings
from services.shared import directory_copy, grpc_server, http, settings, supervise, telemetry
from services.shared.auth import Authenticator
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.kafka import Consumer, Producer, security
from services.shared.objects import open_store
from services.shared.outbox import Outbox, Relay

NAME = "billing"
TOPIC = "billing.v1"


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises when a part fails; the process then starts again."""
    given = settings.load(Settings)
    telemetry.configure(NAME, given.log_level, given.otlp_endpoint)
    db = Database(given, NAME, Queries(Path(__file__).parent / "queries.sql"))
    await db.open()
    clock = SystemClock()
    directory = DirectoryCopy(db)
    authenticator = Authenticator(given, directory)
    outbox = Outbox(NAME, TOPIC, clock)
    producer = Producer(given.kafka_bootstrap, given.topic_prefix, security(given))
    relay = Relay(db, producer, outbox)
    objects = open_store(given, Path(tempfile.gettempdir()) / "sonobridge-billing")
    archive = Archive(objects, directory, Typesetter(given.fonts_dir))
    statements = Statements(db, directory, clock)
    closer = Closer(db, directory, outbox, clock)
    recorder = Recorder(db, directory, outbox, clock)
    consume = partial(
        Consumer,
        given.kafka_bootstrap,
        dead_letters=producer,
        topic_prefix=given.topic_prefix,
        security=security(given),
    )
    besides = {"kafka": http.reaches(given.kafka_bootstrap), "objects": objects.ready}
    app = http.build_app(NAME, "SonoBridge billing", authenticator, {"postgres": db.ready}, besides)
    routes.build(app, statements, closer, Corrector(db, outbox, clock), archive)
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, given),
                "grpc": partial(grpc_server.serve, given, authenticator, partial(rpc.register, statements=statements)),
                "directory": consume(f"{NAME}-directory", [directory_copy.TOPIC], directory.apply).run,
                "events": consume(CONSUMER, list(consumers.TOPICS), consumers.handler(recorder)).run,
                "upkeep": Upkeep(db, closer, clock).run,
                "relay": relay.run,
                "outbox": relay.purge,
            },
            stop,
        )
    finally:
        await producer.close()
        await db.close()

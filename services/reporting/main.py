"""Reporting's process: settings, telemetry, seals, records, objects, desk, servers; in that order."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from services.reporting import consumers, rpc
from services.reporting import http as routes
from services.reporting.delivery import Deliverer, sender
from services.reporting.documents import fonts
from services.reporting.documents.seal import Seals
from services.reporting.overdue import Watch
from services.reporting.publisher import Publisher, Workshop
from services.reporting.service import Archive, Desk, Intake, Quality, Signing
from services.reporting.settings import Settings
from services.shared import directory_copy, grpc_server, http, settings, supervise, telemetry
from services.shared.auth import Authenticator, ServiceToken
from services.shared.clock import SystemClock, uuid7
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.kafka import Consumer, Producer, security
from services.shared.objects import open_store
from services.shared.outbox import Outbox, Relay

NAME = "reporting"
TOPIC = "reporting.v1"


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises when a part fails; the process then starts again."""
    given = settings.load(Settings)
    telemetry.configure(NAME, given.log_level, given.otlp_endpoint)
    fonts.check(given.fonts_dir)
    Seals(given.seal_dir).open()
    db = Database(given, NAME, Queries(Path(__file__).parent / "queries.sql"))
    await db.open()
    clock = SystemClock()
    directory = DirectoryCopy(db)
    authenticator = Authenticator(given, directory)
    objects = open_store(given, Path(tempfile.gettempdir()) / "sonobridge-reporting")
    workshop = Workshop(given.render_processes)
    publisher = Publisher(objects, workshop, given.seal_dir, given.fonts_dir)
    producer = Producer(given.kafka_bootstrap, given.topic_prefix, security(given))
    outbox = Outbox(NAME, TOPIC, clock)
    relay = Relay(db, producer, outbox)
    ingest = grpc_server.Caller(given.ingest_grpc, ServiceToken(given))
    archive = Archive(db, directory, objects)
    intake = Intake(db, directory, uuid7)
    consume = partial(
        Consumer,
        given.kafka_bootstrap,
        dead_letters=producer,
        topic_prefix=given.topic_prefix,
        security=security(given),
    )
    # Without ingest the service is ready all the same: signed reports go into their studies later.
    besides = {
        "kafka": http.reaches(given.kafka_bootstrap),
        "objects": objects.ready,
        "ingest": http.reaches(given.ingest_grpc),
    }
    app = http.build_app(NAME, "SonoBridge reporting", authenticator, {"postgres": db.ready}, besides)
    signing = Signing(db, directory, outbox, clock, publisher)
    routes.build(app, Desk(db, clock), signing, archive, Quality(db, clock), clock, given.public_origin)
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, given),
                "grpc": partial(grpc_server.serve, given, authenticator, partial(rpc.register, archive=archive)),
                "directory": consume(f"{NAME}-directory", [directory_copy.TOPIC], directory.apply).run,
                "events": consume(NAME, list(consumers.TOPICS), consumers.Handler(intake)).run,
                "deliveries": Deliverer(db, objects, sender(ingest), clock).run,
                "overdue": Watch(db, clock).run,
                "relay": relay.run,
                "outbox": relay.purge,
            },
            stop,
        )
    finally:
        workshop.close()
        await ingest.close()
        await producer.close()
        await db.close()

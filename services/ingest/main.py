"""Wires ingest."""

import asyncio
from functools import partial
from pathlib import Path

from services.ingest import consumers, rpc
from services.ingest import http as face
from services.ingest.housekeeping import Housekeeper
from services.ingest.scp import DicomNode
from services.ingest.service.directory import Directory
from services.ingest.service.exams import Exams
from services.ingest.service.query import Queries
from services.ingest.service.receive import Receiver
from services.ingest.service.refusals import Refusals
from services.ingest.service.retrieve import Retriever
from services.ingest.service.uploads import Uploads
from services.ingest.settings import Settings
from services.ingest.workers import Workers
from services.shared import grpc_server, http, supervise, telemetry
from services.shared.auth import Authenticator
from services.shared.clock import SystemClock, uuid7
from services.shared.db import Database
from services.shared.db import Queries as Statements
from services.shared.directory_copy import TOPIC as TOPIC_OF_DIRECTORY
from services.shared.directory_copy import DirectoryCopy
from services.shared.kafka import Consumer, Producer, security
from services.shared.objects import open_store
from services.shared.outbox import Outbox, Relay
from services.shared.settings import load

NAME = "ingest"
TOPIC = "ingest.v1"


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises what makes a part fail."""
    settings = load(Settings)
    telemetry.configure(NAME, settings.log_level, settings.otlp_endpoint)
    clock = SystemClock()
    db = Database(settings, NAME, Statements(Path(__file__).with_name("queries.sql")))
    await db.open()
    objects = open_store(settings, settings.spool_dir)
    producer = Producer(settings.kafka_bootstrap, settings.topic_prefix, security(settings))
    workers = Workers(settings.inspect_processes)
    outbox = Outbox(NAME, TOPIC, clock)
    relay = Relay(db, producer, outbox)
    copy = DirectoryCopy(db)
    directory = Directory(copy)
    authenticator = Authenticator(settings, copy)

    receiver = Receiver(db, objects, workers, directory, clock, uuid7, settings.max_instance_bytes)
    exams = Exams(db, outbox, directory, clock)
    retriever = Retriever(db, objects, workers, directory)
    uploads = Uploads(db, objects, receiver, clock, uuid7)
    housekeeper = Housekeeper(db, objects, exams, uploads, clock, objects.spool_folder)
    node = DicomNode(settings, receiver, directory)
    service = rpc.IngestService(receiver, exams, retriever)
    consume = partial(
        Consumer,
        settings.kafka_bootstrap,
        dead_letters=producer,
        topic_prefix=settings.topic_prefix,
        security=security(settings),
    )

    besides = {"kafka": http.reaches(settings.kafka_bootstrap), "objects": objects.ready}
    app = http.build_app(NAME, "Ingest", authenticator, {"postgres": db.ready}, besides)
    queries = Queries(db, directory)
    face.add_routes(
        app,
        face.UseCases(receiver, exams, Refusals(db), queries, retriever, uploads, settings.public_origin.rstrip("/")),
    )
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, settings),
                "grpc": partial(grpc_server.serve, settings, authenticator, rpc.register(service)),
                "dicom": node.run,
                "directory": consume(
                    f"{NAME}-directory", [TOPIC_OF_DIRECTORY], consumers.of_directory(copy, exams)
                ).run,
                "reports": consume(NAME, [consumers.REPORTING_TOPIC], consumers.of_reporting(exams)).run,
                "relay": relay.run,
                "outbox": relay.purge,
                "settling": housekeeper.settle,
                "tidying": housekeeper.tidy,
            },
            stop,
        )
    finally:
        workers.close()
        await producer.close()
        await db.close()

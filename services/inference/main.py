"""Inference's process: settings, telemetry, models, records, Triton, analyst, servers; in that order."""

import asyncio
import tempfile
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path

from services.inference import consumers, rpc
from services.inference import http as routes
from services.inference.analyst import Analyst
from services.inference.archive import Archive
from services.inference.breaker import Breaker
from services.inference.copies import LocalCopies
from services.inference.patience import Patience, PatientTriton
from services.inference.pinning import Pinning
from services.inference.quality import Quality
from services.inference.reading import Reader
from services.inference.service import Analyses
from services.inference.settings import Settings
from services.inference.shelf import Shelf
from services.inference.triton import Triton
from services.inference.workers import Workers
from services.shared import directory_copy, grpc_server, http, settings, supervise, telemetry
from services.shared.auth import Authenticator, ServiceToken
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.kafka import Consumer, Producer, security
from services.shared.objects import open_store
from services.shared.outbox import Outbox, Relay

NAME = "inference"
TOPIC = "inference.v1"
_SHADOW_PATIENCE_SECONDS = 3.0


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises when a part fails; the process then starts again."""
    given = settings.load(Settings)
    telemetry.configure(NAME, given.log_level, given.otlp_endpoint)
    shelf = Shelf(given.models_dir, *([given.further_models_dir] if given.further_models_dir else []))
    db = Database(given, NAME, Queries(Path(__file__).parent / "queries.sql"))
    await db.open()
    directory = DirectoryCopy(db)
    authenticator = Authenticator(given, directory)
    clock = SystemClock()
    outbox = Outbox(NAME, TOPIC, clock)
    producer = Producer(given.kafka_bootstrap, given.topic_prefix, security(given))
    relay = Relay(db, producer, outbox)
    scratch = Path(tempfile.gettempdir()) / f"sonobridge-inference-{given.http_port}"
    objects = open_store(given, scratch / "spool")
    copies = LocalCopies(objects, scratch / "copies")
    workers = Workers(given.decode_processes)
    triton = Triton(given.triton_grpc, shelf, given.triton_in_flight, given.triton_deadline_seconds)
    patient = PatientTriton(triton, Patience(given.triton_patience_seconds))
    # For what runs in the shadow: long enough to load it, not so long that what is shown waits for it.
    hasty = PatientTriton(triton, Patience(min(_SHADOW_PATIENCE_SECONDS, given.triton_patience_seconds)))
    breaker = Breaker(triton.heal, given.model_failures, timedelta(seconds=given.model_pause_seconds))
    ingest = grpc_server.Caller(given.ingest_grpc, ServiceToken(given))
    analyses = Analyses(db, outbox, clock)
    pinning = Pinning(db, directory, shelf, clock)
    quality = Quality(db, directory, shelf, clock)
    analyst = Analyst(
        analyses,
        directory,
        Reader(copies, workers, patient, shelf, breaker, given.decode_processes, hasty),
        workers,
        copies,
        Archive(ingest),
        shelf,
        pinning,
        clock,
        version("sonobridge"),
    )
    consume = partial(
        Consumer,
        given.kafka_bootstrap,
        dead_letters=producer,
        topic_prefix=given.topic_prefix,
        security=security(given),
    )
    # Without Triton the service is ready all the same: exams go on without AI.
    besides = {
        "kafka": http.reaches(given.kafka_bootstrap),
        "triton": http.reaches(given.triton_grpc),
        "objects": objects.ready,
        "ingest": http.reaches(given.ingest_grpc),
        "models": breaker.check,
    }
    app = http.build_app(NAME, "SonoBridge inference", authenticator, {"postgres": db.ready}, besides)
    routes.build(app, routes.UseCases(analyses, directory, shelf, pinning, breaker, quality, triton))
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, given),
                "grpc": partial(grpc_server.serve, given, authenticator, partial(rpc.register, analyses=analyses)),
                "directory": consume(f"{NAME}-directory", [directory_copy.TOPIC], directory.apply).run,
                "exams": consume(NAME, list(consumers.TOPICS), consumers.handler(analyst, quality)).run,
                "shelf": shelf.watch,
                "models": triton.watch,
                "drift": quality.run,
                "relay": relay.run,
                "outbox": relay.purge,
            },
            stop,
        )
    finally:
        workers.close()
        copies.close()
        await triton.close()
        await ingest.close()
        await producer.close()
        await db.close()

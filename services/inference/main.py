"""Inference's process: settings, telemetry, models, records, Triton, analyst, servers; in that order."""

import asyncio
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path

from services.inference import consumers, rpc
from services.inference import http as routes
from services.inference.analyst import Analyst
from services.inference.archive import Archive
from services.inference.copies import LocalCopies
from services.inference.patience import Patience, PatientTriton
from services.inference.reading import Reader
from services.inference.registry import read_models
from services.inference.service import Analyses
from services.inference.settings import Settings
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


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises when a part fails; the process then starts again."""
    given = settings.load(Settings)
    telemetry.configure(NAME, given.log_level, given.otlp_endpoint)
    models = read_models(given.models_dir)
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
    triton = Triton(given.triton_grpc, list(models), given.triton_in_flight, given.triton_deadline_seconds)
    patient = PatientTriton(triton, Patience(given.triton_patience_seconds))
    ingest = grpc_server.Caller(given.ingest_grpc, ServiceToken(given))
    analyses = Analyses(db, outbox, clock)
    analyst = Analyst(
        analyses,
        directory,
        Reader(copies, workers, patient, models, given.decode_processes),
        workers,
        copies,
        Archive(ingest),
        models,
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
    }
    app = http.build_app(NAME, "SonoBridge inference", authenticator, {"postgres": db.ready}, besides)
    routes.build(app, analyses, directory, models)
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, given),
                "grpc": partial(grpc_server.serve, given, authenticator, partial(rpc.register, analyses=analyses)),
                "directory": consume(f"{NAME}-directory", [directory_copy.TOPIC], directory.apply).run,
                "exams": consume(NAME, list(consumers.TOPICS), consumers.exams(analyst)).run,
                "models": triton.watch,
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

"""The directory's process: settings, telemetry, records, identity provider, service, servers; in that order."""

import asyncio
from functools import partial
from pathlib import Path

from services.directory import http as routes
from services.directory import rpc
from services.directory.keycloak import Keycloak
from services.directory.roster import Roster
from services.directory.service import DirectoryService
from services.directory.settings import Settings
from services.shared import grpc_server, http, settings, supervise, telemetry
from services.shared.auth import Authenticator, ServiceToken
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.kafka import Producer, security
from services.shared.outbox import Outbox, Relay

NAME = "directory"
TOPIC = "directory.v1"


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises when a part fails; the process then starts again."""
    given = settings.load(Settings)
    telemetry.configure(NAME, given.log_level, given.otlp_endpoint)
    db = Database(given, NAME, Queries(Path(__file__).parent / "queries.sql"))
    await db.open()
    outbox = Outbox(NAME, TOPIC, SystemClock())
    producer = Producer(given.kafka_bootstrap, given.topic_prefix, security(given))
    relay = Relay(db, producer, outbox)
    keycloak = Keycloak(given.keycloak_admin_url, ServiceToken(given))
    service = DirectoryService(db, outbox, keycloak)
    authenticator = Authenticator(given, Roster(db))
    besides = {"kafka": http.reaches(given.kafka_bootstrap), "keycloak": keycloak.ready}
    app = http.build_app(NAME, "SonoBridge directory", authenticator, {"postgres": db.ready}, besides)
    routes.build(app, service, given.oidc_client_id)
    try:
        await supervise.run(
            {
                "http": partial(http.serve, app, given),
                "grpc": partial(grpc_server.serve, given, authenticator, partial(rpc.register, service=service)),
                "relay": relay.run,
                "outbox": relay.purge,
            },
            stop,
        )
    finally:
        await keycloak.close()
        await producer.close()
        await db.close()

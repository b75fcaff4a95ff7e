"""The directory over HTTP, on the real PostgreSQL, with an identity provider in memory."""

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import services.directory
from services.directory import http as routes
from services.directory.roster import Roster
from services.directory.service import DirectoryService
from services.directory.settings import Settings
from services.shared import http, settings
from services.shared.auth import Authenticator
from services.shared.clock import SystemClock
from services.shared.db import Database, Queries
from services.shared.http import ON_BEHALF_OF
from services.shared.migrate import migrate
from services.shared.outbox import Outbox
from services.shared.settings import PostgresSettings
from services.shared.tenancy import PLATFORM_ORGANISATION
from tests.fakes.identity import FakeIdentity
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.parts import Database as ScratchDatabase

_HERE = Path(services.directory.__file__).parent
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Platform:
    """A running directory and what stands around it."""

    client: httpx.AsyncClient
    service: DirectoryService
    db: Database
    identity: FakeIdentity
    issuer: FakeIssuer
    app: Any

    async def put(self, path: str, body: dict[str, Any], token: str | None = None) -> httpx.Response:
        """Puts as the first operator, or as the token says."""
        return await self.client.put(f"/api/directory/v1/{path}", json=body, headers=self._headers(token))

    async def post(self, path: str, token: str | None = None) -> httpx.Response:
        return await self.client.post(f"/api/directory/v1/{path}", headers=self._headers(token))

    async def get(self, path: str, token: str | None = None) -> httpx.Response:
        return await self.client.get(f"/api/directory/v1/{path}", headers=self._headers(token))

    def _headers(self, token: str | None) -> dict[str, str]:
        if token is not None:
            return {"Authorization": f"Bearer {token}"}
        own = self.issuer.service_token("platform-directory")
        return {"Authorization": f"Bearer {own}", ON_BEHALF_OF: str(PLATFORM_ORGANISATION)}

    async def member(self, alias: str, username: str, *roles: str) -> str:
        """An access token of a new member with these roles."""
        body = {"organisation": alias, "display_name": username, "roles": list(roles)}
        made = (await self.put(f"memberships/{username}", body)).raise_for_status().json()
        return self.issuer.token(made["membership"]["subject"], alias)


@pytest.fixture(scope="session")
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture
def number() -> int:
    """A number that no other test of the module has, for names and codes."""
    return next(_NUMBERS)


@pytest.fixture(scope="module")
def migrated(postgres_database: ScratchDatabase) -> ScratchDatabase:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    migrate(owner, "directory", _HERE / "migrations")
    return postgres_database


@pytest.fixture
def given(migrated: ScratchDatabase, issuer: FakeIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    more = {"keycloak_admin_url": "http://127.0.0.1:1", "oidc_client_id": "platform-directory"}
    for name, value in environment("directory", migrated, None, issuer, tmp_path, **more).items():
        monkeypatch.setenv(name, value)
    return settings.load(Settings)


@pytest.fixture
async def platform(given: Settings, issuer: FakeIssuer) -> AsyncIterator[Platform]:
    db = Database(given, "directory", Queries(_HERE / "queries.sql"))
    await db.open()
    identity = FakeIdentity()
    service = DirectoryService(db, Outbox("directory", "directory.v1", SystemClock()), identity)
    app = http.build_app("directory", "directory", Authenticator(given, Roster(db)), {"postgres": db.ready})
    routes.build(app, service, given.oidc_client_id)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://directory") as client:
        made = Platform(client, service, db, identity, issuer, app)
        own = {"name_zh": "平台", "name_en": "Platform", "platform": True}
        (await made.put("organisations/platform", own)).raise_for_status()
        yield made
    await db.close()

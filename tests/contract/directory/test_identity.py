"""What the directory relies on in an identity provider: kept by the one in memory and by the real Keycloak."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import jwt
import pytest

from infra.local.keycloak import Keycloak as Server
from infra.local.signin import SignInFailed, machine_token, person_token
from services.directory.keycloak import Identity, Keycloak
from services.shared.auth import ServiceToken
from services.shared.errors import Conflict
from services.shared.settings import ServiceSettings
from tests.fakes.identity import FakeIdentity

# Keycloak takes long to start where every core is busy.
pytestmark = pytest.mark.timeout(420)

PASSWORD = "a long password, drawn"


@dataclass(frozen=True)
class World:
    """An identity provider, and what a token asked of it for one organisation says."""

    identity: Identity
    machine_in: Callable[
        [str, str, str], str | None
    ]  # (client id, secret, alias) to the subject, None when it is no member
    person_in: Callable[[str, str, str], str | None]  # (user name, password, alias) to the subject


@pytest.fixture(params=["memory", "keycloak"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "memory":
        fake = FakeIdentity()

        def member(name: str, accepted: bool, alias: str) -> str | None:
            subject = fake.subjects.get(name, "")
            return subject if accepted and fake.organisations[alias] and (alias, subject) in fake.members else None

        yield World(
            fake,
            lambda client_id, secret, alias: member(
                f"service-account-{client_id}", fake.secrets[client_id] == secret, alias
            ),
            lambda name, password, alias: member(name, fake.passwords.get(fake.subjects[name]) == password, alias),
        )
        return
    server: Server = request.getfixturevalue("keycloak")
    settings = ServiceSettings(
        http_port=1,
        grpc_port=1,
        postgres_host="",
        postgres_port=1,
        postgres_password_file=tmp_path,
        kafka_bootstrap="",
        oidc_issuer=server.issuer,
        oidc_client_id="platform-directory",
        oidc_client_secret_file=server.client_secret_file("platform-directory"),
        public_origin=server.origin,
    )
    keycloak = Keycloak(server.admin_url, ServiceToken(settings))

    def subject_of(sign_in: Callable[[], str], alias: str) -> str | None:
        try:
            claims = jwt.decode(sign_in(), options={"verify_signature": False})
        except SignInFailed:
            return None
        return str(claims["sub"]) if claims.get("organization") == [alias] else None

    yield World(
        keycloak,
        lambda client_id, secret, alias: subject_of(
            lambda: machine_token(server.issuer, client_id, secret, alias), alias
        ),
        lambda name, password, alias: subject_of(
            lambda: person_token(server.issuer, name, password, alias, f"{server.origin}/"), alias
        ),
    )
    await keycloak.close()


@pytest.fixture
async def alias(world: World) -> str:
    made = f"h{uuid4().hex}"
    await world.identity.ensure_organisation(made, "青禾县人民医院", True)
    return made


@pytest.fixture
def name() -> str:
    return f"n{uuid4().hex}"


async def test_a_person_is_made_once_and_signs_in_for_its_organisation(world: World, alias: str, name: str) -> None:
    subject = await world.identity.ensure_person(alias, name, "王敏")
    assert not await world.identity.has_password(subject)
    await world.identity.set_password(subject, PASSWORD)
    assert await world.identity.has_password(subject)
    assert await world.identity.ensure_person(alias, name, "王小敏") == subject
    assert world.person_in(name, PASSWORD, alias) == subject


async def test_a_person_of_two_organisations_signs_in_for_the_one_it_names(world: World, alias: str, name: str) -> None:
    other = f"{alias}-b"
    await world.identity.ensure_organisation(other, "云汐县人民医院", True)
    subject = await world.identity.ensure_person(alias, name, "王敏")
    assert await world.identity.ensure_person(other, name, "王敏") == subject
    await world.identity.set_password(subject, PASSWORD)
    assert world.person_in(name, PASSWORD, alias) == subject
    assert world.person_in(name, PASSWORD, other) == subject


async def test_a_machine_is_made_once_and_its_secret_can_be_renewed(world: World, alias: str, name: str) -> None:
    subject = await world.identity.ensure_machine(alias, name, "Gateway")
    secret = await world.identity.secret(name)
    assert await world.identity.ensure_machine(alias, name, "Gateway") == subject
    assert await world.identity.secret(name) == secret
    assert world.machine_in(name, secret, alias) == subject
    renewed = await world.identity.secret(name, renew=True)
    assert renewed != secret
    assert world.machine_in(name, secret, alias) is None
    assert world.machine_in(name, renewed, alias) == subject


async def test_a_client_of_somebody_else_is_never_taken(world: World, alias: str, name: str) -> None:
    await world.identity.ensure_machine(alias, name, "Gateway")
    other = f"{alias}-b"
    await world.identity.ensure_organisation(other, "云汐县人民医院", True)
    for taken in (name, "console"):
        with pytest.raises(Conflict):
            await world.identity.ensure_machine(other, taken, "Gateway")


async def test_who_left_gets_no_token_for_the_organisation(world: World, alias: str, name: str) -> None:
    subject = await world.identity.ensure_machine(alias, name, "Gateway")
    for _ in range(2):
        await world.identity.leave(alias, subject)
    assert world.machine_in(name, await world.identity.secret(name), alias) is None


async def test_a_closed_organisation_gives_no_tokens_until_it_opens_again(world: World, alias: str, name: str) -> None:
    subject = await world.identity.ensure_machine(alias, name, "Gateway")
    secret = await world.identity.secret(name)
    await world.identity.ensure_organisation(alias, "青禾县人民医院", False)
    assert world.machine_in(name, secret, alias) is None
    await world.identity.ensure_organisation(alias, "青禾县人民医院", True)
    assert world.machine_in(name, secret, alias) == subject

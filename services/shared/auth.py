"""Access tokens: whose they are, and which one organisation they act for."""

import asyncio
import json
import time
from typing import Any, Protocol
from uuid import UUID

import httpx
import jwt

from services.shared.errors import Forbidden, Unauthenticated, Unavailable
from services.shared.settings import ServiceSettings, read_secret
from services.shared.tenancy import SERVICE_ROLE, Principal

_KEYS_SECONDS = 300
_REFETCH_SECONDS = 5  # a forged key id must not make us ask the issuer each time
_LEEWAY_SECONDS = 5


class Organisation(Protocol):
    id: str
    alias: str
    active: bool


class Membership(Protocol):
    roles: Any
    display_name: str
    machine: bool


class Directory(Protocol):
    """What authentication asks of the directory's copy."""

    async def organisation(self, organisation_id: UUID) -> Organisation | None: ...
    async def organisation_by_alias(self, alias: str) -> Organisation | None: ...
    async def membership(self, organisation_id: UUID, subject: str) -> Membership | None: ...


class Keys:
    """The issuer's public keys, fetched when first needed and again when a key id is new."""

    def __init__(self, issuer_url: str) -> None:
        self._url = f"{issuer_url}/protocol/openid-connect/certs"
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, key_id: str) -> jwt.PyJWK:
        """The key `key_id`. Raises Unauthenticated when the issuer has no such key, Unavailable when it does not answer."""
        age = time.monotonic() - self._fetched_at
        if age > _KEYS_SECONDS or (key_id not in self._keys and age > _REFETCH_SECONDS):
            async with self._lock:
                if time.monotonic() - self._fetched_at >= min(age, _REFETCH_SECONDS):
                    await self._fetch(key_id)
        if key_id not in self._keys:
            raise Unauthenticated("the token is signed with a key that the issuer does not have")
        return self._keys[key_id]

    async def _fetch(self, key_id: str) -> None:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = (await client.get(self._url)).raise_for_status()
            found = {entry["kid"]: jwt.PyJWK(entry) for entry in answer.json()["keys"] if entry.get("use") == "sig"}
        except (httpx.HTTPError, json.JSONDecodeError, KeyError, jwt.PyJWKError) as error:
            if key_id in self._keys:
                return  # known keys go on working while the issuer is away
            raise Unavailable("the sign-in service does not answer; try again shortly") from error
        self._keys, self._fetched_at = found, time.monotonic()


class Authenticator:
    """Turns an access token into a Principal."""

    def __init__(self, settings: ServiceSettings, directory: Directory) -> None:
        self._issuer = settings.oidc_issuer
        self._audience = settings.oidc_audience
        self._keys = Keys(settings.issuer_url)
        self._directory = directory

    async def authenticate(self, authorization: str | None, on_behalf_of: str | None = None) -> Principal:
        """The caller. `on_behalf_of` is the organisation that a platform service names, and only such a service may.

        Raises Unauthenticated unless the token is valid and names exactly one organisation, Forbidden when the caller is
        no member of it or the organisation is closed.
        """
        claims = await self._claims(authorization)
        if SERVICE_ROLE in claims.get("realm_access", {}).get("roles", []):
            return await self._service(claims, on_behalf_of)
        if on_behalf_of is not None:
            raise Forbidden("only a platform service acts on behalf of an organisation")
        alias = _only_organisation(claims.get("organization"))
        organisation = await self._directory.organisation_by_alias(alias)
        if organisation is None or not organisation.active:
            raise Forbidden(f"the organisation {alias} is not active here")
        membership = await self._directory.membership(UUID(organisation.id), claims["sub"])
        if membership is None:
            raise Forbidden(f"you have no role in {alias}; ask your platform operator for one")
        return Principal(
            subject=claims["sub"],
            username=claims.get("preferred_username", ""),
            display_name=membership.display_name or claims.get("name", ""),
            organisation_id=UUID(organisation.id),
            organisation_alias=alias,
            roles=frozenset(membership.roles),
            machine=membership.machine,
        )

    async def _claims(self, authorization: str | None) -> dict[str, Any]:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send an access token as `Authorization: Bearer …`")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._keys.get(str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256", "ES256", "PS256"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("the access token has expired; get a new one") from error
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the access token is not valid: {error}") from error
        return claims

    async def _service(self, claims: dict[str, Any], on_behalf_of: str | None) -> Principal:
        try:
            organisation_id = UUID(on_behalf_of or "")
        except ValueError:
            raise Unauthenticated(
                "a platform service names the organisation it acts for in x-sonobridge-organisation"
            ) from None
        organisation = await self._directory.organisation(organisation_id)
        return Principal(
            subject=claims["sub"],
            username=claims.get("azp", ""),
            display_name=claims.get("azp", ""),
            organisation_id=organisation_id,
            organisation_alias=organisation.alias if organisation else "",
            roles=frozenset(),
            service=True,
            machine=True,
        )


def _only_organisation(claim: Any) -> str:
    # Keycloak writes a list of aliases, or an object of alias to attributes.
    aliases = list(claim) if isinstance(claim, list | dict) else []
    if len(aliases) != 1 or not isinstance(aliases[0], str):
        raise Unauthenticated("the token must name exactly one organisation: ask for the scope organization:<alias>")
    return aliases[0]


class ServiceToken:
    """This service's own access token, renewed before it expires."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._url = f"{settings.issuer_url}/protocol/openid-connect/token"
        self._form = {
            "grant_type": "client_credentials",
            "client_id": settings.oidc_client_id,
            "client_secret": read_secret(settings.oidc_client_secret_file),
        }
        self._token = ""
        self._renew_at = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """A token good for at least half its life. Raises Unavailable when the issuer does not give one."""
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                try:
                    async with httpx.AsyncClient(timeout=10) as client:
                        answer = (await client.post(self._url, data=self._form)).raise_for_status().json()
                except (httpx.HTTPError, json.JSONDecodeError) as error:
                    raise Unavailable("the sign-in service gives this service no token") from error
                self._token = answer["access_token"]
                self._renew_at = time.monotonic() + answer["expires_in"] / 2
            return self._token

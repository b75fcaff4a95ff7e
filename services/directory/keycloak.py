"""Keycloak's organisations, users and machine clients, by its admin REST. Every `ensure_…` may be run again at any time."""

import json
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from services.shared.auth import ServiceToken
from services.shared.errors import Conflict, Invalid, SonoBridgeError, Unavailable

# Marks the clients that the directory made, so that it never hands out or changes another one.
_OWNER = "sonobridge.organisation"
_TIMEOUT_SECONDS = 10


class Identity(Protocol):
    """What the directory asks of the identity provider. Each raises Unavailable while it is away."""

    async def ensure_organisation(self, alias: str, name: str, active: bool) -> None:
        """The organisation exists under this alias, and its members can sign in for it if `active`."""
        ...

    async def ensure_person(self, alias: str, username: str, display_name: str) -> str:
        """The user exists and is a member of the organisation; the subject of its tokens."""
        ...

    async def ensure_machine(self, alias: str, client_id: str, display_name: str) -> str:
        """The confidential client exists and its service account is a member; the subject of its tokens. Raises Conflict."""
        ...

    async def leave(self, alias: str, subject: str) -> None:
        """The user or service account is no member of the organisation."""
        ...

    async def has_password(self, subject: str) -> bool:
        """Whether the user can sign in by a password already."""
        ...

    async def set_password(self, subject: str, password: str) -> None: ...

    async def secret(self, client_id: str, renew: bool = False) -> str:
        """The client's secret; a new one when `renew`."""
        ...

    async def ready(self) -> None:
        """Raises Unavailable unless it answers."""
        ...


class Keycloak:
    """The identity provider, with the rights of the directory's own client."""

    def __init__(self, admin_url: str, token: ServiceToken) -> None:
        self._client = httpx.AsyncClient(base_url=admin_url.rstrip("/") + "/", timeout=_TIMEOUT_SECONDS)
        self._token = token

    async def close(self) -> None:
        await self._client.aclose()

    async def ready(self) -> None:
        await self._token.get()

    async def ensure_organisation(self, alias: str, name: str, active: bool) -> None:
        wanted = {"alias": alias, "name": alias, "description": name, "enabled": active}
        found = await self._organisation(alias)
        if found is None:
            # Keycloak demands a domain; nobody signs in by one, so a reserved name (RFC 2606) will do.
            domains = [{"name": f"{alias}.invalid", "verified": False}]
            await self._call("POST", "organizations", wanted | {"domains": domains}, also=409)
        elif any(found.get(key) != value for key, value in wanted.items()):
            await self._call("PUT", f"organizations/{found['id']}", found | wanted)

    async def ensure_person(self, alias: str, username: str, display_name: str) -> str:
        user = await self._user(username)
        if user is None:
            await self._call(
                "POST", "users", {"username": username, "enabled": True, "lastName": display_name}, also=409
            )
            user = await self._user(username)
        elif user.get("lastName") != display_name:
            await self._call("PUT", f"users/{user['id']}", user | {"lastName": display_name})
        if user is None:
            raise SonoBridgeError(f"Keycloak has no user {username} after making it")
        await self._join(alias, user["id"])
        return str(user["id"])

    async def ensure_machine(self, alias: str, client_id: str, display_name: str) -> str:
        client = await self._client_of(client_id)
        if client is None:
            wanted = {
                "clientId": client_id,
                "name": display_name,
                "protocol": "openid-connect",
                "publicClient": False,
                "standardFlowEnabled": False,
                "directAccessGrantsEnabled": False,
                "serviceAccountsEnabled": True,
                "attributes": {_OWNER: alias},
            }
            await self._call("POST", "clients", wanted, also=409)
            client = await self._client_of(client_id)
        if client is None or client.get("attributes", {}).get(_OWNER) != alias:
            raise Conflict(f"the client id {client_id} is in use for something else; choose another one")
        user = await self._call("GET", f"clients/{client['id']}/service-account-user")
        await self._join(alias, user["id"])
        return str(user["id"])

    async def leave(self, alias: str, subject: str) -> None:
        organisation = await self._organisation(alias)
        if organisation is not None:
            await self._call("DELETE", f"organizations/{organisation['id']}/members/{subject}", also=404)

    async def has_password(self, subject: str) -> bool:
        credentials = await self._call("GET", f"users/{subject}/credentials")
        return any(one.get("type") == "password" for one in credentials)

    async def set_password(self, subject: str, password: str) -> None:
        credential = {"type": "password", "value": password, "temporary": False}
        await self._call("PUT", f"users/{subject}/reset-password", credential)

    async def secret(self, client_id: str, renew: bool = False) -> str:
        client = await self._client_of(client_id)
        if client is None:
            raise SonoBridgeError(f"Keycloak has no client {client_id}")
        answer = await self._call("POST" if renew else "GET", f"clients/{client['id']}/client-secret")
        return str(answer["value"])

    async def _organisation(self, alias: str) -> dict[str, Any] | None:
        # Searched by its name, which is kept equal to the alias: Keycloak cannot search by alias.
        found = await self._call("GET", f"organizations?exact=true&search={quote(alias)}")
        return next((one for one in found if one.get("alias") == alias), None)

    async def _user(self, username: str) -> dict[str, Any] | None:
        found = await self._call("GET", f"users?exact=true&username={quote(username)}")
        return next((one for one in found if one.get("username") == username), None)

    async def _client_of(self, client_id: str) -> dict[str, Any] | None:
        found = await self._call("GET", f"clients?clientId={quote(client_id)}")
        return next((one for one in found if one.get("clientId") == client_id), None)

    async def _join(self, alias: str, user_id: str) -> None:
        organisation = await self._organisation(alias)
        if organisation is None:
            raise SonoBridgeError(f"Keycloak has no organisation {alias}; put the organisation again")
        # The body is the bare id; 409 says that the user is a member already.
        await self._call("POST", f"organizations/{organisation['id']}/members", user_id, also=409)

    async def _call(self, method: str, path: str, body: Any = None, also: int | None = None) -> Any:
        """The decoded answer, None for an empty one; a status of `also` counts as done."""
        try:
            answer = await self._client.request(
                method,
                path,
                content=None if body is None else json.dumps(body),
                headers={"Authorization": f"Bearer {await self._token.get()}", "Content-Type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise Unavailable(
                "Keycloak does not answer; nothing was changed that running this again does not complete"
            ) from error
        if answer.is_success or answer.status_code == also:
            return answer.json() if answer.content and answer.is_success else None
        if answer.status_code >= 500 or answer.status_code == 401:
            # 401: the realm was made anew and does not know this token; the next one it will.
            raise Unavailable(f"Keycloak answers {answer.status_code}; try again shortly")
        if answer.status_code == 400:
            raise Invalid(f"Keycloak refuses this: {_reason(answer)}")
        raise SonoBridgeError(
            f"Keycloak refuses {method} {path.split('?', maxsplit=1)[0]}: {answer.status_code} {answer.text[:300]}"
        )


def _reason(answer: httpx.Response) -> str:
    try:
        content: dict[str, Any] = answer.json()
        return str(content.get("errorMessage") or content.get("error_description") or content.get("error") or content)
    except (ValueError, AttributeError):
        return answer.text[:300]

"""How the command reaches a platform: its addresses, a token, and the HTTP of its services."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.admin.credentials import Credentials

_TIMEOUT_SECONDS = 60
_TRIES = 6


class Failed(Exception):
    """The command cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Addresses:
    """Where a platform is: the origin that people see, the issuer of tokens, a Kafka broker."""

    origin: str
    issuer: str
    kafka: str

    @classmethod
    def of_state(
        cls, state: Path, origin: str | None = None, issuer: str | None = None, kafka: str | None = None
    ) -> "Addresses":
        """What is given, completed from the state folder's endpoints.json. Raises Failed."""
        file = state / "endpoints.json"
        known: dict[str, Any] = {}
        if file.exists():
            known = json.loads(file.read_text(encoding="utf-8"))
        elif origin is None and kafka is None:
            raise Failed(f"{file} is not there: start the platform (`make up`), or name it with --origin and --issuer")
        front = origin or known.get("origin", "")
        default = f"{front}/auth/realms/sonobridge"
        return cls(front, issuer or known.get("keycloak", {}).get("issuer", default), kafka or known.get("kafka", ""))


def machine_token(issuer: str, client_id: str, client_secret: str, organisation: str | None) -> str:
    """An access token by client credentials, for one organisation's alias or for the platform service itself. Raises Failed."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    if organisation is not None:
        form["scope"] = f"organization:{organisation}"
    try:
        answer = httpx.post(f"{issuer}/protocol/openid-connect/token", data=form, timeout=_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise Failed(f"the sign-in service at {issuer} does not answer: {error}") from error
    if answer.status_code != 200:
        raise Failed(f"the sign-in service gives {client_id} no token: {answer.status_code} {answer.text[:200]}")
    return str(answer.json()["access_token"])


def operator_token(addresses: Addresses, credentials: Credentials, client_id: str) -> str:
    """A token of the platform's machine that the credentials file knows. Raises Failed."""
    machine = credentials.machine(client_id)
    if machine is None:
        raise Failed(
            f"{credentials.path} has no machine {client_id}: run `sonobridge admin bootstrap` first, or give --token-file"
        )
    return machine_token(addresses.issuer, client_id, machine["client_secret"], machine["organisation"])


class Api:
    """One service's public HTTP, for one caller."""

    service: str

    def __init__(
        self, origin: str, token: str, headers: dict[str, str] | None = None, client: httpx.Client | None = None
    ) -> None:
        self._client = client or httpx.Client(base_url=origin, timeout=_TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}"} | (headers or {})

    def get(self, path: str) -> dict[str, Any]:
        """Raises Failed with the platform's own words where it refuses."""
        return self._call("GET", path, None)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises Failed with the platform's own words where it refuses."""
        return self._call("PUT", path, body)

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raises Failed with the platform's own words where it refuses."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._client.request(
                    method, f"/api/{self.service}/v1/{path}", json=body, headers=self._headers
                )
            except httpx.HTTPError as error:
                raise Failed(f"{self._client.base_url} does not answer: {error}") from error
            if answer.status_code != 503 or attempt == _TRIES:
                break
            time.sleep(min(float(answer.headers.get("retry-after", "5")), 5.0))
        if answer.is_error:
            raise Failed(f"{path}: {answer.status_code} {_detail(answer)}")
        result: dict[str, Any] = answer.json()
        return result


class Directory(Api):
    """Organisations, people, machines, agreements."""

    service = "directory"


class Inference(Api):
    """Models and their versions."""

    service = "inference"


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]

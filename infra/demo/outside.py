"""The platform as it is met from outside: addresses and credentials from files, everything else over its public face."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from infra.local.files import read_json
from infra.local.paths import State
from infra.local.signin import machine_token, person_token

Found = TypeVar("Found")

TIMEOUT_S = 60.0
RENEW_AFTER_S = 120.0


class Refused(Exception):
    """The platform answered with an error; `status` and the problem's own words."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.problem: dict[str, Any] = problem if isinstance(problem, dict) else {}
        super().__init__(
            f"{answer.request.method} {answer.request.url.path}: {self.status} {self.problem.get('detail', '')}"
        )


@dataclass(frozen=True)
class Stored:
    """What STOW-RS answered: the status, UIDs stored, and reasons by UID of what was not ("" where it could not be read)."""

    status: int
    stored: list[str]
    failed: dict[str, int]
    body: Any


class Session:
    """One signed-in caller of one organisation; renews its token."""

    def __init__(self, origin: str, sign_in: Callable[[], str]) -> None:
        self._sign_in = sign_in
        self._signed_in_at = float("-inf")
        self._client = httpx.Client(base_url=origin, timeout=TIMEOUT_S, limits=httpx.Limits(max_connections=32))

    def close(self) -> None:
        self._client.close()

    def token(self) -> str:
        """An access token good for a while."""
        if time.monotonic() - self._signed_in_at > RENEW_AFTER_S:
            self._client.headers["Authorization"] = f"Bearer {self._sign_in()}"
            self._signed_in_at = time.monotonic()
        return str(self._client.headers["Authorization"]).removeprefix("Bearer ")

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request, whatever comes back."""
        self.token()
        return self._client.request(method, path, **given)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at `path`. Raises Refused."""
        return self._json(self.send("GET", path, params=query))

    def post(self, path: str, body: Any = None, **given: Any) -> Any:
        """Raises Refused."""
        return self._json(self.send("POST", path, json={} if body is None else body, **given))

    def put(self, path: str, body: Any, **given: Any) -> Any:
        """Raises Refused."""
        return self._json(self.send("PUT", path, json=body, **given))

    def fetch(self, path: str, accept: str = "*/*", **query: Any) -> bytes:
        """The bytes at `path`. Raises Refused."""
        answer = self.send("GET", path, params=query, headers={"Accept": accept})
        if answer.is_error:
            raise Refused(answer)
        return answer.content

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Every item of a paged list. Raises Refused."""
        items: list[Any] = []
        cursor = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return items

    def stow(self, files: Sequence[bytes], study: str = "") -> Stored:
        """Send Part 10 files by STOW-RS."""
        boundary = uuid4().hex
        body = b"".join(
            b"--%s\r\nContent-Type: application/dicom\r\n\r\n%s\r\n" % (boundary.encode(), file) for file in files
        )
        answer = self.send(
            "POST",
            f"/dicomweb/studies/{study}" if study else "/dicomweb/studies",
            content=body + b"--%s--\r\n" % boundary.encode(),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                "Accept": "application/dicom+json",
            },
        )
        if answer.status_code not in (200, 202, 409):
            raise Refused(answer)
        found = answer.json()
        body_json = found[0] if isinstance(found, list) else found
        failed = [item for tag in ("00081198", "0008119A") for item in body_json.get(tag, {}).get("Value", [])]
        return Stored(
            answer.status_code,
            [item["00081155"]["Value"][0] for item in body_json.get("00081199", {}).get("Value", [])],
            {item.get("00081155", {}).get("Value", [""])[0]: item["00081197"]["Value"][0] for item in failed},
            body_json,
        )

    def instances(self, study: str, **query: Any) -> list[Any]:
        """The study's instances by QIDO-RS; none when the study does not exist for this caller."""
        answer = self.send("GET", f"/dicomweb/studies/{study}/instances", params=query)
        if answer.status_code in (204, 404):
            return []
        if answer.is_error:
            raise Refused(answer)
        found: list[Any] = answer.json()
        return found

    def wado(self, study: str, series: str, instance: str) -> bytes:
        """One instance's stored bytes by WADO-RS. Raises Refused."""
        answer = self.send(
            "GET",
            f"/dicomweb/studies/{study}/series/{series}/instances/{instance}",
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
        )
        if answer.is_error:
            raise Refused(answer)
        return single_part(answer.headers["content-type"], answer.content)

    def exam(self, study: str) -> Any:
        """The exam of this study, or None."""
        items = self.get("/api/ingest/v1/exams", study_instance_uid=study)["items"]
        return items[0] if items else None

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        if answer.is_error:
            raise Refused(answer)
        return answer.json() if answer.content else None


@dataclass
class Outside:
    """All that somebody outside knows of a running stack."""

    state: State
    endpoints: dict[str, Any] = field(default_factory=dict)
    _sessions: dict[str, Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoints = read_json(self.state.endpoints)

    @property
    def origin(self) -> str:
        return str(self.endpoints["origin"])

    @property
    def credentials(self) -> Any:
        return read_json(self.state.credentials) or {"machines": [], "people": []}

    def machine(self, organisation: str) -> Session:
        """The organisation's machine client."""
        entry = next(one for one in self.credentials["machines"] if one["organisation"] == organisation)
        issuer = self.endpoints["keycloak"]["issuer"]
        return self._session(
            f"machine {organisation}",
            lambda: machine_token(issuer, entry["client_id"], entry["client_secret"], organisation),
        )

    def person(self, organisation: str, role: str) -> Session:
        """Somebody of the organisation who has `role`."""
        entry = next(
            one for one in self.credentials["people"] if one["organisation"] == organisation and role in one["roles"]
        )
        issuer = self.endpoints["keycloak"]["issuer"]
        return self._session(
            f"{entry['username']} {organisation}",
            lambda: person_token(issuer, entry["username"], entry["password"], organisation, f"{self.origin}/"),
        )

    def ae_title(self, organisation: str) -> str:
        """The calling AE title of the organisation's device."""
        entry = next(one for one in self.credentials["machines"] if one["organisation"] == organisation)
        return str(entry["ae_title"])

    def c_store(self, calling: str, datasets: Sequence[Dataset]) -> list[int]:
        """Send by C-STORE over one association; the status of each. Raises ConnectionRefusedError."""
        scanner = AE(ae_title=calling)
        for sop_class, syntax in sorted({(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in datasets}):
            scanner.add_requested_context(sop_class, syntax)
        peer = self.endpoints["dicom"]
        association = scanner.associate(peer["host"], peer["port"], ae_title=peer["ae_title"])
        if not association.is_established:
            raise ConnectionRefusedError(f"the association of {calling} was not accepted")
        try:
            return [getattr(association.send_c_store(dataset), "Status", -1) for dataset in datasets]
        finally:
            association.release()

    def c_echo(self, calling: str) -> bool:
        """Whether the platform answers the scanner's verification."""
        scanner = AE(ae_title=calling)
        scanner.add_requested_context(Verification)
        peer = self.endpoints["dicom"]
        association = scanner.associate(peer["host"], peer["port"], ae_title=peer["ae_title"])
        if not association.is_established:
            return False
        status = association.send_c_echo()
        association.release()
        return getattr(status, "Status", -1) == 0

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    def _session(self, name: str, sign_in: Callable[[], str]) -> Session:
        if name not in self._sessions:
            self._sessions[name] = Session(self.origin, sign_in)
        return self._sessions[name]


def single_part(content_type: str, body: bytes) -> bytes:
    """The one part of a multipart/related body, or the body itself."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        return body
    part = body.split(b"--" + boundary.encode(), 2)[1]
    return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")


def wait_for(what: str, look: Callable[[], Found | None], seconds: float = 60) -> Found:
    """What `look` finds, asked again until it finds something. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.2)

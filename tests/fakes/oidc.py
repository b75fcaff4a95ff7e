"""An OpenID issuer as Keycloak answers: keys, token endpoint for service clients, and tokens minted on request."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class FakeIssuer:
    """Serves on loopback until `close`. `issuer` goes into SONOBRIDGE_OIDC_ISSUER."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self._kid = uuid4().hex
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({"keys": [issuer._public_key()]} if self.path.endswith("/certs") else None)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                if not self.path.endswith("/token") or form["grant_type"] != ["client_credentials"]:
                    self._answer(None)
                    return
                self._answer({"access_token": issuer.service_token(form["client_id"][0]), "expires_in": 300})

            def _answer(self, body: Any) -> None:
                self.send_response(404 if body is None else 200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/auth/realms/sonobridge"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, subject: str, *organisations: str, expires_in: float = 300, **claims: Any) -> str:
        """A person's or machine's access token naming these organisation aliases."""
        return self._sign(
            {"sub": subject, "preferred_username": subject, "organization": list(organisations)} | claims, expires_in
        )

    def service_token(self, client_id: str) -> str:
        """A platform service's access token."""
        return self._sign(
            {"sub": f"sub-{client_id}", "azp": client_id, "realm_access": {"roles": ["platform-service"]}}, 300
        )

    def forged_token(self, subject: str, *organisations: str) -> str:
        """As `token`, with our key's name but signed by somebody else."""
        forger = FakeIssuer.__new__(FakeIssuer)
        forger._key, forger._kid, forger.issuer = rsa.generate_private_key(65537, 2048), self._kid, self.issuer
        return forger.token(subject, *organisations)

    def _sign(self, claims: dict[str, Any], expires_in: float) -> str:
        now = time.time()
        fixed = {"iss": self.issuer, "aud": ["sonobridge", "account"], "iat": now, "exp": now + expires_in}
        return jwt.encode(fixed | claims, self._key, "RS256", {"kid": self._kid})

    def _public_key(self) -> dict[str, Any]:
        public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return public | {"kid": self._kid, "use": "sig", "alg": "RS256"}

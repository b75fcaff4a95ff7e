"""Access tokens as people and machines get them, for scripts: the demo, the benchmarks and the tests from outside."""

import base64
import hashlib
import html
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urljoin, urlparse

import httpx

CLIENT = "console"
TIMEOUT_S = 30.0


class SignInFailed(Exception):
    """No token was given; the message holds what the sign-in service said."""


def machine_token(issuer: str, client_id: str, client_secret: str, organisation: str) -> str:
    """An access token by client credentials, for one organisation's alias. Raises SignInFailed, httpx.HTTPError."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": f"organization:{organisation}",
    }
    return _token(httpx.post(f"{issuer}/protocol/openid-connect/token", data=form, timeout=TIMEOUT_S))


def person_token(issuer: str, username: str, password: str, organisation: str, redirect_uri: str) -> str:
    """An access token by authorization code with PKCE: fills in the sign-in page as a browser would.

    Raises SignInFailed, httpx.HTTPError.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": CLIENT,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "scope": f"openid organization:{organisation}",
        "ui_locales": "en",
    }
    answers = {"username": username, "password": password, "credentialId": ""}
    with httpx.Client(timeout=TIMEOUT_S) as browser:
        page = _visit(browser, "GET", f"{issuer}/protocol/openid-connect/auth", params=query)
        for _ in range(3):  # the name is asked on one page and the password on the next
            if page.is_redirect:
                break
            page = _visit(browser, "POST", _form_action(page), data=answers)
        while page.is_redirect and not page.headers["location"].startswith(redirect_uri):
            page = _visit(browser, "GET", urljoin(str(page.url), page.headers["location"]))
        if not page.is_redirect:
            raise SignInFailed(_said(page))
        given = parse_qs(urlparse(page.headers["location"]).query)
        if "code" not in given:
            raise SignInFailed(given.get("error_description", given.get("error", ["no code came back"]))[0])
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "code": given["code"][0],
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return _token(browser.post(f"{issuer}/protocol/openid-connect/token", data=form))


def _visit(browser: httpx.Client, method: str, url: str, **given: Any) -> httpx.Response:
    page = browser.request(method, url, **given)
    for cookie in browser.cookies.jar:
        cookie.secure = False  # browsers take the loopback address for a secure place, as Keycloak does; httpx does not
    return page


def _token(answer: httpx.Response) -> str:
    if answer.status_code != 200:
        raise SignInFailed(f"{answer.status_code}: {answer.text[:300]}")
    return str(answer.json()["access_token"])


def _form_action(page: httpx.Response) -> str:
    found = re.search(r'<form[^>]*\baction="([^"]+)"', page.text)
    if page.status_code != 200 or found is None:
        raise SignInFailed(_said(page))
    return urljoin(str(page.url), html.unescape(found.group(1)))


def _said(page: httpx.Response) -> str:
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page.text, flags=re.S)
    return f"{page.status_code}: {html.unescape(' '.join(text.split()))[:300]}"

"""GitHub's shape: no ID tokens, no metadata, errors with status 200, scopes with commas. And GitHub Actions."""

from __future__ import annotations

import time
from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json
from tests.contract.documents import Block

from .page import Journey, Page, greets, prints
from .people import Reader
from .shape import Shape, Ways, client_of

ADDRESSES = {
    "authorization": "https://github.com/login/oauth/authorize",
    "token": "https://github.com/login/oauth/access_token",
    "device_authorization": "https://github.com/login/device/code",
}
CODES = {"invalid_grant": "bad_verification_code", "invalid_client": "incorrect_client_credentials"}


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: only GitHub Apps have tokens that expire, and refresh tokens."""
    scope = ",".join(token["scope"].split())
    if request.form["client_id"] != "my-github-app":
        return {"access_token": token["access_token"], "scope": scope, "token_type": "bearer"}
    grant = shape.records.access_tokens[token["access_token"]].grant
    token.setdefault("refresh_token", refresh_token(shape, grant))
    return {**token, "expires_in": 28800, "refresh_token_expires_in": 15_897_600, "scope": "", "token_type": "bearer"}


def refused(_shape: Shape, request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
    """Refuse, with status 200 and words of its own."""
    code = CODES.get(error["error"], error["error"])
    if request.form.get("grant_type") == "refresh_token" and code == "bad_verification_code":
        code = "bad_refresh_token"
    return as_json({"error": code, "error_description": "It is incorrect or expired.", "error_uri": "https://docs"})


def user(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Say who calls: by GET only."""
    if request.method != "GET":
        return as_json({"message": "Not Found"}, status=404)
    login = shape.user_of(request)
    return as_json({"id": 583231, "login": login, "name": login.title(), "email": None})


def github() -> Shape:
    """Make GitHub anew."""
    ways = Ways(
        answers={"token": answer},
        refusals={"token": refused},
        callback=lambda form: {"iss": None},
        apis={"https://api.github.com/user": user},
    )
    clients = {"my-app": client_of(), "my-github-app": client_of(), "my-cli": client_of("none")}
    return Shape("https://github.com", ADDRESSES, ways, clients=clients, approves_devices=True)


def actions() -> Shape:
    """Make the issuer of GitHub Actions anew: it has keys, and nothing else."""
    root = "https://token.actions.githubusercontent.com"
    addresses = {
        "configuration": f"{root}/.well-known/openid-configuration",
        "jwks": f"{root}/.well-known/jwks",
    }
    return Shape(root, addresses, Ways(stated={"response_types_supported": ["id_token"]}))


def knows_the_job(reader: Reader, block: Block) -> None:
    """Call the service from a job."""
    now = int(time.time())
    claims = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "https://deploy.example.com",
        "sub": "repo:my-org/my-repo:ref:refs/heads/main",
        "repository": "my-org/my-repo",
        "ref": "refs/heads/main",
        "iat": now,
        "exp": now + 300,
    }
    service = reader["app"].test_client()
    for repository, status in (("my-org/my-repo", 200), ("evil/my-repo", 403)):
        token = reader.shapes[1].keys.sign({**claims, "repository": repository})
        answered = service.post("/deploy", headers={"Authorization": f"Bearer {token}"})
        assert answered.status_code == status, answered.text


KNOWN = {
    "token_endpoint": ADDRESSES["token"],
    "authorization_endpoint": ADDRESSES["authorization"],
    "userinfo_endpoint": "https://api.github.com/user",
}
PAGE = Page(
    name="github",
    shapes=lambda: [github(), actions()],
    checks={
        "Log users in to a web site": greets("Hello, alice"),
        "A command line logs its user in": prints("alice"),
        "GitHub Actions": knows_the_job,
    },
    journeys={
        "OAuth app": Journey(KNOWN, scope="read:user", has=("userinfo",), name="login"),
        "GitHub App": Journey(KNOWN, client_id="my-github-app", scope=None, has=("userinfo", "refresh"), name="login"),
    },
)

"""GitLab's shape: OpenID Connect to the letter; ID tokens of jobs in its pipelines."""

from __future__ import annotations

import time
from typing import Any

from tests.contract.documents import Block

from .page import Journey, Page, greets, prints
from .people import Reader
from .shape import Shape, Ways, always_refreshes, at, client_of, whoami

ROOT = "https://gitlab.com"
PATHS = {
    "authorization": "/oauth/authorize",
    "token": "/oauth/token",
    "userinfo": "/oauth/userinfo",
    "revocation": "/oauth/revoke",
    "introspection": "/oauth/introspect",
    "jwks": "/oauth/discovery/keys",
    "configuration": "/.well-known/openid-configuration",
    "device_authorization": "/oauth/authorize_device",
}


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens."""
    return {"sid": None, "acr": None, "at_hash": None, "groups_direct": ["my-group"]}


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=claims,
        answers={"token": always_refreshes},
        callback=lambda form: {"iss": None},
        stated={
            "response_modes_supported": ["query", "fragment", "form_post"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        },
        apis={f"{ROOT}/api/v4/user": whoami},
    )
    clients = {"my-app": client_of(), "my-cli": client_of("none")}
    return [Shape(ROOT, at(ROOT, **PATHS), ways, clients=clients, approves_devices=True)]


def knows_the_job(reader: Reader, block: Block) -> None:
    """Show an ID token of a job."""
    now = int(time.time())
    claims = {
        "iss": ROOT,
        "aud": "https://deploy.example.com",
        "sub": "project_path:my-group/my-project:ref_type:branch",
    }
    more = {"project_path": "my-group/my-project", "ref_protected": "true", "iat": now, "exp": now + 300}
    token = reader.shapes[0].keys.sign({**claims, **more})
    assert reader["may_deploy"](token)
    assert not reader["may_deploy"](reader.shapes[0].keys.sign({**claims, **more, "project_path": "evil/my-project"}))


PAGE = Page(
    name="gitlab",
    shapes=shapes,
    checks={
        "Log users in to a web site": greets("my-group"),
        "A command line logs its user in": prints("alice"),
        "Jobs of a pipeline": knows_the_job,
    },
    journeys={"gitlab.com": Journey({"issuer": ROOT}, scope="openid", has=("id_token", "userinfo", "refresh"))},
)

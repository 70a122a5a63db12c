"""Apple's shape: the client secret is a JWT, there is no userinfo, and names come with the first callback only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from requests_oauth2client import PrivateKeyJwt
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.client_authentication import BaseClientAuthenticationMethod
from requests_oauth2client.testing import ReceivedRequest, Refusal
from requests_oauth2client.testing.clients import Client

from .page import Journey, Page, greets, prints
from .shape import Shape, Ways, at, client_of, without

ROOT = "https://appleid.apple.com"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = {**(signing_key(KEY, alg="ES256", kid="MYKEYID123").public_jwk or {}), "kid": "MYKEYID123"}


class Apple(Shape):
    """Apple: the secret is a JWT of the team about the client."""

    def authenticate(self, request: ReceivedRequest, form: Any) -> Client:
        """Check the secret."""
        try:
            said = jws.verify(form.get("client_secret", ""), algs=["ES256"], keys={"keys": [PUBLIC]}).claims()
        except ValueError:
            raise Refusal("invalid_client", "the client secret is no JWT of this key") from None
        if (said["iss"], said["sub"], said["aud"]) != ("MYTEAMID45", form["client_id"], ROOT):
            raise Refusal("invalid_client", f"the claims are {said}")
        return Client(form["client_id"], client_of())


def callback(form: dict[str, Any]) -> dict[str, Any]:
    """Change a callback: the name comes along, as JSON."""
    user = json.dumps({"name": {"firstName": "Alice", "lastName": "Liddell"}, "email": "alice@example.com"})
    return {"iss": None, **({} if "error" in form else {"user": user})}


def shapes() -> list[Shape]:
    """Make the provider anew."""
    paths = {
        "authorization": "/auth/authorize",
        "token": "/auth/token",
        "revocation": "/auth/revoke",
        "jwks": "/auth/keys",
        "configuration": "/.well-known/openid-configuration",
    }
    ways = Ways(
        claims=lambda known: {"email_verified": "true", "nonce_supported": True, "acr": None, "sid": None},
        answers={"token": with_refresh},
        callback=callback,
        stated={
            "response_modes_supported": ["query", "fragment", "form_post"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        },
    )
    return [Apple(ROOT, at(ROOT, **paths), ways, clients={"com.example.app": client_of()})]


def with_refresh(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Give a refresh token, which a refresh does not replace."""
    from requests_oauth2client.testing.issuing import refresh_token

    grant = shape.records.access_tokens[token["access_token"]].grant
    if request.form["grant_type"] == "authorization_code":
        return without("scope", refresh_token=refresh_token(shape, grant))(shape, request, token)
    return without("scope", "refresh_token")(shape, request, token)


def prepare(folder: Path) -> None:
    """Put the key where the program finds it."""
    (folder / "AuthKey_MYKEYID123.p8").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class Secret(BaseClientAuthenticationMethod):
    """The secret as a program makes it."""

    client_id = "com.example.app"

    def authenticate(self, request: Any) -> Any:
        """Make a secret for this request."""
        made = PrivateKeyJwt(
            self.client_id, KEY, kid="MYKEYID123", headers={"typ": "JWT"}, claims={"iss": "MYTEAMID45"}
        )
        return request.with_fields(client_id=self.client_id, client_secret=made.client_assertion(ROOT))


PAGE = Page(
    name="apple",
    shapes=shapes,
    prepare=prepare,
    checks={
        "Log users in to a web site": greets("Hello, alice@example.com"),
        "The name of the user": prints("Alice"),
    },
    journeys={
        "site": Journey(
            {"issuer": ROOT, "auth": Secret()},
            client_id="com.example.app",
            scope="openid email",
            params={"response_mode": "form_post"},
            has=("id_token", "refresh"),
        )
    },
)

"""Google's shape."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json
from tests.contract.documents import Block

from .page import Journey, Page, greets, prints
from .people import Reader
from .shape import Shape, Ways, client_of, whoami

ADDRESSES = {
    "configuration": "https://accounts.google.com/.well-known/openid-configuration",
    "authorization": "https://accounts.google.com/o/oauth2/v2/auth",
    "device_authorization": "https://oauth2.googleapis.com/device/code",
    "token": "https://oauth2.googleapis.com/token",
    "userinfo": "https://openidconnect.googleapis.com/v1/userinfo",
    "revocation": "https://oauth2.googleapis.com/revoke",
    "jwks": "https://www.googleapis.com/oauth2/v3/certs",
}

PRIVATE = rsa.generate_private_key(65537, 2048)
KEY = dict(signing_key(PRIVATE, kid="k1").public_jwk or {})
ACCOUNT = {
    "type": "service_account",
    "client_email": "robot@my-project.iam.gserviceaccount.com",
    "private_key_id": "k1",
    "private_key": PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "token_uri": "https://oauth2.googleapis.com/token",
}


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens: there is an azp, and no auth_time, sid or acr."""
    return {"azp": known["aud"], "auth_time": None, "sid": None, "acr": None, "preferred_username": None}


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: a refresh token comes where access_type=offline was asked for, and stays the same."""
    grant = shape.records.access_tokens[token["access_token"]].grant
    if request.form["grant_type"] == "refresh_token":
        token.pop("refresh_token")
    elif grant.params.get("access_type") == "offline":
        token["refresh_token"] = refresh_token(shape, grant)
    return token


def callback(form: dict[str, Any]) -> dict[str, Any]:
    """Change a callback: scope and more come along, and no iss."""
    more = {"scope": "openid https://www.googleapis.com/auth/userinfo.email", "authuser": "0", "prompt": "consent"}
    return {"iss": None, **({} if "error" in form else more)}


class Google(Shape):
    """Google: a service account shows an assertion, without any client authentication."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return super().endpoint(request)
        said = jws.verify(request.form["assertion"], algs=["RS256"], keys={"keys": [KEY]}).claims()
        if (said["iss"], said["aud"]) != (ACCOUNT["client_email"], ACCOUNT["token_uri"]) or len(request.form) != 2:
            return as_json({"error": "invalid_grant", "error_description": "Invalid JWT"}, status=400)
        token = self.token(sub=said["iss"], scope=said["scope"])
        return as_json({"access_token": token.access_token, "expires_in": 3599, "token_type": "Bearer"})


def prepare(folder: Path) -> None:
    """Put the file of the service account where the program finds it."""
    (folder / "service-account.json").write_text(json.dumps(ACCOUNT))


def shapes() -> list[Shape]:
    """Make the provider anew."""
    stated = {
        "response_types_supported": ["code", "token", "id_token"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }
    ways = Ways(
        claims=claims,
        answers={"token": answer},
        callback=callback,
        stated=stated,
        apis={"https://www.googleapis.com/calendar/v3/users/me/calendarList": whoami},
    )
    desktop = client_of(redirect_uris=["http://127.0.0.1/callback"])
    clients = {"my-app": client_of(), "my-desktop-app": desktop}
    made = Google("https://accounts.google.com", ADDRESSES, ways, clients=clients, rotate_refresh_tokens=False)
    return [made]


def takes_one_tap_credentials(reader: Reader, _: Block) -> None:
    now = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": "my-app", "azp": "my-android-app", "sub": "alice"}
    credential = reader.shapes[0].keys.sign({**claims, "iat": now, "exp": now + 300})
    browser = reader["app"].test_client()
    form = {"credential": credential, "g_csrf_token": "t"}
    assert browser.post("/one-tap", data=form).status_code == 400
    browser.set_cookie("g_csrf_token", "t")
    assert browser.post("/one-tap", data=form).text == "Hello, alice"


PAGE = Page(
    name="google",
    shapes=shapes,
    prepare=prepare,
    checks={
        "Log users in to a web site": greets("Hello, alice@example.com"),
        "Call a Google API for the user": greets("alice"),
        "Log a user in from a program": prints("alice"),
        "One Tap and ID tokens of apps": takes_one_tap_credentials,
        "Service accounts": prints("robot@my-project"),
    },
    journeys={
        "offline": Journey(
            {"issuer": "https://accounts.google.com"},
            scope="openid email",
            params={"access_type": "offline"},
            has=("id_token", "userinfo", "refresh"),
        )
    },
)

"""The clouds and files that the examples of docs/workloads.md talk to, played on loopback."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_plus

from devkit.answering_server import start_answering_server
from devkit.authorization_server.credentials import private_jwk, public_jwk
from devkit.exchange import Received, answer, error, token
from requests_oauth2client._core.token_syntax import claims_of
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.testing import AuthorizationServer

from .live import Reader

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
RUNTIME = "a-runtime-token"


@contextmanager
def workload_services(reader: Reader, folder: Path) -> Iterator[None]:
    """Start them, and have examples talk to them."""
    key = {**private_jwk("ES256"), "kid": "cluster"}
    with ExitStack() as stack:
        cloud = stack.enter_context(start_answering_server(lambda request: respond(request, key))).url
        metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public_jwk(key)]}}
        secret = {"token_endpoint_auth_method": "client_secret_basic", "client_secret": "of-a-batch-of-jobs"}
        grants = {"grant_types": ["client_credentials"]}
        server = AuthorizationServer(clients={"my-workload": {**metadata, **grants}, "my-batch": {**secret, **grants}})
        issuer = stack.enter_context(server.listening()).issuer
        now = int(time.time())
        claims = {"iss": "my-workload", "sub": "my-workload", "aud": issuer, "exp": now + 60, "iat": now, "jti": "1"}
        account = {"client_email": "robot@x.example", "token_uri": "https://oauth2.googleapis.com/token"}
        files = {
            "secret": "of-a-batch-of-jobs\n",
            "as": jws.sign(claims, signing_key(key)),
            "token": "a-token-of-another-program",
            "account.json": json.dumps({**account, "private_key": key}),
        }
        for name, text in files.items():
            (folder / name).write_text(text)
        job = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNTIME}
        stack.enter_context(patch.dict(os.environ, {**job, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{cloud}/oidc?v=2"}))
        reader.replacements = reader.replacements | {
            "/run/secrets/as": str(folder / "secret"),
            "/var/run/secrets/tokens/as": str(folder / "as"),
            "/run/secrets/token": str(folder / "token"),
            "/run/secrets/account.json": str(folder / "account.json"),
            "https://login.example.com/token": f"{cloud}/bearer",
            '"https://login.example.com"': f'"{issuer}"',
            "https://sts.googleapis.com/v1/token": f"{cloud}/sts",
            "https://oauth2.googleapis.com/token": f"{cloud}/bearer",
            "https://login.microsoftonline.com/my-tenant/oauth2/v2.0/token": f"{cloud}/entra",
            "https://iamcredentials.googleapis.com/v1/": f"{cloud}/iam/",
            "https://sts.eu-central-1.amazonaws.com/": f"{cloud}/aws",
            "key=my_key": f"key={key!r}",
        }
        yield


def respond(request: Received, key: Any) -> Any:  # noqa: PLR0911  one for each cloud
    """Answer as the cloud does whose path it is, if what came is what it wants."""
    form = {} if request.path == "/oidc" or request.path.startswith("/iam/") else request.form
    match request.path:
        case "/oidc" if request.headers.get("authorization") == f"Bearer {RUNTIME}":
            audience = request.url.partition("audience=")[2]
            claims = {"iss": "https://token.actions.example", "sub": "repo:me/it", "exp": int(time.time()) + 300}
            return answer({"value": jws.sign({**claims, "aud": unquoted(audience)}, signing_key(key))})
        case "/entra" if claims_of(form["client_assertion"])["aud"] == "api://AzureADTokenExchange":
            return token() if form["scope"] == "https://graph.microsoft.com/.default" else error("invalid_scope")
        case "/sts" if form["grant_type"] == EXCHANGE and "client_id" not in form and form["scope"] == CLOUD_SCOPE:
            assert claims_of(form["subject_token"])["aud"] == f"https:{form['audience']}"
            return token(access_token="federated", issued_token_type=ACCESS_TOKEN)
        case "/bearer" if form["grant_type"] == JWT_BEARER and claims_of(form["assertion"])["exp"]:
            return token()
        case path if path.endswith(":generateAccessToken") and request.headers["authorization"] == "Bearer federated":
            assert json.loads(request.body)["scope"] == [CLOUD_SCOPE]
            return answer({"accessToken": "of-a-robot", "expireTime": "2126-01-01T00:00:00Z"})
        case "/aws" if claims_of(form["WebIdentityToken"])["aud"] == "sts.amazonaws.com":
            result = {"AssumeRoleWithWebIdentityResult": {"Credentials": {"AccessKeyId": "AKIA", "SessionToken": "s"}}}
            return answer({"AssumeRoleWithWebIdentityResponse": result})
    return error("invalid_request")


def unquoted(text: str) -> str:
    return unquote_plus(text)

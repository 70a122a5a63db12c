"""The shapes of Microsoft Entra ID: a tenant, `common` and `organizations`, v1, B2C, External ID, Graph."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from requests_oauth2client._core.encoding import b64u_encode
from requests_oauth2client._jose import compact, jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key
from requests_oauth2client.testing import ReceivedRequest, Refusal, ServerResponse
from requests_oauth2client.testing.clients import Client
from requests_oauth2client.testing.messages import as_json
from tests.contract.documents import Block

from .page import Journey, Page, greets, logs_out_at, prints
from .people import Reader
from .shape import Shape, Ways, at, client_of, refreshes, whoami

TENANT = "11111111-2222-3333-4444-555555555555"
LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
PATHS = {
    "authorization": "/oauth2/v2.0/authorize",
    "token": "/oauth2/v2.0/token",
    "jwks": "/discovery/v2.0/keys",
    "device_authorization": "/oauth2/v2.0/devicecode",
    "end_session": "/oauth2/v2.0/logout",
}
STATED = {
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
    "scopes_supported": ["openid", "profile", "email", "offline_access"],
    "http_logout_supported": True,
    "frontchannel_logout_supported": True,
    "tenant_region_scope": None,
}
KEY = rsa.generate_private_key(65537, 2048)
WELL_KNOWN = "/v2.0/.well-known/openid-configuration"
MANY = f"{LOGIN}/organizations{WELL_KNOWN}"
B2C = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin"
NUMBERS = {"invalid_client": 7000215, "invalid_grant": 70008, "invalid_scope": 70011}


def _certificate() -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "my-service")]), dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    return made.sign(KEY, hashes.SHA256())


CERTIFICATE = _certificate()
PEM = CERTIFICATE.public_bytes(Encoding.PEM)
THUMBPRINT = b64u_encode(hashlib.sha256(CERTIFICATE.public_bytes(Encoding.DER)).digest())
PROJECTED = jws.sign(
    {"iss": "https://cluster.example.com", "sub": "system:serviceaccount:web", "aud": "api://AzureADTokenExchange"},
    signing_key(generate_private_jwk("RS256", kid="cluster")),
)


class Entra(Shape):
    """Entra ID."""

    def authenticate(self, request: ReceivedRequest, form: Any) -> Client:
        """Take a federated credential, and certificates that are named in the header of the assertion."""
        if form.get("client_id") == "my-workload":
            if form.get("client_assertion") != PROJECTED:
                raise Refusal("invalid_client", "the assertion is not one of the federated credentials", status=401)
            return self.clients.get("my-workload", method="private_key_jwt")
        client = super().authenticate(request, form)
        if client.method == "private_key_jwt":
            header = compact.take_apart(form["client_assertion"]).header
            if header.get("typ") != "JWT" or header.get("x5t#S256") != THUMBPRINT:
                raise Refusal("invalid_client", f"the header has to name a certificate: {header}", status=401)
        return client


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens: the issuer is that of the user's tenant."""
    issuer = f"https://sts.windows.net/{TENANT}/" if known["aud"] == "my-v1-app" else f"{LOGIN}/{TENANT}/v2.0"
    named = {"oid": "00000000-0000-0000-66f3-3332eca7ea81", "tid": TENANT, "ver": "2.0", "uti": "u", "rh": "r"}
    return {"iss": issuer, "auth_time": None, "acr": None, "at_hash": None, **named}


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> Any:
    """Change a token response: no consent is needed for offline_access, and a client's scope ends with `.default`."""
    if request.form["grant_type"] == "client_credentials" and not request.form.get("scope", "").endswith("/.default"):
        return refused(shape, request, {"error": "invalid_scope"})
    token = refreshes(shape, request, token)
    return {**token, "ext_expires_in": token["expires_in"]}


def refused(_shape: Shape, _request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
    """Refuse, as Entra words it."""
    number = NUMBERS.get(error["error"], 900144)
    text = f"AADSTS{number}: {error.get('error_description')} Trace ID: 0a1b2c3d Correlation ID: 4e5f6071"
    more = {"error_description": text, "error_codes": [number], "trace_id": "0a1b2c3d", "correlation_id": "4e5f6071"}
    return as_json({**error, **more}, status=401 if error["error"] == "invalid_client" else 400)


def configuration(shape: Shape, issuer: str, folder: str) -> Any:
    """Make a function that answers with the metadata of a tenant, or of one of the names for many."""
    named = {"authorization": "authorization_endpoint", "token": "token_endpoint", "jwks": "jwks_uri"}
    more = {name: f"{LOGIN}/{folder}{PATHS[short]}" for short, name in named.items()}
    return lambda *_: as_json({**shape.metadata, "issuer": issuer, **more})


def entra() -> Shape:
    """Make Entra ID anew."""
    folders = (TENANT, "common", "organizations")
    addresses = {name: tuple(f"{LOGIN}/{folder}{path}" for folder in folders) for name, path in PATHS.items()}
    addresses["userinfo"] = (f"{GRAPH}/oidc/userinfo",)
    addresses["configuration"] = (f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration",)
    public_jwk = {**(signing_key(KEY, alg="PS256").public_jwk or {})}
    service = client_of("private_key_jwt", jwks={"keys": [public_jwk]})
    ways = Ways(
        claims=claims,
        answers={"token": answer},
        refusals={"token": refused},
        callback=lambda form: {"iss": None, "session_state": "s"},
        stated=STATED,
    )
    clients = {
        **{name: client_of() for name in ("my-app", "my-v1-app", "my-service")},
        "my-cli": client_of("none"),
        "my-service-with-certificate": service,
        "my-workload": client_of("private_key_jwt", jwks={"keys": []}),
    }
    made = Entra(f"{LOGIN}/{TENANT}/v2.0", addresses, ways, clients=clients)
    template = f"{LOGIN}/{{tenantid}}/v2.0"
    ways.apis = {
        f"{GRAPH}/v1.0/me": whoami,
        f"{GRAPH}/v1.0/users": whoami,
        **{
            f"{LOGIN}/{one}/v2.0/.well-known/openid-configuration": configuration(made, template, one)
            for one in folders[1:]
        },
        f"{LOGIN}/{TENANT}/.well-known/openid-configuration": configuration(
            made, f"https://sts.windows.net/{TENANT}/", TENANT
        ),
    }
    return made


def b2c() -> Shape:
    """Make Azure AD B2C anew: it answers `scope=openid` with an ID token alone."""
    addresses = at(B2C, **PATHS, configuration="/v2.0/.well-known/openid-configuration")
    issuer = f"https://contoso.b2clogin.com/{TENANT}/v2.0/"

    def alone(_shape: Shape, _request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
        names = ("id_token", "token_type") if token["scope"] == "openid" else tuple(token)
        return {name: value for name, value in token.items() if name in names} | {"not_before": 1, "resource": "r"}

    def policy(known: dict[str, Any]) -> dict[str, Any]:
        return {"tfp": "B2C_1_signin", "ver": "1.0", "at_hash": None, "acr": None, "sid": None}

    ways = Ways(claims=policy, answers={"token": alone}, callback=lambda form: {"iss": None})
    clients = {"my-app": client_of(), "my-spa": client_of()}
    return Shape(issuer, addresses, ways, clients=clients)


def external_id() -> Shape:
    """Make Entra External ID anew: the issuer has another host than the metadata."""
    root = f"https://contoso.ciamlogin.com/{TENANT}"
    addresses = at(root, **PATHS, configuration="/v2.0/.well-known/openid-configuration")
    ways = Ways(callback=lambda form: {"iss": None}, stated=STATED)
    return Shape(f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0", addresses, ways)


def prepare(folder: Path) -> None:
    """Put the files where the programs find them."""
    (folder / "certificate.pem").write_bytes(PEM)
    (folder / "key.pem").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "token").write_text(f"{PROJECTED}\n")


def logs_in_with_an_id_token_alone(reader: Reader, block: Block) -> None:
    """Log in at the site, or by the program that asks for no access token."""
    (prints("alice True") if "MissingAccessToken" in block.code else greets("alice"))(reader, block)


LOGOUT = f"{LOGIN}/{TENANT}/oauth2/v2.0/logout?"
PAGE = Page(
    name="microsoft-entra",
    shapes=lambda: [entra(), b2c(), external_id()],
    prepare=prepare,
    checks={
        "Log users in with FastAPI": logs_out_at(LOGOUT, "alice"),
        "Log users in with Flask": logs_out_at(LOGOUT, "alice"),
        "A command line logs its user in": prints("alice"),
        "A service calls an API": prints("my-service"),
        "A certificate instead of a secret": prints("my-service-with-certificate"),
        "A federated credential instead of a secret": prints("my-workload"),
        "Users of many tenants": greets(TENANT),
        "Tokens of version 1.0": greets("alice"),
        "Azure AD B2C": logs_in_with_an_id_token_alone,
        "External ID": greets("alice"),
    },
    journeys={
        "tenant": Journey({"issuer": f"{LOGIN}/{TENANT}/v2.0"}),
        "form_post": Journey({"issuer": f"{LOGIN}/{TENANT}/v2.0"}, params={"response_mode": "form_post"}),
        "organizations": Journey({"issuer": f"{LOGIN}/{{tenantid}}/v2.0", "metadata_url": MANY}),
        "customers": Journey(
            {
                "issuer": lambda claims: claims.get("tid") == TENANT and f"{LOGIN}/{TENANT}/v2.0",
                **{f"{name}_endpoint": f"{LOGIN}/organizations{PATHS[name]}" for name in ("authorization", "token")},
                "jwks_uri": f"{LOGIN}/organizations{PATHS['jwks']}",
            },
            has=("id_token", "refresh"),
        ),
        "v1": Journey(
            {
                "issuer": f"https://sts.windows.net/{TENANT}/",
                "metadata_url": f"{LOGIN}/{TENANT}/.well-known/openid-configuration",
            },
            client_id="my-v1-app",
        ),
        "B2C": Journey(
            {"issuer": f"https://contoso.b2clogin.com/{TENANT}/v2.0/", "metadata_url": f"{B2C}{WELL_KNOWN}"},
            scope="openid my-app",
            has=("id_token", "logout"),
            shape=1,
        ),
        "External ID": Journey(
            {
                "issuer": f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0",
                "metadata_url": f"https://contoso.ciamlogin.com/{TENANT}{WELL_KNOWN}",
            },
            has=("id_token", "logout"),
            shape=2,
        ),
    },
)

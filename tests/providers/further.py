"""The shapes of further providers: each has one or two ways of its own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from requests_oauth2client import PrivateKeyJwt
from requests_oauth2client._core.encoding import b64u_decode
from requests_oauth2client._jose import compact
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk
from requests_oauth2client.testing import ReceivedRequest, Refusal, ServerResponse
from requests_oauth2client.testing.clients import Client
from tests.contract.documents import Block

from .page import Journey, Page, prints
from .people import Reader
from .shape import Shape, Ways, always_refreshes, at, client_of, whoami

KEY = generate_private_jwk("ES256", kid="my-key")
PATHS = {"authorization": "/authorize", "token": "/token", "userinfo": "/userinfo", "jwks": "/jwks"}
CONFIGURATION = "/.well-known/openid-configuration"
BLUESKY_ID = "https://app.example.com/client-metadata.json"


def provider(issuer: str, ways: Ways, *, root: str | None = None, cls: type[Shape] = Shape, **client: Any) -> Shape:
    """Make an OpenID provider whose endpoints are below its issuer."""
    base = (root or issuer).rstrip("/")
    ways.callback = lambda form: {"iss": None}
    addresses = at(base, configuration=CONFIGURATION, **PATHS, end_session="/logout")
    return cls(issuer, addresses, ways, clients={"my-app": client_of(**client)})


def battle_net() -> Shape:
    """Battle.net: the numbers of its keys are in standard base64, with a sign byte."""

    def oddly_encoded(_shape: Shape, _request: ReceivedRequest, jwks: dict[str, Any]) -> dict[str, Any]:
        keys = [key for key in jwks["keys"] if key["kty"] == "RSA"]
        return {"keys": [{**key, "n": base64.b64encode(b"\0" + b64u_decode(key["n"])).decode()} for key in keys]}

    return provider("https://oauth.battle.net", Ways(answers={"jwks": oddly_encoded}))


def line() -> Shape:
    """LINE: ID tokens of web logins are signed with the secret."""
    ways = Ways(
        is_symmetric=True, stated={"id_token_signing_alg_values_supported": ["ES256"], "end_session_endpoint": None}
    )
    return provider("https://access.line.me", ways)


def yahoo() -> Shape:
    """Yahoo: ES256, though RS256 is listed."""
    ways = Ways(stated={"id_token_signing_alg_values_supported": ["ES256", "RS256"]})
    return provider("https://api.login.yahoo.com", ways, id_token_signed_response_alg="ES256")


def kanidm() -> Shape:
    """Kanidm: an issuer for each client, and ES256 alone."""
    ways = Ways(stated={"id_token_signing_alg_values_supported": ["ES256"]})
    issuer = "https://idm.example.com/oauth2/openid/my-app"
    return provider(issuer, ways, method="client_secret_basic", id_token_signed_response_alg="ES256")


def authentik() -> Shape:
    """Authentik: without a signing key, the secret signs."""
    ways = Ways(is_symmetric=True, stated={"id_token_signing_alg_values_supported": ["HS256"]})
    return provider("https://auth.example.com/application/o/my-app/", ways)


def paypal() -> Shape:
    """PayPal: Basic only, and names of algorithms among the methods of PKCE."""
    stated = {
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "code_challenge_methods_supported": ["RS256", "ES256", "S256"],
    }
    return provider("https://www.paypal.com", Ways(stated=stated), method="client_secret_basic")


def oracle() -> Shape:
    """Oracle IDCS: one issuer for all, at another host than the metadata; two audiences."""
    issuer = "https://identity.oraclecloud.com/"
    ways = Ways(claims=lambda known: {"aud": [issuer, known["aud"]], "azp": None})
    return provider(issuer, ways, root="https://idcs-1234.identity.oraclecloud.com")


def wso2() -> Shape:
    """WSO2 before 5.9: flags as strings, endpoints that are empty strings."""
    empty = {"check_session_iframe": "", "registration_endpoint": "", "end_session_endpoint": ""}
    flags = {
        "claims_parameter_supported": "true",
        "request_parameter_supported": "true",
        "backchannel_logout_supported": "true",
    }
    return provider("https://wso2.example.com/oauth2/token", Ways(stated={**empty, **flags}))


def france_connect() -> Shape:
    """FranceConnect: a higher acr than was asked for, and userinfo as a JWT."""
    issuer = "https://oidc.franceconnect.gouv.fr/api/v2"

    def as_jwt(shape: Shape, _request: ReceivedRequest, answered: dict[str, Any]) -> ServerResponse:
        token = shape.keys.sign({**answered, "iss": issuer, "aud": "my-app"})
        return ServerResponse(headers={"Content-Type": "application/jwt"}, body=token.encode())

    return provider(issuer, Ways(claims=lambda known: {"acr": "eidas3"}, answers={"userinfo": as_jwt}))


class Strong(Shape):
    """A provider that wants to see something in the assertion of its client."""

    def authenticate(self, request: ReceivedRequest, form: Any) -> Client:
        """Look."""
        client = super().authenticate(request, form)
        said = compact.take_apart(form["client_assertion"]).claims()
        if "helse" in self.issuer and "assertion_details" not in said:
            raise Refusal("invalid_client", "assertion_details is missing", status=401)
        return client


def login_gov() -> Shape:
    """login.gov: private_key_jwt, and an acr that has to be asked for."""
    ways = Ways(stated={"token_endpoint_auth_methods_supported": ["private_key_jwt"]})
    keys = {"jwks": {"keys": [public_jwk(KEY)]}}
    return provider("https://secure.login.gov/", ways, cls=Strong, method="private_key_jwt", **keys)


def helse_id() -> Shape:
    """HelseID: further claims in assertions, pushed requests, DPoP."""
    stated = {
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "pushed_authorization_request_endpoint": "https://helseid-sts.nhn.no/par",
        "require_pushed_authorization_requests": True,
    }
    keys = {"jwks": {"keys": [public_jwk(KEY)]}, "require_pushed_authorization_requests": True}
    demands = {"dpop_bound_access_tokens": True}
    made = provider(
        "https://helseid-sts.nhn.no", Ways(stated=stated), cls=Strong, method="private_key_jwt", **keys, **demands
    )
    made.addresses["pushed_authorization_request"] = "https://helseid-sts.nhn.no/par"
    made._names["https://helseid-sts.nhn.no/par"] = "pushed_authorization_request"
    return made


def adfs() -> Shape:
    """AD FS: an API is named by `resource`."""
    stated = {"access_token_issuer": "http://adfs.example.com/adfs/services/trust", "scopes_supported": ["openid"]}
    return provider("https://adfs.example.com/adfs", Ways(stated=stated))


def bluesky() -> Shape:
    """Bluesky: pushed requests, DPoP with nonces, a client that is a document; the token response names the user."""
    root = "https://bsky.social"
    addresses = at(
        root,
        configuration="/.well-known/oauth-authorization-server",
        authorization="/oauth/authorize",
        token="/oauth/token",
        pushed_authorization_request="/oauth/par",
        revocation="/oauth/revoke",
    )
    client = client_of(
        "none",
        redirect_uris=["https://app.example.com/callback"],
        require_pushed_authorization_requests=True,
        dpop_bound_access_tokens=True,
    )

    def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
        return {**always_refreshes(shape, request, token), "sub": "did:plc:alice"}

    ways = Ways(
        answers={"token": answer},
        stated={
            "require_pushed_authorization_requests": True,
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "dpop_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        },
        apis={"https://pds.example.com/xrpc/com.atproto.server.getSession": whoami},
    )
    made = Shape(root, addresses, ways, clients={BLUESKY_ID: client})
    made.require_dpop_nonce()
    return made


MAKERS = {
    "Battle.net": battle_net,
    "LINE": line,
    "Yahoo": yahoo,
    "Kanidm": kanidm,
    "Authentik": authentik,
    "PayPal": paypal,
    "Oracle": oracle,
    "WSO2": wso2,
    "FranceConnect": france_connect,
    "login.gov": login_gov,
    "HelseID": helse_id,
    "AD FS": adfs,
    "Bluesky": bluesky,
}
ORDER = list(MAKERS)


def prepare(folder: Path) -> None:
    """Put the key where the programs find it."""
    (folder / "key.json").write_text(json.dumps(dict(KEY)))


def login(name: str, **settings: Any) -> Journey:
    """Describe a login with an ID token."""
    issuer = MAKERS[name]().issuer
    has = ("id_token",) if name == "FranceConnect" else ("id_token", "userinfo")
    more = settings.pop("more", {})
    return Journey({"issuer": issuer, **settings}, scope="openid", shape=ORDER.index(name), has=has, **more)


ASSERTION = {"auth": PrivateKeyJwt("my-app", KEY)}
DETAILS = {"type": "helseid_authorization", "practitioner_role": {"organization": {"identifier": "1"}}}
HELSE = {"auth": PrivateKeyJwt("my-app", KEY, claims={"assertion_details": DETAILS}), "dpop_bound_access_tokens": True}


def logs_in(reader: Reader, block: Block) -> None:
    """Say that the last login has a checked ID token."""
    assert reader["token"].id_token.checked


PAGE = Page(
    name="further",
    shapes=lambda: [make() for make in MAKERS.values()],
    prepare=prepare,
    checks={
        **dict.fromkeys(("Battle.net, PayPal, WSO2, AD FS", "LINE, Yahoo, Authentik, Kanidm", "Oracle IDCS"), logs_in),
        "FranceConnect, ProConnect, SPID": prints("eidas3", "alice"),
        "login.gov": logs_in,
        "HelseID": logs_in,
        "Bluesky and AT Protocol": prints("did:plc:alice"),
    },
    journeys={
        **{name: login(name) for name in ("Battle.net", "PayPal", "WSO2", "AD FS", "Kanidm")},
        "LINE": login("LINE", id_token_signed_response_alg="HS256"),
        "Authentik": login("Authentik", id_token_signed_response_alg="HS256"),
        "Yahoo": login("Yahoo", id_token_signed_response_alg="ES256"),
        "Oracle": login(
            "Oracle",
            metadata_url=f"https://idcs-1234.identity.oraclecloud.com{CONFIGURATION}",
            trusted_audiences="https://identity.oraclecloud.com/",
        ),
        "FranceConnect": login("FranceConnect", more={"params": {"acr_values": "eidas1"}}),
        "login.gov": login("login.gov", **ASSERTION),
        "HelseID": login("HelseID", **HELSE),
    },
)

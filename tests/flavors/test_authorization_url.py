"""Where the browser is sent: `client.authorization_url(azr)` signs and pushes as client and server are configured."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationRequest,
    ClientSecretPost,
    InvalidAuthorizationRequestParam,
    InvalidParam,
    MismatchingIssuer,
    MissingEndpointUri,
    MissingRequestObjectSigningKey,
    PrivateKeyJwt,
    ProfileViolation,
)
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.jws import parse, verify
from requests_oauth2client.registration import ClientInformation
from requests_oauth2client.testing import AuthorizationServer

ISSUER = "https://as.local"
CALLBACK = "https://app.local/cb"
KEY = {**generate_private_jwk("ES256"), "kid": "signing"}
RSA = generate_private_jwk("RS256")
RSA_OF_ANY_ALG = {name: value for name, value in RSA.items() if name != "alg"} | {"kid": "rsa"}
SECRET = ClientSecretPost("id", "hush")
REFERENCE = "urn:ietf:params:oauth:request_uri:1"
SIGNED_ONLY = {"require_signed_request_object": True}
PUSHED_ONLY = {"require_pushed_authorization_requests": True}


def client_of(flavor: Flavor, *, auth: Any = SECRET, says: Any = None, **settings: Any) -> tuple[Any, list[Received]]:
    """Make a client whose server says something about itself, and answers pushed requests."""
    endpoints = {
        "authorization_endpoint": f"{ISSUER}/authorize",
        "pushed_authorization_request_endpoint": f"{ISSUER}/par",
    }
    pushed = answer({"request_uri": REFERENCE, "expires_in": 60}, 201)
    known = {"issuer": ISSUER, "redirect_uri": CALLBACK, "authorization_server_metadata": says or {}, **endpoints}
    return flavor.mocked(pushed, auth=auth, **{**known, **settings})


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def claims_of(jwt: str, key: Any = KEY) -> dict[str, Any]:
    return verify(jwt, algs=[parse(jwt).header["alg"]], keys=public_jwk(key)).claims()


def check_claims(claims: dict[str, Any], azr: AuthorizationRequest) -> None:
    """Check that the claims say who asks whom, for how long, and once; and all that is asked."""
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("id", ISSUER, "id")
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert claims["nbf"] <= claims["iat"]
    assert claims["jti"]
    assert claims["state"] == azr.state
    assert claims["redirect_uri"] == CALLBACK


def test_plainly_it_is_the_url_of_the_request(flavor: Flavor) -> None:
    client, received = client_of(flavor)
    azr = client.authorization_request()
    url = flavor.run(client.authorization_url(azr))
    assert url == azr.uri
    assert type(url) is str
    assert received == []


def test_a_signing_key_signs(flavor: Flavor) -> None:
    client, received = client_of(flavor, request_object_signing_key=KEY)
    azr = client.authorization_request()
    sent = query(flavor.run(client.authorization_url(azr)))
    check_claims(claims_of(sent["request"]), azr)
    assert "state" not in sent
    assert received == []
    again = query(flavor.run(client.authorization_url(azr)))
    assert claims_of(again["request"])["jti"] != claims_of(sent["request"])["jti"]


@pytest.mark.parametrize("registered", [False, True])
def test_where_signatures_are_demanded_the_key_of_private_key_jwt_serves(flavor: Flavor, registered: bool) -> None:
    said = {"registration": ClientInformation({"client_id": "id", **SIGNED_ONLY})} if registered else {}
    client, _ = client_of(flavor, auth=PrivateKeyJwt("id", KEY), says={} if registered else SIGNED_ONLY, **said)
    azr = client.authorization_request()
    sent = query(flavor.run(client.authorization_url(azr)))
    check_claims(claims_of(sent["request"]), azr)
    assert parse(sent["request"]).header["kid"] == "signing"


def test_a_key_of_its_own_goes_before_that_of_the_client(flavor: Flavor) -> None:
    client, _ = client_of(
        flavor, auth=PrivateKeyJwt("id", RSA, kid="auth"), request_object_signing_key=KEY, says=SIGNED_ONLY
    )
    sent = query(flavor.run(client.authorization_url(client.authorization_request())))
    assert claims_of(sent["request"])


@pytest.mark.parametrize("auth", ["public", SECRET])
@pytest.mark.parametrize("push", [None, True])
def test_without_a_key_nothing_is_sent(flavor: Flavor, auth: Any, push: bool | None) -> None:
    client, received = client_of(flavor, auth=auth, says=SIGNED_ONLY)
    azr = client.authorization_request() if auth is SECRET else client.authorization_request(scope="x")
    with pytest.raises(MissingRequestObjectSigningKey, match="request_object_signing_key="):
        flavor.run(client.authorization_url(azr, push=push))
    assert received == []


@pytest.mark.parametrize("says", [{"require_signed_request_object": said} for said in (False, "false", None, 0)])
def test_what_is_not_demanded_is_not_signed(flavor: Flavor, says: Any) -> None:
    client, _ = client_of(flavor, auth=PrivateKeyJwt("id", KEY), says=says)
    assert "request" not in query(flavor.run(client.authorization_url(client.authorization_request())))


def test_the_algorithm_is_one_that_the_server_takes(flavor: Flavor) -> None:
    says = {"request_object_signing_alg_values_supported": ["none", "ES256", "PS256"]}
    for settings in ({"request_object_signing_key": RSA_OF_ANY_ALG}, {"auth": PrivateKeyJwt("id", RSA_OF_ANY_ALG)}):
        client, _ = client_of(flavor, says={**says, **SIGNED_ONLY}, **settings)
        sent = query(flavor.run(client.authorization_url(client.authorization_request())))
        header = parse(sent["request"]).header
        assert (header["alg"], header["kid"]) == ("PS256", "rsa")
        assert claims_of(sent["request"], RSA_OF_ANY_ALG)


def test_the_algorithm_is_the_registered_one(flavor: Flavor) -> None:
    registration = ClientInformation({"client_id": "id", "request_object_signing_alg": "PS512"})
    client, _ = client_of(flavor, request_object_signing_key=RSA_OF_ANY_ALG, registration=registration)
    sent = query(flavor.run(client.authorization_url(client.authorization_request())))
    assert parse(sent["request"]).header["alg"] == "PS512"


@pytest.mark.parametrize(
    ("settings", "push", "is_pushed"),
    [
        ({}, None, False),
        ({}, True, True),
        ({"push": True}, None, True),
        ({"push": True}, False, False),
        ({"says": PUSHED_ONLY}, None, True),
        ({"says": PUSHED_ONLY}, False, False),
        ({"says": PUSHED_ONLY, "push": False}, None, False),
        ({"says": {"require_pushed_authorization_requests": "false"}}, None, False),
        ({"registration": ClientInformation({"client_id": "id", **PUSHED_ONLY})}, None, True),
    ],
)
def test_it_pushes_as_configured(flavor: Flavor, settings: Any, push: bool | None, is_pushed: bool) -> None:
    client, received = client_of(flavor, **settings)
    azr = client.authorization_request()
    url = flavor.run(client.authorization_url(azr, push=push))
    assert (url == f"{ISSUER}/authorize?client_id=id&request_uri={REFERENCE.replace(':', '%3A')}") is is_pushed
    assert [one.path for one in received] == ["/par"] * is_pushed
    if is_pushed:
        assert received[0].form["state"] == azr.state


def test_signed_requests_are_pushed_signed_and_nothing_else_is(flavor: Flavor) -> None:
    client, received = client_of(flavor, request_object_signing_key=KEY, push=True)
    azr = client.authorization_request()
    assert query(flavor.run(client.authorization_url(azr))) == {"client_id": "id", "request_uri": REFERENCE}
    assert received[0].form.keys() == {"client_id", "client_secret", "request"}
    check_claims(claims_of(received[0].form["request"]), azr)


def test_the_profile_pushes(flavor: Flavor) -> None:
    client, received = client_of(flavor, auth=PrivateKeyJwt("id", KEY), profile="fapi2", request_object_signing_key=KEY)
    azr = client.authorization_request()
    assert query(flavor.run(client.authorization_url(azr)))["request_uri"] == REFERENCE
    check_claims(claims_of(received[0].form["request"]), azr)
    with pytest.raises(ProfileViolation):
        flavor.run(client.authorization_url(azr, push=False))
    by_hand = AuthorizationRequest(f"{ISSUER}/authorize", "id", CALLBACK, issuer=ISSUER)
    assert query(flavor.run(client.authorization_url(by_hand)))["request_uri"] == REFERENCE


def test_what_is_signed_or_pushed_already_is_left_as_it_is(flavor: Flavor) -> None:
    client, received = client_of(flavor, request_object_signing_key=RSA, says=SIGNED_ONLY)
    azr = client.authorization_request()
    signed = azr.sign(KEY)
    assert query(flavor.run(client.authorization_url(signed)))["request"] == signed.request
    pushed = flavor.run(client.pushed_authorization_request(signed))
    assert flavor.run(client.authorization_url(pushed, push=True)) == str(pushed)
    assert len(received) == 1


def test_pushing_needs_an_endpoint(flavor: Flavor) -> None:
    client, received = client_of(flavor, pushed_authorization_request_endpoint=None)
    with pytest.raises(MissingEndpointUri, match="pushed_authorization_request_endpoint"):
        flavor.run(client.authorization_url(client.authorization_request(), push=True))
    assert received == []


def test_requests_of_others_get_no_url(flavor: Flavor) -> None:
    client, received = client_of(flavor, push=True, request_object_signing_key=KEY)
    others = AuthorizationRequest(f"{ISSUER}/authorize", "other", CALLBACK)
    for one in (others, others.sign(KEY)):
        with pytest.raises(InvalidAuthorizationRequestParam, match="client_id"):
            flavor.run(client.authorization_url(one))
    elsewhere = AuthorizationRequest(f"{ISSUER}/authorize", "id", CALLBACK, issuer="https://evil.local")
    for one in (elsewhere, elsewhere.sign(KEY)):
        with pytest.raises(MismatchingIssuer):
            flavor.run(client.authorization_url(one))
    with pytest.raises(InvalidParam, match="str"):
        flavor.run(client.authorization_url(f"{ISSUER}/authorize?client_id=id"))
    assert received == []


def test_signing_needs_to_know_the_server(flavor: Flavor) -> None:
    client, received = client_of(flavor, issuer=None, request_object_signing_key=KEY, push=True)
    with pytest.raises(InvalidAuthorizationRequestParam, match="issuer="):
        flavor.run(client.authorization_url(client.authorization_request()))
    assert received == []
    told, _ = client_of(flavor, issuer=None, request_object_signing_key=KEY, says={"issuer": ISSUER})
    sent = query(flavor.run(told.authorization_url(told.authorization_request())))
    assert claims_of(sent["request"])["aud"] == ISSUER


def test_wrong_settings_are_refused_when_the_client_is_made(flavor: Flavor) -> None:
    with pytest.raises(InvalidParam, match="push="):
        client_of(flavor, push="no")
    with pytest.raises(InvalidParam, match="public key"):
        client_of(flavor, request_object_signing_key=public_jwk(KEY))


def test_its_public_key_is_there_to_be_registered(flavor: Flavor) -> None:
    client, _ = client_of(flavor, request_object_signing_key=KEY)
    assert client.client_jwks == {"keys": [{**public_jwk(KEY), "alg": "ES256"}]}
    same, _ = client_of(flavor, auth=PrivateKeyJwt("id", KEY), request_object_signing_key=KEY)
    assert [one["kid"] for one in same.client_jwks["keys"]] == ["signing"]
    assert client.replace(timeout=3).request_object_signing_key == KEY


def test_a_client_that_finds_its_server_learns_what_is_demanded(flavor: Flavor) -> None:
    document = {
        "issuer": ISSUER,
        "token_endpoint": f"{ISSUER}/token",
        "authorization_endpoint": f"{ISSUER}/authorize",
        "pushed_authorization_request_endpoint": f"{ISSUER}/par",
        **PUSHED_ONLY,
    }

    def respond(received: Received) -> Answer:
        return (
            answer({"request_uri": REFERENCE, "expires_in": 60}, 201) if received.path == "/par" else answer(document)
        )

    client, received = flavor.mocked(respond, token_endpoint=None, issuer=ISSUER)
    azr = AuthorizationRequest(f"{ISSUER}/authorize", "id", CALLBACK)
    assert query(flavor.run(client.authorization_url(azr)))["request_uri"] == REFERENCE
    assert [one.path for one in received] == ["/.well-known/openid-configuration", "/par"]


def test_a_strict_server_accepts_what_is_made(flavor: Flavor) -> None:
    registered = {
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_jwk(KEY)]},
        **SIGNED_ONLY,
    }
    server = AuthorizationServer(clients={"id": registered})
    with server.installed():
        for settings in ({}, {"push": True}):
            client = flavor.named("OAuth2Client").from_discovery_document(
                {**server.metadata, **SIGNED_ONLY}, auth=PrivateKeyJwt("id", KEY), redirect_uri=CALLBACK, **settings
            )
            azr = client.authorization_request()
            callback = server.log_in(flavor.run(client.authorization_url(azr)))
            answered = flavor.run(client.authorization_response(azr, callback))
            assert flavor.run(client.authorization_code(answered)).id_token.checked is True

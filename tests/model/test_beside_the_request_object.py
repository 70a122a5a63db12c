"""What goes along beside a request object, for servers of OIDC Core section 6.1; and misspelt claims in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, EndSessionRequest, InvalidParam
from requests_oauth2client._core.options import UnknownParam
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.jws import verify

ISSUER = "https://as.local"
KEY = generate_private_jwk("ES256")
ENC = public_jwk(generate_private_jwk("ECDH-ES+A128KW"))
CALLBACK = "https://app.local/cb"


def make(**more: Any) -> AuthorizationRequest:
    return AuthorizationRequest(f"{ISSUER}/authorize", "id", CALLBACK, **{"issuer": ISSUER, **more})


def query(request: object) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(request)).query))


@pytest.mark.parametrize("scope", ["openid email", ["email", "openid"]])
def test_an_openid_provider_sees_what_it_wants_to_see(scope: Any) -> None:
    signed = make(scope=scope, login_hint="me").sign(KEY)
    assert query(signed) == {
        "client_id": "id",
        "request": signed.request,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": " ".join(scope.split() if isinstance(scope, str) else scope),
    }


def test_of_an_encrypted_request_little_shows() -> None:
    seen = query(make(scope="openid secret-scope").sign_and_encrypt(KEY, ENC))
    assert seen.keys() == {"client_id", "request", "response_type", "redirect_uri", "scope"}
    assert seen["scope"] == "openid"


@pytest.mark.parametrize("more", [{"scope": "api.read"}, {"scope": None}, {"profile": "fapi2"}])
def test_elsewhere_the_request_object_is_alone(more: Any) -> None:
    signed = make(**more).sign(KEY)
    assert signed.args.keys() == {"client_id", "request"}
    assert signed.replace(authorization_request=None).args.keys() == {"client_id", "request"}


def test_what_is_pushed_is_the_request_object_alone(flavor: Flavor) -> None:
    client, received = flavor.mocked(
        answer({"request_uri": "urn:x", "expires_in": 60}, 201),
        authorization_endpoint=f"{ISSUER}/authorize",
        pushed_authorization_request_endpoint=f"{ISSUER}/par",
    )
    flavor.run(client.pushed_authorization_request(client.authorization_request().sign(KEY)))
    assert received[0].form.keys() == {"client_id", "client_secret", "request"}


@pytest.mark.parametrize(("wrong", "meant"), [("lifetim", "lifetime"), ("isss", "iss"), ("login_hnt", "login_hint")])
def test_misspelt_claims_are_refused(wrong: str, meant: str) -> None:
    for make_one in (
        lambda **more: make().sign(KEY, **more),
        lambda **more: make().sign_request_jwt(KEY, **more),
        lambda **more: make().unsigned_request_jwt(**more),
        lambda **more: make().sign_and_encrypt(KEY, ENC, **more),
    ):
        with pytest.raises(UnknownParam, match=f"Did you mean '{meant}'"):
            make_one(**{wrong: 60})
        make_one(extra={wrong: 60})
    jwt = make().sign_request_jwt(KEY, vip=True, extra={wrong: 60})
    claims = verify(jwt, algs=["ES256"], keys=public_jwk(KEY)).claims()
    assert (claims["vip"], claims[wrong]) == (True, 60)
    assert "extra" not in claims


def test_misspelt_fields_are_not_pushed(flavor: Flavor) -> None:
    client, received = flavor.mocked(
        answer({"request_uri": "urn:x", "expires_in": 60}, 201),
        authorization_endpoint=f"{ISSUER}/authorize",
        pushed_authorization_request_endpoint=f"{ISSUER}/par",
    )
    azr = client.authorization_request()
    with pytest.raises(UnknownParam, match="Did you mean 'redirect_uri'"):
        flavor.run(client.pushed_authorization_request(azr, redirect_ury=CALLBACK))
    assert received == []
    flavor.run(client.pushed_authorization_request(azr, extra={"redirect_ury": "x"}, tenant="t"))
    assert (received[0].form["redirect_ury"], received[0].form["tenant"]) == ("x", "t")


def test_misspelt_parameters_of_a_logout_are_refused(flavor: Flavor) -> None:
    client = flavor.client(end_session_endpoint=f"{ISSUER}/logout")
    with pytest.raises(UnknownParam, match="Did you mean 'logout_hint'"):
        client.end_session_request(logout_hnt="me")
    assert query(client.end_session_request(extra={"logout_hnt": "me"}, tenant="t")) == {
        "client_id": "id",
        "logout_hnt": "me",
        "tenant": "t",
    }
    with pytest.raises(InvalidParam, match="Did you mean 'ui_locales'"):
        EndSessionRequest(f"{ISSUER}/logout", kwargs={"ui_locale": "de"})
    insisted = EndSessionRequest(f"{ISSUER}/logout", extra={"ui_locale": "de"})
    assert query(insisted) == {"ui_locale": "de"}

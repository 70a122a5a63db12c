"""What the error tables of the pages say: what each provider's refusal becomes, on both clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationDenied, BearerToken, LoginNeeded, MissingIssuer
from requests_oauth2client.exceptions import (
    EndpointError,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    UnknownTokenEndpointError,
)
from requests_oauth2client.testing.messages import as_json
from requests_oauth2client.tokens import InvalidIdToken, MismatchingIdTokenAlg, MismatchingIdTokenAudience

from . import facebook, further, github, keycloak, linkedin, microsoft_entra, slack, strava
from .shape import SECRET, Shape
from .test_journeys import REDIRECT_URI, flavor  # noqa: F401  the fixture

GITHUB = {"token_endpoint": github.ADDRESSES["token"], "authorization_endpoint": github.ADDRESSES["authorization"]}
ENTRA = {"issuer": f"{microsoft_entra.LOGIN}/{microsoft_entra.TENANT}/v2.0"}


def client_at(flavor: Flavor, secret: str = SECRET, **settings: Any) -> Any:  # noqa: F811
    return flavor.client(
        settings.pop("token_endpoint", None), ("my-app", secret), redirect_uri=REDIRECT_URI, **settings
    )


def log_in(flavor: Flavor, shape: Shape, client: Any, scope: str = "openid", **params: Any) -> Any:  # noqa: F811
    if client.authorization_endpoint is None:
        flavor.run(client.discover())
    azr = client.authorization_request(scope=scope, **params)
    callback = shape.log_in(flavor.run(client.authorization_url(azr)))
    return flavor.run(client.authorization_code(flavor.run(client.authorization_response(azr, callback))))


Case = tuple[Callable[[], Shape], dict[str, Any], type[Exception], str]
CODES: dict[str, Case] = {
    "Entra": (microsoft_entra.entra, ENTRA, InvalidGrant, "AADSTS70008"),
    "Entra, secret": (microsoft_entra.entra, {**ENTRA, "secret": "wrong"}, InvalidClient, "AADSTS7000215"),
    "GitHub": (github.github, GITHUB, UnknownTokenEndpointError, "bad_verification_code"),
    "GitHub, secret": (github.github, {**GITHUB, "secret": "x"}, UnknownTokenEndpointError, "incorrect_client"),
    "Slack": (lambda: slack.shapes()[0], {"issuer": "https://slack.com"}, UnknownTokenEndpointError, "invalid_code"),
    "Facebook": (
        lambda: facebook.shapes()[0],
        {"token_endpoint": facebook.ADDRESSES["token"]},
        InvalidTokenResponse,
        "OAuthException",
    ),
}


@pytest.mark.parametrize(("make", "settings", "expected", "text"), CODES.values(), ids=CODES)
def test_a_code_that_is_refused(
    flavor: Flavor,  # noqa: F811
    make: Callable[[], Shape],
    settings: dict[str, Any],
    expected: type[Exception],
    text: str,
) -> None:
    with make().installed():
        client = client_at(flavor, **settings)
        with pytest.raises(expected, match=text) as refused:
            flavor.run(client.authorization_code("unknown", validate=False))
        assert SECRET not in str(refused.value)


def test_linkedin_refuses_pkce_and_sends_no_nonce(flavor: Flavor) -> None:  # noqa: F811
    (shape,) = linkedin.shapes()
    with shape.installed():
        with pytest.raises(InvalidClient):
            log_in(flavor, shape, client_at(flavor, issuer=linkedin.ISSUER), nonce=None)
        with pytest.raises(InvalidIdToken, match="nonce"):
            log_in(flavor, shape, client_at(flavor, issuer=linkedin.ISSUER, code_challenge_method=None))


def test_slacks_errors_are_raised_and_a_bots_token_needs_its_type(flavor: Flavor) -> None:  # noqa: F811
    (shape,) = slack.shapes()
    with shape.installed():
        client = client_at(flavor, issuer="https://slack.com")
        with pytest.raises(EndpointError, match="invalid_auth"):
            flavor.run(client.userinfo("unknown"))
        bots = client_at(
            flavor,
            token_endpoint="https://slack.com/api/oauth.v2.access",
            authorization_endpoint="https://slack.com/oauth/v2/authorize",
        )
        with pytest.raises(InvalidTokenResponse, match="bot"):
            log_in(flavor, shape, bots, "chat:write")


def test_a_refusal_without_iss_is_shown_and_can_be_accepted(flavor: Flavor) -> None:  # noqa: F811
    shape = keycloak.shapes()[0]
    shape.ways.callback = lambda form: {"iss": None}
    with shape.installed():
        for settings, expected in (
            ({}, MissingIssuer),
            ({"authorization_response_iss_parameter_supported": False}, AuthorizationDenied),
        ):
            client = client_at(flavor, issuer=shape.issuer, **settings)
            flavor.run(client.discover())
            azr = client.authorization_request()
            callback = shape.log_in(azr.uri, deny="access_denied")
            with pytest.raises(expected, match="access_denied"):
                flavor.run(client.authorization_response(azr, callback))


def test_an_alg_that_is_not_the_registered_one_names_the_setting(flavor: Flavor) -> None:  # noqa: F811
    shape = further.yahoo()
    with shape.installed(), pytest.raises(MismatchingIdTokenAlg, match="id_token_signed_response_alg"):
        log_in(flavor, shape, client_at(flavor, issuer=shape.issuer))


def test_an_audience_that_is_not_trusted_names_the_setting(flavor: Flavor) -> None:  # noqa: F811
    shape = further.oracle()
    where = "https://idcs-1234.identity.oraclecloud.com/.well-known/openid-configuration"
    with shape.installed(), pytest.raises((MismatchingIdTokenAudience, InvalidIdToken), match="trusted_audiences"):
        log_in(flavor, shape, client_at(flavor, issuer=shape.issuer, metadata_url=where))


def _strava_refuses(*_: Any) -> Any:
    wrong = {"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}
    return as_json({"message": "Bad Request", "errors": [wrong]}, status=400)


def strava_shape() -> Shape:
    (shape,) = strava.shapes()
    shape.ways.refusals = {"token": _strava_refuses}
    return shape


@pytest.mark.parametrize(
    ("make", "endpoint"),
    [(github.github, github.ADDRESSES["token"]), (strava_shape, strava.ADDRESSES["token"])],
    ids=["GitHub", "Strava"],
)
def test_a_refresh_token_that_is_refused_leads_to_the_login(
    flavor: Flavor,  # noqa: F811
    make: Callable[[], Shape],
    endpoint: str,
) -> None:
    with make().installed():
        client = client_at(flavor, token_endpoint=endpoint)
        token = BearerToken("old", expires_in=-1, refresh_token="unknown")
        auth = flavor.named("OAuth2AccessTokenAuth")(client, token)
        with pytest.raises(LoginNeeded):
            flavor.run(auth.get_token())

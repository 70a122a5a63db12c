"""Revocation, introspection, userinfo, device authorization: what is sent, and what is made of each answer."""

from typing import Any

import pytest

from devkit.exchange import Answer, answer, error
from devkit.flavors import Flavor
from requests_oauth2client import BearerToken
from requests_oauth2client._protocol.grants.token_endpoint import MissingRefreshToken
from requests_oauth2client.exceptions import (
    AccessDenied,
    DeviceAuthorizationError,
    EndpointError,
    IntrospectionError,
    InvalidClient,
    InvalidDeviceAuthorizationResponse,
    InvalidRequest,
    InvalidUserInfoResponse,
    RevocationError,
    ServerError,
    UnknownIntrospectionError,
    UnsupportedTokenType,
)

URLS = {
    f"{name}_endpoint": f"https://as.local/{name}"
    for name in ("revocation", "introspection", "userinfo", "device_authorization")
}
CREDENTIALS = {"client_id": "id", "client_secret": "hush-hush"}
TOKEN = BearerToken("access", refresh_token="refresh")
BODIES = {"html": answer("<h1>no</h1>", 500, Content_Type="text/html"), "empty": answer(b"", 404)}


def client_of(flavor: Flavor, given: Answer, **kwargs: Any) -> Any:
    return flavor.mocked(given, **URLS, **kwargs)


# --- revocation (RFC 7009)


@pytest.mark.parametrize(
    ("method", "args", "fields"),
    [
        ("revoke_token", ("t",), {"token": "t"}),
        ("revoke_token", ("t", "x"), {"token": "t", "token_type_hint": "x"}),
        ("revoke_token", (TOKEN,), {"token": "access"}),
        ("revoke_token", (TOKEN, "refresh_token"), {"token": "refresh", "token_type_hint": "refresh_token"}),
        ("revoke_access_token", ("t",), {"token": "t", "token_type_hint": "access_token"}),
        ("revoke_access_token", (TOKEN,), {"token": "access", "token_type_hint": "access_token"}),
        ("revoke_refresh_token", ("t",), {"token": "t", "token_type_hint": "refresh_token"}),
        ("revoke_refresh_token", (TOKEN,), {"token": "refresh", "token_type_hint": "refresh_token"}),
    ],
)
def test_a_revocation_sends_the_token_that_is_meant(
    flavor: Flavor, method: str, args: tuple[Any, ...], fields: dict[str, str]
) -> None:
    client, sent = client_of(flavor, Answer())
    assert flavor.run(getattr(client, method)(*args, extra="x")) is True
    assert sent[0].url == URLS["revocation_endpoint"]
    assert sent[0].form == {**fields, "extra": "x", **CREDENTIALS}


@pytest.mark.parametrize("given", [answer(b"", 200), answer(b"", 204), answer("<h1>ok</h1>", 200), answer({}, 202)])
def test_any_success_of_a_revocation_is_true(flavor: Flavor, given: Answer) -> None:
    client, _ = client_of(flavor, given)
    assert flavor.run(client.revoke_token("t")) is True


@pytest.mark.parametrize("given", [*BODIES.values(), answer({"message": "no"}, 400), answer({"error": 4}, 400)])
def test_a_revocation_that_fails_without_an_oauth_error_is_false(flavor: Flavor, given: Answer) -> None:
    client, _ = client_of(flavor, given)
    for method in (client.revoke_token, client.revoke_access_token, client.revoke_refresh_token):
        assert flavor.run(method("t")) is False


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("unsupported_token_type", UnsupportedTokenType),
        ("invalid_client", InvalidClient),
        ("invalid_request", InvalidRequest),
        ("server_error", ServerError),
        ("something_else", RevocationError),
    ],
)
def test_a_revocation_that_is_refused_raises_the_class_of_its_code(
    flavor: Flavor, code: str, expected: type[EndpointError]
) -> None:
    client, _ = client_of(flavor, error(code, error_description="why"))
    for method in (client.revoke_token, client.revoke_access_token, client.revoke_refresh_token):
        with pytest.raises(expected, match="why") as caught:
            flavor.run(method("t"))
        assert type(caught.value) is expected


@pytest.mark.parametrize("method", ["revoke_access_token", "revoke_refresh_token"])
def test_without_an_endpoint_these_two_send_nothing(flavor: Flavor, method: str) -> None:
    client, sent = flavor.mocked(Answer())
    assert flavor.run(getattr(client, method)("t")) is False
    assert sent == []


def test_there_must_be_a_refresh_token_to_revoke(flavor: Flavor) -> None:
    client, sent = client_of(flavor, Answer())
    with pytest.raises(MissingRefreshToken):
        flavor.run(client.revoke_refresh_token(BearerToken("access")))
    assert sent == []


# --- introspection (RFC 7662)


def test_an_introspection_returns_the_json(flavor: Flavor) -> None:
    client, sent = client_of(flavor, answer({"active": True, "sub": "alice"}))
    assert flavor.run(client.introspect_token("t", "access_token")) == {"active": True, "sub": "alice"}
    assert sent[0].url == URLS["introspection_endpoint"]
    assert sent[0].form == {"token": "t", "token_type_hint": "access_token", **CREDENTIALS}


def test_an_introspection_that_is_no_json_is_text(flavor: Flavor) -> None:
    client, _ = client_of(flavor, answer("active", Content_Type="text/plain"))
    assert flavor.run(client.introspect_token(TOKEN)) == "active"


@pytest.mark.parametrize("given", BODIES.values(), ids=BODIES)
def test_an_introspection_that_fails_without_an_oauth_error_is_unknown(flavor: Flavor, given: Answer) -> None:
    client, _ = client_of(flavor, given)
    with pytest.raises(UnknownIntrospectionError) as caught:
        flavor.run(client.introspect_token("t"))
    assert caught.value.status == given.status_code


@pytest.mark.parametrize(("code", "expected"), [("invalid_client", InvalidClient), ("other", IntrospectionError)])
def test_an_introspection_that_is_refused_raises_the_class_of_its_code(
    flavor: Flavor, code: str, expected: type[EndpointError]
) -> None:
    client, _ = client_of(flavor, error(code, 401))
    with pytest.raises(expected):
        flavor.run(client.introspect_token("t"))


# --- userinfo (OIDC Core section 5.3)


@pytest.mark.parametrize("token", ["access", TOKEN])
def test_userinfo_is_asked_with_the_token_and_not_with_the_clients_credentials(flavor: Flavor, token: Any) -> None:
    client, sent = client_of(flavor, answer({"sub": "alice"}))
    assert flavor.run(client.userinfo(token)) == {"sub": "alice"}
    (request,) = sent
    assert (request.method, request.url) == ("POST", URLS["userinfo_endpoint"])
    assert request.headers["authorization"] == "Bearer access"
    assert request.form == {}


def test_userinfo_that_is_refused_raises_an_endpoint_error(flavor: Flavor) -> None:
    client, _ = client_of(flavor, error("invalid_token", 401))
    with pytest.raises(EndpointError, match="invalid_token"):
        flavor.run(client.userinfo("t"))


@pytest.mark.parametrize("given", BODIES.values(), ids=BODIES)
def test_userinfo_that_fails_without_an_oauth_error_says_so(flavor: Flavor, given: Answer) -> None:
    client, _ = client_of(flavor, given)
    with pytest.raises(InvalidUserInfoResponse):
        flavor.run(client.userinfo("t"))


# --- device authorization (RFC 8628)

CODES = {
    "device_code": "a-device-code",
    "user_code": "USER",
    "verification_uri": "https://as.local/device",
    "verification_uri_complete": "https://as.local/device?user_code=USER",
    "expires_in": 600,
    "interval": 7,
    "custom": "x",
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CODES.items() if key != name}


def test_a_device_gets_its_codes(flavor: Flavor) -> None:
    client, sent = client_of(flavor, answer(CODES))
    codes = flavor.run(client.authorize_device(scope=["a", "b"], audience="api"))
    assert sent[0].url == URLS["device_authorization_endpoint"]
    assert sent[0].form == {"scope": "a b", "audience": "api", **CREDENTIALS}
    assert (codes.device_code, codes.user_code, codes.interval, codes.custom) == ("a-device-code", "USER", 7, "x")
    assert codes.verification_uri == "https://as.local/device"
    assert codes.verification_uri_complete == "https://as.local/device?user_code=USER"
    assert 590 < codes.expires_in <= 600
    assert codes.is_expired() is False


def test_the_founding_readmes_device_client_does_it_too() -> None:
    import responses

    from requests_oauth2client import DeviceAuthorizationClient

    with responses.RequestsMock() as mocked:
        mocked.post("https://as.local/device", json=CODES)
        codes = DeviceAuthorizationClient("https://as.local/device", ("id", "secret")).authorize_device()
    assert codes.device_code == "a-device-code"


@pytest.mark.parametrize("interval", [None, "nonsense", -1, True, []])
def test_an_interval_that_is_nonsense_is_five_seconds(flavor: Flavor, interval: Any) -> None:
    client, _ = client_of(flavor, answer({**CODES, "interval": interval}))
    assert flavor.run(client.authorize_device()).interval == 5


def test_googles_spelling_is_understood(flavor: Flavor) -> None:
    client, _ = client_of(flavor, answer({**without("verification_uri"), "verification_url": "https://g.local/device"}))
    assert flavor.run(client.authorize_device()).verification_uri == "https://g.local/device"


@pytest.mark.parametrize("field", ["device_code", "user_code", "verification_uri"])
@pytest.mark.parametrize("value", [..., None, "", 7, []])
def test_codes_that_miss_a_field_are_none(flavor: Flavor, field: str, value: Any) -> None:
    client, _ = client_of(flavor, answer(without(field) if value is ... else {**CODES, field: value}))
    with pytest.raises(InvalidDeviceAuthorizationResponse, match=field):
        flavor.run(client.authorize_device())


@pytest.mark.parametrize("field", ["verification_uri", "verification_uri_complete"])
@pytest.mark.parametrize("uri", ["javascript:alert(1)", "https://", "https://a b/", "file:///etc/passwd"])
def test_the_user_is_not_sent_to_what_is_no_web_page(flavor: Flavor, field: str, uri: str) -> None:
    client, _ = client_of(flavor, answer({**CODES, field: uri}))
    with pytest.raises(InvalidDeviceAuthorizationResponse, match=field):
        flavor.run(client.authorize_device())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (error("invalid_client", 401), InvalidClient),
        (error("access_denied"), AccessDenied),
        (error("whatever"), DeviceAuthorizationError),
        (error("invalid_request", 200), InvalidRequest),
        (answer([], 200), InvalidDeviceAuthorizationResponse),
        (answer("{}", 200, Content_Type="text/html"), InvalidDeviceAuthorizationResponse),
        *((given, InvalidDeviceAuthorizationResponse) for given in BODIES.values()),
    ],
)
def test_a_device_that_gets_no_codes_hears_why(flavor: Flavor, given: Answer, expected: type[Exception]) -> None:
    client, _ = client_of(flavor, given)
    with pytest.raises(expected) as caught:
        flavor.run(client.authorize_device())
    assert type(caught.value) is expected

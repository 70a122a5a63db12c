"""What each grant sends: these fields, each once, nothing that is None; and the token that comes back."""

from typing import Any

import pytest

from devkit.exchange import Answer, answer, token
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, BearerToken, DeviceAuthorizationResponse
from requests_oauth2client._protocol.grants.token_endpoint import MissingRefreshToken
from requests_oauth2client.client_authentication import (
    ClientSecretBasic,
    ClientSecretJwt,
    InvalidRequestForClientAuthentication,
    PublicApp,
    UnsupportedClientCredentials,
)
from requests_oauth2client.device_authorization import MissingDeviceCode
from requests_oauth2client.exceptions import InvalidParam, MissingEndpointUri
from requests_oauth2client.tokens import IdToken
from requests_oauth2client.utils import InvalidScopeParam

CREDENTIALS = {"client_id": "id", "client_secret": "hush-hush"}
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CODES = DeviceAuthorizationResponse("a-device-code", "USER-CODE", "https://as.local/device")
REQUEST = AuthorizationRequest("https://as.local/authorize", "id", "https://app.local/cb", state="s", nonce=None)
CALLBACK = REQUEST.validate_callback("https://app.local/cb?state=s&code=a-code")
OLD = BearerToken("old", refresh_token="a-refresh-token")

# method, arguments, keyword arguments, the fields that are sent beside the credentials
GRANTS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], dict[str, str]]] = {
    "client credentials": ("client_credentials", (), {}, {"grant_type": "client_credentials"}),
    "scope": ("client_credentials", ("a b",), {}, {"grant_type": "client_credentials", "scope": "a b"}),
    "scope list": ("client_credentials", (["a", "b"],), {}, {"grant_type": "client_credentials", "scope": "a b"}),
    "scope iterator": ("client_credentials", (iter("ab"),), {}, {"grant_type": "client_credentials", "scope": "a b"}),
    "further fields": (
        "client_credentials", (), {"audience": "api", "nothing": None, "flag": True, "number": 7},
        {"grant_type": "client_credentials", "audience": "api", "flag": "true", "number": "7"},
    ),
    "a mapping is JSON": (
        "client_credentials", (), {"authorization_details": [{"type": "x"}]},
        {"grant_type": "client_credentials", "authorization_details": '[{"type":"x"}]'},
    ),
    "code": (
        "authorization_code", ("a-code",), {"redirect_uri": "https://app.local/cb"},
        {"grant_type": "authorization_code", "code": "a-code", "redirect_uri": "https://app.local/cb"},
    ),
    "code of a callback": (
        "authorization_code", (CALLBACK,), {},
        {"grant_type": "authorization_code", "code": "a-code", "redirect_uri": "https://app.local/cb",
         "code_verifier": str(REQUEST.code_verifier)},
    ),
    "code of a callback, redirect_uri given": (
        "authorization_code", (CALLBACK,), {"redirect_uri": "https://other.local/", "code_verifier": None},
        {"grant_type": "authorization_code", "code": "a-code", "redirect_uri": "https://other.local/",
         "code_verifier": str(REQUEST.code_verifier)},
    ),
    "code with verifier": (
        "authorization_code_pkce", ("a-code", "v" * 43), {},
        {"grant_type": "authorization_code", "code": "a-code", "code_verifier": "v" * 43},
    ),
    "refresh": (
        "refresh_token", ("a-refresh-token",), {},
        {"grant_type": "refresh_token", "refresh_token": "a-refresh-token"},
    ),
    "refresh of a token, narrower": (
        "refresh_token", (OLD,), {"scope": ["a", "b"]},
        {"grant_type": "refresh_token", "refresh_token": "a-refresh-token", "scope": "a b"},
    ),
    "device": ("device_code", ("a-device-code",), {}, {"grant_type": DEVICE_CODE, "device_code": "a-device-code"}),
    "device response": ("device_code", (CODES,), {}, {"grant_type": DEVICE_CODE, "device_code": "a-device-code"}),
    "jwt bearer": ("jwt_bearer", ("a.b.c",), {"scope": ["x"]},
                   {"grant_type": JWT_BEARER, "assertion": "a.b.c", "scope": "x"}),
    "jwt bearer of bytes": ("jwt_bearer", (b"a.b.c",), {}, {"grant_type": JWT_BEARER, "assertion": "a.b.c"}),
    "jwt bearer of an object": (
        "jwt_bearer", (IdToken("e30.e30.c2ln"),), {}, {"grant_type": JWT_BEARER, "assertion": "e30.e30.c2ln"},
    ),
    "password": (
        "resource_owner_password", ("alice", "p&=w"), {"scope": "a"},
        {"grant_type": "password", "username": "alice", "password": "p&=w", "scope": "a"},
    ),
    "any": ("token_request", ({"grant_type": "urn:x", "a": 1, "b": None},), {}, {"grant_type": "urn:x", "a": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", GRANTS)
def test_a_grant_sends_its_fields_and_returns_the_token(flavor: Flavor, name: str) -> None:
    method, args, kwargs, fields = GRANTS[name]
    if name == "scope iterator":
        args = (iter("ab"),)
    client, sent = flavor.mocked(token(scope="a", refresh_token="r", custom="x"))
    got = flavor.run(getattr(client, method)(*args, **kwargs))
    (request,) = sent
    assert request.form == {**fields, **CREDENTIALS}
    assert (request.method, request.url) == ("POST", "https://as.local/token")
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert got == BearerToken("an-access-token", expires_at=got.expires_at, scope="a", refresh_token="r", custom="x")


def test_a_list_is_a_repeated_field(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token())
    flavor.run(client.client_credentials(resource=["https://a", "https://b"]))
    assert [value for name, value in sent[0].pairs if name == "resource"] == ["https://a", "https://b"]


def test_credentials_win_over_fields_of_the_same_name(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token())
    flavor.run(client.client_credentials(client_id="someone-else"))
    assert sent[0].form["client_id"] == "id"


@pytest.mark.parametrize("scope", [1, b"a", ["a b"], ['"'], [1], "é", object()])
def test_a_scope_that_is_none_is_refused_before_anything_is_sent(flavor: Flavor, scope: Any) -> None:
    client, sent = flavor.mocked(token())
    with pytest.raises(InvalidScopeParam):
        flavor.run(client.client_credentials(scope))
    assert sent == []


@pytest.mark.parametrize("nothing", [BearerToken("t"), "", None, 7])
def test_a_refresh_needs_a_refresh_token(flavor: Flavor, nothing: Any) -> None:
    client, sent = flavor.mocked(token())
    with pytest.raises(MissingRefreshToken, match="offline_access"):
        flavor.run(client.refresh_token(nothing))
    assert sent == []


@pytest.mark.parametrize("nothing", ["", None, 7])
def test_a_device_needs_a_device_code(flavor: Flavor, nothing: Any) -> None:
    client, sent = flavor.mocked(token())
    with pytest.raises(MissingDeviceCode):
        flavor.run(client.device_code(nothing))
    assert sent == []


def test_a_refresh_token_that_is_not_rotated_is_kept(flavor: Flavor) -> None:
    client, _ = flavor.mocked(token())
    assert flavor.run(client.refresh_token(OLD)).refresh_token == "a-refresh-token"


def test_a_rotated_refresh_token_replaces_the_other(flavor: Flavor) -> None:
    client, _ = flavor.mocked(token(refresh_token="rotated"))
    assert flavor.run(client.refresh_token(OLD)).refresh_token == "rotated"


@pytest.mark.parametrize(
    "fields",
    [{"token_type": None}, {"token_type": "bearer"}, {"token_type": "BEARER"}, {"expires_in": "60"},
     {"expires_in": 60.5}, {"scope": ["a", "b"]}, {"refresh_token": None}, {"refresh_token": ""}, {"id_token": None},
     {"self": 1, "kwargs": 2, "cls": 3, "response": 4}],
)  # fmt: skip
def test_what_servers_really_send_is_taken(flavor: Flavor, fields: dict[str, Any]) -> None:
    client, _ = flavor.mocked(token(**fields))
    assert flavor.run(client.client_credentials()).access_token == "an-access-token"


def test_a_missing_token_type_is_taken(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer({"access_token": "t"}))
    assert flavor.run(client.client_credentials()).token_type == "Bearer"


@pytest.mark.parametrize("kind", ["application/json;charset=UTF-8", "APPLICATION/JSON", "application/token+json"])
def test_json_has_many_names(flavor: Flavor, kind: str) -> None:
    client, _ = flavor.mocked(answer('{"access_token": "t"}', Content_Type=kind))
    assert flavor.run(client.client_credentials()).access_token == "t"


class MyToken(BearerToken):
    """A user's own."""

    TOKEN_TYPE = "mine"
    AUTHORIZATION_SCHEME = "Mine"


def test_a_client_makes_tokens_of_the_class_that_it_was_given(flavor: Flavor) -> None:
    client, _ = flavor.mocked(token(token_type="MINE"), token_class=MyToken)
    got = flavor.run(client.client_credentials())
    assert isinstance(got, MyToken)
    assert got.authorization_header() == "Mine an-access-token"


# --- authentication on the wire


def test_basic_credentials_are_form_encoded_first(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=ClientSecretBasic("an id", "s:é+%"))
    flavor.run(client.client_credentials())
    assert sent[0].headers["authorization"] == "Basic YW4lMjBpZDpzJTNBJUMzJUE5JTJCJTI1"
    assert sent[0].form == {"grant_type": "client_credentials"}


def test_a_public_client_only_says_its_id(flavor: Flavor) -> None:
    for auth in (PublicApp("id"), "id"):
        client, sent = flavor.mocked(token(), auth=auth)
        flavor.run(client.client_credentials())
        assert sent[0].form == {"grant_type": "client_credentials", "client_id": "id"}


def test_an_assertion_is_for_the_url_that_is_called_and_used_once(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=ClientSecretJwt("id", "s" * 32))
    for _ in range(2):
        flavor.run(client.client_credentials())
    first, second = (IdToken(request.form["client_assertion"]) for request in sent)
    assert (first.aud, first.iss, first.sub) == ("https://as.local/token", "id", "id")
    assert first.jti != second.jti
    assert sent[0].form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_handler_of_the_users_own_authenticates(flavor: Flavor) -> None:
    class Own(flavor.library.Auth if flavor.is_async else object):  # type: ignore[misc]
        def __call__(self, request: Any) -> Any:
            request.headers["X-Key"] = "mine"
            return request

        def auth_flow(self, request: Any) -> Any:
            yield self(request)

    client, sent = flavor.mocked(token(), auth=Own(), client_id="id")
    flavor.run(client.client_credentials())
    assert sent[0].headers["x-key"] == "mine"
    assert client.client_id == "id"


def test_a_handler_for_requests_can_not_authenticate_the_async_client() -> None:
    from requests.auth import HTTPBasicAuth

    from requests_oauth2client import AsyncOAuth2Client

    with pytest.raises(UnsupportedClientCredentials, match="HTTPBasicAuth can't authenticate the async client"):
        AsyncOAuth2Client("https://as.local/token", HTTPBasicAuth("a", "b"))


@pytest.mark.parametrize("auth", [None, 7, ("id",), ("id", None), ("id", "a", "b"), object(), PublicApp, ("", "x")])
def test_what_is_no_credential_is_refused(flavor: Flavor, auth: Any) -> None:
    with pytest.raises(UnsupportedClientCredentials) as caught:
        flavor.client(auth=auth)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


def test_credentials_that_contradict_each_other_are_refused(flavor: Flavor) -> None:
    with pytest.raises(UnsupportedClientCredentials):
        flavor.client(auth=("id", "secret"), client_secret="other")
    with pytest.raises(UnsupportedClientCredentials):
        flavor.client(auth=None, client_id="id", client_secret="x", private_key={"kty": "oct"})
    with pytest.raises(InvalidParam, match="contradicts"):
        flavor.client(auth=("id", "secret"), client_id="other")


def test_a_method_refuses_a_request_that_is_no_form_post() -> None:
    import requests

    prepared = requests.Request("GET", "https://api.local/").prepare()
    with pytest.raises(InvalidRequestForClientAuthentication, match="GET"):
        ClientSecretBasic("id", "secret")(prepared)


# --- settings


def test_settings_can_be_read_and_not_changed(flavor: Flavor) -> None:
    client = flavor.client(issuer="https://as.local", scope_hint="x")
    assert (client.issuer, client.client_id, client.client_secret) == ("https://as.local", "id", "hush-hush")
    assert client.extra_metadata == {"scope_hint": "x"}
    with pytest.raises(AttributeError, match="can't be changed"):
        client.token_endpoint = "https://evil.local/"


@pytest.mark.parametrize(
    ("method", "args", "name"),
    [
        ("revoke_token", ("t",), "revocation_endpoint"),
        ("introspect_token", ("t",), "introspection_endpoint"),
        ("userinfo", ("t",), "userinfo_endpoint"),
        ("authorize_device", (), "device_authorization_endpoint"),
    ],
)
def test_a_missing_endpoint_is_named_when_it_is_needed(
    flavor: Flavor, method: str, args: tuple[str, ...], name: str
) -> None:
    client, sent = flavor.mocked(Answer())
    with pytest.raises(MissingEndpointUri, match=name) as caught:
        flavor.run(getattr(client, method)(*args))
    assert isinstance(caught.value, AttributeError)
    assert caught.value.endpoint_name == name
    assert sent == []

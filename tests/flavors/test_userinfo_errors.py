"""Userinfo at servers that do it their own way: GET only, errors in a challenge, errors with a status of 200."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer, error
from devkit.flavors import Flavor
from requests_oauth2client import DPoPKey, DPoPToken, EndpointError, IntrospectionResponse, UserInfo
from requests_oauth2client._core.messages import parse_json_object
from requests_oauth2client._jose import jws
from requests_oauth2client.client import InvalidIntrospectionResponse
from requests_oauth2client.exceptions import InvalidUserInfoResponse

URLS = {f"{name}_endpoint": f"https://as.local/{name}" for name in ("introspection", "userinfo")}
PERSON = {"sub": "alice", "email": "alice@as.local", "email_verified": "true", "updated_at": 0, "name": 1}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_post_is_asked_by_get_from_then_on(flavor: Flavor, status: int) -> None:
    def respond(came: Received) -> Answer:
        return answer(PERSON) if came.method == "GET" else answer(b"", status)

    client, received = flavor.mocked(respond, **URLS)
    for _ in range(2):
        assert flavor.run(client.userinfo("access")) == PERSON
    assert [came.method for came in received] == ["POST", "GET", "GET"]
    assert all(came.headers["authorization"] == "Bearer access" for came in received)
    assert not received[1].body


@pytest.mark.parametrize("how", [{"method": "POST"}, {"bearer_method": "body"}], ids=str)
def test_a_method_that_the_caller_chose_is_the_only_one(flavor: Flavor, how: dict[str, Any]) -> None:
    client, received = flavor.mocked(answer(b"", 405), **URLS)
    with pytest.raises(InvalidUserInfoResponse):
        flavor.run(client.userinfo("access", **how))
    assert [came.method for came in received] == ["POST"]


def test_an_endpoint_that_is_not_there_is_not_remembered_as_one_with_get(flavor: Flavor) -> None:
    client, received = flavor.mocked(answer(b"", 404), **URLS)
    for _ in range(2):
        with pytest.raises(InvalidUserInfoResponse):
            flavor.run(client.userinfo("access"))
    assert [came.method for came in received] == ["POST", "GET", "POST", "GET"]


def test_a_bound_token_is_proved_for_the_method_that_is_used(flavor: Flavor) -> None:
    proved = []

    def respond(came: Received) -> Answer:
        proved.append(parse_json_object(jws.parse(came.headers["dpop"]).payload)["htm"])
        return answer(PERSON) if came.method == "GET" else answer(b"", 405)

    client, _ = flavor.mocked(respond, **URLS)
    assert flavor.run(client.userinfo(DPoPToken("access", dpop_key=DPoPKey.generate()))).sub == "alice"
    assert proved == ["POST", "GET"]


CHALLENGES = {
    "bearer": 'Bearer realm="x", error="invalid_token", error_description="it expired"',
    "dpop": 'DPoP error="invalid_token", error_description="it expired", algs="ES256"',
    "second": 'Basic realm="x", Bearer error="invalid_token", error_description="it expired"',
}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)
@pytest.mark.parametrize("body", [b"", b"<html>"], ids=["empty", "html"])
def test_an_error_in_the_challenge_is_read(flavor: Flavor, challenge: str, body: bytes) -> None:
    client, _ = flavor.mocked(answer(body, 401, WWW_Authenticate=challenge), **URLS)
    with pytest.raises(EndpointError, match="it expired") as refused:
        flavor.run(client.userinfo("access"))
    assert refused.value.error == "invalid_token"


def test_an_error_in_the_body_goes_before_the_challenge(flavor: Flavor) -> None:
    given = answer({"error": "insufficient_scope"}, 403, WWW_Authenticate='Bearer error="invalid_token"')
    client, _ = flavor.mocked(given, **URLS)
    with pytest.raises(EndpointError) as refused:
        flavor.run(client.userinfo("access"))
    assert refused.value.error == "insufficient_scope"


@pytest.mark.parametrize(
    "body",
    [
        {"ok": False, "error": "invalid_auth"},
        {"ok": False},
        {"error": {"message": "Invalid OAuth access token.", "code": 190}},
        {"errcode": 40003, "errmsg": "invalid openid"},
        {"error": "invalid_token"},
    ],
    ids=["slack", "slack without a reason", "facebook", "wechat", "oauth"],
)
def test_an_error_with_a_status_of_success_is_an_error(flavor: Flavor, body: dict[str, Any]) -> None:
    client, _ = flavor.mocked(answer(body), **URLS)
    with pytest.raises((EndpointError, InvalidUserInfoResponse)) as refused:
        flavor.run(client.userinfo("access"))
    if isinstance(body.get("error"), str):
        assert refused.value.error == body["error"]


@pytest.mark.parametrize("body", [{**PERSON, "error": "no"}, {"login": "octocat"}, {"ok": True, "id": 1}], ids=str)
def test_claims_are_no_error(flavor: Flavor, body: dict[str, Any]) -> None:
    client, _ = flavor.mocked(answer(body), **URLS)
    assert flavor.run(client.userinfo("access")) == body


def test_claims_are_typed_and_still_a_dict(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer(PERSON), **URLS)
    user = flavor.run(client.userinfo("access"))
    assert isinstance(user, UserInfo)
    assert user == PERSON
    assert (user.sub, user.email, user.email_verified, user.name) == ("alice", "alice@as.local", True, None)
    assert user.updated_at == datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
    assert (user.phone_number, user.phone_number_verified, user.address) == (None, None, None)


def test_an_introspection_response_is_typed_and_still_a_dict(flavor: Flavor) -> None:
    said = {"active": True, "scope": "a b", "aud": "api", "exp": 0, "client_id": 7}
    client, _ = flavor.mocked(answer(said), **URLS)
    found = flavor.run(client.introspect_token("access"))
    assert isinstance(found, IntrospectionResponse)
    assert found == said
    assert (found.active, found.scope, found.aud, found.client_id) == (True, "a b", ["api"], None)
    assert found.expires_at == datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017


@pytest.mark.parametrize("active", ["true", "false", 1, 0, None, [], {}], ids=repr)
def test_an_active_that_is_no_boolean_is_an_error(flavor: Flavor, active: Any) -> None:
    client, _ = flavor.mocked(answer({"active": active, "scope": "all"}), **URLS)
    with pytest.raises(InvalidIntrospectionResponse, match="expected true or false"):
        flavor.run(client.introspect_token("access"))


def test_a_response_that_does_not_say_active_is_not_active(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer({"scope": "all"}), **URLS)
    assert flavor.run(client.introspect_token("access")).active is False


def test_a_refused_introspection_is_an_error_as_before(flavor: Flavor) -> None:
    client, _ = flavor.mocked(error("invalid_client", 401), **URLS)
    with pytest.raises(EndpointError):
        flavor.run(client.introspect_token("access"))

"""Tokens by an assertion of the user's identity provider (ID-JAG), played, and as the grant of a handler."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from devkit.exchange import answer, token
from devkit.play import play
from requests_oauth2client import (
    BearerToken,
    CallableSource,
    IdentityAssertionSource,
    InvalidIdentityAssertion,
    InvalidParam,
    NonRenewableTokenError,
    OAuth2Client,
)

ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
ISSUED = answer({"issued_token_type": ID_JAG, "access_token": "id-jag", "token_type": "N_A", "expires_in": 300})


def client(**settings: Any) -> OAuth2Client:
    return OAuth2Client(
        "https://as.local/token", ("me", "hush"), retries=None, **{"issuer": "https://as.local", **settings}
    )


def idp() -> OAuth2Client:
    return OAuth2Client("https://idp.local/token", ("me-at-idp", "hush"), retries=None)


def source(id_token: Any = "id-token", **kw: Any) -> IdentityAssertionSource:
    known = {"scope": "read", "resource": "https://api.local", **kw}
    return IdentityAssertionSource(client(), idp=idp(), id_token=id_token, **known)


def test_an_id_token_becomes_an_assertion_and_that_a_token() -> None:
    heard = play(source().new_token(None), [ISSUED, token()])
    assert heard.result.access_token
    exchange, grant = heard.forms
    assert [request.url for request in heard.sent] == ["https://idp.local/token", "https://as.local/token"]
    assert exchange == {
        **exchange,
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": ID_JAG,
        "subject_token": "id-token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "audience": "https://as.local",
        "resource": "https://api.local",
        "scope": "read",
    }
    assert grant == {
        **grant,
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": "id-jag",
        "scope": "read",
        "resource": "https://api.local",
    }


@pytest.mark.parametrize("given", [lambda: "id-token", CallableSource(lambda: {"access_token": "id-token"})])
def test_the_id_token_is_the_current_one(given: Any) -> None:
    heard = play(source(given).new_token(None), [ISSUED, token()])
    assert heard.forms[0]["subject_token"] == "id-token"


def test_what_has_no_id_token_is_refused_before_anything_is_sent() -> None:
    heard = play(source(lambda: BearerToken("at")).new_token(None))
    assert isinstance(heard.error, NonRenewableTokenError)


@pytest.mark.parametrize("issued", ["urn:ietf:params:oauth:token-type:access_token", None])
def test_anything_but_an_assertion_is_refused(issued: str | None) -> None:
    came = {"access_token": "at", "token_type": "Bearer", "issued_token_type": issued}
    heard = play(source().new_token(None), [answer({name: value for name, value in came.items() if value})])
    assert isinstance(heard.error, InvalidIdentityAssertion)
    assert "id-jag" in str(heard.error)
    assert len(heard.sent) == 1


def test_the_provider_is_a_client() -> None:
    with pytest.raises(InvalidParam, match="idp="):
        IdentityAssertionSource(client(), idp="https://idp.local", id_token="x")


def test_it_is_a_grant_of_a_handler() -> None:
    made = functools.partial(IdentityAssertionSource, idp=idp(), id_token="id-token")
    heard = play(made(client(), scope="read", resource="https://api.local").new_token(None), [ISSUED, token()])
    assert heard.forms[1]["scope"] == "read"

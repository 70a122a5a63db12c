"""One token for another: which type a token has, what is sent, and what comes (RFC 8693)."""

from __future__ import annotations

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import answer, error, token
from devkit.play import play
from requests_oauth2client import BearerToken, IdToken, InvalidGrant, InvalidTokenResponse, OAuth2Client
from requests_oauth2client._jose.jws import sign
from requests_oauth2client._jose.keys import secret_key
from requests_oauth2client._protocol.grants.token_endpoint import client_credentials
from requests_oauth2client._protocol.grants.token_exchange import (
    TOKEN_TYPES,
    NotAnAccessToken,
    SecurityToken,
    UnknownActorTokenType,
    UnknownRequestedTokenType,
    UnknownSubjectTokenType,
    UnknownTokenType,
    token_exchange,
)
from requests_oauth2client.tokens import InvalidIdToken

ID_TOKEN = sign({"sub": "alice"}, secret_key("s" * 32))
WHOLE = BearerToken("an-access-token", refresh_token="a-refresh-token", id_token=ID_TOKEN)
URN = "urn:ietf:params:oauth:token-type:"


def client(**settings: Any) -> OAuth2Client:
    return OAuth2Client("https://as.local/token", ("id", "hush-hush"), **{"retries": None, **settings})


def issued(**fields: Any) -> Any:
    return answer({"access_token": "another-token", "issued_token_type": URN + "access_token", **fields})


# --- types ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TOKEN_TYPES)
def test_a_short_name_becomes_its_urn(name: str) -> None:
    assert OAuth2Client.get_token_type(name) == URN + name


def test_a_uri_is_taken_as_it_is() -> None:
    assert OAuth2Client.get_token_type("urn:example:thing") == "urn:example:thing"


@pytest.mark.parametrize(
    ("given_token", "name"), [(WHOLE, "access_token"), (IdToken(ID_TOKEN), "id_token")], ids=["bearer", "id_token"]
)
def test_the_type_is_inferred_from_the_token(given_token: Any, name: str) -> None:
    assert OAuth2Client.get_token_type(token=given_token) == URN + name


def test_a_token_that_was_exchanged_says_its_own_type() -> None:
    exchanged = SecurityToken("x", token_type="N_A", issued_token_type=URN + "saml2")
    assert OAuth2Client.get_token_type(token=exchanged) == URN + "saml2"


@pytest.mark.parametrize(
    ("token_type", "given_token"),
    [
        (None, None),
        (None, "a-text-says-nothing"),
        ("access-token", None),
        ("", None),
        ("refresh_token", BearerToken("x")),
        ("id_token", BearerToken("x")),
        ("access_token", IdToken(ID_TOKEN)),
        ("refresh_token", IdToken(ID_TOKEN)),
    ],
)
def test_a_type_that_can_not_be_told_is_an_error(token_type: Any, given_token: Any) -> None:
    with pytest.raises(UnknownTokenType) as refused:
        OAuth2Client.get_token_type(token_type, given_token)
    assert isinstance(refused.value, (TypeError, ValueError))
    assert ID_TOKEN not in str(refused.value)


@given(st.text(alphabet=string.printable) | st.integers() | st.none() | st.binary())
def test_whatever_is_given_as_type_only_our_error_comes(token_type: Any) -> None:
    with contextlib.suppress(UnknownTokenType):
        assert ":" in OAuth2Client.get_token_type(token_type)


# --- what is sent -----------------------------------------------------------------------------------------


def sent(**exchange: Any) -> dict[str, Any]:
    heard = play(token_exchange(client(), **exchange), [issued(token_type="Bearer")])
    assert heard.result.access_token == "another-token"
    return {name: text for name, text in heard.forms[0].items() if not name.startswith("client_")}


def test_types_are_inferred_and_sent() -> None:
    assert sent(subject_token=WHOLE, actor_token=IdToken(ID_TOKEN), requested_token_type="jwt", audience="api") == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "an-access-token",
        "subject_token_type": URN + "access_token",
        "actor_token": ID_TOKEN,
        "actor_token_type": URN + "id_token",
        "requested_token_type": URN + "jwt",
        "audience": "api",
    }


@pytest.mark.parametrize(
    ("token_type", "text"),
    [("refresh_token", "a-refresh-token"), ("id_token", ID_TOKEN), ("jwt", "an-access-token")],
)
def test_the_type_decides_which_of_the_tokens_is_sent(token_type: str, text: str) -> None:
    form = sent(subject_token=WHOLE, subject_token_type=token_type)
    assert (form["subject_token"], form["subject_token_type"]) == (text, URN + token_type)


def test_scope_words_are_joined() -> None:
    assert sent(subject_token=WHOLE, scope=["a", "b"])["scope"] == "a b"


def test_bytes_are_a_token_too() -> None:
    assert sent(subject_token=b"<saml/>", subject_token_type="saml1")["subject_token"] == "<saml/>"


@pytest.mark.parametrize(
    ("exchange", "refusal"),
    [
        ({"subject_token": "text"}, UnknownSubjectTokenType),
        ({"subject_token": None, "subject_token_type": "jwt"}, UnknownSubjectTokenType),
        ({"subject_token": WHOLE, "subject_token_type": "nonsense"}, UnknownSubjectTokenType),
        ({"subject_token": WHOLE, "actor_token": "text"}, UnknownActorTokenType),
        ({"subject_token": WHOLE, "actor_token_type": "jwt"}, UnknownActorTokenType),
        ({"subject_token": WHOLE, "requested_token_type": "nonsense"}, UnknownRequestedTokenType),
    ],
)
def test_nothing_is_sent_without_its_type(exchange: Any, refusal: type[Exception]) -> None:
    heard = play(token_exchange(client(), **exchange))
    assert isinstance(heard.error, refusal)
    assert not heard.sent


# --- what comes -------------------------------------------------------------------------------------------


def exchanged(coming: Any, **more: Any) -> Any:
    return play(token_exchange(client(), subject_token=WHOLE, **more), [coming]).result


def test_the_issued_type_is_told() -> None:
    assert exchanged(issued(token_type="Bearer")).issued_token_type == URN + "access_token"


def test_what_is_no_access_token_authenticates_nothing() -> None:
    saml = exchanged(issued(token_type="N_A", issued_token_type=URN + "saml2", expires_in=60))
    assert isinstance(saml, SecurityToken)
    assert (str(saml), saml.issued_token_type, saml.token_type) == ("another-token", URN + "saml2", "N_A")
    with pytest.raises(NotAnAccessToken, match="saml2"):
        saml.authorization_header()


@pytest.mark.parametrize(
    "fields",
    [
        {"token_type": "N_A"},
        {"token_type": "N_A", "issued_token_type": None},
        {"token_type": "N_A", "issued_token_type": 1},
        {"token_type": "mac", "issued_token_type": URN + "saml2"},
        {"token_type": "N_A", "issued_token_type": URN + "saml2", "access_token": 1},
        {"token_type": "N_A", "issued_token_type": URN + "id_token", "access_token": "no-jwt"},
    ],
)
def test_a_token_type_that_contradicts_the_rest_is_refused(fields: Any) -> None:
    with pytest.raises(InvalidTokenResponse):
        exchanged(issued(**fields))


@pytest.mark.parametrize("coming", [answer("N_A"), answer("", 500), answer([])])
def test_what_is_no_token_response_is_none_here_either(coming: Any) -> None:
    with pytest.raises(InvalidTokenResponse):
        exchanged(coming)


def test_no_other_grant_takes_a_token_that_is_no_access_token() -> None:
    coming = issued(token_type="N_A", issued_token_type=URN + "saml2")
    assert isinstance(play(client_credentials(client()), [coming]).error, InvalidTokenResponse)


def test_an_error_is_that_of_the_token_endpoint() -> None:
    with pytest.raises(InvalidGrant):
        exchanged(error("invalid_grant"))


def test_an_id_token_that_came_along_is_checked() -> None:
    wrong = sign({"iss": "https://other.local", "sub": "a", "aud": "id"}, secret_key("s" * 32))
    knowing = client(issuer="https://as.local", id_token_signed_response_alg="HS256")
    heard = play(token_exchange(knowing, subject_token=WHOLE), [token(id_token=wrong)])
    assert isinstance(heard.error, InvalidIdToken)


def test_an_issued_id_token_is_checked_unless_it_is_for_another() -> None:
    other = sign({"iss": "https://as.local", "sub": "a", "aud": "another"}, secret_key("hush-hush"))
    knowing = client(issuer="https://as.local", id_token_signed_response_alg="HS256")
    coming = issued(token_type="N_A", issued_token_type=URN + "id_token", access_token=other)
    for_us = play(token_exchange(knowing, subject_token=WHOLE), [coming])
    assert isinstance(for_us.error, InvalidIdToken)
    for_them = play(token_exchange(knowing, subject_token=WHOLE, audience="another"), [coming]).result
    assert for_them.id_token is not None
    assert not for_them.id_token.checked

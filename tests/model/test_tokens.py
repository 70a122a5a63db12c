"""Tokens as values: what they are made of, when they expire, what they show, and how they compare."""

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client._jose.compact import MAX_SIZE
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.tokens import BearerToken, IdToken, InvalidIdToken, UnsupportedTokenTypeError
from requests_oauth2client.utils import b64u_encode

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)  # noqa: UP017  freezing tools patch datetime, not this
CLAIMS = {
    "iss": "https://as.local", "sub": "alice", "aud": ["id", "other"], "azp": "id", "exp": 1767268800,
    "iat": 1767265200, "auth_time": 1767265100, "email": "alice@as.local", "nonce": "n",
}  # fmt: skip


def jwt(claims: Any = CLAIMS, headers: Any = None, *, parts: int = 3) -> str:
    head = b64u_encode(json.dumps(headers or {"alg": "RS256", "kid": "k"}))
    return ".".join([head, b64u_encode(json.dumps(claims)), *["c2ln"] * (parts - 2)])


# --- BearerToken: made of


def test_a_token_needs_nothing_but_its_text() -> None:
    token = BearerToken("t")
    assert (token.access_token, token.token_type, str(token)) == ("t", "Bearer", "t")
    assert token.expires_at is token.expires_in is token.scope is token.refresh_token is token.id_token is None


def test_what_else_came_is_an_attribute_and_an_item() -> None:
    token = BearerToken("t", custom=[1], scope="a", expires_in=60)
    assert (token.custom, token["custom"], "custom" in token) == ([1], [1], True)
    assert (token["scope"], token["access_token"], "expires_in" in token) == ("a", "t", True)
    assert "refresh_token" not in token
    assert "nothing" not in token
    with pytest.raises(AttributeError, match="this BearerToken has no 'nothing': the server did not send it"):
        _ = token.nothing
    with pytest.raises(KeyError):
        _ = token["nothing"]


def test_a_field_that_is_null_is_not_there() -> None:
    token = BearerToken("t", custom=None)
    assert "custom" not in token
    assert token == BearerToken("t")


@pytest.mark.parametrize("wrong", ["", None, 7, b"t", [], {}, "a b\n", "é", "\x00"])
def test_a_token_is_a_text_that_fits_into_a_header(wrong: Any) -> None:
    with pytest.raises(InvalidParam, match="access_token"):
        BearerToken(wrong)
    if wrong:
        with pytest.raises(InvalidParam, match="refresh_token"):
            BearerToken("t", refresh_token=wrong)


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER", None])
def test_the_type_is_compared_without_case(token_type: str | None) -> None:
    assert BearerToken("t", token_type=token_type).token_type == "Bearer"


@pytest.mark.parametrize("token_type", ["DPoP", "", "mac", 7, ["Bearer"]])
def test_another_type_is_refused(token_type: Any) -> None:
    with pytest.raises(UnsupportedTokenTypeError, match="expected 'Bearer'") as caught:
        BearerToken("t", token_type=token_type)
    assert (caught.value.token_type, caught.value.expected) == (token_type, "Bearer")


@pytest.mark.parametrize("scope", ["a b", ["a", "b"]])
def test_a_scope_is_a_text(scope: Any) -> None:
    assert BearerToken("t", scope=scope).scope == "a b"


def test_an_id_token_is_read() -> None:
    for value in (jwt(), jwt().encode(), IdToken(jwt())):
        token = BearerToken("t", id_token=value)
        assert isinstance(token.id_token, IdToken)
        assert token.id_token.subject == "alice"
        assert token.id_token.checked is False


@pytest.mark.parametrize("nothing", [None, "", [], False])
def test_no_id_token_is_none(nothing: Any) -> None:
    assert BearerToken("t", id_token=nothing).id_token is None


def test_an_access_token_may_be_read_as_a_jwt() -> None:
    assert BearerToken(jwt()).access_token_jwt.claims == CLAIMS
    with pytest.raises(InvalidIdToken):
        _ = BearerToken("opaque").access_token_jwt


# --- BearerToken: expiry


@freeze_time(NOON)
@pytest.mark.parametrize(
    ("kwargs", "seconds"),
    [
        ({"expires_in": 60}, 60),
        ({"expires_in": "60"}, 60),
        ({"expires_in": 60.9}, 60),
        ({"expires_in": 0}, 0),
        ({"expires_in": -5}, -5),
        ({"expires_at": NOON + timedelta(seconds=60)}, 60),
        ({"expires_at": NOON.timestamp() + 60}, 60),
        ({"expires_at": str(int(NOON.timestamp()) + 60)}, 60),
        ({"expires_at": NOON + timedelta(seconds=60), "expires_in": 7}, 60),
    ],
)
def test_expiry_is_understood(kwargs: dict[str, Any], seconds: int) -> None:
    token = BearerToken("t", **kwargs)
    assert token.expires_at == NOON + timedelta(seconds=seconds)
    assert token.expires_in == token["expires_in"] == seconds
    assert token.is_expired() is (seconds <= 0)


@pytest.mark.parametrize("nonsense", [None, "soon", True, [], {}, "nan", float("inf")])
def test_nonsense_about_expiry_counts_as_unknown(nonsense: Any) -> None:
    token = BearerToken("t", expires_in=nonsense)
    assert token.expires_at is token.expires_in is token.is_expired() is None


def test_expiry_counts_down() -> None:
    with freeze_time(NOON) as clock:
        token = BearerToken("t", expires_in=60)
        seen = [(token.expires_in, token.is_expired(), token.is_expired(20))]
        for step in (39.5, 0.5, 20, 1):
            clock.tick(step)
            seen.append((token.expires_in, token.is_expired(), token.is_expired(20)))
    assert seen == [
        (60, False, False), (21, False, False), (20, False, True), (0, True, True), (-1, True, True),
    ]  # fmt: skip


# --- BearerToken: a value


def test_a_token_does_not_change() -> None:
    token = BearerToken("t", custom=1)
    for name in ("access_token", "expires_at", "custom", "new"):
        with pytest.raises(AttributeError, match="does not change"):
            setattr(token, name, "x")
        with pytest.raises(AttributeError, match="does not change"):
            delattr(token, name)


def test_tokens_are_equal_by_value() -> None:
    token = BearerToken("t", expires_at=NOON, scope="a", custom=[1])
    assert token == BearerToken("t", expires_at=NOON, scope="a", custom=[1])
    assert hash(token) == hash(BearerToken("t", expires_at=NOON, scope="a", custom=[1]))
    for other in (BearerToken("u", expires_at=NOON, scope="a", custom=[1]), BearerToken("t"), "t", None):
        assert token != other


def test_a_token_of_another_class_is_another_token() -> None:
    class Mine(BearerToken):
        """A user's own."""

    assert Mine("t") != BearerToken("t")


fields = st.fixed_dictionaries(
    {},
    optional={
        "expires_in": st.integers(-(10**6), 10**9),
        "scope": st.sampled_from(["a", "a b"]),
        "refresh_token": st.just("r"),
        "id_token": st.just(jwt()),
        "authorization_details": st.lists(st.dictionaries(st.text(), st.text())),
        "custom": st.none() | st.text() | st.integers(),
    },
)


@given(fields)
def test_a_token_can_be_made_again_of_its_fields(kwargs: dict[str, Any]) -> None:
    token = BearerToken("t", **kwargs)
    assert BearerToken(**token.as_dict()) == token
    assert set(token) == token.as_dict().keys()
    assert all(name in token for name in token.as_dict())
    assert token.replace() == token


def test_a_copy_of_a_token_has_other_fields() -> None:
    token = BearerToken("t", expires_at=NOON, refresh_token="r", custom=1)
    other = token.replace(access_token="u", refresh_token=None)
    assert (other.access_token, other.refresh_token, other.custom, other.expires_at) == ("u", None, 1, NOON)
    assert token.access_token == "t"


@freeze_time(NOON)
def test_a_lifetime_replaces_an_expiry() -> None:
    assert BearerToken("t", expires_at=NOON).replace(expires_at=None, expires_in=60).expires_in == 60


def test_copies_are_the_token_and_pickles_are_refused() -> None:
    token = BearerToken("planted")
    assert copy.copy(token) is copy.deepcopy(token) is token
    with pytest.raises(TypeError, match=r"holds secrets and is not pickled\. Use TokenSerializer") as caught:
        pickle.dumps(token)
    assert "planted" not in str(caught.value)


def test_a_token_shows_what_it_has_and_no_secret() -> None:
    token = BearerToken("planted", expires_at=NOON, scope="a b", refresh_token="planted", id_token=jwt(), x="planted")
    assert repr(token) == "<BearerToken expires_at=2026-01-01T12:00:00+00:00 scope='a b' +refresh_token +id_token>"
    assert repr(BearerToken("planted")) == "<BearerToken>"


def test_a_class_decides_type_header_and_scheme() -> None:
    class Mine(BearerToken):
        TOKEN_TYPE = "Mine"
        AUTHORIZATION_SCHEME = "Scheme"

    assert Mine("t", token_type="mine").authorization_header() == "Scheme t"
    with pytest.raises(UnsupportedTokenTypeError, match="expected 'Mine'"):
        Mine("t", token_type="Bearer")


def test_both_classes_report_the_module_that_people_know() -> None:
    assert BearerToken.__module__ == IdToken.__module__ == "requests_oauth2client.tokens"


# --- IdToken


def test_claims_are_attributes_and_items() -> None:
    token = IdToken(jwt())
    assert (token.email, token["email"], "email" in token, "phone" in token) == ("alice@as.local",) * 2 + (True, False)
    assert (token.headers, token.claims) == ({"alg": "RS256", "kid": "k"}, CLAIMS)
    with pytest.raises(AttributeError):
        _ = token.phone
    with pytest.raises(KeyError):
        _ = token["phone"]


def test_the_registered_claims_have_names() -> None:
    token = IdToken(jwt())
    assert (token.alg, token.kid, token.issuer, token.subject) == ("RS256", "k", "https://as.local", "alice")
    assert (token.audiences, token.aud, token.authorized_party) == (["id", "other"], ["id", "other"], "id")
    assert token.expires_at == NOON
    assert token.issued_at == NOON - timedelta(hours=1)
    assert token.auth_datetime == NOON - timedelta(hours=1, seconds=100)


@pytest.mark.parametrize(("aud", "audiences"), [("id", ["id"]), (["a", 7], ["a"]), (7, []), (None, [])])
def test_an_audience_is_a_text_or_a_list(aud: Any, audiences: list[str]) -> None:
    assert IdToken(jwt({"aud": aud})).audiences == audiences


@pytest.mark.parametrize("name", ["iss", "sub", "azp", "exp", "iat", "auth_time"])
@pytest.mark.parametrize("value", [None, [], {}, True])
def test_a_claim_of_the_wrong_type_is_none(name: str, value: Any) -> None:
    token = IdToken(jwt({name: value}))
    read = {"iss": token.issuer, "sub": token.subject, "azp": token.authorized_party, "exp": token.expires_at,
            "iat": token.issued_at, "auth_time": token.auth_datetime}  # fmt: skip
    assert read[name] is None


def test_an_id_token_expires() -> None:
    token = IdToken(jwt())
    with freeze_time(NOON - timedelta(seconds=30)):
        assert (token.is_expired(), token.is_expired(30)) == (False, True)
    with freeze_time(NOON):
        assert token.is_expired() is True
    assert IdToken(jwt({})).is_expired() is None


def test_an_id_token_equals_its_string() -> None:
    token = IdToken(jwt())
    assert token == jwt() == str(token)
    assert token == IdToken(jwt(), checked=True)
    assert token == jwt().encode() == bytes(token)
    assert hash(token) == hash(jwt())
    for other in (jwt({}), IdToken(jwt({})), 7, None):
        assert token != other


class Text:
    """Another library's JWT."""

    def __str__(self) -> str:
        return jwt()


@pytest.mark.parametrize("value", [jwt(), jwt().encode(), Text()])
def test_an_id_token_is_made_of_whatever_is_one(value: Any) -> None:
    assert IdToken(value).subject == "alice"


def test_an_encrypted_id_token_hides_its_claims() -> None:
    token = IdToken(jwt(parts=5))
    assert token.is_encrypted
    assert (token.alg, IdToken(jwt()).is_encrypted) == ("RS256", False)
    with pytest.raises(InvalidIdToken, match=r"is encrypted\. Give the client an id_token_decryption_key"):
        _ = token.claims
    with pytest.raises(AttributeError):
        _ = token.email


@pytest.mark.parametrize(
    "value",
    ["", "a", "a.b", "a.b.c.d", "....", "..", "a.b.c", f"{b64u_encode('[]')}.e30.x", f"e30.{b64u_encode('7')}.x",
     "e30.e30\n.x", "é.e30.x", None, 7, b"\xff.\xff.x", "a" * (MAX_SIZE + 1), jwt({"a": "x" * MAX_SIZE})],
)  # fmt: skip
def test_what_is_no_jwt_is_refused(value: Any) -> None:
    with pytest.raises(InvalidIdToken, match="This is no JWT"):
        IdToken(value)


@given(
    st.text() | st.binary() | st.lists(st.text(alphabet="eyJ30.-_=", max_size=9), min_size=3, max_size=5).map(".".join)
)
def test_whatever_is_given_is_a_jwt_or_refused(value: str | bytes) -> None:
    try:
        token = IdToken(value)
    except InvalidIdToken as refused:
        str(refused).encode()
    else:
        assert repr(token)


def test_an_id_token_shows_only_whether_it_was_checked() -> None:
    assert repr(IdToken(jwt())) == "<IdToken alg='RS256' unchecked>"
    assert repr(IdToken(jwt(), checked=True)) == "<IdToken alg='RS256' checked>"
    with pytest.raises(TypeError, match="validate it again"):
        pickle.dumps(IdToken(jwt()))
    assert copy.deepcopy(token := IdToken(jwt())) is token

"""Claims: each rule with its own error, leeway in favour of the token only."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from devkit.passing import passes
from requests_oauth2client._jose import claims
from requests_oauth2client._jose.errors import (
    ExpiredJwt,
    InvalidClaim,
    JoseError,
    JwtFromTheFuture,
    JwtNotYetValid,
    MismatchingAudience,
    MismatchingClaim,
    MissingClaim,
)

NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("check", "claim", "error", "wrong", "right"),
    [
        (claims.check_exp, "exp", ExpiredJwt, NOW, NOW + 1),
        (claims.check_nbf, "nbf", JwtNotYetValid, NOW + 1, NOW),
        (claims.check_iat, "iat", JwtFromTheFuture, NOW + 1, NOW),
    ],
)
def test_a_time_is_judged_to_the_second(check: Any, claim: str, error: Any, wrong: int, right: int) -> None:
    assert check({claim: right}, NOW) == right
    with pytest.raises(error, match="2023-11-14T22:13:2") as caught:
        check({claim: wrong}, NOW)
    assert (caught.value.claim, caught.value.received) == (claim, wrong)


def test_leeway_is_in_favour_of_the_token() -> None:
    assert claims.check_exp({"exp": NOW - 59}, NOW, 60) == NOW - 59
    assert claims.check_nbf({"nbf": NOW + 60}, NOW, 60) == NOW + 60
    assert claims.check_iat({"iat": NOW + 60}, NOW, 60) == NOW + 60
    with pytest.raises(ExpiredJwt, match=r"leeway 60 s"):
        claims.check_exp({"exp": NOW - 60}, NOW, 60)
    with pytest.raises(JwtNotYetValid):
        claims.check_nbf({"nbf": NOW + 61}, NOW, 60)
    with pytest.raises(JwtFromTheFuture):
        claims.check_iat({"iat": NOW + 61}, NOW, 60)


@pytest.mark.parametrize(("check", "claim"), [(claims.check_exp, "exp"), (claims.check_iat, "iat")])
@pytest.mark.parametrize("absent", [{}, None])
def test_exp_and_iat_are_demanded_unless_they_may_be_absent(check: Any, claim: str, absent: Any) -> None:
    given = {claim: None} if absent is None else {}
    with pytest.raises(MissingClaim, match=f"no {claim}"):
        check(given, NOW)
    assert check(given, NOW, required=False) is None


def test_nbf_may_be_absent_unless_it_is_demanded() -> None:
    assert claims.check_nbf({}, NOW) is None
    with pytest.raises(MissingClaim):
        claims.check_nbf({}, NOW, required=True)


@pytest.mark.parametrize("value", ["1", True, False, [], {}, -1, 1e20, float("inf"), float("nan"), 10**400, "now"])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(InvalidClaim, match="seconds since 1970"):
        claims.check_exp({"exp": value}, NOW)


def test_fractions_of_a_second_count() -> None:
    assert claims.check_exp({"exp": NOW + 0.5}, NOW + 0.4)
    with pytest.raises(ExpiredJwt):
        claims.check_exp({"exp": NOW + 0.5}, NOW + 0.5)


@pytest.mark.parametrize("aud", ["me", ["me"], ["other", "me"]])
def test_an_audience_may_be_one_or_several(aud: Any) -> None:
    assert "me" in claims.check_aud({"aud": aud}, "me")


@pytest.mark.parametrize("aud", ["menu", ["other"], ["m", "e"], "ME"])
def test_a_token_for_others_is_refused(aud: Any) -> None:
    with pytest.raises(MismatchingAudience, match="'me'"):
        claims.check_aud({"aud": aud}, "me")


@pytest.mark.parametrize("aud", [[], [5], {"me": 1}, 5, ["me", None], True])
def test_what_is_no_audience_is_refused(aud: Any) -> None:
    with pytest.raises(InvalidClaim, match="list of str"):
        claims.check_aud({"aud": aud}, "me")


def test_an_audience_is_demanded() -> None:
    with pytest.raises(MissingClaim):
        claims.check_aud({}, "me")


def test_a_text_is_compared_exactly() -> None:
    assert claims.check_equal({"iss": "https://as"}, "iss", "https://as") == "https://as"
    for other in ("https://as/", "HTTPS://as", ["https://as"], 5):
        with pytest.raises(MismatchingClaim, match="expected 'https://as'"):
            claims.check_equal({"iss": other}, "iss", "https://as")
    with pytest.raises(MissingClaim):
        claims.check_equal({}, "iss", "https://as")


def test_an_error_can_be_pickled_with_what_it_says() -> None:
    with pytest.raises(MismatchingClaim) as caught:
        claims.check_equal({"iss": "evil"}, "iss", "good")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (type(again), str(again), again.claim) == (MismatchingClaim, str(caught.value), "iss")
    assert (again.received, again.expected) == ("evil", "good")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


CHECKS: dict[str, Callable[[Any, float], object]] = {
    "exp": lambda found, now: claims.check_exp(found, now, 60),
    "nbf": lambda found, now: claims.check_nbf(found, now, 60),
    "iat": lambda found, now: claims.check_iat(found, now, 60),
    "aud": lambda found, _: claims.check_aud(found, "me"),
    "iss": lambda found, _: claims.check_equal(found, "iss", "https://as"),
}
RIGHT = {"exp": st.just(2e10), "nbf": st.just(0), "iat": st.just(0), "aud": st.just("me"), "iss": st.just("https://as")}
found_claims = st.fixed_dictionaries({}, optional={name: values | right for name, right in RIGHT.items()})


@pytest.mark.parametrize("name", CHECKS)
def test_some_claims_get_through(name: str) -> None:
    assert find(found_claims, lambda found: name in found and passes(InvalidClaim, CHECKS[name], found, 1e9))


@given(found_claims, st.floats(0, 1e10))
def test_any_claims_give_a_documented_error(found: Any, now: float) -> None:
    for check in CHECKS.values():
        with contextlib.suppress(InvalidClaim):
            check(found, now)


@given(values)
def test_the_text_of_an_error_is_one_line_and_short(value: Any) -> None:
    with pytest.raises(InvalidClaim) as caught:
        claims.check_equal({"iss": value}, "iss", "https://as")
    assert isinstance(caught.value, JoseError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000

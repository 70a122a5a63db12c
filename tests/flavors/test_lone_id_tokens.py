"""ID tokens that come alone, keys and tokens as servers really write them, and refreshes that lose nothing."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from devkit.exchange import Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import BearerToken, IdToken
from requests_oauth2client._jose import jwk as jwks
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.errors import AmbiguousKey, InvalidKey, NoMatchingKey
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.keys import choose_key, signing_key, verification_key
from requests_oauth2client.tokens import (
    ExpiredIdToken,
    InvalidIdToken,
    MismatchingIdTokenAcr,
    MismatchingIdTokenAudience,
    MismatchingIdTokenAuthTime,
    MismatchingIdTokenAzp,
    MismatchingIdTokenIssuer,
    MismatchingIdTokenNonce,
)
from requests_oauth2client.utils import b64u_decode, b64u_encode

ISSUER = "https://as.local"
KEY = generate_private_jwk("RS256", kid="k")
JWKS = {"keys": [public_jwk(KEY)]}
KNOWN: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}


def signed(key: Any = KEY, header: Any = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "alice", "aud": "id", "iat": now, "exp": now + 300, **changes}
    return jws.sign(
        {name: value for name, value in claims.items() if value is not None}, signing_key(key), header=header
    )


def check(flavor: Flavor, id_token: str, *, keys: Any = JWKS, asked: Any = None, **settings: Any) -> IdToken:
    client, _ = flavor.mocked(answer(keys), **{**KNOWN, **settings})
    checked: IdToken = flavor.run(client.check_id_token(id_token, **(asked or {})))
    return checked


def test_an_id_token_that_comes_alone_is_checked_with_keys_that_are_fetched(flavor: Flavor) -> None:
    client, received = flavor.mocked(answer(JWKS), **KNOWN)
    for form in (signed(), f" {signed()}\n", IdToken(signed())):
        assert flavor.run(client.check_id_token(form)).checked
    assert [came.path for came in received] == ["/jwks"]


REFUSED: dict[str, tuple[Any, Any, type[InvalidIdToken]]] = {
    "issuer": ({"iss": "https://evil.local"}, {}, MismatchingIdTokenIssuer),
    "audience": ({"aud": "other"}, {}, MismatchingIdTokenAudience),
    "expired": ({"exp": 1}, {}, ExpiredIdToken),
    "another nonce": ({"nonce": "x"}, {"nonce": "n"}, MismatchingIdTokenNonce),
    "no nonce": ({}, {"nonce": "n"}, MismatchingIdTokenNonce),
    "a nonce, unasked": ({"nonce": "x"}, {"nonce": None}, MismatchingIdTokenNonce),
    "too long ago": ({"auth_time": 1}, {"max_age": 60}, MismatchingIdTokenAuthTime),
}


@pytest.mark.parametrize(("changes", "asked", "error"), REFUSED.values(), ids=REFUSED)
def test_a_lone_id_token_that_breaks_a_rule_is_refused(flavor: Flavor, changes: Any, asked: Any, error: Any) -> None:
    with pytest.raises(error):
        check(flavor, signed(**changes), asked=asked)
    assert check(flavor, signed(nonce="n"), asked={"nonce": "n"}).checked


def test_an_id_token_validates_itself_without_a_client() -> None:
    token = IdToken(signed(nonce="n"))
    assert token.validate(ISSUER, public_jwk(KEY), "n") is token
    assert IdToken(signed()).validate(ISSUER, JWKS).subject == "alice"
    for wrong in ((f"{ISSUER}/", JWKS, "n"), (ISSUER, JWKS, "m"), (ISSUER, {"keys": []}, "n")):
        with pytest.raises(InvalidIdToken):
            token.validate(*wrong)


# --- one named setting for each rule

SETTINGS: dict[str, tuple[Any, Any, type[InvalidIdToken]]] = {
    "id_token_leeway": ({"exp": -60}, {"id_token_leeway": 600}, ExpiredIdToken),
    "trusted_audiences": ({"aud": ["id", "api"]}, {"trusted_audiences": "api"}, MismatchingIdTokenAzp),
    "authorized_parties": ({"azp": "app"}, {"authorized_parties": ["app"]}, MismatchingIdTokenAzp),
    "further_issuers": ({"iss": "as.local"}, {"further_issuers": ["as.local"]}, MismatchingIdTokenIssuer),
}


@pytest.mark.parametrize(("changes", "setting", "error"), SETTINGS.values(), ids=SETTINGS)
def test_each_rule_has_a_setting_that_shows(flavor: Flavor, changes: Any, setting: Any, error: Any) -> None:
    if "exp" in changes:  # counted from the run of the test
        changes = {"exp": int(time.time()) + changes["exp"]}
    with pytest.raises(error):
        check(flavor, signed(**changes))
    assert check(flavor, signed(**changes), **setting).checked
    client = flavor.client(**KNOWN, **setting)
    assert next(iter(setting)) in repr(client)
    assert next(iter(setting)) in repr(client.replace())
    assert next(iter(setting)) not in repr(flavor.client(**KNOWN))


def test_a_third_audience_is_not_trusted(flavor: Flavor) -> None:
    with pytest.raises(MismatchingIdTokenAzp):
        check(flavor, signed(aud=["id", "api", "evil"]), trusted_audiences=["api"])


@pytest.mark.parametrize(
    "wrong",
    [{"id_token_leeway": -1}, {"trusted_audiences": [1]}, {"acr_policy": "no"}, {"compare_callback_address": 1}],
    ids=repr,
)
def test_a_setting_with_a_wrong_value_is_refused(flavor: Flavor, wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        flavor.client(**wrong)


GOLD = {"acr_values": "gold"}


def test_acr_values_that_are_not_met_are_reported_or_refused_by_policy(flavor: Flavor) -> None:
    assert check(flavor, signed(acr="higher"), asked=GOLD).missed_acr_values == ("gold",)
    assert check(flavor, signed(acr="gold"), asked=GOLD).missed_acr_values == ()
    with pytest.raises(MismatchingIdTokenAcr, match="acr_policy="):
        check(flavor, signed(acr="higher"), asked=GOLD, acr_policy="demand")
    assert check(flavor, signed(acr="higher"), asked=GOLD, acr_policy=lambda acr, _: acr == "higher").checked
    with pytest.raises(MismatchingIdTokenAcr):
        check(flavor, signed(acr="lower"), asked=GOLD, acr_policy=lambda acr, _: acr == "higher")


@pytest.mark.parametrize(
    "acr", [{"essential": True, "values": ["gold"]}, {"essential": True, "value": "gold"}], ids=repr
)
def test_an_essential_acr_is_enforced(flavor: Flavor, acr: Any) -> None:
    for came, is_right in (("gold", True), ("silver", False), (None, False)):
        client, _ = flavor.mocked(
            lambda asked, came=came: answer(
                JWKS
                if asked.path == "/jwks"
                else {"access_token": "a", "token_type": "Bearer", "id_token": signed(acr=came)}
            ),
            **KNOWN,
            authorization_endpoint=f"{ISSUER}/authorize",
        )
        request = client.authorization_request(nonce=None, claims={"id_token": {"acr": acr}})
        response = request.validate_callback({"code": "c", "state": request.state})
        if is_right:
            assert flavor.run(client.authorization_code(response)).id_token.checked
        else:
            with pytest.raises(MismatchingIdTokenAcr, match="gold"):
                flavor.run(client.authorization_code(response))


# --- keys as servers write them


def test_public_numbers_are_read_in_standard_base64_too(flavor: Flavor) -> None:
    public = public_jwk(KEY)
    odd = {**public, "n": base64.b64encode(b64u_decode(public["n"])).decode()}
    assert check(flavor, signed(), keys={"keys": [odd]}).checked
    assert jwks.thumbprint(odd) == jwks.thumbprint(public)


@pytest.mark.parametrize(("ours", "theirs"), [("Ed25519", "EdDSA"), ("EdDSA", "Ed25519")])
def test_both_names_of_ed25519_are_one_algorithm(flavor: Flavor, ours: str, theirs: str) -> None:
    key = generate_private_jwk(theirs, kid="k")
    token = signed(key)
    assert check(flavor, token, keys={"keys": [public_jwk(key)]}, id_token_signed_response_alg=ours).checked


def test_a_set_without_kids_is_used_where_one_key_fits(flavor: Flavor) -> None:
    bare = {name: value for name, value in public_jwk(KEY).items() if name != "kid"}
    assert check(flavor, signed(), keys={"keys": [bare]}).checked
    other = {name: value for name, value in public_jwk(generate_private_jwk("RS256")).items() if name != "kid"}
    with pytest.raises(AmbiguousKey):
        choose_key({"keys": [bare, other]}, alg="RS256", kid="k")
    with pytest.raises(NoMatchingKey):
        choose_key({"keys": [public_jwk(KEY)]}, alg="RS256", kid="other")


def test_a_set_without_kids_is_fetched_again_when_its_key_changes(flavor: Flavor) -> None:
    sets = [generate_private_jwk("RS256"), KEY]

    def respond(_: Received) -> Any:
        public = public_jwk(sets.pop(0))
        return answer({"keys": [{name: value for name, value in public.items() if name != "kid"}]})

    client, received = flavor.mocked(respond, **KNOWN)
    assert flavor.run(client.check_id_token(signed())).checked
    assert len(received) == 2


PRIME = 2**255 - 19
SMALL = [
    *(number.to_bytes(32, "little") for number in (0, 1, PRIME - 1, PRIME, PRIME + 1, *sorted(jwks.ORDER_EIGHT))),
    ((1 << 255) | 1).to_bytes(32, "little"),
]


@pytest.mark.parametrize("octets", SMALL, ids=lambda octets: octets.hex()[:8])
def test_a_key_of_small_order_is_refused(octets: bytes) -> None:
    with pytest.raises(InvalidKey):
        verification_key({"kty": "OKP", "crv": "Ed25519", "x": b64u_encode(octets)})


def test_keys_of_full_order_are_accepted() -> None:
    for alg in ("Ed25519", "Ed448"):
        assert verification_key(public_jwk(generate_private_jwk(alg))).kty == "OKP"
    with pytest.raises(InvalidKey):
        verification_key({"kty": "OKP", "crv": "Ed448", "x": b64u_encode((1).to_bytes(57, "little"))})


# --- tokens as servers write them


def got(flavor: Flavor, fields: Any, **settings: Any) -> BearerToken:
    client, _ = flavor.mocked(answer(fields), **settings)
    token: BearerToken = flavor.run(client.client_credentials())
    return token


def test_odd_token_types_are_bearer_tokens_where_that_is_said(flavor: Flavor) -> None:
    for name in ("bot", "User Access Token", "BOT"):
        with pytest.raises(Exception, match="token_type"):
            got(flavor, {"access_token": "a", "token_type": name})
        token = got(flavor, {"access_token": "a", "token_type": name}, bearer_token_types=["bot", "user access token"])
        assert token.token_type == "Bearer"
    assert got(flavor, {"access_token": " a\n", "token_type": "Bearer "}).access_token == "a"


def test_a_lifetime_of_zero_is_expired_unless_it_is_said_to_be_unlimited(flavor: Flavor) -> None:
    fields = {"access_token": "a", "token_type": "Bearer", "expires_in": 0}
    assert got(flavor, fields).is_expired()
    assert got(flavor, fields, zero_lifetime_is_unlimited=True).expires_at is None
    assert got(flavor, {**fields, "expires_in": 60}, zero_lifetime_is_unlimited=True).expires_at is not None


# --- a refresh loses nothing


def renewed(flavor: Flavor, old: Any, id_token: str, *, jwks_status: int = 200, **settings: Any) -> BearerToken:
    def respond(asked: Received) -> Any:
        if asked.path == "/jwks":
            return answer(JWKS, jwks_status)
        return answer({"access_token": "new", "refresh_token": "r2", "token_type": "Bearer", "id_token": id_token})

    client, _ = flavor.mocked(respond, **{**KNOWN, "retries": None, **settings})
    token: BearerToken = flavor.run(client.refresh_token(old))
    return token


def test_keys_that_cannot_be_had_do_not_lose_the_rotated_token(flavor: Flavor) -> None:
    old = BearerToken("old", refresh_token="r1", id_token=IdToken(signed(), checked=True))
    token = renewed(flavor, old, signed(jti="2"), jwks_status=500)
    assert (token.access_token, token.refresh_token, token.id_token) == ("new", "r2", old.id_token)
    token = renewed(flavor, "r1", signed(), jwks_status=500)
    assert (token.refresh_token, token.id_token and token.id_token.checked) == ("r2", False)


def test_a_refused_id_token_hands_out_what_came_with_it(flavor: Flavor) -> None:
    old = BearerToken("old", refresh_token="r1", id_token=IdToken(signed(auth_time=1), checked=True))
    changed = signed(auth_time=2)
    with pytest.raises(MismatchingIdTokenAuthTime, match="refreshed_auth_time_may_change=True") as refused:
        renewed(flavor, old, changed)
    kept = refused.value.renewed_token
    assert (kept.access_token, kept.refresh_token, kept.id_token) == ("new", "r2", old.id_token)
    assert renewed(flavor, old, changed, refreshed_auth_time_may_change=True).id_token == changed

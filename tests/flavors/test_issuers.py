"""Issuers that are a rule: templates, functions, further names; what is another server's is not sent to this one."""

from __future__ import annotations

import time
from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationResponse, BearerToken, IdToken
from requests_oauth2client._core import issuers
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.exceptions import MismatchingIssuer, MissingIssuer
from requests_oauth2client.logout import InvalidLogoutToken
from requests_oauth2client.tokens import MismatchingIdTokenIssuer, MissingIdTokenKey

TEMPLATE = "https://login.local/{tenantid}/v2.0"
TENANT, OTHER = "https://login.local/aaa-1/v2.0", "https://login.local/bbb-2/v2.0"
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
KEY = generate_private_jwk("RS256", kid="k")
KNOWN: dict[str, Any] = {
    "authorization_endpoint": "https://login.local/authorize",
    "redirect_uri": "https://app.local/callback",
    "authorization_server_jwks": {"keys": [public_jwk(KEY)]},
}


def by_tenant(claims: Any) -> str:
    return f"https://login.local/{claims['tid']}/v2.0"


def by_list(claims: Any) -> bool:
    return claims["iss"] in (TENANT, OTHER)


def signed(iss: Any, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": iss, "sub": "alice", "aud": "id", "iat": now, "exp": now + 300, "tid": "aaa-1", **changes}
    return jws.sign({name: value for name, value in claims.items() if value is not None}, signing_key(KEY))


def login(flavor: Flavor, id_token: str, callback: Any = None, **settings: Any) -> IdToken:
    """Log in, and return the ID token; `callback` are further parameters of the callback."""
    client, _ = flavor.mocked(
        lambda _: answer({"access_token": "a", "token_type": "Bearer", "id_token": id_token}), **KNOWN, **settings
    )
    request = client.authorization_request(nonce=None)
    params = {"code": "c", "state": request.state, **(callback or {})}
    response = flavor.run(client.authorization_response(request, params))
    token = flavor.run(client.authorization_code(response)).id_token
    assert token is not None
    return token


@pytest.mark.parametrize("issuer", [TEMPLATE, by_tenant, by_list], ids=["template", "function", "predicate"])
def test_a_rule_for_many_issuers_accepts_each_of_them_checked(flavor: Flavor, issuer: Any) -> None:
    assert login(flavor, signed(TENANT), issuer=issuer).checked
    assert login(flavor, signed(OTHER, tid="bbb-2"), issuer=issuer).checked


WHOSE_KEY = {"any tenant": (TEMPLATE, True), "this tenant": (TENANT, True), "another tenant": (OTHER, False)}


@pytest.mark.parametrize(("whose", "is_right"), WHOSE_KEY.values(), ids=WHOSE_KEY)
@pytest.mark.parametrize("issuer", [TEMPLATE, by_tenant], ids=["template", "function"])
def test_a_key_signs_for_the_issuer_that_it_names(flavor: Flavor, issuer: Any, whose: str, is_right: bool) -> None:
    keys = {"authorization_server_jwks": {"keys": [{**public_jwk(KEY), "issuer": whose}]}}
    client, _ = flavor.mocked(lambda _: answer({}), issuer=issuer, **{**KNOWN, **keys})
    if is_right:
        assert flavor.run(client.check_id_token(signed(TENANT))).checked
        return
    with pytest.raises(MissingIdTokenKey):
        flavor.run(client.check_id_token(signed(TENANT)))


def test_the_issuer_of_a_key_is_not_asked_for_where_there_is_one_issuer(flavor: Flavor) -> None:
    keys = {"authorization_server_jwks": {"keys": [{**public_jwk(KEY), "issuer": TEMPLATE}]}}
    client, _ = flavor.mocked(lambda _: answer({}), issuer="https://sts.local/aaa-1/", **{**KNOWN, **keys})
    assert flavor.run(client.check_id_token(signed("https://sts.local/aaa-1/"))).checked


FORGED = {
    "another host": ("https://evil.local/aaa-1/v2.0", {}),
    "another tenant": (OTHER, {}),
    "no tenant": (TENANT, {"tid": None}),
    "a path": ("https://login.local/aaa-1/x/v2.0", {"tid": "aaa-1/x"}),
    "a longer one": (f"{TENANT}/x", {}),
    "a shorter one": ("https://login.local//v2.0", {"tid": ""}),
    "the template": (TEMPLATE, {"tid": "{tenantid}"}),
    "a query": ("https://login.local/aaa-1?/v2.0", {"tid": "aaa-1?"}),
    "no string": (1, {}),
}


@pytest.mark.parametrize("allow_unknown_issuer", [False, True])
@pytest.mark.parametrize(("iss", "changes"), FORGED.values(), ids=FORGED)
def test_what_breaks_the_rule_is_refused(flavor: Flavor, iss: Any, changes: Any, allow_unknown_issuer: bool) -> None:
    with pytest.raises(MismatchingIdTokenIssuer):
        login(flavor, signed(iss, **changes), issuer=TEMPLATE, allow_unknown_issuer=allow_unknown_issuer)


def test_a_function_that_lacks_a_claim_refuses(flavor: Flavor) -> None:
    for issuer in (by_tenant, lambda _: None, lambda _: False):
        with pytest.raises(MismatchingIdTokenIssuer):
            login(flavor, signed(TENANT, tid=None), issuer=issuer)


def test_further_names_of_an_issuer_are_accepted_to_the_letter(flavor: Flavor) -> None:
    settings = {"issuer": "https://accounts.local", "further_issuers": ["accounts.local"]}
    assert login(flavor, signed("accounts.local"), **settings).checked
    assert login(flavor, signed("accounts.local"), {"iss": "https://accounts.local"}, **settings).checked
    assert login(flavor, signed("https://accounts.local"), **settings).checked
    assert login(flavor, signed("https://accounts.local"), {"iss": "accounts.local"}, **settings).checked
    with pytest.raises(MismatchingIssuer):
        login(flavor, signed("https://accounts.local"), {"iss": "accounts.evil"}, **settings)
    with pytest.raises(MismatchingIdTokenIssuer, match="further_issuers="):
        login(flavor, signed("http://accounts.local"), **settings)


def test_any_issuer_can_be_allowed_but_is_not_checked(flavor: Flavor) -> None:
    token = login(flavor, signed("https://evil.local"), allow_unknown_issuer=True)
    assert not token.checked
    assert token.issuer == "https://evil.local"


@pytest.mark.parametrize("issuer", [TEMPLATE, by_list], ids=["template", "function"])
def test_the_issuer_of_a_callback_follows_the_rule_and_binds_the_id_token(flavor: Flavor, issuer: Any) -> None:
    assert login(flavor, signed(TENANT), {"iss": TENANT}, issuer=issuer).checked
    with pytest.raises(MismatchingIssuer):
        login(flavor, signed(TENANT), {"iss": "https://evil.local/aaa-1/v2.0"}, issuer=issuer)
    with pytest.raises(MismatchingIdTokenIssuer):
        login(flavor, signed(TENANT), {"iss": OTHER}, issuer=issuer)


@pytest.mark.parametrize("issuer", [TEMPLATE, by_list], ids=["template", "function"])
def test_an_announced_iss_has_to_come(flavor: Flavor, issuer: Any) -> None:
    with pytest.raises(MissingIssuer):
        login(flavor, signed(TENANT), issuer=issuer, authorization_response_iss_parameter_supported=True)


def test_a_refresh_stays_with_the_tenant_of_the_login(flavor: Flavor) -> None:
    came = {"access_token": "b", "token_type": "Bearer", "id_token": signed(OTHER, tid="bbb-2")}
    client, _ = flavor.mocked(answer(came), **KNOWN, issuer=TEMPLATE)
    old = BearerToken("a", refresh_token="r", id_token=signed(TENANT))
    with pytest.raises(MismatchingIdTokenIssuer):
        flavor.run(client.refresh_token(old))
    same = {**came, "id_token": signed(TENANT)}
    client, _ = flavor.mocked(answer(same), **KNOWN, issuer=TEMPLATE)
    assert flavor.run(client.refresh_token(old)).id_token.checked


def test_logouts_follow_the_rule(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer(), **KNOWN, issuer=TEMPLATE)
    token = signed(TENANT, events=EVENTS, jti="j", sid="s")
    assert flavor.run(client.logout_token(token)).issuer == TENANT
    with pytest.raises(InvalidLogoutToken):
        flavor.run(client.logout_token(signed("https://evil.local/aaa-1/v2.0", events=EVENTS, jti="j", sid="s")))
    assert client.front_channel_logout({"iss": TENANT, "sid": "s"}) == "s"
    with pytest.raises(MismatchingIssuer):
        client.front_channel_logout({"iss": "https://evil.local", "sid": "s"})


def test_the_audience_of_a_client_assertion_is_no_template(flavor: Flavor) -> None:
    client = flavor.client(auth=("id", KEY), issuer=TEMPLATE)
    assert getattr(client.auth, "aud", None) != TEMPLATE


# --- what belongs to another server


def test_a_code_of_another_server_is_not_sent(flavor: Flavor) -> None:
    client, received = flavor.mocked(answer(), **KNOWN, issuer="https://b.local")
    response = AuthorizationResponse("code", issuer="https://a.local")
    for exchange in (client.authorization_code, lambda code: client.authorization_code_pkce(code, "v" * 43)):
        with pytest.raises(MismatchingIssuer) as refused:
            flavor.run(exchange(response))
        assert (refused.value.received, refused.value.expected) == ("https://a.local", "https://b.local")
    assert not received


@pytest.mark.parametrize("issuer", [None, "https://b.local", "b.local"])
def test_a_code_of_this_server_is_sent(flavor: Flavor, issuer: Any) -> None:
    came = {"access_token": "a", "token_type": "Bearer"}
    client, received = flavor.mocked(answer(came), issuer="https://b.local", further_issuers="b.local")
    flavor.run(client.authorization_code(AuthorizationResponse("code", issuer=issuer)))
    assert len(received) == 1


def test_a_request_of_another_client_or_server_is_not_checked_with_this_client(flavor: Flavor) -> None:
    ours = flavor.client(**KNOWN, issuer="https://b.local")
    theirs = flavor.client(**KNOWN, issuer="https://a.local").authorization_request()
    callback = {"code": "c", "state": theirs.state}
    with pytest.raises(MismatchingIssuer):
        flavor.run(ours.authorization_response(theirs, callback))
    with pytest.raises(ValueError, match="client"):
        flavor.run(ours.authorization_response(ours.authorization_request().replace(client_id="x"), callback))


# --- the rule itself


@pytest.mark.parametrize(
    ("iss", "claims", "is_right"),
    [
        ("https://t.as.local/x", {"tenant": "t", "realm": "x"}, True),
        ("https://t.as.local/x", {"tenant": "t", "realm": "y"}, False),
        ("https://t.as.local/x", {"tenant": "t"}, False),
        ("https://t.as.local/x", None, True),
        ("https://evil.com/.as.local/x", None, False),
        ("https://evil.com#.as.local/x", None, False),
        ("https://t.as.local/x\n", None, False),
    ],
)
def test_placeholders_are_claims_and_never_lead_elsewhere(iss: str, claims: Any, is_right: bool) -> None:
    assert issuers.accepts("https://{tenant}.as.local/{realm}", iss, claims) is is_right

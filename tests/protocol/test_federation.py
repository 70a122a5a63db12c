"""A chain of trust: every link is checked, every path has an end, and only a trust anchor is believed."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from devkit.passing import passes
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.compact import parse
from requests_oauth2client._jose.errors import InvalidKey
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client._protocol.metadata.federation import MAX_FETCHES
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.federation import (
    ExpiredEntityStatement,
    InvalidEntityStatement,
    MismatchingEntityStatement,
    MissingEntityStatementClaim,
    MissingTrustChain,
    UnsupportedClientRegistrationTypes,
    UnsupportedEntityStatement,
    entity_configuration,
    read_entity_statement,
)

OP, MIDDLE, ANCHOR, RP = "https://op.local", "https://middle.local", "https://anchor.local", "https://rp.local"
WELL_KNOWN = "/.well-known/openid-federation"
KIND = "application/entity-statement+jwt"


@functools.cache
def key(name: str) -> dict[str, Any]:
    return generate_private_jwk("ES256", kid=name)


def jwks(name: str) -> dict[str, Any]:
    return {"keys": [public_jwk(key(name))]}


def provider(**changes: Any) -> dict[str, Any]:
    known = {
        "issuer": OP,
        "token_endpoint": f"{OP}/token",
        "authorization_endpoint": f"{OP}/authorize",
        "client_registration_types_supported": ["automatic"],
        "jwks": jwks("op-protocol"),
    }
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


class Federation:
    """An OP below a middle one below an anchor; `claims` and `headers` can be changed, by (iss, sub)."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, str], dict[str, Any]] = {}
        self.signers = {OP: "op", MIDDLE: "middle", ANCHOR: "anchor"}
        self.headers: dict[str, Any] = {}
        self.kind = KIND
        for sub, hints in ((OP, [MIDDLE]), (MIDDLE, [ANCHOR]), (ANCHOR, None)):
            self.state(sub, sub, authority_hints=hints)
        self.claims[OP, OP]["metadata"] = {"openid_provider": provider()}
        for iss, sub in ((MIDDLE, OP), (ANCHOR, MIDDLE)):
            self.claims[iss, iss]["metadata"] = {"federation_entity": {"federation_fetch_endpoint": f"{iss}/fetch"}}
            self.state(iss, sub)

    def state(self, iss: str, sub: str, **changes: Any) -> None:
        second = int(time.time())
        known = {"iss": iss, "sub": sub, "iat": second, "exp": second + 60, "jwks": jwks(self.signers[sub]), **changes}
        self.claims[iss, sub] = {name: value for name, value in known.items() if value is not None}

    def answer(self, received: Received) -> Answer:
        parts = urlsplit(received.url)
        iss = f"{parts.scheme}://{parts.netloc}"
        sub = iss if parts.path == WELL_KNOWN else parse_qs(parts.query)["sub"][0]
        claims = self.claims.get((iss, sub))
        if claims is None:
            return answer("", 404)
        header = {"typ": "entity-statement+jwt", **self.headers}
        return answer(jws.sign(claims, signing_key(key(self.signers[iss])), header=header), Content_Type=self.kind)


def connect(flavor: Flavor, federation: Federation, *, anchors: Any = None, **settings: Any) -> tuple[Any, list[str]]:
    session, received = flavor.answered_by(federation.answer)
    trusted = {ANCHOR: jwks("anchor")} if anchors is None else anchors
    kind = flavor.named("OAuth2Client")
    client = flavor.run(
        kind.from_federation(
            OP, trust_anchors=trusted, client_id=RP, private_key=key("rp"), session=session, **settings
        )
    )
    return client, [request.url for request in received]


def refused(flavor: Flavor, federation: Federation, **settings: Any) -> Exception:
    with pytest.raises(Exception, match=r".") as caught:
        connect(flavor, federation, **settings)
    return caught.value


# --- what is right ------------------------------------------------------------------------------------------


def test_the_chain_is_followed_up_to_the_anchor(flavor: Flavor) -> None:
    client, asked = connect(flavor, Federation())
    assert asked == [
        f"{OP}{WELL_KNOWN}",
        f"{MIDDLE}{WELL_KNOWN}",
        f"{ANCHOR}{WELL_KNOWN}",
        f"{ANCHOR}/fetch?sub=https%3A%2F%2Fmiddle.local",
        f"{MIDDLE}/fetch?sub=https%3A%2F%2Fop.local",
    ]
    assert (client.issuer, client.client_id, client.token_endpoint) == (OP, RP, f"{OP}/token")
    assert client.authorization_server_jwks == jwks("op-protocol")


def test_its_request_object_is_the_one_of_automatic_registration(flavor: Flavor) -> None:
    client, _ = connect(flavor, Federation(), redirect_uri=f"{RP}/callback")
    signed = client.authorization_request().sign(key("rp"), lifetime=60, iss=True, aud=True, jti=True)
    claims = parse(signed.args["request"]).claims()
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (RP, OP, RP)
    assert claims["jti"]
    assert claims["exp"] > time.time()
    assert "sub" not in claims


def test_an_unknown_way_to_register_is_passed_over(flavor: Flavor) -> None:
    federation = Federation()
    types = ["unknown", "automatic", "explicit"]
    federation.claims[OP, OP]["metadata"] = {"openid_provider": provider(client_registration_types_supported=types)}
    assert connect(flavor, federation)[0].issuer == OP


def test_an_op_that_is_itself_the_anchor_needs_no_superior(flavor: Flavor) -> None:
    _, asked = connect(flavor, Federation(), anchors={OP: jwks("op")})
    assert asked == [f"{OP}{WELL_KNOWN}"]


def test_what_the_superior_says_of_the_op_goes_first(flavor: Flavor) -> None:
    federation = Federation()
    federation.state(MIDDLE, OP, metadata={"openid_provider": {"token_endpoint": f"{OP}/other"}})
    assert connect(flavor, federation)[0].token_endpoint == f"{OP}/other"


def test_a_path_that_breaks_is_left_for_the_next(flavor: Flavor) -> None:
    federation = Federation()
    federation.claims[OP, OP]["authority_hints"] = ["https://gone.local", "http://plain.local", OP, MIDDLE]
    federation.signers["https://gone.local"] = "gone"
    assert connect(flavor, federation)[0].issuer == OP


# --- what the OP says of itself -----------------------------------------------------------------------------


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda claims: claims.pop(name)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"iss": f"{OP}1"}, MismatchingEntityStatement),
        ({"sub": f"{OP}1"}, MismatchingEntityStatement),
        ({"exp": None}, MissingEntityStatementClaim),
        ({"iat": None}, MissingEntityStatementClaim),
        ({"jwks": None}, MissingEntityStatementClaim),
        ({"exp": 1}, ExpiredEntityStatement),
        ({"iat": time.time() + 86_400}, ExpiredEntityStatement),
        ({"jwks": {"keys": []}}, InvalidEntityStatement),
        ({"jwks": "x"}, InvalidEntityStatement),
        ({"jwks": jwks("rp")}, InvalidEntityStatement),
        ({"authority_hints": "x"}, InvalidEntityStatement),
        ({"authority_hints": [MIDDLE] * 11}, InvalidEntityStatement),
        ({"metadata_policy": {}}, UnsupportedEntityStatement),
        ({"crit": ["x"]}, UnsupportedEntityStatement),
        ({"metadata": None}, MissingEntityStatementClaim),
        ({"metadata": []}, MissingEntityStatementClaim),
        ({"metadata": "x"}, InvalidEntityStatement),
        ({"authority_hints": []}, MissingTrustChain),
        ({"authority_hints": [OP]}, MissingTrustChain),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused(
    flavor: Flavor, change: dict[str, Any], error: type[Exception]
) -> None:
    federation = Federation()
    federation.claims[OP, OP] |= change
    assert type(refused(flavor, federation)) is error


@pytest.mark.parametrize("types", [None, [], ["explicit"], ["unknown"], "automatic", [1]])
def test_an_op_that_does_not_register_automatically_is_refused(flavor: Flavor, types: Any) -> None:
    federation = Federation()
    federation.claims[OP, OP]["metadata"] = {"openid_provider": provider(client_registration_types_supported=types)}
    assert isinstance(refused(flavor, federation), UnsupportedClientRegistrationTypes)


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"kid": None}])
def test_another_kind_of_jwt_is_no_entity_statement(flavor: Flavor, header: dict[str, Any]) -> None:
    federation = Federation()
    federation.headers = header
    assert type(refused(flavor, federation)) is InvalidEntityStatement


def test_another_media_type_is_no_entity_statement(flavor: Flavor) -> None:
    federation = Federation()
    federation.kind = "text/html"
    assert type(refused(flavor, federation)) is InvalidEntityStatement


def test_an_unsigned_statement_is_refused() -> None:
    with pytest.raises(InvalidEntityStatement):
        read_entity_statement("eyJhbGciOiJub25lIn0.e30.", iss=OP, sub=OP, second=0)


def test_metadata_of_another_issuer_are_refused(flavor: Flavor) -> None:
    federation = Federation()
    federation.claims[OP, OP]["metadata"] = {"openid_provider": provider(issuer="https://other.local")}
    assert isinstance(refused(flavor, federation), InvalidParam)


def test_an_op_without_keys_is_refused(flavor: Flavor) -> None:
    federation = Federation()
    federation.claims[OP, OP]["metadata"] = {"openid_provider": provider(jwks=None)}
    assert isinstance(refused(flavor, federation), MissingEntityStatementClaim)


# --- what others say of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "change"),
    [
        ((MIDDLE, OP), {"jwks": jwks("rp")}),
        ((MIDDLE, OP), {"exp": 1}),
        ((MIDDLE, OP), {"sub": "https://other.local"}),
        ((MIDDLE, OP), {"constraints": {"max_path_length": 0}}),
        ((ANCHOR, MIDDLE), {"iss": MIDDLE}),
        ((ANCHOR, MIDDLE), {"jwks": jwks("rp")}),
        ((ANCHOR, MIDDLE), {"metadata_policy": {}}),
        ((ANCHOR, ANCHOR), {"metadata": {}}),
        ((MIDDLE, MIDDLE), {"authority_hints": [OP, MIDDLE]}),
        ((MIDDLE, MIDDLE), {"metadata": {"federation_entity": {"federation_fetch_endpoint": "http://x.local/f"}}}),
    ],
)
def test_a_link_that_breaks_leaves_no_chain(flavor: Flavor, link: tuple[str, str], change: dict[str, Any]) -> None:
    federation = Federation()
    federation.claims[link] |= change
    assert type(refused(flavor, federation)) is MissingTrustChain


def test_an_anchor_with_other_keys_than_the_known_ones_is_none(flavor: Flavor) -> None:
    assert type(refused(flavor, Federation(), anchors={ANCHOR: jwks("rp")})) is MissingTrustChain


def test_a_statement_that_the_superior_did_not_sign_is_refused(flavor: Flavor) -> None:
    federation = Federation()
    federation.claims[MIDDLE, MIDDLE]["jwks"] = {"keys": [*jwks("middle")["keys"], *jwks("rp")["keys"]]}
    federation.claims[ANCHOR, MIDDLE]["jwks"] = jwks("rp")
    assert type(refused(flavor, federation)) is MissingTrustChain


def test_the_search_comes_to_an_end(flavor: Flavor) -> None:
    session, received = flavor.answered_by(endless)
    kind = flavor.named("OAuth2Client")
    with pytest.raises(MissingTrustChain):
        flavor.run(
            kind.from_federation(
                "https://1.local", trust_anchors={ANCHOR: jwks("anchor")}, client_id=RP, session=session
            )
        )
    assert len(received) <= MAX_FETCHES


def endless(received: Received) -> Answer:
    """Name ten more superiors each time."""
    iss = received.url.removesuffix(WELL_KNOWN)
    number = int(iss.removeprefix("https://").removesuffix(".local"))
    second = int(time.time())
    hints = [f"https://{number * 10 + more}.local" for more in range(10)]
    claims = {"iss": iss, "sub": iss, "iat": second, "exp": second + 60, "jwks": jwks("op"), "authority_hints": hints}
    signed = jws.sign(claims, signing_key(key("op")), header={"typ": "entity-statement+jwt"})
    return answer(signed, Content_Type=KIND)


@pytest.mark.parametrize("anchors", [{}, {ANCHOR: {}}, {ANCHOR: None}, {"http://anchor.local": jwks("anchor")}])
def test_without_trust_anchors_nothing_is_asked(flavor: Flavor, anchors: dict[str, Any]) -> None:
    assert isinstance(refused(flavor, Federation(), anchors=anchors), InvalidParam)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = st.sampled_from("iss sub iat exp jwks authority_hints metadata crit".split())


CHANGES = st.dictionaries(CLAIMS, JSON, max_size=4)


def read_changed(changes: dict[str, Any]) -> None:
    second = int(time.time())
    claims = {"iss": OP, "sub": OP, "iat": second, "exp": second + 60, "jwks": jwks("op"), **changes}
    jwt = jws.sign(claims, signing_key(key("op")), header={"typ": "entity-statement+jwt"})
    statement = read_entity_statement(jwt, iss=OP, sub=OP, second=second)
    statement.verify(statement.keys)
    assert statement.metadata("openid_provider") is not None
    assert statement.authority_hints is not None


def test_some_changed_statements_get_through() -> None:
    assert find(CHANGES, lambda changes: bool(changes) and passes(InvalidEntityStatement, read_changed, changes))


@given(changes=CHANGES)
def test_whatever_a_statement_says_only_documented_errors_come_out(changes: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidEntityStatement):
        read_changed(changes)


# --- our own ------------------------------------------------------------------------------------------------


def test_our_own_configuration_is_one() -> None:
    made = entity_configuration(RP, key("rp"), metadata={"openid_relying_party": {}}, authority_hints=[ANCHOR])
    statement = read_entity_statement(made, iss=RP, sub=RP, second=time.time())
    statement.verify(jwks("rp"))
    assert statement.authority_hints == [ANCHOR]
    assert "d" not in statement.keys["keys"][0]


def test_a_federation_key_has_a_kid() -> None:
    nameless = {name: value for name, value in key("rp").items() if name != "kid"}
    with pytest.raises(InvalidKey, match="kid"):
        entity_configuration(RP, nameless, metadata={}, authority_hints=[])


@pytest.mark.parametrize("hint", ["http://127.0.0.1:9200", "https://localhost", "http://superior.local"])
def test_hints_dont_lead_to_this_machine(flavor: Flavor, hint: str) -> None:
    federation = Federation()
    federation.claims[OP, OP]["authority_hints"] = [hint]
    session, received = flavor.answered_by(federation.answer)
    with pytest.raises(MissingTrustChain, match="authority_hint"):
        flavor.run(
            flavor.named("OAuth2Client").from_federation(
                OP, trust_anchors={ANCHOR: jwks("anchor")}, client_id=RP, private_key=key("rp"), session=session
            )
        )
    assert [request.url for request in received] == [f"{OP}{WELL_KNOWN}"]

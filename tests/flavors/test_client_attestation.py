"""Attestation-based client authentication: proofs, challenges, attestations that don't fit."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from devkit.exchange import Received, answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientAttestation,
    DPoPKey,
    ExpiredCredential,
    InvalidClientAttestation,
    InvalidCredential,
    UnsupportedClientCredentials,
    UseAttestationChallenge,
    UseFreshAttestation,
)
from requests_oauth2client._core.encoding import b64u_decode
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client.exceptions import InvalidParam

ISSUER = "https://as.local"
KEY, BACKEND = generate_private_jwk("ES256"), signing_key(generate_private_jwk("ES256"))
CHALLENGE = "OAuth-Client-Attestation-Challenge"


def attest(lifetime: float = 300, key: Any = KEY, **claims: Any) -> str:
    now = int(time.time())
    known = {"sub": "app", "iat": now, "exp": now + lifetime, "cnf": {"jwk": public_jwk(key)}}
    return jws.sign({**known, **claims}, BACKEND, header={"typ": "oauth-client-attestation+jwt"})


def part(jwt: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64u_decode(jwt.split(".")[number]))
    return found


def proof(request: Received) -> dict[str, Any]:
    return part(request.headers["oauth-client-attestation-pop"], 1)


def demand(challenge: str | None = None, code: str = "use_attestation_challenge") -> Any:
    given = error(code, 400)
    return given if challenge is None else with_challenge(challenge, given)


def with_challenge(challenge: str, given: Any) -> Any:
    return replace(given, headers={**given.headers, CHALLENGE: challenge})


def attested(flavor: Flavor, *answers: Any, attestation: Any = None, **settings: Any) -> Any:
    coming = iter(answers or [token()])
    method = ClientAttestation("app", attestation or attest, KEY)
    return flavor.mocked(lambda _: next(coming), auth=method, issuer=ISSUER, **settings)


def test_an_attestation_and_its_proof_go_along(every_flavor: Flavor) -> None:
    text = attest()
    client, sent = attested(every_flavor, attestation=text)
    every_flavor.run(client.client_credentials())
    assert sent[0].headers["oauth-client-attestation"] == text
    claims, header = proof(sent[0]), part(sent[0].headers["oauth-client-attestation-pop"], 0)
    assert header == {"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt"}
    assert (claims["iss"], claims["aud"]) == ("app", ISSUER)
    assert claims["jti"]
    assert abs(claims["iat"] - time.time()) < 60
    assert sent[0].form["client_id"] == "app"
    assert "challenge" not in claims


def test_a_challenge_is_shown_when_it_is_demanded_and_from_then_on(flavor: Flavor) -> None:
    client, sent = attested(flavor, demand("one"), token(), with_challenge("two", token()), token())
    for _ in range(3):
        flavor.run(client.client_credentials())
    assert [proof(request).get("challenge") for request in sent] == [None, "one", "one", "two"]
    assert len({proof(request)["jti"] for request in sent}) == 4


@pytest.mark.parametrize("second", [demand("one"), demand(), demand("with space")])
def test_a_demand_that_can_not_be_met_is_an_error(flavor: Flavor, second: Any) -> None:
    client, sent = attested(flavor, demand("one"), second)
    with pytest.raises(UseAttestationChallenge, match="just shown"):
        flavor.run(client.client_credentials())
    assert len(sent) == 2
    silent, sent = attested(flavor, demand())
    with pytest.raises(UseAttestationChallenge, match="is missing"):
        flavor.run(silent.client_credentials())
    assert len(sent) == 1


def test_a_challenge_is_fetched_where_the_metadata_say_so(flavor: Flavor) -> None:
    metadata = {"challenge_endpoint": f"{ISSUER}/challenge"}
    given = answer({"attestation_challenge": "fetched"})
    client, sent = attested(flavor, given, token(), token(), authorization_server_metadata=metadata)
    for _ in range(2):
        flavor.run(client.client_credentials())
    assert [request.path for request in sent] == ["/challenge", "/token", "/token"]
    assert (sent[0].method, sent[0].body) == ("POST", b"")
    assert "oauth-client-attestation" not in sent[0].headers
    assert [proof(request)["challenge"] for request in sent[1:]] == ["fetched"] * 2


@pytest.mark.parametrize(
    "failing", [answer(b"", 503), answer("<html>"), answer({}), answer({"attestation_challenge": 1})]
)
def test_a_challenge_endpoint_that_fails_is_no_reason_to_give_up(flavor: Flavor, failing: Any) -> None:
    metadata = {"challenge_endpoint": f"{ISSUER}/challenge"}
    client, sent = attested(flavor, failing, demand("one"), token(), authorization_server_metadata=metadata)
    flavor.run(client.client_credentials())
    assert [request.path for request in sent] == ["/challenge", "/token", "/token"]


def test_a_challenge_endpoint_on_this_machine_is_refused(flavor: Flavor) -> None:
    client, sent = attested(flavor, authorization_server_metadata={"challenge_endpoint": "https://127.0.0.1/challenge"})
    with pytest.raises(InvalidParam, match="leads to this machine"):
        flavor.run(client.client_credentials())
    assert sent == []


def test_a_request_that_is_made_again_has_another_dpop_proof(flavor: Flavor) -> None:
    nonce = answer({"error": "use_dpop_nonce"}, 400, DPoP_Nonce="n")
    client, sent = attested(flavor, demand("one"), nonce, token(token_type="DPoP"))
    flavor.run(client.client_credentials(dpop_key=DPoPKey(generate_private_jwk("ES256"))))
    proofs = [part(request.headers["dpop"], 1) for request in sent]
    assert len({one["jti"] for one in proofs}) == 3
    assert [one.get("nonce") for one in proofs] == [None, None, "n"]
    assert [proof(request).get("challenge") for request in sent] == [None, "one", "one"]
    assert len({proof(request)["jti"] for request in sent}) == 3


def test_a_fresh_attestation_is_asked_for_once(flavor: Flavor) -> None:
    texts = iter([attest(jti="1"), attest(jti="2")])
    client, sent = attested(flavor, demand(code="use_fresh_attestation"), token(), attestation=lambda: next(texts))
    flavor.run(client.client_credentials())
    assert len({request.headers["oauth-client-attestation"] for request in sent}) == 2
    fixed, sent = attested(flavor, demand(code="use_fresh_attestation"), attestation=attest())
    with pytest.raises(UseFreshAttestation, match="Have a new attestation issued"):
        flavor.run(fixed.client_credentials())
    assert len(sent) == 1


def test_a_refused_one_says_so(flavor: Flavor) -> None:
    client, _ = attested(flavor, error("invalid_client_attestation", 401))
    with pytest.raises(InvalidClientAttestation, match="attest_jwt_client_auth"):
        flavor.run(client.client_credentials())


@pytest.mark.parametrize(
    ("given", "kind", "match"),
    [
        (lambda: attest(-5), ExpiredCredential, "expired"),
        (lambda: attest(nbf=time.time() + 600), ExpiredCredential, "not valid before"),
        (lambda: attest(sub="other"), InvalidCredential, "another client"),
        (lambda: attest(key=generate_private_jwk("ES256")), InvalidCredential, "another key"),
        (lambda: attest(cnf={"jkt": "x"}), InvalidCredential, "another key"),
        (lambda: attest(cnf={"jwk": {"kty": "EC"}}), InvalidCredential, "another key"),
        (lambda: attest(cnf="planted"), InvalidCredential, "another key"),
        (lambda: "<html>planted</html>", InvalidCredential, "HTML"),
        (lambda: None, InvalidCredential, "NoneType"),
    ],
)
def test_an_attestation_that_does_not_fit_is_refused_here(flavor: Flavor, given: Any, kind: Any, match: str) -> None:
    client, sent = attested(flavor, attestation=given)
    with pytest.raises(InvalidCredential, match=match) as raised:
        flavor.run(client.client_credentials())
    assert type(raised.value) is kind
    assert "planted" not in str(raised.value)
    assert sent == []


def test_a_proof_is_for_an_issuer(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=ClientAttestation("app", attest, KEY))
    with pytest.raises(InvalidParam, match="issuer="):
        flavor.run(client.client_credentials())
    assert sent == []
    client, sent = flavor.mocked(token(), auth=ClientAttestation("app", attest, KEY, aud="https://other.local"))
    flavor.run(client.client_credentials())
    assert proof(sent[0])["aud"] == "https://other.local"


def test_its_arguments_are_checked() -> None:
    for wrong in (public_jwk(KEY), "no key", {"kty": "oct", "k": "c2VjcmV0"}):
        with pytest.raises(InvalidParam):
            ClientAttestation("app", attest, wrong)
    with pytest.raises(UnsupportedClientCredentials):
        ClientAttestation("", attest, KEY)
    with pytest.raises(InvalidParam):
        ClientAttestation("app", 42, KEY)
    assert ClientAttestation("app", attest, KEY).public_jwk["x"] == KEY["x"]
    assert KEY["d"] not in repr(ClientAttestation("app", attest(), KEY))

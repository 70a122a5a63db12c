"""The API believes no proof that is not of the key, for the request, new, and with the nonce of the moment."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from joserfc.jwk import JWKRegistry

from devkit.authorization_server.credentials import private_jwk, public_jwk
from devkit.dpop_check import DPoPCheck, Refused

from .helpers import encode

JWK = private_jwk("ES256")
JKT = JWKRegistry.import_key(JWK).thumbprint()
URL = "http://127.0.0.1:1/things"
REQUEST: dict[str, Any] = {"method": "GET", "url": f"{URL}?a=b", "token": "t", "jkt": JKT}
ATH = base64.urlsafe_b64encode(hashlib.sha256(b"t").digest()).rstrip(b"=").decode()


def proof(key: dict[str, Any] = JWK, *, typ: str = "dpop+jwt", **claims: Any) -> str:
    members = {"htm": "GET", "htu": URL, "ath": ATH, **claims}
    return encode(key, "ES256", members, typ=typ, jwk=public_jwk(key))


def test_a_good_proof_is_taken_once() -> None:
    api, good = DPoPCheck(), proof()
    api.check(good, **REQUEST)
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        api.check(good, **REQUEST)


@pytest.mark.parametrize("wrong", [{"htm": "POST"}, {"htu": "http://127.0.0.1:2/"}, {"ath": "x"}, {"iat": 1}])
def test_a_proof_for_something_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        DPoPCheck().check(proof(**wrong), **REQUEST)


@pytest.mark.parametrize("bad", ["", "a.b.c", proof(typ="JWT")])
def test_what_is_no_proof_is_refused(bad: str) -> None:
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        DPoPCheck().check(bad, **REQUEST)


def test_a_proof_of_another_key_is_refused() -> None:
    with pytest.raises(Refused, match="invalid_token"):
        DPoPCheck().check(proof(private_jwk("ES256")), **REQUEST)


def test_the_nonce_of_the_moment_is_demanded() -> None:
    api = DPoPCheck(requires_nonce=True)
    with pytest.raises(Refused, match="use_dpop_nonce"):
        api.check(proof(), **REQUEST)
    stale = proof(nonce=api.nonce)
    api.rotate_nonce()
    with pytest.raises(Refused, match="use_dpop_nonce"):
        api.check(stale, **REQUEST)
    api.check(proof(nonce=api.nonce), **REQUEST)

"""FAPI 2.0 rows: Security Profile Final and Message Signing Final (section 3 of the facts).

The client is made with `profile="fapi2"`. Variants: private_key_jwt with DPoP; mutual TLS for both; and what Message
Signing adds: signed requests (JAR) and signed answers (JARM).
"""

from __future__ import annotations

from typing import Any

from requests_oauth2client import (
    ExpiredResponseJwt,
    InvalidResponseJwt,
    MismatchingDiscoveryIssuer,
    MismatchingIdTokenNonce,
    MismatchingIssuer,
    MismatchingResponseJwtAudience,
    MismatchingState,
    MissingIssuer,
    UnsupportedResponseJwtAlg,
)

from .changes import Change, broken_signature, put, suffixed, unsigned, without
from .demands_fapi import FAPI2, nonce_of
from .fapi import (
    BAD_ID_TOKENS,
    MISMATCHING_METADATA,
    NOT_IN_FAPI2,
    SCOPE,
    SETUP,
    after,
    call_api,
    counted,
    refuse_until_refreshed_twice,
    rotated_twice,
)
from .flows import Run, private_jwk
from .table import Row, Variant

PREFIX = "fapi2-security-profile-final-client-test"
AFTER_TOKEN = ("token", "userinfo", "resource")
AFTER_ANSWER = ("par", "authorize", *AFTER_TOKEN)
MTLS = {
    "registered": {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    "store": {"bound": "mtls", "token_type": "Bearer"},
}

PLAIN = Variant(name="private_key_jwt+dpop")
BY_CERTIFICATE = Variant(name="mtls", settings=MTLS)
SIGNED = Variant(name="signed+jarm", response_mode="jwt", settings={"store": {"signed": True}})
JARM = Variant(name="jarm", response_mode="query.jwt")
WITHOUT = {"request": {"state": None, "nonce": None}}
UNASKED = Variant(name="unasked", settings=WITHOUT)  # neither state nor nonce was sent
UNASKED_SIGNED = Variant(
    name="unasked+signed+jarm", response_mode="jwt", settings={**WITHOUT, "store": {"signed": True}}
)
BOTH, EACH = (PLAIN, SIGNED), (PLAIN, BY_CERTIFICATE, SIGNED)


def client(run: Run) -> dict[str, Any]:
    """Return what an application says: its profile, and what it is registered for."""
    return {"profile": "fapi2"}


def authorized(run: Run) -> None:
    """Push the request, signed where that is agreed; go to the OP and come back."""
    request = run.request()
    if run.op.store.get("signed"):
        request = request.sign(private_jwk("PS256"))
    run.authorized(run(run.client.pushed_authorization_request(request)))


def fapi_login(run: Run) -> None:
    """Log in."""
    authorized(run)
    run.redeemed()
    assert run.id_token.checked


def fapi_journey(run: Run) -> None:
    """Log in, and call the API."""
    fapi_login(run)
    assert call_api(run) == 200


def nonces_were_asked_for(run: Run) -> None:
    """Each stage took one round trip more, with a new proof and a new assertion: the demands looked at these."""
    times = 1 if run.op.store.get("bound") == "mtls" else 2
    assert [len(run.op.requests_to(name)) for name in ("par", "token", "resource")] == [times] * 3


def no_nonces_were_asked_for(run: Run) -> None:
    """Nothing was asked twice."""
    assert [len(run.op.requests_to(name)) for name in ("par", "token", "resource")] == [1, 1, 1]


def unlimited(run: Run) -> None:
    """Nobody knows when the token expires."""
    assert run.token.expires_in is None


def fapi(*hooks: tuple[str, Change], **more: Any) -> Row:
    """Return a row of this profile; each hook has a change."""
    settings: dict[str, Any] = {
        "change": {**SETUP, **dict(hooks)},
        "client": client,
        "request": {"scope": SCOPE},
        "flow": fapi_journey,
        "demands": FAPI2,
        "answers": {"par": nonce_of("as"), "token": nonce_of("as"), "resource": nonce_of("rs")},
        "metadata": {"authorization_response_iss_parameter_supported": True},
        "registered": {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256"},
        "alg": "PS256",
        "variants": BOTH,
    }
    store = {"scope": SCOPE, "token_type": "DPoP", "spare": True, **more.pop("store", {})}
    return Row(**{**settings, "store": store, **more})


def bad_id_token(change: Change, refused: type[Exception], **more: Any) -> Row:
    """Return a row about an ID token from the token endpoint."""
    return fapi(("id_token", change), **{"refused": refused, "silent": AFTER_TOKEN, **more})


def bad_answer(change: Change, refused: type[Exception], *variants: Variant) -> Row:
    """Return a row about the parameters of the callback."""
    return fapi(("authorization_response", change), refused=refused, silent=AFTER_ANSWER, variants=variants)


def bad_jarm(change: Change, refused: type[Exception]) -> Row:
    """Return a row about the JWT of the callback."""
    return fapi(("response_jwt", change), refused=refused, silent=AFTER_ANSWER, variants=(JARM, SIGNED))


ROWS: dict[str, Row] = {
    f"{PREFIX}-happy-path": fapi(variants=EACH, check=nonces_were_asked_for),
    f"{PREFIX}-discovery-issuer-mismatch": fapi(
        refused=MismatchingDiscoveryIssuer, change=MISMATCHING_METADATA, silent=("jwks", *AFTER_ANSWER)
    ),
    **{
        f"{PREFIX}-{name}": bad_id_token(change, refused)
        for name, (change, refused) in BAD_ID_TOKENS.items()
        if name not in NOT_IN_FAPI2
    },
    f"{PREFIX}-valid-aud-as-array": fapi(("id_token", put(aud=lambda aud: [aud]))),
    f"{PREFIX}-invalid-nonce": bad_id_token(
        suffixed("nonce"), MismatchingIdTokenNonce, variants=(*BOTH, UNASKED, UNASKED_SIGNED)
    ),
    f"{PREFIX}-invalid-missing-nonce": bad_id_token(without("nonce"), MismatchingIdTokenNonce),
    f"{PREFIX}-invalid-authorization-response-iss": bad_answer(suffixed("iss"), MismatchingIssuer, PLAIN),
    f"{PREFIX}-remove-authorization-response-iss": bad_answer(without("iss"), MissingIssuer, PLAIN),
    f"{PREFIX}-ensure-authorization-response-with-invalid-state-fails": bad_answer(
        suffixed("state"), MismatchingState, *BOTH, JARM, UNASKED, UNASKED_SIGNED
    ),
    f"{PREFIX}-ensure-authorization-response-with-invalid-missing-state-fails": bad_answer(
        without("state"), MismatchingState, *BOTH, JARM
    ),
    f"{PREFIX}-token-endpoint-response-without-expires_in": fapi(
        ("token_response", without("expires_in")), variants=EACH, check=unlimited
    ),
    f"{PREFIX}-token-type-case-insensitivity": fapi(("token_response", put(token_type=str.swapcase)), variants=EACH),
    f"{PREFIX}-rs-dpop-auth-scheme-case-insensitivity": fapi(
        store={"challenge_scheme": "dPoP"}, check=nonces_were_asked_for
    ),
    f"{PREFIX}-happy-path-no-dpop-nonce": fapi(store={"dpop_nonces": False}, check=no_nonces_were_asked_for),
    f"{PREFIX}-ensure-jarm-without-iss-fails": bad_jarm(without("iss"), MissingIssuer),
    f"{PREFIX}-ensure-jarm-with-invalid-iss-fails": bad_jarm(suffixed("iss"), MismatchingIssuer),
    f"{PREFIX}-ensure-jarm-without-aud-fails": bad_jarm(without("aud"), InvalidResponseJwt),
    f"{PREFIX}-ensure-jarm-with-invalid-aud-fails": bad_jarm(suffixed("aud"), MismatchingResponseJwtAudience),
    f"{PREFIX}-ensure-jarm-without-exp-fails": bad_jarm(without("exp"), InvalidResponseJwt),
    f"{PREFIX}-ensure-jarm-with-expired-exp-fails": bad_jarm(put(exp=lambda exp: exp - 960), ExpiredResponseJwt),
    f"{PREFIX}-ensure-jarm-with-invalid-sig-fails": bad_jarm(broken_signature, InvalidResponseJwt),
    f"{PREFIX}-ensure-jarm-signature-is-not-none": bad_jarm(unsigned, UnsupportedResponseJwtAlg),
    "fapi2-security-profile-final-client-refresh-token-test": fapi(
        ("refresh_response", counted),
        flow=after(fapi_login),
        answers={
            "par": nonce_of("as"),
            "token": nonce_of("as"),
            "resource": refuse_until_refreshed_twice,
        },
        store={"refresh_tokens": True, "no_refreshed_id_token": True},
        check=rotated_twice,
        variants=EACH,
    ),
}

APPLICATION = {
    f"{PREFIX}-invalid-openbanking-intent-id": (
        "openbanking_intent_id is a claim of the UK and Australian ecosystems: only who made the intent can compare it."
    ),
    "fapi2-security-profile-final-client-brazildcr-happypath-test": (
        "The software statement of Open Finance Brasil comes from its directory, over mutual TLS with its certificates;"
        " registering with one, and managing the registration, the library does."
    ),
}

"""FAPI 1.0 Advanced Final rows (section 4 of the facts).

The library has no profile of this name: the client is registered and set up as the profile demands. Variants:
`code id_token` with a request object by value, the same pushed with mutual TLS as client authentication, and JARM. In
the first two a bad ID token comes through the browser, in the third from the token endpoint.
"""

from __future__ import annotations

from typing import Any

from requests_oauth2client import (
    MismatchingDiscoveryIssuer,
    MismatchingIdTokenAlg,
    MismatchingIdTokenHash,
    MismatchingIdTokenNonce,
    MismatchingIssuer,
    MissingIdTokenClaim,
)

from .changes import Change, put, suffixed, without
from .demands_fapi import FAPI1
from .fapi import (
    BAD_ID_TOKENS,
    MISMATCHING_METADATA,
    SCOPE,
    SETUP,
    after,
    call_api,
    counted,
    refuse_until_refreshed_twice,
    rotated_twice,
)
from .flows import Run, private_jwk
from .keys import CLIENT_ENC_KEY, client_jwks
from .table import Row, Variant

PREFIX = "fapi1-advanced-final-client-test"
AFTER_TOKEN = ("token", "userinfo", "resource")
ENCRYPTED = {"id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A256GCM"}
MTLS = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": client_jwks("RS256", "ES256")}

BY_VALUE = Variant(name="by_value", response_type="code id_token")
PUSHED = Variant(
    name="mtls+pushed", response_type="code id_token", settings={"registered": MTLS, "store": {"pushed": True}}
)
JARM = Variant(name="jarm", response_mode="jwt", settings={"store": {"jarm": True}})
FRONT, EACH = (BY_VALUE, PUSHED), (BY_VALUE, PUSHED, JARM)

IN_FRONT = {"invalid-iss": MismatchingIssuer, "invalid-missing-iss": MismatchingIssuer}  # judged with the callback
NOT_WITH_JARM = ("invalid-signature", "iat-is-week-in-past")


def client(run: Run) -> dict[str, Any]:
    """Return how the client is registered, and what the profile demands of it."""
    return {
        "client_certificate": run.certificate,
        "authorization_signed_response_alg": "PS256",
        "id_token_iat_max_age": 3600,
        "id_token_s_hash_required": True,
    }


def client2(run: Run) -> dict[str, Any]:
    """Return the same for a client that is registered for encrypted ID tokens."""
    return {**client(run), **ENCRYPTED, "id_token_decryption_key": CLIENT_ENC_KEY.as_dict(private=True)}


def encrypted(alg: str) -> Change:
    """Encrypt ID tokens to the client."""

    def change(draft: Any, _op: Any) -> None:
        draft.encrypt_to, draft.encrypt_alg = CLIENT_ENC_KEY, alg

    return change


def fapi1_login(run: Run) -> None:
    """Log in, with a signed request."""
    request = run.request()
    signed = request.sign(private_jwk("PS256"), lifetime=60, iss=True, aud=True, nbf=True, jti=True)
    if run.op.store.get("pushed"):
        signed = run(run.client.pushed_authorization_request(signed))
    elif not run.op.store.get("jarm"):  # OIDC Core 6.1: these are outside too
        signed = signed.replace(response_type=request.response_type, scope=request.scope)
    run.authorized(signed)
    run.redeemed()
    assert run.id_token.checked


def fapi1_journey(run: Run) -> None:
    """Log in, and call the API."""
    fapi1_login(run)
    assert call_api(run) == 200


def plainly_signed(run: Run) -> None:
    """The request object was signed and not encrypted."""
    (asked,) = run.op.requests_to("par")
    assert asked.form["request"].count(".") == 2


def fapi1(*hooks: tuple[str, Change], **more: Any) -> Row:
    """Return a row of this profile; each hook has a change."""
    settings: dict[str, Any] = {
        "change": {**SETUP, **dict(hooks)},
        "client": client,
        "request": {"scope": SCOPE},
        "flow": fapi1_journey,
        "demands": FAPI1,
        "registered": {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256"},
        "alg": "PS256",
        "variants": EACH,
    }
    store = {"scope": SCOPE, "bound": "mtls", "fapi1": True, "spare": True, **more.pop("store", {})}
    return Row(**{**settings, "store": store, **more})


def bad_id_token(change: Change, refused: type[Exception], **more: Any) -> Row:
    """Return a row about an ID token."""
    return fapi1(("id_token", change), **{"refused": refused, "silent": AFTER_TOKEN, **more})


ROWS: dict[str, Row] = {
    PREFIX: fapi1(),
    f"{PREFIX}-encrypted-idtoken": fapi1(("id_token", encrypted("RSA-OAEP-256")), client=client2, variants=FRONT),
    f"{PREFIX}-discovery-issuer-mismatch": fapi1(
        refused=MismatchingDiscoveryIssuer,
        change=MISMATCHING_METADATA,
        silent=("jwks", "par", "authorize", *AFTER_TOKEN),
    ),
    f"{PREFIX}-encrypted-idtoken-usingrsa15": bad_id_token(
        encrypted("RSA1_5"), MismatchingIdTokenAlg, client=client2, variants=FRONT
    ),
    f"{PREFIX}-invalid-shash": bad_id_token(suffixed("s_hash"), MismatchingIdTokenHash, variants=FRONT),
    f"{PREFIX}-invalid-chash": bad_id_token(suffixed("c_hash"), MismatchingIdTokenHash, variants=FRONT),
    f"{PREFIX}-invalid-nonce": bad_id_token(suffixed("nonce"), MismatchingIdTokenNonce),
    **{
        f"{PREFIX}-{name}": bad_id_token(
            change,
            refused,
            refused_in_front=IN_FRONT.get(name),
            variants=FRONT if name in NOT_WITH_JARM else EACH,
        )
        for name, (change, refused) in BAD_ID_TOKENS.items()
    },
    f"{PREFIX}-invalid-missing-nonce": bad_id_token(without("nonce"), MismatchingIdTokenNonce),
    f"{PREFIX}-invalid-missing-shash": bad_id_token(without("s_hash"), MissingIdTokenClaim, variants=FRONT),
    f"{PREFIX}-valid-aud-as-array": fapi1(("id_token", put(aud=lambda aud: [aud]))),
    f"{PREFIX}-no-scope-in-token-endpoint-response": fapi1(("token_response", without("scope", "expires_in"))),
    f"{PREFIX}-missing-athash": fapi1(("id_token", without("at_hash"))),
    f"{PREFIX}-unencrypted-request-object-with-par": fapi1(variants=(PUSHED,), check=plainly_signed),
    "fapi1-advanced-final-client-refresh-token-test": fapi1(
        ("refresh_response", counted),
        flow=after(fapi1_login),
        answers={"resource": refuse_until_refreshed_twice},
        store={"refresh_tokens": True, "no_refreshed_id_token": True},
        check=rotated_twice,
    ),
}

APPLICATION = {
    f"{PREFIX}-invalid-openbanking-intent-id": (
        "openbanking_intent_id is a claim of the UK and Australian ecosystems: only who made the intent can compare it."
    ),
    f"{PREFIX}-payment-consent-response-valid-aud-as-array": (
        "The signed consent is an answer of the payments API of Open Finance Brasil, not of an OAuth endpoint."
    ),
    "fapi1-advanced-final-client-brazildcr-happypath-test": (
        "The software statement of Open Finance Brasil comes from its directory, over mutual TLS with its certificates;"
        " registering with one, and managing the registration, the library does."
    ),
}

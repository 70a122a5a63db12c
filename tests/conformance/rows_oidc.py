"""OpenID Connect core rows: ID tokens, userinfo, client authentication (section 1 of the facts).

The plans: B code; H code id_token, code token, code id_token token; I id_token, id_token token; each also with
response_mode form_post.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from requests_oauth2client import (
    InvalidIdTokenSignature,
    LoginRequired,
    MismatchingIdTokenAudience,
    MismatchingIdTokenHash,
    MismatchingIdTokenIssuer,
    MismatchingIdTokenNonce,
    MismatchingIssuer,
    MismatchingUserInfoSubject,
    MissingIdTokenClaim,
    MissingIdTokenKey,
    UnsupportedIdTokenAlg,
    aggregated_claims,
)

from .changes import broken_signature, kid_absent, suffixed, unsigned, without
from .endpoints import unsigned_jwt
from .flows import Run, login
from .table import ALL, CODE, FORM_POST, HYBRID, IMPLICIT, Row, Variant, with_code, with_token

PREFIX = "oidcc-client-test"
SCOPES = "openid profile email phone address"
METHODS = ("client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
MTLS_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")


def having(*words: str, among: tuple[Variant, ...] = ALL) -> tuple[Variant, ...]:
    """Return the variants whose response type has all these words."""
    return tuple(one for one in among if set(words) <= set(one.response_type.split()))


def with_methods(methods: tuple[str, ...], among: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Return the variants, each for clients that are registered for each of these methods."""
    return tuple(
        replace(one, name=f"{one.name}.{method}", settings={"registered": {"token_endpoint_auth_method": method}})
        for one in among
        for method in methods
    )


def only_alg(alg: str) -> dict[str, Any]:
    """Return metadata of an OP that signs with one alg."""
    return {"id_token_signing_alg_values_supported": [alg]}


# --- what else is demanded when a row is over ----------------------------------------------------------------


def nonce_is_safe(run: Run) -> None:
    """The nonce was sent, URL-safe and short: the demands looked at it."""
    assert run.op.requests_to("authorize")[0].query["nonce"]


def sent_basic(run: Run) -> None:
    """The credentials were in the header alone."""
    (asked,) = run.op.requests_to("token")
    assert "authorization" in asked.headers
    assert "client_secret" not in asked.form


def claims_came(run: Run) -> None:
    """What the scopes ask for has come: from userinfo, or in the ID token where there is no access token."""
    found = run.userinfo if run.userinfo is not None else run.id_token.claims
    assert {"name", "email", "phone_number", "address"} <= found.keys()


def token_in(place: str) -> Any:
    """Return a check that the access token was only in the header, or only in the body."""

    def check(run: Run) -> None:
        (asked,) = run.op.requests_to("userinfo")
        assert ("authorization" in asked.headers) is (place == "header")
        assert (b"access_token" in asked.body) is (place == "body")

    return check


def userinfo_discarded(run: Run) -> None:
    """The answer came, and the application did not get it."""
    assert run.op.called("userinfo") == ["userinfo"]
    assert run.userinfo is None


def aliased(run: Run) -> None:
    """The alias was called, with the certificate: the demands looked at it."""
    (asked,) = run.op.requests_to("token")
    assert asked.url.startswith(run.server.tls_url)


# --- journeys ------------------------------------------------------------------------------------------------


def userinfo_in_body(run: Run) -> None:
    """Log in, with the access token in the body."""
    run.authorized()
    run.redeemed()
    run.told(bearer_method="body")


def silent_login(run: Run) -> None:
    """Ask without any page, and be told that there is no session."""
    run.authorized(run.request(prompt="none", max_age=0))


def login_required(params: Any, _op: Any) -> None:
    """Answer with an error."""
    state = params.get("state")
    params.clear()
    params |= {"error": "login_required", "error_description": "nobody is logged in", "state": state}


def reads_aggregated_claims(run: Run) -> None:
    """Log in, and read what another claims provider says."""
    login(run)
    (found,) = aggregated_claims(run.userinfo).values()
    assert found.claims == AGGREGATED
    assert not found.checked, "nobody signed it"


def fetches_distributed_claims(run: Run) -> None:
    """Log in, and fetch what another claims provider says."""
    login(run)
    (found,) = run(run.client.distributed_claims(run.userinfo)).values()
    assert found.claims == {"credit_score": 650}
    (asked,) = run.op.requests_to("claims")
    assert asked.headers["authorization"] == f"Bearer {CLAIMS_TOKEN}"
    assert not asked.query


AGGREGATED = {"address": {"country": "Elsewhere"}, "phone_number": "+49 111 111111"}
CLAIMS_TOKEN = "ksj3n283dke"


def aggregate(claims: Any, _op: Any) -> None:
    """Put the claims of another provider, unsigned, into the userinfo."""
    claims["_claim_names"] = dict.fromkeys(AGGREGATED, "src1")
    claims["_claim_sources"] = {"src1": {"JWT": unsigned_jwt(AGGREGATED)}}


def distribute(claims: Any, op: Any) -> None:
    """Say where another provider has claims."""
    claims["_claim_names"] = {"credit_score": "src1"}
    claims["_claim_sources"] = {"src1": {"endpoint": op.url("claims"), "access_token": CLAIMS_TOKEN}}


def sig_keys_without_kid(per_type: int) -> Any:
    """Return a change of the key set: so many keys of each type sign, and none says its kid."""

    def change(jwks: Any, op: Any) -> None:
        own = {alg: [key.as_dict(private=False) for key in pair][:1] for alg, pair in op.keys.signing.items()}
        if per_type > 1:
            for alg, pair in op.keys.signing.items():
                own[alg] = [key.as_dict(private=False) for key in pair]
            own["RS256"].append(op.keys.spare.as_dict(private=False))
        signing = [{**key, "kid": None} for keys in own.values() for key in keys]
        encrypting = [key for key in jwks["keys"] if key["use"] == "enc"]
        jwks["keys"] = [{name: v for name, v in key.items() if v is not None} for key in signing] + encrypting

    return change


def signed_with_the_first_key(draft: Any, op: Any) -> None:
    """Name no key, and sign with that of its type which is published."""
    draft.key = op.keys.signing["RS256"][0]
    kid_absent(draft, op)


def mtls_aliases(metadata: Any, op: Any) -> None:
    """Have another token endpoint for those who show a certificate."""
    metadata["mtls_endpoint_aliases"] = {"token_endpoint": op.url("token", mtls=True)}


def bad_id_token(change: Any, refused: type[Exception], **more: Any) -> Row:
    """Return a row about an ID token that must be refused, wherever one comes."""
    return Row(**{"change": {"id_token": change}, "refused": refused, "variants": ALL, **more})


FRONT_CODE = having("code", "id_token")
FRONT_TOKEN = having("token", "id_token")
BIH = (*CODE, *HYBRID, *IMPLICIT)

ROWS: dict[str, Row] = {
    PREFIX: Row(variants=(*ALL, *with_methods(METHODS, CODE)), check=nonce_is_safe),
    f"{PREFIX}-nonce-invalid": bad_id_token(suffixed("nonce"), MismatchingIdTokenNonce),
    f"{PREFIX}-client-secret-basic": Row(variants=with_code(ALL), check=sent_basic),
    f"{PREFIX}-scope-userinfo-claims": Row(variants=ALL, request={"scope": SCOPES}, check=claims_came),
    f"{PREFIX}-kid-absent-single-jwks": Row(
        change={"jwks": sig_keys_without_kid(1), "id_token": signed_with_the_first_key}, variants=ALL
    ),
    f"{PREFIX}-kid-absent-multiple-jwks": Row(
        change={"jwks": sig_keys_without_kid(3), "id_token": kid_absent}, refused=MissingIdTokenKey, variants=ALL
    ),
    f"{PREFIX}-missing-iat": bad_id_token(without("iat"), MissingIdTokenClaim),
    f"{PREFIX}-missing-aud": bad_id_token(without("aud"), MismatchingIdTokenAudience, variants=BIH),
    f"{PREFIX}-invalid-aud": bad_id_token(suffixed("aud"), MismatchingIdTokenAudience),
    f"{PREFIX}-idtoken-sig-none": Row(change={"id_token": unsigned}, refused=UnsupportedIdTokenAlg),
    f"{PREFIX}-idtoken-sig-rs256": Row(variants=ALL, metadata=only_alg("RS256")),
    f"{PREFIX}-missing-sub": bad_id_token(without("sub"), MissingIdTokenClaim),
    f"{PREFIX}-invalid-sig-rs256": bad_id_token(broken_signature, InvalidIdTokenSignature, metadata=only_alg("RS256")),
    f"{PREFIX}-invalid-iss": bad_id_token(
        suffixed("iss"), MismatchingIdTokenIssuer, refused_in_front=MismatchingIssuer
    ),
    f"{PREFIX}-userinfo-invalid-sub": Row(
        change={"userinfo": suffixed("sub", "invalid")},
        refused=MismatchingUserInfoSubject,
        variants=with_token(ALL),
        check=userinfo_discarded,
    ),
    f"{PREFIX}-userinfo-bearer-header": Row(variants=with_token(BIH), check=token_in("header")),
    f"{PREFIX}-userinfo-bearer-body": Row(variants=with_token(BIH), flow=userinfo_in_body, check=token_in("body")),
    f"{PREFIX}-nonce-unless-code-flow": Row(
        variants=tuple(one for one in ALL if one.response_type != "code"), check=nonce_is_safe
    ),
    f"{PREFIX}-missing-chash": bad_id_token(without("c_hash"), MissingIdTokenClaim, variants=FRONT_CODE),
    f"{PREFIX}-invalid-chash": bad_id_token(suffixed("c_hash"), MismatchingIdTokenHash, variants=FRONT_CODE),
    f"{PREFIX}-invalid-athash": bad_id_token(suffixed("at_hash"), MismatchingIdTokenHash, variants=FRONT_TOKEN),
    f"{PREFIX}-missing-athash": bad_id_token(without("at_hash"), MissingIdTokenClaim, variants=FRONT_TOKEN),
    f"{PREFIX}-form-post-error": Row(
        change={"authorization_response": login_required},
        refused=LoginRequired,
        flow=silent_login,
        variants=FORM_POST,
        store={"silent_login": True},
    ),
    f"{PREFIX}-invalid-sig-hs256": bad_id_token(
        broken_signature,
        InvalidIdTokenSignature,
        metadata=only_alg("HS256"),
        alg="HS256",
        variants=(*BIH, *with_methods(METHODS[:2], CODE)),
    ),
    f"{PREFIX}-invalid-sig-es256": bad_id_token(
        broken_signature, InvalidIdTokenSignature, metadata=only_alg("ES256"), alg="ES256", variants=BIH
    ),
    f"{PREFIX}-aggregated-claims": Row(
        change={"userinfo": aggregate}, flow=reads_aggregated_claims, variants=with_token(BIH)
    ),
    f"{PREFIX}-distributed-claims": Row(
        change={"userinfo": distribute}, flow=fetches_distributed_claims, variants=with_token(BIH)
    ),
    f"{PREFIX}-mtls-endpoint-aliases": Row(
        change={"metadata": mtls_aliases},
        variants=with_methods(MTLS_METHODS, with_code(BIH)),
        check=aliased,
    ),
}

APPLICATION = {
    f"{PREFIX}-3rd-party-init-login": (
        "The page at initiate_login_uri is the application's: it decides which issuers it trusts before it makes an"
        " authorization request of the client."
    ),
}

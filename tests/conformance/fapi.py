"""What the FAPI rows have in common: metadata, decoys, the call to an API, and the bad ID tokens of all profiles."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any

from requests_oauth2client import (
    ExpiredIdToken,
    InvalidIdTokenSignature,
    MismatchingIdTokenAlg,
    MismatchingIdTokenAudience,
    MismatchingIdTokenAzp,
    MismatchingIdTokenIssuer,
    MissingIdTokenClaim,
    UnsupportedIdTokenAlg,
)
from requests_oauth2client.tokens import StaleIdToken

from .changes import Change, both, broken_signature, put, signed_with_the_spare_key, suffixed, unsigned, without
from .endpoints import resource
from .flows import Run
from .keys import make_key, public
from .op import LIFETIME

SCOPE = "openid accounts"
WEEK = 7 * 86_400
ALGS = ["PS256", "ES256"]


def fapi_metadata(metadata: Any, op: Any) -> None:
    """Publish what FAPI needs, with aliases for who shows a certificate."""
    endpoints = {"pushed_authorization_request_endpoint": "par", "backchannel_authentication_endpoint": "backchannel"}
    metadata |= {name: op.url(endpoint) for name, endpoint in endpoints.items()}
    aliased = {"token_endpoint": "token", **endpoints}
    metadata["mtls_endpoint_aliases"] = {name: op.url(endpoint, mtls=True) for name, endpoint in aliased.items()}
    metadata["id_token_signing_alg_values_supported"] = ALGS
    metadata["tls_client_certificate_bound_access_tokens"] = True
    metadata["dpop_signing_alg_values_supported"] = [*ALGS, "EdDSA", "Ed25519"]
    metadata["backchannel_token_delivery_modes_supported"] = ["poll", "ping"]


_DECOYS: dict[str, dict[str, Any]] = {}


def decoys(jwks: Any, op: Any) -> None:
    """Publish keys with the kid of those that sign, for other algs and purposes (FAPI 2.0 5.4.3)."""
    for key in op.keys.signing["RS256"]:
        if key.kid not in _DECOYS:
            _DECOYS[key.kid] = public(make_key("ES256", kid=key.kid, use="sig"))
        for decoy in (
            {**_DECOYS[key.kid], "alg": "ES256"},
            {**public(op.keys.spare), "kid": key.kid, "alg": "RS512"},
            {**public(op.keys.spare), "kid": key.kid, "use": "enc", "alg": "RSA-OAEP"},
        ):
            jwks["keys"].insert(0, decoy)


SETUP: Mapping[str, Change] = {"metadata": fapi_metadata, "jwks": decoys}
MISMATCHING_METADATA: Mapping[str, Change] = {
    "jwks": decoys,
    "metadata": both(fapi_metadata, suffixed("issuer", "INVALID")),
}


def second_audience(aud: Any) -> list[str]:
    """Add an audience that nobody trusts."""
    return [str(aud), f"{aud}1"]


# What is wrong with an ID token, and the error for it; under the suffix of the row.
BAD_ID_TOKENS: dict[str, tuple[Change, type[Exception]]] = {
    "invalid-iss": (suffixed("iss"), MismatchingIdTokenIssuer),
    "invalid-aud": (suffixed("aud"), MismatchingIdTokenAudience),
    "invalid-secondary-aud": (put(aud=second_audience), MismatchingIdTokenAzp),
    "invalid-signature": (broken_signature, InvalidIdTokenSignature),
    "invalid-null-alg": (unsigned, UnsupportedIdTokenAlg),
    "invalid-alternate-alg": (signed_with_the_spare_key, MismatchingIdTokenAlg),
    "invalid-expired-exp": (put(exp=lambda exp: exp - LIFETIME - 360), ExpiredIdToken),
    "invalid-missing-exp": (without("exp"), MissingIdTokenClaim),
    "invalid-missing-aud": (without("aud"), MismatchingIdTokenAudience),
    "invalid-missing-iss": (without("iss"), MismatchingIdTokenIssuer),
    "iat-is-week-in-past": (put(iat=lambda iat: iat - WEEK), StaleIdToken),
}
NOT_IN_FAPI2 = ("invalid-signature", "iat-is-week-in-past")


def call_api(run: Run) -> int:
    """Call the API with the token, as an application does; return the status."""
    mtls = run.op.store.get("bound") == "mtls"
    how: dict[str, Any] = {}
    if mtls and run.flavor.is_async:
        context = ssl.create_default_context(cafile=str(run.server.ca.certificate_file))
        context.load_cert_chain(*run.certificate)
        how["session"] = run.flavor.session(verify=context)
    elif mtls:
        how["cert"] = run.certificate
    came = run.flavor.get(run.op.url("resource", mtls=mtls), auth=run.token, **how)
    return int(came.status_code)


def refuse_until_refreshed_twice(op: Any, request: Any) -> Any:
    """Answer 401 until the refresh grant ran twice; used as `answers` of the resource."""
    from devkit.exchange import answer

    if op.store.get("refreshed", 0) < 2:
        return answer(b"", 401, WWW_Authenticate='Bearer error="invalid_token"')
    return resource(op, request)


def counted(_response: Any, op: Any) -> None:
    """Count the refresh answers."""
    op.store["refreshed"] = op.store.get("refreshed", 0) + 1


def after(login: Callable[[Run], None]) -> Callable[[Run], None]:
    """Return a journey that refreshes whenever the API refuses the token, after a login."""

    def journey(run: Run) -> None:
        login(run)
        for _ in range(2):
            assert call_api(run) == 401
            run.token = run(run.client.refresh_token(run.token))
        assert call_api(run) == 200

    return journey


def rotated_twice(run: Run) -> None:
    """Two refreshes, with two refresh tokens: the demands looked at which."""
    sent = [asked.form.get("refresh_token") for asked in run.op.requests_to("token")]
    assert len({token for token in sent if token}) == 2
    assert run.op.store["refreshed"] == 2

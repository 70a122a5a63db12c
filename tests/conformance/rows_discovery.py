"""Rows about finding the OP, its keys and a client of one's own: plans C (config) and D (dynamic)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from devkit.exchange import Answer, answer
from requests_oauth2client import MismatchingDiscoveryIssuer, RequestUriParameterAuthorizationRequest

from .changes import suffixed
from .demands import BY_REFERENCE
from .flows import REDIRECT_URI, Run, login, private_jwk
from .keys import client_jwks
from .op import Call
from .server import Asked
from .table import CODE, HYBRID, IMPLICIT, Row, with_token

PREFIX = "oidcc-client-test"
BIH = (*CODE, *HYBRID, *IMPLICIT)
ISSUER_REL = "http://openid.net/specs/connect/1.0/issuer"
SECOND_LOGIN = 2


# --- discovery and keys --------------------------------------------------------------------------------------


def metadata_first(run: Run) -> None:
    """The metadata came from the one address that there is, before anything else."""
    assert run.op.called()[0] == "metadata"
    asked = run.op.calls[0].request
    assert (asked.method, asked.path) == ("GET", f"{run.op.path}.well-known/openid-configuration")


def keys_from_jwks_uri(run: Run) -> None:
    """The keys came from the address in the metadata, with its random part."""
    assert run.op.requests_to("jwks")[0].path.endswith(run.op.jwks_path)


def rotates_first(draft: Any, op: Any) -> None:
    """Make all keys anew just before signing, once."""
    if not op.store.get("rotated"):
        op.store["rotated"] = True
        op.rotate_keys()
        draft.key = op.keys.pick(draft.alg)


def rotates_between(run: Run) -> None:
    """Log in twice; the OP has other keys the second time."""
    login(run)
    run.op.store["rotate_at_authorization"] = True
    login(run)


def keys_twice(run: Run) -> None:
    """The keys were fetched again, and no more often."""
    assert len(run.op.called("jwks")) == SECOND_LOGIN


def both_logins(run: Run) -> None:
    """There were two whole logins, and two fetches of keys."""
    keys_twice(run)
    wanted = SECOND_LOGIN if run.variant in with_token(BIH) else 0
    assert len(run.op.called("userinfo")) == wanted


# --- WebFinger -----------------------------------------------------------------------------------------------


def found_by(identifier: Callable[[Run, str], str]) -> Callable[[Run], None]:
    """Return a journey that begins with what a user types, and goes to the OP that is found."""

    def flow(run: Run) -> None:
        resource = identifier(run, urlsplit(run.server.url).netloc)

        def jrd(request: Asked) -> Answer:
            run.op.calls.append(Call("webfinger", request))
            op_demands_webfinger(run, request, resource)
            links = [{"rel": ISSUER_REL, "href": run.op.issuer}]
            return answer(json.dumps({"subject": resource, "links": links}), Content_Type="application/jrd+json")

        run.server.mounts["/.well-known/webfinger"] = jrd
        try:
            found = run(run.flavor.named("OAuth2Client").find_issuer(resource, host=run.server.url))
        finally:
            del run.server.mounts["/.well-known/webfinger"]
        assert found == run.op.issuer
        run.discovered(issuer=found)
        assert run.op.called()[:2] == ["webfinger", "metadata"]

    return flow


def op_demands_webfinger(run: Run, request: Asked, resource: str) -> None:
    """RFC 7033 section 4.1, OIDC Discovery section 2.1."""
    run.op.demand(request.query.get("resource") == resource, "WebFinger is asked for the user's resource")
    run.op.demand(request.query.get("rel") == ISSUER_REL, "WebFinger is asked for the issuer")


# --- registration, request objects by reference --------------------------------------------------------------


def register(run: Run, **more: Any) -> Any:
    """Register a client, and make it the one of the run."""
    own = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_basic", **more}
    made = run(run.flavor.named("OAuth2Client").register(own, issuer=run.op.issuer))
    run.client = run.flavor.keep(made)
    return run.client


def registered(run: Run) -> None:
    """Register, and log in with what came of it."""
    register(run)
    login(run)


def by_reference(alg: str) -> Callable[[Run], None]:
    """Return a journey with a request object that the OP fetches."""

    def flow(run: Run) -> None:
        path = run.server.mount("rp", lambda _: answer(run.store["object"], Content_Type="application/jwt"))
        uri = f"{run.server.url}{path}object.jwt"
        client = register(run, request_uris=[uri], request_object_signing_alg=alg, jwks=client_jwks("RS256"))
        asked = client.authorization_request()
        claims = {"iss": True, "aud": True}
        if alg == "none":
            run.store["object"] = asked.unsigned_request_jwt(60, **claims)
        else:
            run.store["object"] = asked.sign_request_jwt(private_jwk(alg), alg, 60, **claims)
        # OIDC Core §6.2: what OAuth 2.0 demands stands outside too
        outside = {"response_type": asked.response_type, "scope": asked.scope}
        run.authorized(
            RequestUriParameterAuthorizationRequest(
                asked.authorization_endpoint, asked.client_id, uri, authorization_request=asked, **outside
            )
        )
        run.redeemed()
        run.told()

    return flow


def userinfo_was_signed(run: Run) -> None:
    """The signed answer was asked for, checked and read."""
    assert run.userinfo["aud"] == run.op.client["client_id"]


SIGNED_USERINFO = {"userinfo_signed_response_alg": "RS256"}

ROWS: dict[str, Row] = {
    f"{PREFIX}-discovery-openid-config": Row(variants=BIH, check=metadata_first),
    f"{PREFIX}-discovery-jwks-uri-keys": Row(variants=BIH, check=keys_from_jwks_uri),
    f"{PREFIX}-discovery-issuer-mismatch": Row(
        change={"metadata": suffixed("issuer", "INVALID")},
        refused=MismatchingDiscoveryIssuer,
        silent=("jwks", "authorize", "token", "userinfo"),
        variants=BIH,
    ),
    f"{PREFIX}-signing-key-rotation-just-before-signing": Row(
        change={"id_token": rotates_first}, variants=BIH, check=keys_twice
    ),
    f"{PREFIX}-signing-key-rotation": Row(flow=rotates_between, variants=BIH, check=both_logins),
    f"{PREFIX}-discovery-webfinger-acct": Row(flow=found_by(lambda _, host: f"acct:alias.testname@{host}")),
    f"{PREFIX}-discovery-webfinger-url": Row(flow=found_by(lambda _, host: f"https://{host}/alias/testname")),
    f"{PREFIX}-dynamic-registration": Row(flow=registered),
    f"{PREFIX}-request-uri-signed-rs256": Row(flow=by_reference("RS256"), demands=BY_REFERENCE),
    f"{PREFIX}-request-uri-signed-none": Row(flow=by_reference("none"), demands=BY_REFERENCE),
    f"{PREFIX}-userinfo-signed": Row(
        registered=SIGNED_USERINFO, client=SIGNED_USERINFO, variants=with_token(BIH), check=userinfo_was_signed
    ),
}

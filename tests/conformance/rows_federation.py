"""OpenID Federation rows (section 6 of the facts): the OP has never heard of the client, a trust anchor of both.

The client is made by `from_federation`, registered automatically: its client_id is its entity identifier, and the OP
finds its keys in the entity configuration that it serves. The plan's other variant, explicit registration, is not
played: the library registers in the one way only.
"""

from __future__ import annotations

import time
from typing import Any

import requests

from devkit.exchange import Answer, answer
from requests_oauth2client import MismatchingIdTokenAudience, MismatchingIdTokenIssuer, PrivateKeyJwt
from requests_oauth2client.federation import (
    MismatchingEntityStatement,
    MissingEntityStatementClaim,
    UnsupportedClientRegistrationTypes,
    entity_configuration,
)

from .changes import Change, suffixed, without
from .demands import authorization_request, client_authentication, one_access_token, request_object, token_request
from .demands_fapi import claims_of, header_of
from .flows import REDIRECT_URI, Run, private_jwk
from .keys import CLIENT_KEYS, Draft, public
from .op import Op
from .server import Asked
from .table import Row

PREFIX = "openid-federation-client"
KIND = "application/entity-statement+jwt"
AFTER_CONFIGURATION = ("jwks", "authorize", "token", "userinfo")
TYPES = "client_registration_types_supported"


# --- the federation ---------------------------------------------------------------------------------------------


def statement(iss: str, sub: str, keys: Any, **more: Any) -> str:
    """Make an entity statement of the trust anchor."""
    now = int(time.time())
    claims = {"iss": iss, "sub": sub, "iat": now, "exp": now + 300, "jwks": keys, **more}
    return Draft(claims, "ES256", ANCHOR_KEY, header={"typ": "entity-statement+jwt"}).serialized()


ANCHOR_KEY = CLIENT_KEYS["ES256"]  # any key that is not the OP's
ANCHOR_JWKS = {"keys": [public(ANCHOR_KEY)]}


def anchored(run: Run) -> str:
    """Serve a trust anchor that vouches for the OP; return its entity identifier."""

    def handler(request: Asked) -> Answer:
        if request.path.endswith("/.well-known/openid-federation"):
            metadata = {"federation_entity": {"federation_fetch_endpoint": f"{own}/fetch"}}
            return answer(statement(own, own, ANCHOR_JWKS, metadata=metadata), Content_Type=KIND)
        assert request.query["sub"] == run.op.issuer
        return answer(statement(own, run.op.issuer, run.op.keys.jwks()), Content_Type=KIND)

    own = f"{run.server.url}{run.server.mount('anchor', handler)}".removesuffix("/")
    run.op.store["authority_hints"] = [own]
    return own


def published(run: Run, anchor: str) -> str:
    """Serve the client's own entity configuration, as an application does; return its entity identifier."""

    def handler(_request: Asked) -> Answer:
        metadata = {"openid_relying_party": {"redirect_uris": [REDIRECT_URI], "jwks": run.op.client["jwks"]}}
        made = entity_configuration(own, private_jwk("RS256"), metadata=metadata, authority_hints=[anchor])
        return answer(made, Content_Type=KIND)

    own = f"{run.server.url}{run.server.mount('rp', handler)}".removesuffix("/")
    run.op.client["client_id"] = own
    return own


# --- what the OP demands ----------------------------------------------------------------------------------------


def automatic(op: Op, request: Asked) -> None:
    """A signed request of an entity whose keys are found in its configuration (sections 12.1.1.1 and 12.1.1.2)."""
    params = request.query
    if not op.demand("request" in params, "there is a request object"):
        return
    own = requests.get(f"{params['client_id']}/.well-known/openid-federation", timeout=10)
    op.demand(own.headers["Content-Type"] == KIND, "the client serves its entity configuration")
    op.client["jwks"] = claims_of(own.text)["metadata"]["openid_relying_party"]["jwks"]
    op.store["request_object"] = request_object(op, params["request"], header_of(params["request"])["alg"])
    said = claims_of(params["request"])
    op.demand(said.get("client_id") == said.get("iss") == op.client["client_id"], "iss is the entity identifier")
    op.demand(said.get("aud") in (op.issuer, [op.issuer]), "aud is the OP alone")
    op.demand(said.get("jti") and "sub" not in said, "there is a jti, and no sub")
    op.demand(said.get("exp", 0) > time.time(), "there is an exp")


DEMANDS = {
    "authorize": (automatic, authorization_request),
    "token": (client_authentication, token_request),
    "userinfo": (one_access_token,),
}


# --- the client -------------------------------------------------------------------------------------------------


def federated_login(run: Run) -> None:
    """Make a client of an OP that nobody has registered it at, and log in."""
    anchor = anchored(run)
    client_id = published(run, anchor)
    method = PrivateKeyJwt(client_id, private_jwk("RS256"))
    kind = run.flavor.named("OAuth2Client")
    making = kind.from_federation(
        run.op.issuer, trust_anchors={anchor: ANCHOR_JWKS}, auth=method, redirect_uri=REDIRECT_URI
    )
    run.__dict__["client"] = run.flavor.keep(run(making))
    request = run.client.authorization_request()
    run.authorized(request.sign(private_jwk("RS256"), lifetime=60, iss=True, aud=True, jti=True))
    run.redeemed()
    run.told()
    assert run.id_token.checked


# --- the rows ---------------------------------------------------------------------------------------------------


def types(value: Any) -> Change:
    """Say how clients are registered; None: nothing."""

    def change(draft: Any, _op: Any) -> None:
        provider = draft.claims["metadata"]["openid_provider"]
        provider[TYPES] = value
        if value is None:
            del provider[TYPES]

    return change


def federation(*hooks: tuple[str, Change], **more: Any) -> Row:
    """Return a row of this plan; each hook has a change."""
    return Row(
        change=dict(hooks),
        flow=federated_login,
        demands=DEMANDS,
        registered={"token_endpoint_auth_method": "private_key_jwt"},
        metadata={TYPES: ["automatic", "explicit"]},
        **more,
    )


def bad_configuration(change: Change, refused: type[Exception]) -> Row:
    """Return a row about what the OP says of itself."""
    return federation(("entity_configuration", change), refused=refused, silent=AFTER_CONFIGURATION)


ROWS: dict[str, Row] = {
    f"{PREFIX}-invalid-iss-in-entity-configuration": bad_configuration(suffixed("iss"), MismatchingEntityStatement),
    f"{PREFIX}-invalid-sub-in-entity-configuration": bad_configuration(suffixed("sub"), MismatchingEntityStatement),
    f"{PREFIX}-invalid-missing-exp-in-entity-configuration": bad_configuration(
        without("exp"), MissingEntityStatementClaim
    ),
    f"{PREFIX}-invalid-missing-iat-in-entity-configuration": bad_configuration(
        without("iat"), MissingEntityStatementClaim
    ),
    f"{PREFIX}-invalid-missing-client-registration-types-supported": bad_configuration(
        types(None), UnsupportedClientRegistrationTypes
    ),
    f"{PREFIX}-invalid-empty-client-registration-types-supported": bad_configuration(
        types([]), UnsupportedClientRegistrationTypes
    ),
    f"{PREFIX}-test": federation(),
    f"{PREFIX}-valid-unknown-client-registration-types-supported": federation(
        ("entity_configuration", types(["unknown", "automatic", "explicit"]))
    ),
    f"{PREFIX}-invalid-aud-in-id-token": federation(("id_token", suffixed("aud")), refused=MismatchingIdTokenAudience),
    f"{PREFIX}-invalid-iss-in-id-token": federation(("id_token", suffixed("iss")), refused=MismatchingIdTokenIssuer),
}

"""FAPI-CIBA rows (section 5 of the facts): the OP authenticates the user elsewhere, and the client polls or is pinged.

A sleep of the client passes at once and is counted (`op.store["clock"]`, seconds), so that the intervals are real.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import requests

from devkit.exchange import Answer
from requests_oauth2client import (
    AccessDenied,
    BackChannelAuthenticationError,
    ExpiredToken,
    InvalidBackChannelAuthenticationResponse,
    InvalidPingCallback,
    InvalidRequest,
    MismatchingClientNotificationToken,
    validate_ping_callback,
)
from requests_oauth2client._core.effects import Sleep

from .changes import Change, put, without
from .demands_fapi import CIBA_DEMANDS
from .endpoints import token_response
from .fapi import (
    BAD_ID_TOKENS,
    SCOPE,
    SETUP,
    after,
    call_api,
    counted,
    refuse_until_refreshed_twice,
    rotated_twice,
)
from .flows import Run, private_jwk
from .keys import client_jwks
from .op import Grant, Op, json_answer
from .server import Asked
from .table import Row, Variant

PREFIX = "fapi-ciba-id1-client"
AFTER_TOKEN = ("token", "userinfo", "resource")
MTLS = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": client_jwks("RS256", "ES256")}

POLL = Variant(name="poll")
POLL_MTLS = Variant(name="poll+mtls", settings={"registered": MTLS})
PING = Variant(name="ping", settings={"store": {"ping": True}})
EACH = (POLL, POLL_MTLS, PING)


# --- the OP -----------------------------------------------------------------------------------------------------


def polled(*steps: str) -> Callable[[Op, Asked], Answer | None]:
    """Return what answers the polls, one step after the other: an error, or `tokens`."""

    def answered(op: Op, request: Asked) -> Answer | None:
        if request.form.get("grant_type") == "refresh_token":
            return None
        said = op.store["polls"] = op.store.get("polls", 0) + 1
        step = "tokens" if op.store.get("pinged") else steps[min(said, len(steps)) - 1]
        if step == "tokens":
            grant: Grant = op.store["backchannel"]
            grant.used = True
            return json_answer(token_response(op, grant, "backchannel"))
        if step == "slow_down":
            op.store["interval"] += 5
        elif step != "authorization_pending":
            op.store["ended"] = True
            op.changed("poll_error", {})
        return json_answer({"error": step}, 400)

    return answered


PENDING = ("authorization_pending", "authorization_pending")
THIRD_TIME = polled(*PENDING, "tokens")


def refusing(error: str) -> Callable[[Op, Asked], Answer]:
    """Return what refuses the authentication request."""

    def answered(op: Op, _request: Asked) -> Answer:
        return json_answer(op.changed("backchannel_error", {"error": error}), 400)

    return answered


def ping(op: Op, uri: str) -> requests.Response:
    """Tell the client that the user is done (CIBA Core section 10.2)."""
    sent = {"token": op.store["notification_token"], "auth_req_id": op.store["backchannel"].code}
    op.store["pinged"] = True
    op.changed("ping", sent)
    headers = {"Authorization": f"Bearer {sent['token']}"}
    return requests.post(uri, json={"auth_req_id": sent["auth_req_id"]}, headers=headers, timeout=10)


# --- the client -------------------------------------------------------------------------------------------------


def client(run: Run) -> dict[str, Any]:
    """Return how the client is registered, and what the profile demands of it."""
    return {"client_certificate": run.certificate, "id_token_iat_max_age": 3600}


def unhurried(run: Run) -> Any:
    """Return the client; its sleeps pass at once, and are counted."""
    perform, slept = run.client._perform, run.store.setdefault("slept", [])

    async def nothing() -> None:
        """Be awaited, on the async client."""

    def performed(command: Any, held: Any) -> Any:
        if not isinstance(command, Sleep):
            return perform(command, held)
        slept.append(command.seconds)
        run.op.store["clock"] = run.op.store.get("clock", 0) + command.seconds
        return nothing() if run.flavor.is_async else None

    run.client._perform = performed
    return run.client


def notified(run: Run) -> str:
    """Serve a notification endpoint as an application does; return its address."""

    def handler(request: Asked) -> Answer:
        expected = {"client_notification_token": run.store["token"], "auth_req_id": run.store["asked"].auth_req_id}
        try:
            run.store["pinged"] = validate_ping_callback(request.headers.get("authorization"), request.body, **expected)
        except InvalidPingCallback as wrong:
            run.store["refusal"] = wrong
            return Answer(status_code=401 if isinstance(wrong, MismatchingClientNotificationToken) else 400)
        return Answer(status_code=204)

    return f"{run.server.url}{run.server.mount('notifications', handler)}"


def asked(run: Run) -> Any:
    """Ask the OP to authenticate the user, in a signed request."""
    hint = {"login_hint": "user@op.local"}
    if run.op.store.get("hint"):
        hint = {"id_token_hint": run.op.id_token(Grant({"scope": SCOPE}), "hint")}
    run.store["token"] = secrets.token_urlsafe(32) if run.op.store.get("ping") else None
    run.store["asked"] = run(
        run.client.backchannel_authentication_request(
            SCOPE, **hint, client_notification_token=run.store["token"], private_jwk=private_jwk("PS256")
        )
    )
    return run.store["asked"]


def ciba_login(run: Run) -> None:
    """Log in: poll until there is a token, or ask once after the ping."""
    run.op.store.setdefault("interval", 5)
    waiting = asked(run)
    if run.op.store.get("ping"):
        came = ping(run.op, notified(run))
        if "refusal" in run.store:
            assert came.status_code == 401
            raise run.store["refusal"]
        assert came.status_code == 204
        run.token = run(run.client.ciba(run.store["pinged"]))
    else:
        job = run.flavor.named("BackChannelAuthenticationPollingJob")(unhurried(run), waiting)
        while run.token is None:
            run.token = run(job())
    assert run.id_token.checked


def ciba_journey(run: Run) -> None:
    """Log in, and call the API."""
    ciba_login(run)
    assert call_api(run) == 200


def waited(*seconds: float) -> Callable[[Run], None]:
    """Return a check of all waits."""

    def check(run: Run) -> None:
        assert run.store["slept"] == list(seconds)

    return check


# --- the rows ---------------------------------------------------------------------------------------------------


def ciba(*hooks: tuple[str, Change], **more: Any) -> Row:
    """Return a row of this profile; each hook has a change."""
    settings: dict[str, Any] = {
        "change": {**SETUP, **dict(hooks)},
        "client": client,
        "flow": ciba_journey,
        "demands": CIBA_DEMANDS,
        "registered": {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256"},
        "alg": "PS256",
        "variants": EACH,
    }
    answers = {"token": THIRD_TIME, **more.pop("answers", {})}
    store = {"scope": SCOPE, "bound": "mtls", "fapi1": True, "spare": True, **more.pop("store", {})}
    return Row(**{**settings, "answers": answers, "store": store, **more})


def bad_id_token(change: Change, refused: type[Exception]) -> Row:
    """Return a row about an ID token from the token endpoint."""
    return ciba(("id_token", change), refused=refused, silent=AFTER_TOKEN)


def bad_response(change: Change) -> Row:
    """Return a row about the answer to the authentication request."""
    return ciba(("backchannel_response", change), refused=InvalidBackChannelAuthenticationResponse, silent=AFTER_TOKEN)


def refused_request(error: str, **more: Any) -> Row:
    """Return a row about an authentication request that the OP refuses."""
    return ciba(
        refused=BackChannelAuthenticationError,
        answers={"backchannel": refusing(error)},
        crime="backchannel_error",
        silent=("backchannel", *AFTER_TOKEN),
        **more,
    )


def refused_poll(error: str, refused: type[Exception]) -> Row:
    """Return a row about a third poll that ends it all."""
    return ciba(
        refused=refused,
        answers={"token": polled(*PENDING, error)},
        crime="poll_error",
        silent=AFTER_TOKEN,
        variants=(POLL, POLL_MTLS),
    )


ROWS: dict[str, Row] = {
    f"{PREFIX}-test": ciba(),
    f"{PREFIX}-refresh-token-test": ciba(
        ("refresh_response", counted),
        flow=after(ciba_login),
        answers={"resource": refuse_until_refreshed_twice},
        store={"refresh_tokens": True, "no_refreshed_id_token": True},
        check=rotated_twice,
    ),
    f"{PREFIX}-valid-aud-as-array-test": ciba(("id_token", put(aud=lambda aud: [aud]))),
    f"{PREFIX}-no-scope-in-token-endpoint-response-test": ciba(("token_response", without("scope", "expires_in"))),
    f"{PREFIX}-respects-interval-test": ciba(
        store={"interval": 31}, check=waited(31, 31, 31), variants=(POLL, POLL_MTLS)
    ),
    f"{PREFIX}-slow-down-test": ciba(
        answers={"token": polled("authorization_pending", "slow_down", "authorization_pending", "tokens")},
        store={"interval": 5},
        check=waited(5, 5, 10, 10),
        variants=(POLL, POLL_MTLS),
    ),
    f"{PREFIX}-invalid-missing-authreqid-test": bad_response(without("auth_req_id")),
    f"{PREFIX}-invalid-missing-expiresin-test": bad_response(without("expires_in")),
    f"{PREFIX}-invalid-expired-id-token-hint-test": refused_request("expired_id_token_hint", store={"hint": True}),
    f"{PREFIX}-invalid-unknown-user-id-test": refused_request("unknown_user_id"),
    f"{PREFIX}-invalid-id-token-hint-test": refused_request("invalid_id_token_hint", store={"hint": True}),
    f"{PREFIX}-invalid-request-test": refused_poll("invalid_request", InvalidRequest),
    f"{PREFIX}-invalid-access-denied-test": refused_poll("access_denied", AccessDenied),
    f"{PREFIX}-invalid-expired-token-test": refused_poll("expired_token", ExpiredToken),
    **{
        f"{PREFIX}-{name if name.startswith('invalid') else f'invalid-{name}'}-test": bad_id_token(change, refused)
        for name, (change, refused) in BAD_ID_TOKENS.items()
    },
    f"{PREFIX}-ping-with-invalid-bearer-token-test": ciba(
        ("ping", put(token="wrong")),
        refused=MismatchingClientNotificationToken,
        silent=AFTER_TOKEN,
        variants=(PING,),
    ),
}

APPLICATION = {
    f"{PREFIX}-connectid-invalid-missing-txn-test": (
        "`txn` is a claim that the ConnectID ecosystem demands; the checked claims of the ID token are handed over."
    ),
    **{
        f"{PREFIX}-connectid-invalid-{what}-trust-framework-test": (
            "Which trust framework stands behind verified_claims is checked by the application (ConnectID)."
        )
        for what in ("missing", "wrong")
    },
}

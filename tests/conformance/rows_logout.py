"""Rows about logout: RP-initiated and back-channel (section 2 of the facts); the others are pages of an application.

The application's handler of the back channel is here, as small as one can be: it asks the library, and answers 200 or
400.
"""

from __future__ import annotations

import json
from typing import Any

from devkit.exchange import Answer
from requests_oauth2client import InvalidLogoutToken, MismatchingState

from .changes import Change, put, signed_as, suffixed, unsigned, without
from .endpoints import BACKCHANNEL_EVENT
from .flows import Run, login
from .server import Asked
from .table import CODE, HYBRID, IMPLICIT, Row

PREFIX = "oidcc-client-test-rp"
BIH = (*CODE, *HYBRID, *IMPLICIT)
AFTERWARDS = "https://rp.local/logged-out"
SID = "a-sid!:+%&"


def back_channel(run: Run) -> str:
    """Serve a backchannel_logout_uri, as an application does; return its address."""

    def handle(request: Asked) -> Answer:
        try:
            run.store["logged_out"] = run(run.client.logout_token(request.form["logout_token"]))
        except InvalidLogoutToken as wrong:
            run.store["refused"] = wrong
            return Answer(status_code=400, headers={"Cache-Control": "no-store"})
        return Answer(status_code=200, headers={"Cache-Control": "no-store"})

    return f"{run.server.url}{run.server.mount('rp', handle)}backchannel-logout"


def logged_out(run: Run) -> None:
    """Log in, log out at the OP, and come back."""
    run.op.store["sid"] = SID
    run.op.client["post_logout_redirect_uris"] = [AFTERWARDS]
    run.op.client["backchannel_logout_uri"] = back_channel(run)
    login(run)
    request = run.client.end_session_request(run.id_token, post_logout_redirect_uri=AFTERWARDS)
    run.store["end_session"] = request
    assert request.state, "so that the way back can be recognised"
    back = run.browse(request)
    assert back.startswith(AFTERWARDS)
    request.validate_callback(back)


def answered(run: Run) -> Any:
    """Return what the application's back channel answered."""
    (found,) = run.op.store["logout_answers"]
    assert "no-store" in found.headers["Cache-Control"]
    return found


def ended(run: Run) -> None:
    """The logout token was taken, and says whose session has ended."""
    assert answered(run).status_code == 200
    found = run.store["logged_out"]
    assert (found.issuer, found.sub, found.sid) == (run.op.issuer, run.id_token.subject, SID)


def refused_with(*words: str) -> Any:
    """Return a check: the back channel answered 400, and the error says what is wrong."""

    def check(run: Run) -> None:
        assert answered(run).status_code == 400
        assert "logged_out" not in run.store
        assert any(word in str(run.store["refused"]) for word in words), str(run.store["refused"])

    return check


def unknown_form_field(form: Any, _op: Any) -> None:
    """Post something that no specification knows."""
    form["unknown"] = json.dumps({"a": 1})


def bad(change: Change, *words: str) -> Row:
    """Return a row about a logout token that must be answered with 400."""
    return Row(
        change={"logout_token": change},
        flow=logged_out,
        check=refused_with(*words),
        variants=BIH,
        outcome="`InvalidLogoutToken`, answered with 400",
    )


ROWS: dict[str, Row] = {
    f"{PREFIX}-backchannel-rpinitlogout": Row(
        change={"logout_token": put(unknown={"claim": True}), "logout_form": unknown_form_field},
        flow=logged_out,
        check=ended,
        variants=BIH,
    ),
    f"{PREFIX}-backchannel-rpinitlogout-alg-none": bad(unsigned, "none", "unsigned", "not signed"),
    f"{PREFIX}-backchannel-rpinitlogout-no-event": bad(without("events"), "events"),
    f"{PREFIX}-backchannel-rpinitlogout-with-nonce": bad(put(nonce="a-nonce"), "nonce"),
    f"{PREFIX}-backchannel-rpinitlogout-wrong-alg": bad(signed_as("ES256"), "ES256"),
    f"{PREFIX}-backchannel-rpinitlogout-wrong-aud": bad(suffixed("aud", "INVALID"), "aud"),
    f"{PREFIX}-backchannel-rpinitlogout-wrong-event": bad(
        put(events={BACKCHANNEL_EVENT.replace("backchannel-logout", "foobar"): {}}), "events"
    ),
    f"{PREFIX}-backchannel-rpinitlogout-wrong-iss": bad(suffixed("iss", "INVALID"), "iss"),
    f"{PREFIX}-init-logout": Row(flow=logged_out, check=ended, variants=BIH),
    f"{PREFIX}-init-logout-other-state": Row(
        change={"logout_response": suffixed("state", "_INVALID")},
        refused=MismatchingState,
        flow=logged_out,
        variants=BIH,
    ),
    f"{PREFIX}-init-logout-no-state": Row(
        change={"logout_response": without("state")}, refused=MismatchingState, flow=logged_out, variants=BIH
    ),
}

_IFRAME = "The OP shows a page of the application in an iframe, whose cookies only the application can clear. "
APPLICATION = {
    f"{PREFIX}-frontchannel-rpinitlogout": (
        f"{_IFRAME}What stands in the URL, `iss` and `sid`, is checked by `front_channel_logout` of the client."
    ),
    f"{PREFIX}-frontchannel-opinitlogout": (
        f"{_IFRAME}What stands in the URL, `iss` and `sid`, is checked by `front_channel_logout` of the client."
    ),
    "oidcc-client-test-session-management": (
        "The page of the application asks the iframe of the OP with postMessage, in the browser: that is JavaScript."
        " The `session_state` to ask with is an attribute of the `AuthorizationResponse`."
    ),
}

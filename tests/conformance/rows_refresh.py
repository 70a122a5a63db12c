"""Rows about refreshing (OIDC Core section 12): plan R."""

from __future__ import annotations

from requests_oauth2client import MismatchingIdTokenIssuer, MismatchingIdTokenSubject

from .changes import suffixed
from .flows import Run, login
from .table import CODE, HYBRID, Row

PREFIX = "oidcc-client-test-refresh-token"
TIMES = 2  # a rotated refresh token is followed, and followed again


def refreshed(run: Run) -> None:
    """Log in, and renew the token; ask about the user with the renewed one."""
    login(run)
    for _ in range(TIMES):
        before = run.token
        run.token = run(run.client.refresh_token(before))
        assert run.token.access_token != before.access_token
        assert run.token.refresh_token != before.refresh_token
        run.told()


def renewed(run: Run) -> None:
    """Each userinfo request had the newest access token: the double takes no other."""
    assert len(run.op.called("userinfo")) == 1 + TIMES
    assert run.token.id_token.checked


CODES = (*CODE, *HYBRID)
STORE = {"refresh_tokens": True}

ROWS: dict[str, Row] = {
    PREFIX: Row(flow=refreshed, variants=CODES, store=STORE, check=renewed),
    f"{PREFIX}-invalid-issuer": Row(
        change={"refreshed_id_token": suffixed("iss")},
        refused=MismatchingIdTokenIssuer,
        flow=refreshed,
        variants=CODES,
        store=STORE,
    ),
    f"{PREFIX}-invalid-sub": Row(
        change={"refreshed_id_token": suffixed("sub")},
        refused=MismatchingIdTokenSubject,
        flow=refreshed,
        variants=CODES,
        store=STORE,
    ),
}

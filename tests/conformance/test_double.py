"""The double itself: it misbehaves in truth, and it notices what a client does wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devkit.flavors import open_flavor
from tests.conformance.flows import REDIRECT_URI, Run
from tests.conformance.server import Server
from tests.conformance.table import CODE, Row, played

BAD_ID_TOKENS = {
    name: row
    for name, row in played().items()
    if row.refused and set(row.change) == {"id_token"} and CODE[0] in row.variants
}


@pytest.mark.parametrize("row", BAD_ID_TOKENS.values(), ids=BAD_ID_TOKENS)
def test_a_client_that_checks_nothing_goes_on_after_the_crime(conformance_server: Server, row: Row) -> None:
    with open_flavor("requests") as flavor:
        run = Run(flavor, conformance_server, row, CODE[0])
        run.authorized()
        token = run.client.authorization_code(run.answer, validate=False)
        run.client.userinfo(token.access_token)
        assert "userinfo" in run.op.called_after_crime(), "so it is the check that keeps it silent in test_rows.py"


def get(endpoint: str, **params: str) -> Callable[[Run], Any]:
    return lambda run: requests.get(run.op.url(endpoint), params=params, allow_redirects=False, timeout=5)


def post(endpoint: str, auth: Any = None, **form: str) -> Callable[[Run], Any]:
    return lambda run: requests.post(run.op.url(endpoint), data=form, auth=auth, timeout=5)


def authorize(**params: str) -> Callable[[Run], Any]:
    def asked(run: Run) -> Any:
        good = {"client_id": run.op.client["client_id"], "response_type": "code", "scope": "openid", "state": "s"}
        return get("authorize", **{**good, "redirect_uri": REDIRECT_URI, **params})(run)

    return asked


def raw_credentials(run: Run) -> Any:
    """Send Basic credentials that are not form-urlencoded, as many clients do."""
    return post("token", (run.op.client["client_id"], run.op.client["client_secret"]), grant_type="x")(run)


WRONGS: dict[str, tuple[Callable[[Run], Any], str]] = {
    "authorize before discovery": (authorize(), "discovery comes first"),
    "another response_type": (authorize(response_type="id_token", nonce="n"), "response_type is that of the plan"),
    "no openid": (authorize(scope="profile"), "scope has openid"),
    "no nonce": (authorize(response_type="code id_token"), "nonce is there"),
    "a foreign redirect_uri": (authorize(redirect_uri="https://other.local/cb"), "redirect_uri is a registered one"),
    "plain PKCE": (authorize(code_challenge="x", code_challenge_method="plain"), "PKCE is S256"),
    "a long nonce": (authorize(nonce="n" * 44), "at most 43"),
    "an unsafe nonce": (authorize(nonce="ä"), "URL-safe"),
    "a request object": (authorize(request="jwt"), "no request object"),
    "silent and not": (authorize(prompt="none", max_age="0"), "can't succeed"),
    "raw Basic credentials": (raw_credentials, "one colon"),
    "a secret in the body": (post("token", ("a", "b"), client_secret="s"), "a secret in the body only if registered"),
    "another grant": (post("token", ("a", "b"), grant_type="password"), "'password'"),
    "a wrong code": (post("token", ("a", "b"), grant_type="authorization_code", code="x"), "the code is right"),
    "a token in the query": (get("userinfo", access_token="x"), "no access token in a query"),
    "no token": (get("userinfo"), "there is an access token"),
    "an end_session without hint": (get("logout"), "byte-equal"),
}


@pytest.mark.parametrize(("wrong", "noticed"), WRONGS.values(), ids=WRONGS)
def test_what_the_suite_demands_is_noticed(
    conformance_server: Server, wrong: Callable[[Run], Any], noticed: str
) -> None:
    with open_flavor("requests") as flavor:
        run = Run(flavor, conformance_server, Row(), CODE[0])
        wrong(run)
        assert any(noticed in violation for violation in run.op.violations), run.op.violations
    conformance_server.failures.clear()

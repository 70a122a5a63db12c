"""The report of a failed test that used the server shows what happened, without secrets."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TEST = """
from requests_oauth2client import OAuth2Client

def log_in(server):
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=("app", "planted-secret"))
    azr = client.authorization_request(redirect_uri="https://app.test/cb", state="planted-state")
    return client.authorization_code(azr.validate_callback(server.log_in(azr)))

def test_passes(oauth_server):
    log_in(oauth_server)

def test_fails(oauth_server):
    oauth_server.lie(nonce="another")
    log_in(oauth_server)

def test_other():
    assert False, "this one has no server"
"""


def test_the_story_is_a_section_of_the_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=line")
    result.assert_outcomes(passed=1, failed=2)
    shown = result.stdout.str()
    assert shown.count("- OAuth story -") == 1
    assert "✗ nonce (OIDC Core 3.1.3.7 rule 11)" in shown
    assert "planted" not in shown

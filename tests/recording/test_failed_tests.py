"""The report of a failed test that used the server shows what happened, without secrets."""

from __future__ import annotations

import re
from pathlib import Path

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


SITE = """
import pytest
from site_of_mine import app

@pytest.fixture
def oauth_server_settings():
    return {"issuer": "https://as.example.com"}
"""


def blocks_of(page: str) -> list[str]:
    text = (Path(__file__).parents[2] / page).read_text()
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.filterwarnings("ignore:Logins")  # without a store
def test_the_flask_login_of_the_readme_is_tested_in_three_lines(pytester: pytest.Pytester) -> None:
    (site,) = [one for one in blocks_of("README.md") if "Logins(app)" in one]
    (test,) = [one for one in blocks_of("README.md") if "def test_" in one]
    assert len(test.strip().splitlines()) == 1 + 3
    pytester.makepyfile(site_of_mine=site, test_site=f"{SITE}\n\n{test}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "ignore::UserWarning")
    result.assert_outcomes(passed=1)


def test_a_page_is_written_for_each_failed_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=line", "--oauth-stories=pages")
    (page,) = (pytester.path / "pages").iterdir()
    assert f"As a picture: pages/{page.name}" in result.stdout.str()
    assert "test_fails" in page.name
    assert "nonce" in page.read_text()
    assert "planted" not in page.read_text()


def test_the_story_is_a_section_of_the_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=line")
    result.assert_outcomes(passed=1, failed=2)
    shown = result.stdout.str()
    assert shown.count("- OAuth story -") == 1
    assert "✗ nonce (OIDC Core 3.1.3.7 rule 11)" in shown
    assert "planted" not in shown

"""docs/when-a-login-fails.md quotes what is really said, by the class that it names."""

from __future__ import annotations

import re

import pytest

from requests_oauth2client import OAuth2Error
from requests_oauth2client.testing import AuthorizationServer

from . import failed_logins as fail
from .documents import ROOT

PAGE = (ROOT / "docs" / "when-a-login-fails.md").read_text()
FAILURES: dict[str, fail.Failure] = {
    "The callback has another state than the one sent.": fail.other_state,
    "The callback has neither code nor error.": fail.empty_of_code,
    "The callback has no iss, expected": fail.without_issuer,
    "The callback says iss='https://other.test', the request went to 'https://as.test'.": fail.other_issuer,
    "The AS refused: error='access_denied'": fail.denied("access_denied"),
    "The AS refused: error='login_required'": fail.denied("login_required"),
    "The AS refused: error='consent_required'": fail.denied("consent_required"),
    "status 400 error='invalid_grant': the code was used before": fail.code_twice,
    "redirect_uri is not the one of the authorization request": fail.other_redirect_uri,
    "The code may be used, expired or revoked": fail.code_twice,
    "Check the client_id, the credentials, and that the client is registered for the authentication method in use.": (
        fail.wrong_secret
    ),
    "The ID token has another nonce than the one sent.": fail.lying(nonce="another"),
    "The JWT says that it was issued at": fail.clock(600),
    "the clock of this machine is ahead: correct it": fail.clock(-7200),
    "The ID token says iss='https://evil', expected 'https://as.test'.": fail.lying(iss="https://evil"),
    "The JWT is for aud=['x'], expected 'my-app' among them.": fail.lying(aud="x"),
    "The RS256 signature is not that of the key with kid='RS256-1'.": fail.lost_keys,
    "The token says alg='none': it is not signed": fail.unsigned,
    "There is no ID token. Request one with the scope openid": fail.no_openid,
    "The access token expired at": fail.no_refresh_token,
    "error='invalid_grant': the refresh token is revoked": fail.refused_refresh,
    "answered 403 error='insufficient_scope'. It asks for scope='things.write'.": fail.too_little_scope,
    "error='invalid_scope'": fail.wrong_scope,
    "The metadata say issuer='https://as.example.com', expected 'https://as.example.com/', to the letter.": fail.slash,
    "There are no metadata at": fail.not_an_issuer,
    "https is needed (plain http only for loopback, or with testing=True)": fail.plain_http,
    "certificate verify failed": fail.broken_tls,
    "No user has logged in within": fail.no_answer,
    "No login is possible here": fail.no_way,
}


@pytest.mark.parametrize("quoted", FAILURES)
def test_a_quoted_message_is_said_by_the_class_that_the_page_names(quoted: str) -> None:
    row = next(line for line in PAGE.splitlines() if quoted in line)
    named = set(re.findall(r"`(\w+)`", row))
    with AuthorizationServer().installed() as server, pytest.raises(OAuth2Error) as raised:
        FAILURES[quoted](server)
    assert quoted in str(raised.value)
    assert named & {one.__name__ for one in type(raised.value).__mro__}


def test_every_quoted_message_is_tried() -> None:
    quoted = re.findall(r'^\| "([^"]+)"[^|]*\| \[?`', PAGE, flags=re.MULTILINE)
    tried = " ".join(FAILURES)
    assert [one for one in quoted if one not in tried] == []
    assert len(quoted) > 20

"""A logout against a renewal that another process has under way: the ended login stays ended."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from requests_oauth2client import BearerToken, LoginNeeded, OAuth2AccessTokenAuth, OAuth2Client
from requests_oauth2client.stores import FileStore
from requests_oauth2client.testing import AuthorizationServer, ReceivedRequest, ServerResponse

KEY = b"k" * 32
CHILD = """
import sys
from requests_oauth2client import OAuth2AccessTokenAuth, OAuth2Client
from requests_oauth2client.stores import FileStore

client = OAuth2Client(sys.argv[1], ("app", "secret"), retries=None)
auth = OAuth2AccessTokenAuth(client, store=FileStore(sys.argv[2], key=b"k" * 32), subject="alice")
print(auth.get_token().access_token, flush=True)
"""


def slowly(_server: object, _request: ReceivedRequest, response: ServerResponse) -> ServerResponse:
    """Send what was answered in two pieces, a second apart."""
    body = b"".join(response.pieces())
    return ServerResponse(status=response.status, headers=response.headers, body=[body[:1], body[1:]], delay=1)


def handler(server: AuthorizationServer, folder: Path) -> OAuth2AccessTokenAuth:
    client = OAuth2Client(
        server.metadata["token_endpoint"],
        ("app", "secret"),
        revocation_endpoint=server.metadata["revocation_endpoint"],
        retries=None,
    )
    return OAuth2AccessTokenAuth(client, store=FileStore(folder / "tokens", key=KEY), subject="alice")


def log_in(server: AuthorizationServer) -> BearerToken:
    client = OAuth2Client.from_discovery_document(server.metadata, auth=("app", "secret"))
    azr = client.authorization_request(
        redirect_uri="https://app.test/cb", scope="openid offline_access", prompt="consent"
    )
    return client.authorization_code(azr.validate_callback(server.log_in(azr)), validate=False)


def test_an_ended_login_is_not_brought_back_by_another_process(tmp_path: Path) -> None:
    with AuthorizationServer().listening() as server:
        ours = handler(server, tmp_path)
        ours.save_token(log_in(server).replace(expires_in=-1))
        before = len(server.requests)
        server._plan("token", 1, "change", slowly)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, server.metadata["token_endpoint"], str(tmp_path / "tokens")],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            end = time.monotonic() + 30
            while len(server.requests) == before:  # its renewal is under way, and it holds the lock
                assert time.monotonic() < end
                time.sleep(0.01)
            assert ours.log_out() is True
            renewed, _ = child.communicate(timeout=30)
        finally:
            child.kill()
            child.wait()
        assert renewed, "the renewal itself came to its end"
        with pytest.raises(LoginNeeded):
            handler(server, tmp_path).get_token()
        assert [grant.is_ended for grant in server.records.refresh_tokens.values()] == [True] * 2

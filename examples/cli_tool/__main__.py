"""A command line that logs its user in: `python examples/cli_tool me`, `… token`, `… logout`.

With ISSUER and CLIENT_ID it uses your server, and stays logged in between two calls. Without, it starts a test server
on this machine for one call; log in there as anyone. Tokens are in a file, encrypted with a key in the system's
keyring, or in the file KEY_FILE on machines without one.
"""  # noqa: INP001  a script, not a package

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from requests_oauth2client import ApiClient, OAuth2Client, OAuth2LoginAuth
from requests_oauth2client.stores import FileStore
from requests_oauth2client.testing import AuthorizationServer


def run(command: str, issuer: str, store: FileStore) -> str:
    """Run a command; returns what to print."""
    client = OAuth2Client(issuer=issuer, auth=os.environ.get("CLIENT_ID", "cli"))
    auth = OAuth2LoginAuth(client, scope="openid email", store=store, subject="me")
    if command == "logout":
        return "You are logged out." if auth.log_out() else "You are logged out here; the server could not be told."
    if command == "token":
        return str(auth.get_token())
    me = ApiClient(issuer, auth=auth).get("userinfo").json()  # the userinfo endpoint stands for your API
    return f"You are {me['sub']}."


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["me", "token", "logout"], nargs="?", default="me")
    given = parser.parse_args()
    issuer = os.environ.get("ISSUER")
    store = FileStore(app="cli-tool", key_file=os.environ.get("KEY_FILE"))
    with contextlib.nullcontext() if issuer else AuthorizationServer().listening() as server:
        sys.stdout.write(run(given.command, issuer or server.issuer, store) + "\n")

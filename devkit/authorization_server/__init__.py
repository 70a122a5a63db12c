"""A real, certified authorization server (oidc-provider) on a loopback port, for tests and demos.

`credentials` makes keys, secrets and certificates, `clients` says which clients there are, `launcher` runs it.
The server itself is in the .mjs files; server.mjs is its entry.
"""

from .clients import TestClient
from .launcher import AuthorizationServer, ServerDidNotStart, start_authorization_server

__all__ = ["AuthorizationServer", "ServerDidNotStart", "TestClient", "start_authorization_server"]

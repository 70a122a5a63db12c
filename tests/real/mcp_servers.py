"""MCP servers on loopback, by the SDK and by FastMCP: each has a tool, and takes tokens of one authorization server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider, TokenVerifier
from fastmcp.server.dependencies import get_access_token as fastmcp_token
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from requests_oauth2client import OAuth2Client

PATH = "/mcp"


class Introspecting(TokenVerifier):
    """Asks the authorization server about each token."""

    def __init__(self, client: OAuth2Client, scopes: list[str]) -> None:
        super().__init__(required_scopes=scopes)
        self.client = client

    async def verify_token(self, token: str) -> Any:
        said = self.client.introspect_token(token)  # it is a test: nobody else waits
        if not said.active:
            return None
        known = {"token": token, "client_id": said["client_id"], "subject": said.get("sub")}
        return AccessToken(**known, scopes=str(said.get("scope", "")).split(), claims=dict(said))


def sdk_app(client: OAuth2Client, url: str, scopes: list[str]) -> Any:
    auth = AuthSettings(
        issuer_url=str(client.issuer),
        resource_server_url=url,
        required_scopes=scopes,
        validate_token_resource=False,
    )
    server = MCPServer("Things", token_verifier=Introspecting(client, scopes), auth=auth)

    @server.tool()
    def whoami() -> str:
        """Say who the user is."""
        token = get_access_token()
        return str(token and token.subject)

    return server.streamable_http_app()


def fastmcp_app(client: OAuth2Client, url: str, scopes: list[str]) -> Any:
    verifier = Introspecting(client, scopes)
    auth = RemoteAuthProvider(verifier, [str(client.issuer)], base_url=url.removesuffix(PATH))
    server = FastMCP("Things", auth=auth)

    @server.tool
    def whoami() -> str:
        """Say who the user is."""
        token: Any = fastmcp_token()
        return str(token.claims["sub"])

    return server.http_app(path=PATH)


@contextmanager
def serving(make_app: Any, client: OAuth2Client, scopes: list[str]) -> Iterator[str]:
    """Serve one; gives its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
        config = uvicorn.Config(make_app(client, url, scopes), log_level="error", lifespan="on", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()

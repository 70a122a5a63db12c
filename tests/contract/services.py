"""The servers that some examples connect to: mail, gRPC and WebSocket ones, and one of the Model Context Protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
from websockets.sync.server import ServerConnection, serve

from requests_oauth2client import OAuth2Client
from requests_oauth2client.testing import AuthorizationServer
from tests.extras.mail_servers import Mailbox, imap_server, smtp_server
from tests.real.mcp_servers import fastmcp_app, sdk_app, serving

from .live import Reader

LOCAL = "grpc.LocalConnectionType.UDS"


@contextmanager
def protocols(reader: Reader, folder: Path) -> Iterator[None]:
    """Start those of docs/mail-kafka-grpc.md."""
    with ExitStack() as stack:
        mailbox = Mailbox(bool)
        smtp, imap = (stack.enter_context(start(mailbox)) for start in (smtp_server, imap_server))
        grpc_address = stack.enter_context(grpc_server(folder))
        reader.replacements = reader.replacements | {
            'SMTP_SSL("smtp.example.com")': f'SMTP("127.0.0.1", {smtp}, local_hostname="localhost")',
            'IMAP4_SSL("imap.example.com")': f'IMAP4("127.0.0.1", {imap})',
            "kafka.example.com:9093": "127.0.0.1:1",  # no broker: the token is asked for before that matters
            "SASL_SSL": "SASL_PLAINTEXT",
            '"oauth_cb"': '"log_level": 0, "oauth_cb"',
            "grpc.example.com:443": grpc_address,
            "grpc.ssl_channel_credentials()": f"grpc.local_channel_credentials({LOCAL})",
            "wss://api.example.com/events": stack.enter_context(websocket_server()),
        }
        yield


@contextmanager
def agents(reader: Reader, folder: Path) -> Iterator[None]:
    """Start those of docs/agents.md: an MCP server, and the authorization server that it trusts."""
    with mcp_server(reader, sdk_app, "log_in") as server:
        reader.names["input"] = lambda _prompt: str(server.log_in(reader.screen[-1]))
        reader.replacements = reader.replacements | {
            "https://as.example.com": server.issuer,
            'subject="me")': 'subject="me", login=log_in)',
            'scope="openid", store=FileStore(app="agent"), subject="me")': 'scope="openid")',
        }
        yield


@contextmanager
def agent(reader: Reader, folder: Path) -> Iterator[None]:
    """Start that of README.md, and the authorization server that it trusts."""
    with mcp_server(reader, fastmcp_app, "log_in_for_agent"):
        reader.replacements = reader.replacements | {"client=me,": "client=me, login=log_in_for_agent,"}
        yield


@contextmanager
def mcp_server(reader: Reader, make_app: Any, name: str) -> Iterator[AuthorizationServer]:
    """Start an MCP server; the function with that name is the person in front of an agent."""
    reader.names["logins"] = logins = []

    def log_in(request: Any) -> str:
        logins.append(request)
        return str(server.log_in(request.uri))

    with AuthorizationServer().listening() as server:
        client = OAuth2Client(issuer=server.issuer, auth=("mcp-server", "secret"))
        with serving(make_app, client, ["things"]) as url:
            reader.names[name] = log_in
            reader.replacements = reader.replacements | {"https://mcp.example.com/mcp": url}
            yield server


def needs_token(given: Any) -> bool:
    return str(given or "").startswith("Bearer ")


@contextmanager
def grpc_server(folder: Path) -> Iterator[str]:
    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        if not needs_token(dict(context.invocation_metadata()).get("authorization")):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        return b"a thing"

    server = grpc.server(ThreadPoolExecutor(2))
    handlers = {"Get": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("things.Things", handlers),))
    address = f"unix:{folder / 'grpc'}"
    server.add_secure_port(address, grpc.local_server_credentials(grpc.LocalConnectionType.UDS))
    server.start()
    yield address
    server.stop(None).wait()


@contextmanager
def websocket_server() -> Iterator[str]:
    def talk(socket: ServerConnection) -> None:
        assert socket.request is not None
        socket.send("an event" if needs_token(socket.request.headers["Authorization"]) else "no token")

    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()

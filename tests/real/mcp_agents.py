"""Two MCP clients, by the SDK and by FastMCP, with our handler as their `auth`; also a program that asks and ends.

python -m tests.real.mcp_agents sdk http://127.0.0.1:8000/mcp FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx2

from requests_oauth2client import AsyncOAuth2ResourceAuth, ClientMetadata
from requests_oauth2client._core import times
from requests_oauth2client.stores import FileStore

ME = ClientMetadata("My agent")
KEY = bytes(32)


def handler(url: str, folder: Path, login: Any) -> AsyncOAuth2ResourceAuth:
    """Make a handler as a program does that has just started."""
    store = FileStore(folder / "tokens.db", key=KEY)
    return AsyncOAuth2ResourceAuth(url, client=ME, login=login, store=store, subject="me")


async def with_sdk(url: str, auth: Any) -> str:
    """Ask with the SDK who one is."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(auth=auth, timeout=60) as http,
        streamable_http_client(url, http_client=http) as streams,
        ClientSession(*streams[:2]) as session,
    ):
        await session.initialize()
        result: Any = await session.call_tool("whoami", {})
        return str(result.content[0].text)


async def with_fastmcp(url: str, auth: Any) -> str:
    """Ask with FastMCP who one is."""
    import fastmcp

    async with fastmcp.Client(url, auth=auth) as client:
        return str((await client.call_tool("whoami")).data)


AGENTS = {"sdk": with_sdk, "fastmcp": with_fastmcp}


def main() -> None:
    """Ask who one is, now and in two hours, as a program where no login is possible."""
    name, url, folder = sys.argv[1:]
    for hours in (0, 2):
        times.travel(hours * 3600)
        auth = handler(url, Path(folder), login=False)
        who = asyncio.run(AGENTS[name](url, auth))
        sys.stdout.write(f"{who} {auth.token}\n")


if __name__ == "__main__":
    main()

"""A client of the Model Context Protocol whose OAuth is an auth handler: the official scenarios run it.

Each grant takes at most five lines, and `auth=` of httpx2 is all that the protocol knows of it. The user is a function
that visits the authorization URL and returns where that leads: the suite's server consents to everything.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from requests_oauth2client import (
    AsyncOAuth2Client,
    AsyncOAuth2ResourceAuth,
    ClientCredentialsSource,
    ClientMetadata,
    IdentityAssertionSource,
    JwtBearerSource,
    PrivateKeyJwt,
)

PATIENCE = 150  # seconds: the machine may be busy
Auth = functools.partial(AsyncOAuth2ResourceAuth, settings={"timeout": PATIENCE})
ME = ClientMetadata("Conformance", url="https://conformance-test.local/client-metadata.json")


async def visit(request: Any) -> str:
    async with httpx2.AsyncClient(timeout=PATIENCE) as browser:
        return str((await browser.get(request.uri)).headers["Location"])


def log_in(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    return Auth(url, client=ME, login=visit)


def without_metadata(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    return Auth(url, client=ME, login=visit, require_pkce=False)  # nothing says that the server checks it


def with_credentials(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    client = (context["client_id"], context["client_secret"])
    return Auth(url, client=client, issuer=context["issuer"], login=visit)


def client_credentials(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    client = (context["client_id"], context["client_secret"])
    return Auth(url, client=client, grant=ClientCredentialsSource)


def signed_credentials(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    key = PrivateKeyJwt(context["client_id"], context["private_key_pem"], alg=context["signing_algorithm"], kid=False)
    return Auth(url, client=key, grant=ClientCredentialsSource)


def of_an_enterprise(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    idp = AsyncOAuth2Client(issuer=context["idp_issuer"], auth=context["idp_client_id"], timeout=PATIENCE)
    client = (context["client_id"], context["client_secret"])
    grant = lambda client, **asked: IdentityAssertionSource(client, idp=idp, id_token=context["idp_id_token"], **asked)  # noqa: E731
    return Auth(url, client=client, grant=grant)


def of_a_workload(url: str, context: Any) -> AsyncOAuth2ResourceAuth:
    grant = lambda client, **asked: JwtBearerSource(client, context["valid_jwt"], **asked)  # noqa: E731
    return Auth(url, client=context["client_id"], grant=grant)


GRANTS = {
    "auth/2025-03-26-oauth-endpoint-fallback": without_metadata,
    "auth/pre-registration": with_credentials,
    "auth/client-credentials-basic": client_credentials,
    "auth/client-credentials-jwt": signed_credentials,
    "auth/enterprise-managed-authorization": of_an_enterprise,
    "auth/wif-jwt-bearer": of_a_workload,
}


class Session:
    """The protocol, as far as the scenarios go: say hello, list the tools, call one."""

    def __init__(self, http: httpx2.AsyncClient, url: str, version: str) -> None:
        self.http, self.url, self.version = http, url, version
        self.id = 0

    @property
    def is_stateless(self) -> bool:
        return self.version >= "2026"

    async def send(self, method: str, *, answered: bool = True, **params: Any) -> Any:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if self.is_stateless:
            about_me = {"protocolVersion": self.version, "clientCapabilities": {}, "clientInfo": self.me}
            params["_meta"] = {f"io.modelcontextprotocol/{name}": value for name, value in about_me.items()}
        if answered:
            self.id += 1
            message["id"] = self.id
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": self.version}
        response = await self.http.post(self.url, json=message, headers={**headers, "MCP-Method": method})
        response.raise_for_status()

    me = {"name": "conformance", "version": "1"}  # noqa: RUF012

    async def use(self) -> None:
        if not self.is_stateless:
            await self.send("initialize", protocolVersion=self.version, capabilities={}, clientInfo=self.me)
            await self.send("notifications/initialized", answered=False)
        await self.send("tools/list")
        await self.send("tools/call", name="test-tool", arguments={})


async def main(url: str, scenario: str, context: str, version: str) -> None:
    auth = GRANTS.get(scenario, log_in)(url, json.loads(context))
    async with httpx2.AsyncClient(auth=auth, timeout=PATIENCE) as http:
        await Session(http, url, version).use()


def run(told: Mapping[str, str]) -> None:
    """Act as a client in one scenario."""
    asyncio.run(main(**told))

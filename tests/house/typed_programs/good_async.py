"""A program with the async client: both type checkers accept it, and know what each awaited call returns."""

from typing import assert_type

import httpx2

from requests_oauth2client import (
    AsyncApiClient,
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    BearerToken,
    ClientSecretPost,
)


async def main() -> None:
    """Get a token, and call an API."""
    async with AsyncOAuth2Client("https://as.example/token", ClientSecretPost("id", "secret")) as client:
        assert_type(client, AsyncOAuth2Client)
        token = await client.client_credentials(scope="read")
        assert_type(token, BearerToken)
        assert_type(await client.revoke_token(token), bool)
        auth = AsyncOAuth2ClientCredentialsAuth(client, scope="read")
        await auth.renew_token()
        async with httpx2.AsyncClient(auth=auth) as session:
            await session.get("https://api.example/things")
        async with AsyncApiClient("https://api.example", auth=auth) as api:
            assert_type(await api.get("things"), httpx2.Response)
    found = await AsyncOAuth2Client.from_discovery_endpoint(issuer="https://as.example", client_id="id")
    assert_type(found, AsyncOAuth2Client)

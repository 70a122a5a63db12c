"""Mistakes that both type checkers find, each on its line: what mypy calls it, then pyright."""

import requests_oauth2client
from requests_oauth2client import AsyncOAuth2Client, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauth2client import OAuth3Client  # attr-defined, reportAttributeAccessIssue

client = OAuth2Client("https://as.example/token", ("id", "secret"))
auth = OAuth2ClientCredentialsAuth(client, scope="read")
token = client.client_credentials("read")

client.client_credential("read")  # attr-defined, reportAttributeAccessIssue
client.token_endpint  # attr-defined, reportAttributeAccessIssue
client.client_credentials(42)  # arg-type, reportArgumentType
client.client_credentials("read", dpop="yes")  # arg-type, reportArgumentType
client.authorization_code()  # call-arg, reportCallIssue
token.foo  # attr-defined, reportAttributeAccessIssue
token.acces_token  # attr-defined, reportAttributeAccessIssue
token.access_token + 1  # operator, reportOperatorIssue
OAuth2Client("https://as.example/token", timeout="soon")  # arg-type, reportArgumentType
requests_oauth2client.OAuth3Client  # attr-defined, reportAttributeAccessIssue


async def awaited(other: AsyncOAuth2Client) -> None:
    """Forget to await."""
    granted = other.client_credentials("read")
    granted.access_token  # attr-defined, reportAttributeAccessIssue

"""Mistakes that both type checkers find, each on its line: what mypy calls it, then pyright."""

import httpx2
import requests

import requests_oauth2client
from requests_oauth2client import AsyncOAuth2Client, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauth2client import OAuth3Client  # attr-defined, reportAttributeAccessIssue

client = OAuth2Client("https://as.example/token", ("id", "secret"))
auth = OAuth2ClientCredentialsAuth(client, scope="read")
token = client.client_credentials("read")

auth.get_token("soon")  # arg-type, reportArgumentType
auth.renew_tokn()  # attr-defined, reportAttributeAccessIssue
client.client_credential("read")  # attr-defined, reportAttributeAccessIssue
client.token_endpint  # attr-defined, reportAttributeAccessIssue
client.client_credentials(42)  # arg-type, reportArgumentType
client.client_credentials("read", dpop="yes")  # arg-type, reportArgumentType
client.authorization_code()  # call-arg, reportCallIssue
token.foo  # attr-defined, reportAttributeAccessIssue
token.acces_token  # attr-defined, reportAttributeAccessIssue
token.access_token + 1  # operator, reportOperatorIssue
OAuth2Client("https://as.example/token", timeout="soon")  # arg-type, reportArgumentType
OAuth2Client("https://as.example/token", 42)  # arg-type, reportArgumentType
OAuth2Client("https://as.example/token", "id", session=httpx2.Client())  # arg-type, reportArgumentType
OAuth2Client.from_discovery_endpoint("https://as.example", session=httpx2.Client())  # arg-type, reportArgumentType
AsyncOAuth2Client("https://as.example/token", session=requests.Session())  # arg-type, reportArgumentType
requests_oauth2client.OAuth3Client  # attr-defined, reportAttributeAccessIssue


async def awaited(other: AsyncOAuth2Client) -> None:
    """Forget to await."""
    granted = other.client_credentials("read")
    granted.access_token  # attr-defined, reportAttributeAccessIssue

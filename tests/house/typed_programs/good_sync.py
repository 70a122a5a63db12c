"""A program with the sync client: both type checkers accept it, and know what each call returns."""

from datetime import datetime
from typing import Any, assert_type

import requests

from requests_oauth2client import (
    ApiClient,
    AuthorizationRequest,
    BearerToken,
    ClientSecretBasic,
    IdToken,
    OAuth2AuthorizationCodeAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
)

client = OAuth2Client(
    "https://as.example/token", ClientSecretBasic("id", "secret"), timeout=5, issuer="https://as.example"
)
assert_type(client, OAuth2Client)
assert_type(client.token_endpoint, str)
assert_type(client.issuer, str | None)

token = client.client_credentials("read write", resource="https://api.example")
assert_type(token, BearerToken)
assert_type(token.expires_at, datetime | None)
assert_type(token.id_token, IdToken | None)
further = token["further"]
renewed = client.refresh_token(token, scope=["read"])
assert_type(renewed, BearerToken)
assert_type(client.revoke_access_token(renewed), bool)
found = OAuth2Client.from_discovery_endpoint(issuer="https://as.example", client_id="id", client_secret="secret")
assert_type(found, OAuth2Client)

auth = OAuth2ClientCredentialsAuth(client, scope="read", leeway=30)
assert_type(auth.token, BearerToken | None)
auth.renew_token()
assert_type(auth.get_token(), BearerToken)
assert_type(auth.log_out(), bool)
response = requests.get("https://api.example/things", auth=auth, timeout=5)

api = ApiClient("https://api.example", auth=auth)
assert_type(api.get("things", params={"page": 1}), requests.Response)
assert_type(api.things.post(json={"name": "new"}), requests.Response)

request = AuthorizationRequest(
    "https://as.example/authorize", "id", redirect_uri="https://app.example/", prompt="login"
)
assert_type(request.state, str | None)
login = request.validate_callback("https://app.example/cb?code=1")
logged_in = OAuth2AuthorizationCodeAuth(client, login)
answer = client.authorization_code(login)
if answer.id_token:
    assert_type(answer.id_token.sub, str)
    assert_type(answer.id_token.checked, bool)


class OurClient(OAuth2Client):
    """A client with a hook of its own."""

    def on_revocation_error(self, response: Any, *, dpop_key: Any = None) -> bool:
        """Count a failed revocation as one."""
        return True


assert_type(OurClient.from_discovery_endpoint("https://as.example", client_id="id"), OurClient)

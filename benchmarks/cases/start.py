"""start: CPU time of a whole small program, from its first import to the answer of an API, in a fresh interpreter.

Every row imports its library, gets a token with an id and a secret from the stub, and calls an API, for which the stub
stands too, with it. Programs are written as each library's documentation does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from benchmarks import fresh, stub_server
from benchmarks.case import Case, Interpreters, Meter, Place, Row, Target

BARE = """
import requests
form = {{"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}}
token = requests.post("{url}", data=form, headers={{"Accept": "application/json"}}, timeout=10).json()["access_token"]
answer = requests.get("{url}", headers={{"Authorization": f"Bearer {{token}}"}}, timeout=10)
"""
OURS = """
import requests
from requests_oauth2client import OAuth2Client
token = OAuth2Client("{url}", ("id", "secret")).client_credentials()
answer = requests.get("{url}", auth=token, timeout=10)
"""
HANDLER = """
import requests
from requests_oauth2client import OAuth2Client, OAuth2ClientCredentialsAuth
auth = OAuth2ClientCredentialsAuth(OAuth2Client("{url}", ("id", "secret")))
answer = requests.get("{url}", auth=auth, timeout=10)
"""
API_CLIENT = """
from requests_oauth2client import ApiClient, OAuth2Client, OAuth2ClientCredentialsAuth
api = ApiClient("{url}", auth=OAuth2ClientCredentialsAuth(OAuth2Client("{url}", ("id", "secret"))))
answer = api.get()
"""
RELEASE = OURS.replace('("id", "secret")', '("id", "secret"), testing=True')
OAUTHLIB = """
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session
session = OAuth2Session(client=BackendApplicationClient(client_id="id"))
session.fetch_token("{url}", client_secret="secret", include_client_id=True, timeout=10)
answer = session.get("{url}", timeout=10)
"""
AUTHLIB = """
from authlib.integrations.requests_client import OAuth2Session
session = OAuth2Session("id", "secret", token_endpoint_auth_method="client_secret_post")
session.fetch_token("{url}", grant_type="client_credentials", timeout=10)
answer = session.get("{url}", timeout=10)
"""
GOOGLE = """
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
known = dict(refresh_token="refresh", token_uri="{url}", client_id="id", client_secret="secret")
answer = AuthorizedSession(Credentials(None, **known)).get("{url}", timeout=10)
"""
MSAL = """
import json
import msal, requests
class Http(requests.Session):  # knows the metadata, and sends the rest to the stub, which has no TLS
    issuer = "https://as.example.org/tenant"
    def get(self, url, **options):
        answer = requests.Response()
        answer.status_code = 200
        names = ("authorization_endpoint", "token_endpoint")
        metadata = {{"issuer": self.issuer, **{{name: f"{{self.issuer}}/{{name}}" for name in names}}}}
        answer._content = json.dumps(metadata).encode()
        return answer
    def post(self, url, **options):
        return super().post("{url}", timeout=10, **options)
known = dict(client_credential="secret", oidc_authority=Http.issuer, http_client=Http())
token = msal.ConfidentialClientApplication("id", **known).acquire_token_for_client(["api"])["access_token"]
answer = requests.get("{url}", headers={{"Authorization": f"Bearer {{token}}"}}, timeout=10)
"""
CHECK = '\nassert answer.request.headers["Authorization"] == "Bearer {token}"\n'


def program_of(row: Row, url: str) -> str:
    """Return the program of a row, which ends with an error if no token went along."""
    return (row.setup + CHECK).format(url=url, token=stub_server.ACCESS_TOKEN)


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure each program in an interpreter of its own, against one stub for all."""
    with stub_server.running() as url, fresh.meter(interpreters, lambda row: program_of(row, url)) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile the program with our client."""
    with stub_server.running() as url:
        return fresh.profile(OURS.format(url=url), sort)


TARGET = Target(limit=1.15)

CASE = Case(
    name="start",
    rounds=20,
    quick_rounds=3,
    open_meter=open_meter,
    profile=profile,
    rows=(
        Row(label="bare `requests`", setup=BARE, is_baseline=True),
        Row(label="ours", setup=OURS, target=TARGET),
        Row(label="ours, `OAuth2ClientCredentialsAuth`", setup=HANDLER),
        Row(label="ours, and an `ApiClient`", setup=API_CLIENT),
        Row(label="bare `requests`, among the peers", setup=BARE, place=Place.PEERS, is_baseline=True),
        Row(label="requests-oauth2client", setup=RELEASE, place=Place.PEERS),
        Row(label="requests-oauthlib", setup=OAUTHLIB, place=Place.PEERS),
        Row(label="authlib", setup=AUTHLIB, place=Place.PEERS),
        Row(label="google-auth", setup=GOOGLE, place=Place.PEERS),
        Row(label="msal", setup=MSAL, place=Place.PEERS),
    ),
)

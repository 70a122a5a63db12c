"""What the package does where only it and its requirements are installed: an import, a token request, a call.

Run in a bare environment, from elsewhere than the checkout, with the version that it should have.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import requests

import requests_oauth2client
from requests_oauth2client import ApiClient, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauth2client.testing import AuthorizationServer

expected, checkout = sys.argv[1:]
installed = Path(requests_oauth2client.__file__)
assert not installed.is_relative_to(checkout), f"{installed} is in the checkout"
assert (installed.parent / "py.typed").is_file()
assert requests_oauth2client.__version__ == importlib.metadata.version("requests_oauth2client") == expected

with AuthorizationServer().listening() as server:
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=("my-service", "my-secret"))
    token = client.client_credentials(scope="api.read")
    assert not token.is_expired()
    auth = OAuth2ClientCredentialsAuth(client, scope="api.read")
    response = ApiClient(server.issuer, auth=auth).get(".well-known/openid-configuration")
    assert response.request.headers["Authorization"].startswith("Bearer ")
    assert requests.get(response.url, auth=token, timeout=30).ok

problem = ""
try:
    importlib.import_module("requests_oauth2client.stores").FileStore(app="x")
except ImportError as missing:
    problem = str(missing)
assert "requests_oauth2client[file]" in problem, "FileStore works without its extra: this environment is not bare"

script = Path(sys.executable).with_name("oauth2client")
done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
assert "requests_oauth2client[cli]" in done.stderr, done
print(f"{requests_oauth2client.__name__} {expected} on Python {sys.version.split()[0]}: a token, a call")

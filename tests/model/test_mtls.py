from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from requests_oauth2client import (
    ClientInformation,
    OAuth2Client,
    SelfSignedTlsClientAuth,
    TlsClientAuth,
    UnsupportedClientCredentials,
)
from requests_oauth2client._core.messages import Form, Request

ALIASES = {"token_endpoint": "https://mtls.as.example/token", "introspection_endpoint": None}


@pytest.mark.parametrize("method", [TlsClientAuth, SelfSignedTlsClientAuth])
def test_the_request_has_the_client_id_and_nothing_else(method: Any) -> None:
    request = Request(url="https://as.example/token", form=Form(grant_type="client_credentials"))
    assert method("c", "c.pem").authenticate(request).form == {"grant_type": "client_credentials", "client_id": "c"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("c.pem", "c.pem"), (Path("c.pem"), "c.pem"), (("c.crt", Path("c.key")), ("c.crt", "c.key")), (["a"], "a")],
)
def test_a_certificate_is_one_file_or_two(given: Any, kept: Any) -> None:
    assert TlsClientAuth("c", given).certificate == kept


@pytest.mark.parametrize("given", [None, "", (), ("a", "b", "c"), ("a", 5), b"PEM"])
def test_what_is_no_certificate_is_refused(given: Any) -> None:
    with pytest.raises(UnsupportedClientCredentials, match="PEM"):
        TlsClientAuth("c", given)


def test_aliases_are_for_clients_with_a_certificate() -> None:
    plain = OAuth2Client("https://as.example/token", "c", mtls_endpoint_aliases=ALIASES)
    assert plain.endpoint("token_endpoint") == "https://as.example/token"
    bound = plain.replace(client_certificate="c.pem")
    assert bound.endpoint("token_endpoint") == "https://mtls.as.example/token"
    assert OAuth2Client("https://as.example/token", TlsClientAuth("c", "c.pem")).client_certificate == "c.pem"


@pytest.mark.parametrize("method", [TlsClientAuth, SelfSignedTlsClientAuth])
def test_a_client_registered_for_it_gets_its_certificate(method: Any) -> None:
    said = ClientInformation({"client_id": "c", "token_endpoint_auth_method": method.method})
    assert said.client_arguments(certificate="c.pem")["auth"] == method("c", "c.pem")

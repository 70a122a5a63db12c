"""Every name of API-CONTRACT.md can be imported, from the root and from its module."""

from __future__ import annotations

import importlib
import warnings

import pytest

from requests_oauth2client import exceptions

from .promised import ALIASES, NOT_YET, PROMISED, promises

PACKAGE = "requests_oauth2client"


def found(module: str, name: str) -> bool:
    path = f"{PACKAGE}.{module}" if module else PACKAGE
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            getattr(importlib.import_module(path), name)
    except (ImportError, AttributeError):
        return False
    return True


def test_promised_names_can_be_imported() -> None:
    missing = {f"{module}.{name}" for module, name in promises() if not found(module, name)}
    assert missing == NOT_YET


def test_what_is_not_there_yet_is_a_promise() -> None:
    assert {f"{module}.{name}" for module, name in promises()} >= NOT_YET


@pytest.mark.parametrize("module", [name for name in PROMISED if name])
def test_a_promised_module_can_be_imported(module: str) -> None:
    importlib.import_module(f"{PACKAGE}.{module}")


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_both_generations_mean_the_same(alias: str, name: str) -> None:
    root = importlib.import_module(PACKAGE)
    assert getattr(root, alias) is getattr(root, name)


def test_a_star_import_gives_what_the_founding_readme_uses() -> None:
    names: dict[str, object] = {}
    exec(f"from {PACKAGE} import *", names)  # noqa: S102
    used = """
        ApiClient AuthorizationRequest BearerAuth BearerAuthorization ClientSecretBasic ClientSecretJWT
        ClientSecretPost DeviceAuthorizationClient DeviceAuthorizationPoolingJob OAuth2AuthorizationCodeAuth
        OAuth2Client OAuth2ClientCredentialsAuth PrivateKeyJWT AuthorizationPending SlowDown ExpiredDeviceCode
    """
    assert set(used.split()) - names.keys() == set()


TREE = {
    "OAuth2Error": """
        EndpointError InvalidTokenResponse UnknownIntrospectionError InvalidDeviceAuthorizationResponse
        InvalidBackChannelAuthenticationResponse InvalidPushedAuthorizationResponse
    """,
    "EndpointError": """
        TokenEndpointError UnknownTokenEndpointError ServerError AccessDenied UnauthorizedClient
        DeviceAuthorizationError IntrospectionError BackChannelAuthenticationError RevocationError
    """,
    "TokenEndpointError": """
        InvalidRequest InvalidClient InvalidScope InvalidTarget InvalidGrant UseDPoPNonce AuthorizationPending
        SlowDown ExpiredToken
    """,
    "DeviceAuthorizationError": "AuthorizationPending SlowDown",
    "RevocationError": "UnsupportedTokenType",
    "InvalidAuthResponse": "MissingAuthCode MissingIssuer MismatchingIssuer MismatchingState",
    "AuthorizationResponseError": "InteractionRequired",
    "InteractionRequired": "LoginRequired AccountSelectionRequired SessionSelectionRequired ConsentRequired",
}


def test_errors_are_caught_by_their_parents() -> None:
    pairs = [(child, parent) for parent, names in TREE.items() for child in names.split()]
    assert [pair for pair in pairs if not issubclass(*(getattr(exceptions, name) for name in pair))] == []


BUILTINS = [
    ("UnsupportedClientCredentials", TypeError),
    ("UnsupportedClientCredentials", ValueError),
    ("InvalidIdToken", ValueError),
    ("InvalidAuthResponse", ValueError),
    ("InvalidParam", ValueError),
    ("InvalidPathParam", TypeError),
    ("InvalidPathParam", ValueError),
    ("MissingEndpointUri", AttributeError),
]


@pytest.mark.parametrize(("name", "builtin"), BUILTINS)
def test_an_error_is_the_builtin_one_too(name: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(importlib.import_module(PACKAGE), name), builtin)


@pytest.mark.parametrize("name", ["BearerToken", "IdToken"])
def test_tokens_report_their_module(name: str) -> None:
    assert getattr(importlib.import_module(PACKAGE), name).__module__ == f"{PACKAGE}.tokens"

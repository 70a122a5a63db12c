"""What to do when no answer came: the setting behind a proxy, a certificate, a name, named for the user.

The settings are those of the environment, which both HTTP libraries read. Nothing of a value is shown but an address.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from .._core.redaction import excerpt, one_line, without_query

LAYERS = 6  # of an HTTP library, down to the socket
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
UNTRUSTED = ("unable to get local issuer", "self-signed certificate", "self signed certificate", "unable to get issuer")
UNKNOWN_NAME = (
    "name or service not known", "failed to resolve", "nodename nor servname", "getaddrinfo failed",
    "name resolution", "no address associated",
)  # fmt: skip
NO_TLS = ("wrong version number", "wrong_version_number", "record layer failure", "unknown protocol", "http_request")


def said(failure: Exception, url: str) -> str:
    """Return what a failure says, and then what to do about it."""
    told = [str(one) for one in _chain(failure)]
    why = f"{type(failure).__name__}: {excerpt(next(filter(None, told), 'it says nothing more'))}"
    advice = _advice(f"{type(failure).__name__} {' '.join(told)}".lower(), url)
    return f"({why}). {advice}" if advice else f"({why})."


def _chain(failure: BaseException) -> list[BaseException]:
    """Return a failure and what led to it; the reason may be some layers below."""
    found: list[BaseException] = [failure]
    while len(found) < LAYERS and (below := found[-1].__cause__ or found[-1].__context__):
        found.append(below)
    return found


def _advice(text: str, url: str) -> str:
    return _about_certificates(text) or _about_the_way(text, url)


def _about_certificates(text: str) -> str:
    if any(one in text for one in UNTRUSTED):
        return (
            "If a private CA signed the server's certificate, name the file with its certificate: set"
            f" REQUESTS_CA_BUNDLE or SSL_CERT_FILE, or `verify` of the session.{_set(CA_VARIABLES)}"
        )
    if "ca certificate bundle" in text:
        return f"The file of CA certificates can't be read.{_set(CA_VARIABLES)}"
    if "certificate_verify_failed" in text or "hostname mismatch" in text:
        return "The certificate is not valid for this address, or no longer: this has to be fixed on the server."
    return ""


def _about_the_way(text: str, url: str) -> str:
    if any(one in text for one in NO_TLS):
        return "The server does not speak TLS on this port. Is this the right port, and is it https at all?"
    proxy = _proxy(url)
    if proxy and ("proxy" in text or "connect" in text):
        return f"Requests to this address go through the proxy of {proxy}. Correct it, or list the host in NO_PROXY."
    if any(one in text for one in UNKNOWN_NAME):
        return f"Is {one_line(urlsplit(url).hostname)!r} the right host, and known on this network?"
    return ""


def _set(names: tuple[str, ...]) -> str:
    """Say which of these variables are set, and to what."""
    found = [f"{name}={one_line(os.environ[name])}" for name in names if os.environ.get(name)]
    return f" Set now: {', '.join(found)}." if found else ""


def _proxy(url: str) -> str | None:
    """Return the variable with the proxy for a URL, and its value without credentials."""
    from urllib.request import proxy_bypass  # noqa: PLC0415  after a failure only

    parts = urlsplit(url)
    if parts.hostname and proxy_bypass(parts.hostname):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := os.environ.get(variable):
                return f"{variable}={without_query(value) or ''}"
    return None

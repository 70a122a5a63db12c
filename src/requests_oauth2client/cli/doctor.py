"""`doctor`: whether a profile can work, and what to change where it can't.

Each check yields advice. It looks at the server's certificate, metadata, clock and keys, and at how the client
authenticates, comes back and asks for scopes; then at the store.
"""

from __future__ import annotations

import os
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

from .._core.redaction import one_line
from .._core.scope import scope_words
from .._core.times import http_date, now
from .._core.urls import is_loopback
from ..exceptions import OAuth2Error, TransportError
from .exits import REFUSED, UNREACHABLE, Failure, is_server_failure, sentence_of
from .metadata import ERROR, WARNING, lint, lint_keys
from .output import marked, put, put_json
from .program import Command, by_profile, program

if TYPE_CHECKING:
    from ..client import OAuth2Client
    from .session import Session

FINE = "fine"
COLORS = {FINE: "green", WARNING: "yellow", ERROR: "red"}
SOME_SECONDS, TOO_MANY_SECONDS = 5, 60  # that clocks may differ, before it is said, and before ID tokens are refused
SOON = 14 * 86_400  # seconds before a certificate expires
TIMEOUT = 10  # seconds


class Advice(NamedTuple):
    """What a check found: how bad, about what, and what to change; of what is fine, what was seen."""

    level: str
    about: str
    text: str


Check = Callable[["Session"], Iterator[Advice]]


@program.command("doctor", cls=Command, example="oauth2client doctor -p work")
@by_profile
def doctor_command(session: Session, as_json: bool) -> int:
    """Check whether a profile can work, and write what to change: an error ends with exit code 3 or 4."""
    found: list[Advice] = []
    code = 0
    for check in CHECKS:
        try:
            for advice in check(session):
                found.append(advice)
                if not as_json:
                    put(f"{marked(advice.level, COLORS[advice.level])}\t{advice.about}\t{one_line(advice.text)}")
        except _Ended as end:
            code = end.code
            break
    if as_json:
        put_json([advice._asdict() for advice in found])
    return code or (REFUSED if any(advice.level == ERROR for advice in found) else 0)


class _Ended(Exception):
    """There is nothing more to check: the server does not answer, or there are no credentials."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _profile(session: Session) -> Iterator[Advice]:
    profile = session.profile
    yield Advice(FINE, "profile", f"{profile.name} in {profile.path}")
    for key in ("client_secret_file", "private_key_file"):
        path = profile.file(key)
        if (
            path is not None
            and os.name != "nt"
            and path.exists()
            and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        ):
            yield Advice(WARNING, key, f"Others may read it. Run: chmod 600 {path}")
    try:
        _ = session.client
    except (Failure, OAuth2Error) as wrong:
        yield Advice(ERROR, "credentials", sentence_of(wrong))
        raise _Ended(REFUSED) from None


def _metadata(session: Session) -> Iterator[Advice]:
    client = session.client
    if client.issuer is None:
        text = 'Write  issuer = "https://..."  instead of the addresses: they are then found, and ID tokens checked.'
        yield Advice(WARNING, "metadata", text)
        return
    try:
        found = client.discover()
    except OAuth2Error as wrong:
        is_away = isinstance(wrong, TransportError) or is_server_failure(wrong)
        advice = "Check the host name, the network and HTTPS_PROXY." if is_away else "Check issuer in the profile."
        yield Advice(ERROR, "metadata", f"{advice} {sentence_of(wrong)}")
        if is_away:
            raise _Ended(UNREACHABLE) from None
        return
    findings = list(lint(found))
    for level, member, message in findings:
        yield Advice(level, f"metadata, {member}", f"Tell those who run the server: {message}")
    if not any(finding.level == ERROR for finding in findings):
        yield Advice(FINE, "metadata", f"read from {client.issuer}")


def _clock(session: Session) -> Iterator[Advice]:
    from ..discovery import discovery_urls

    client = session.client
    found = client.metadata_url or (None if client.issuer is None else discovery_urls(client.issuer)[0])
    address = found or client.token_endpoint
    try:
        answer = client.session.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True)
        said = http_date(answer.headers.get("Date"))
        answer.close()
    except OSError:
        return
    if said is None:
        yield Advice(WARNING, "clock", "The server sends no Date, so its clock can't be compared with yours.")
        return
    ahead = int((now() - said).total_seconds())
    if abs(ahead) <= SOME_SECONDS:
        yield Advice(FINE, "clock", "as the server's")
        return
    side = "ahead of" if ahead > 0 else "behind"
    level = ERROR if abs(ahead) > TOO_MANY_SECONDS else WARNING
    text = f"Set the clock of this machine (timedatectl set-ntp true): it is {abs(ahead)} seconds {side} the server's."
    yield Advice(level, "clock", f"{text} Or write  id_token_leeway = {abs(ahead) + SOME_SECONDS}")


def _tls(session: Session) -> Iterator[Advice]:
    client = session.client
    parts = urlsplit(client.issuer or client.token_endpoint or "")
    if parts.scheme != "https" or parts.hostname is None:
        level = FINE if is_loopback(parts.hostname) else ERROR
        yield Advice(level, "TLS", "not needed on this machine" if level == FINE else "Use https:// in issuer.")
        return
    if "https" in getproxies():
        yield Advice(FINE, "TLS", "not looked at: a proxy is between")
        return
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), TIMEOUT) as raw,
            _trusted().wrap_socket(raw, server_hostname=parts.hostname) as connection,
        ):
            certificate, version = connection.getpeercert() or {}, connection.version()
    except ssl.SSLError as wrong:
        text = f"If your company has a CA, name it in REQUESTS_CA_BUNDLE: {getattr(wrong, 'verify_message', wrong)}"
        yield Advice(WARNING, "TLS", text)
        return
    except OSError as wrong:
        yield Advice(WARNING, "TLS", f"Check the network: {wrong.strerror or type(wrong).__name__}")
        return
    ends = str(certificate.get("notAfter", ""))
    left = ssl.cert_time_to_seconds(ends) - time.time() if ends else SOON
    if left < SOON:
        yield Advice(WARNING, "TLS", f"Tell those who run the server to renew its certificate: it ends {ends}.")
    else:
        yield Advice(FINE, "TLS", str(version))


def _trusted() -> ssl.SSLContext:
    """Return the CAs that the library trusts: those of requests, or those that the environment names."""
    from certifi import where

    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or where()
    is_folder = os.path.isdir(bundle)  # noqa: PTH112  a string of the environment
    return ssl.create_default_context(cafile=None if is_folder else bundle, capath=bundle if is_folder else None)


def _keys(session: Session) -> Iterator[Advice]:
    client = session.client
    if client.jwks_uri is None:
        return
    try:
        jwks = client.update_authorization_server_public_keys()
    except OAuth2Error as wrong:
        yield Advice(ERROR, "keys", f"Tell those who run the server: its keys can't be read. {sentence_of(wrong)}")
        return
    findings = list(lint_keys(jwks))
    for level, _, message in findings:
        yield Advice(level, "keys", message)
    if not findings:
        yield Advice(FINE, "keys", f"{len(jwks['keys'])} at {client.jwks_uri}")


def _method(session: Session) -> Iterator[Advice]:
    client = session.client
    method = getattr(client.auth, "method", None) or ("none" if session.client.client_secret is None else None)
    listed = client.authorization_server_metadata.get("token_endpoint_auth_methods_supported") or []
    if method is None or not listed or method in listed:
        yield Advice(FINE, "authentication", str(method or "as the server has it"))
        return
    if method == "none":
        keys = "client_secret_env, client_secret_file, client_secret_keyring or private_key_file"
        text = (
            f"The server lists no public clients, only {', '.join(map(str, listed))}. Write {keys} if it gave you one."
        )
    elif method == "private_key_jwt":
        text = (
            f"The server does not list private_key_jwt. Write client_secret_env instead; it takes {', '.join(listed)}."
        )
    else:
        text = f"The server lists {', '.join(map(str, listed))}, not {method}. Register the client for one of them."
    yield Advice(WARNING, "authentication", text)


def _grant(session: Session) -> Iterator[Advice]:
    from .profile_file import GRANTS

    ways = GRANTS[session.profile.grant]
    metadata = session.client.authorization_server_metadata
    listed = metadata.get("grant_types_supported")
    if ways is None:
        if listed and "client_credentials" not in listed:
            yield Advice(ERROR, "grant", 'The server does not list client_credentials. Write  grant = "login"')
        return
    if "device" in ways and session.client.device_authorization_endpoint is None:
        yield Advice(ERROR, "grant", 'The server has no device_authorization_endpoint. Write  grant = "login"')
    if listed and "refresh_token" not in listed:
        yield Advice(WARNING, "grant", "The server lists no refresh_token: each token is followed by another login.")


def _redirect(session: Session) -> Iterator[Advice]:
    if not session.profile.is_a_users:
        return
    client: OAuth2Client = session.client
    uri = client.redirect_uri
    if uri is None:
        yield Advice(FINE, "redirect URI", "http://127.0.0.1/callback, with any port: register it (RFC 8252)")
    else:
        yield from _given_redirect(uri)
    for port in session.profile.own.get("ports", ()):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError, TypeError):
                text = f"Port {one_line(port)} is in use. End the program that uses it, or add another to ports."
                yield Advice(WARNING, "redirect URI", text)


def _given_redirect(uri: str) -> Iterator[Advice]:
    parts = urlsplit(uri)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        text = (
            f"The browser can't come back to {uri} here. Register http://127.0.0.1/callback, and delete redirect_uri."
        )
        yield Advice(ERROR, "redirect URI", text)
    elif parts.hostname == "localhost":
        text = (
            "Use 127.0.0.1: localhost may lead to another address (RFC 8252 8.3). Change it where it is registered too."
        )
        yield Advice(WARNING, "redirect URI", text)
    else:
        yield Advice(FINE, "redirect URI", uri)


def _scopes(session: Session) -> Iterator[Advice]:
    listed = session.client.authorization_server_metadata.get("scopes_supported")
    words = scope_words(session.profile.scope) if session.profile.scope else []
    if not isinstance(listed, list):
        return
    unknown = [word for word in words if word not in listed]
    for word in unknown:
        from .._core.options import close_to

        guess = close_to(word, [one for one in listed if isinstance(one, str)])
        hint = f"Did you mean {guess!r}?" if guess else "Servers need not list all, so it may work."
        yield Advice(WARNING, "scope", f"The server does not list {word!r}. {hint}")
    if session.profile.is_a_users and "openid" in listed and "openid" not in words:
        yield Advice(WARNING, "scope", "Add openid, so that there is an ID token that says who has logged in.")
    elif not unknown:
        yield Advice(FINE, "scope", " ".join(words) or "none")


def _store(session: Session) -> Iterator[Advice]:
    try:
        token = session.stored().token
    except (Failure, OAuth2Error, OSError) as wrong:
        yield Advice(ERROR, "store", sentence_of(wrong))
        return
    if token is not None:
        yield Advice(FINE, "store", "there is a token" + ("" if token.refresh_token else ", without a refresh token"))
    elif session.profile.is_a_users:
        yield Advice(WARNING, "store", f"Run: oauth2client login -p {session.profile.name}")


CHECKS: tuple[Check, ...] = (_profile, _tls, _metadata, _clock, _keys, _method, _grant, _redirect, _scopes, _store)

__all__ = ["doctor_command"]

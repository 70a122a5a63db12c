"""`discover`: the metadata of a server, and what is wrong with them (RFC 8414, OIDC Discovery).

A rule looks at the metadata and yields findings. Errors break clients, or a MUST of the specifications; warnings are
what a client can live with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click

from .._core.redaction import one_line
from .._core.urls import is_loopback
from .exits import REFUSED, code_of, sentence_of
from .output import marked, plain, put_json, put_table, say, shown
from .program import Command, program, traced, with_json, with_trace

ERROR, WARNING = "error", "warning"
LISTS = (
    "scopes_supported response_types_supported response_modes_supported grant_types_supported"
    " token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported acr_values_supported"
    " subject_types_supported id_token_signing_alg_values_supported code_challenge_methods_supported claims_supported"
    " dpop_signing_alg_values_supported request_object_signing_alg_values_supported ui_locales_supported"
).split()
FLAGS = (
    "authorization_response_iss_parameter_supported require_pushed_authorization_requests claims_parameter_supported"
    " request_parameter_supported request_uri_parameter_supported require_request_uri_registration"
    " tls_client_certificate_bound_access_tokens backchannel_logout_supported frontchannel_logout_supported"
).split()
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")


class Finding(NamedTuple):
    """Something that is wrong: how bad, which member, what to change."""

    level: str
    member: str
    message: str


Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]


@program.command(
    "discover",
    cls=Command,
    example="oauth2client discover https://as.example.com\noauth2client discover as.example.com --json",
)
@click.argument("issuer")
@with_json
@with_trace
def discover_command(issuer: str, as_json: bool, trace: str | None) -> int:
    """Write the metadata of a server, and what is wrong with them: an error ends with exit code 3, a warning with 0."""
    from ..client import OAuth2Client
    from ..exceptions import InvalidAnswer, InvalidParam, OAuth2Error

    metadata: Mapping[str, Any] = {}
    code = 0
    with traced(trace):
        client = OAuth2Client(issuer=issuer_of(issuer), client_id="oauth2client")
        try:
            metadata = client.discover()
        except (InvalidAnswer, InvalidParam) as wrong:
            code = code_of(wrong) or REFUSED
            if not isinstance(wrong, InvalidAnswer):
                code = REFUSED
            findings = [Finding(ERROR, "metadata", sentence_of(wrong))]
        else:
            findings = list(lint(metadata))
            if metadata.get("jwks_uri"):
                try:
                    findings += lint_keys(client.update_authorization_server_public_keys())
                except OAuth2Error as wrong:
                    findings.append(Finding(ERROR, "jwks_uri", sentence_of(wrong)))
    if as_json:
        put_json({"metadata": plain(metadata), "findings": [finding._asdict() for finding in findings]})
    else:
        put_table(["member", "value"], [[name, shown(value)] for name, value in metadata.items()])
        tell(findings)
    return code or (REFUSED if any(finding.level == ERROR for finding in findings) else 0)


def tell(findings: list[Finding]) -> None:
    """Tell the user what is wrong."""
    for level, member, message in findings:
        say(f"{marked(level, 'red' if level == ERROR else 'yellow')} {member}: {one_line(message)}")
    count = Counter(finding.level for finding in findings)
    say(f"{count[ERROR]} errors, {count[WARNING]} warnings.")


def issuer_of(text: str) -> str:
    """Return the issuer that is meant: a host, an issuer, or the address of its metadata."""
    scheme = "http" if is_loopback(urlsplit(f"//{text}").hostname) else "https"
    issuer = text if "://" in text else f"{scheme}://{text}"
    for path in WELL_KNOWN:
        origin, found, rest = issuer.partition(path)
        if found:
            return origin + rest
    return issuer


def lint(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with metadata."""
    for rule in RULES:
        yield from rule(metadata)


def _types(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for name in LISTS:
        value = metadata.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            yield Finding(ERROR, name, "It has to be a list of strings (RFC 8414 section 2).")
    for name in FLAGS:
        if name in metadata and not isinstance(metadata[name], bool):
            yield Finding(ERROR, name, "It has to be true or false, without quotes.")


def _addresses(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in metadata.items():
        if not name.endswith("_endpoint") and name not in {"jwks_uri", "issuer"}:
            continue
        if not isinstance(value, str):
            yield Finding(ERROR, name, "It has to be a URL.")
            continue
        parts = urlsplit(value)
        if parts.scheme != "https" and not is_loopback(parts.hostname):
            yield Finding(
                ERROR, name, "It has to be an https URL: anyone on the network path could read and change it."
            )
        if parts.fragment or (name == "issuer" and parts.query):
            yield Finding(ERROR, name, "It must not have a fragment, and an issuer no query (RFC 8414 section 2).")


def _required(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    types = _list(metadata, "response_types_supported")
    if "response_types_supported" not in metadata:
        yield Finding(ERROR, "response_types_supported", "It is required (RFC 8414 section 2).")
    grants = _list(metadata, "grant_types_supported") or ["authorization_code", "implicit"]
    if {"authorization_code", "implicit"} & set(grants) and "authorization_endpoint" not in metadata and types:
        yield Finding(ERROR, "authorization_endpoint", "It is required by the grants that are supported.")
    if set(grants) != {"implicit"} and "token_endpoint" not in metadata:
        yield Finding(ERROR, "token_endpoint", "It is required by the grants that are supported.")
    if "openid" in _list(metadata, "scopes_supported"):
        for name in ("jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"):
            if name not in metadata:
                yield Finding(ERROR, name, "It is required of an OpenID Provider (OIDC Discovery section 3).")


def _signatures(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    methods = _list(metadata, "token_endpoint_auth_methods_supported")
    name = "token_endpoint_auth_signing_alg_values_supported"
    if {"private_key_jwt", "client_secret_jwt"} & set(methods) and name not in metadata:
        yield Finding(ERROR, name, "It is required where clients sign assertions (RFC 8414 section 2).")
    if "none" in _list(metadata, name):
        yield Finding(ERROR, name, "It must not list none (RFC 8414 section 2): such an assertion proves nothing.")
    algs = _list(metadata, "id_token_signing_alg_values_supported")
    if algs and "RS256" not in algs:
        yield Finding(
            WARNING, "id_token_signing_alg_values_supported", "RS256 has to be listed (OIDC Discovery section 3)."
        )
    if "none" in algs:
        yield Finding(WARNING, "id_token_signing_alg_values_supported", "Unsigned ID tokens are possible. Remove none.")


def _practice(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """What RFC 9700 recommends."""
    methods = _list(metadata, "code_challenge_methods_supported")
    if "authorization_endpoint" in metadata and "S256" not in methods:
        yield Finding(WARNING, "code_challenge_methods_supported", "S256 is not listed. Support PKCE (RFC 9700 2.1.1).")
    if "plain" in methods:
        yield Finding(WARNING, "code_challenge_methods_supported", "plain protects little. Remove it (RFC 9700 2.1.1).")
    for grant in {"implicit", "password"} & set(_list(metadata, "grant_types_supported")):
        yield Finding(WARNING, "grant_types_supported", f"{grant} should not be used. Remove it (RFC 9700 2.1.2, 2.4).")
    if "authorization_endpoint" in metadata and not metadata.get("authorization_response_iss_parameter_supported"):
        message = "Responses do not name the server, so clients of several can't tell them apart (RFC 9207)."
        yield Finding(WARNING, "authorization_response_iss_parameter_supported", message)


RULES: tuple[Rule, ...] = (_types, _addresses, _required, _signatures, _practice)


def lint_keys(jwks: Any) -> Iterator[Finding]:
    """Yield what is wrong with the keys of a server."""
    keys = [key for key in jwks.get("keys", []) if isinstance(key, Mapping)]
    if not keys:
        yield Finding(ERROR, "jwks_uri", "It has no keys, so that no signature can be verified.")
    for key in keys:
        if any(member in key for member in PRIVATE_MEMBERS):
            name = one_line(key.get("kid"))
            yield Finding(ERROR, "jwks_uri", f"Key {name!r} is published with its private part. Replace it at once.")
    kids = Counter(str(key.get("kid")) for key in keys)
    for kid, count in kids.items():
        if count > 1:
            yield Finding(WARNING, "jwks_uri", f"{count} keys have the kid {one_line(kid)!r}. Name each differently.")


def _list(metadata: Mapping[str, Any], name: str) -> list[str]:
    value = metadata.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


__all__ = ["Finding", "discover_command", "lint", "lint_keys"]

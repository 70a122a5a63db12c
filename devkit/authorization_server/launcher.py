"""Runs the authorization server as a child process, and says where it is and which clients it knows.

    with start_authorization_server(access_token_ttl=60) as server:
        requests.post(server.token_endpoint, auth=..., data={"grant_type": "client_credentials"})

The child ends when its stdin is closed: with `stop()`, or with the process that started it.
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import requests

from devkit import node

from .clients import TestClient, make_clients
from .credentials import Certificate, make_certificate, private_jwk, random_secret

START_TIMEOUT = 30.0
STOP_TIMEOUT = 5.0
REQUEST_TIMEOUT = 10.0


class ServerDidNotStart(RuntimeError):
    """The authorization server ended, or said nothing in time; its log is in the message."""


@dataclass(frozen=True, kw_only=True)
class AuthorizationServer:
    """A running authorization server."""

    issuer: str
    metadata: dict[str, Any] = field(repr=False)
    clients: dict[str, TestClient] = field(repr=False)
    ca_certificate: Path
    process: subprocess.Popen[str] = field(repr=False)
    folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self.process.pid

    @property
    def discovery_url(self) -> str:
        """Where the metadata is published."""
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def token_endpoint(self) -> str:
        """RFC 6749 section 3.2."""
        return self.endpoint("token")

    @property
    def authorization_endpoint(self) -> str:
        """RFC 6749 section 3.1."""
        return self.endpoint("authorization")

    @property
    def device_authorization_endpoint(self) -> str:
        """RFC 8628 section 3.1."""
        return self.endpoint("device_authorization")

    @property
    def introspection_endpoint(self) -> str:
        """RFC 7662 section 2."""
        return self.endpoint("introspection")

    @property
    def revocation_endpoint(self) -> str:
        """RFC 7009 section 2."""
        return self.endpoint("revocation")

    @property
    def userinfo_endpoint(self) -> str:
        """OIDC Core section 5.3."""
        return self.endpoint("userinfo")

    @property
    def pushed_authorization_request_endpoint(self) -> str:
        """RFC 9126 section 2."""
        return self.endpoint("pushed_authorization_request")

    @property
    def backchannel_authentication_endpoint(self) -> str:
        """CIBA Core section 7."""
        return self.endpoint("backchannel_authentication")

    @property
    def registration_endpoint(self) -> str:
        """RFC 7591 section 3."""
        return self.endpoint("registration")

    @property
    def end_session_endpoint(self) -> str:
        """OIDC RP-Initiated Logout section 2."""
        return self.endpoint("end_session")

    @property
    def jwks_uri(self) -> str:
        """Where the server's public keys are."""
        return str(self.metadata["jwks_uri"])

    def endpoint(self, name: str, *, mtls: bool = False) -> str:
        """Look up an endpoint in the metadata, by its RFC 8414 name without `_endpoint`."""
        metadata = self.metadata["mtls_endpoint_aliases"] if mtls else self.metadata
        return str(metadata[f"{name}_endpoint"])

    def approve_ciba(self, auth_req_id: str) -> None:
        """Say yes, as the end user asked over the back channel."""
        self._answer_ciba("approve", auth_req_id)

    def deny_ciba(self, auth_req_id: str) -> None:
        """Say no, as the end user asked over the back channel."""
        self._answer_ciba("deny", auth_req_id)

    def request_count(self, url: str) -> int:
        """Tell how many requests came to this URL since the start."""
        counts = requests.get(f"{self.issuer}/devkit/requests", timeout=REQUEST_TIMEOUT).json()
        return int(counts.get(url.removeprefix(self.issuer), 0))

    def log(self) -> str:
        """Return what the server has logged."""
        return _log_file(self.folder).read_text(errors="replace")

    def stop(self) -> None:
        """End the process and forget its files. A second call does nothing."""
        _stop(self.process)
        self.folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answer_ciba(self, answer: str, auth_req_id: str) -> None:
        url = f"{self.issuer}/devkit/ciba/{answer}"
        requests.post(url, params={"auth_req_id": auth_req_id}, timeout=REQUEST_TIMEOUT).raise_for_status()


def start_authorization_server(
    *,
    access_token_ttl: int = 300,
    ttl: Mapping[str, int] | None = None,
    polling_interval: int = 1,
    clock_tolerance: int = 0,
    dpop_require_nonce: bool = False,
    pkce_required: bool = False,
    rotate_refresh_token: bool = True,
    access_token_format: str = "opaque",
    clients: Mapping[str, dict[str, Any]] | None = None,
) -> AuthorizationServer:
    """Start an authorization server, and wait until it answers.

    Args:
        access_token_ttl: seconds; a client's own `access_token_ttl` goes first.
        ttl: seconds for other things, by oidc-provider's names: RefreshToken, DeviceCode, IdToken, …
        polling_interval: seconds that a device or CIBA client must wait, else `slow_down`.
        clock_tolerance: seconds that an expired token still lives, and that clocks may differ.
        dpop_require_nonce: refuse DPoP proofs without a nonce.
        pkce_required: of every client; public ones always need it.
        rotate_refresh_token: each use of a refresh token gives another one.
        access_token_format: "opaque" or "jwt", for the resource `urn:devkit:api`.
        clients: rows to add to `clients.ROWS`.

    Raises:
        ServerDidNotStart: with the server's log.
    """
    folder = tempfile.TemporaryDirectory(prefix="devkit-as-")
    path = Path(folder.name)
    ca = make_certificate("devkit-ca", path)
    known = make_clients(path, ca, dict(clients or {}))
    config = {
        "folder": folder.name,
        "clients": [client.metadata for client in known.values()],
        "access_token_ttl": access_token_ttl,
        "ttl": dict(ttl or {}),
        "polling_interval": polling_interval,
        "clock_tolerance": clock_tolerance,
        "dpop_require_nonce": dpop_require_nonce,
        "pkce_required": pkce_required,
        "rotate_refresh_token": rotate_refresh_token,
        "access_token_format": access_token_format,
        **_own_credentials(path, ca),
    }
    process = _spawn(folder)
    try:
        issuer = _wait_until_ready(process, config, folder)
        metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=REQUEST_TIMEOUT).json()
    except BaseException:
        _stop(process)
        folder.cleanup()
        raise
    return AuthorizationServer(
        issuer=issuer,
        metadata=metadata,
        clients=known,
        ca_certificate=ca.certificate_file,
        process=process,
        folder=folder,
    )


def _own_credentials(folder: Path, ca: Certificate) -> dict[str, Any]:
    keys = [private_jwk(alg) for alg in ("RS256", "PS256", "ES256", "EdDSA")]
    keys += [private_jwk(alg, use="enc") for alg in ("RSA-OAEP-256", "ECDH-ES")]
    tls = make_certificate("devkit-server", folder, issuer=ca)
    return {
        "jwks": {"keys": keys},
        "tls": {"key": tls.key_pem, "cert": tls.pem, "ca": ca.pem},
        "cookie_key": random_secret(),
        "nonce_secret": random_secret(),
    }


def _spawn(folder: tempfile.TemporaryDirectory[str]) -> subprocess.Popen[str]:
    executable = node.install()
    with _log_file(folder).open("w") as log:
        return subprocess.Popen(
            [executable, "server.mjs"],
            cwd=node.FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # a Ctrl-C is for the parent, which then stops it
        )


def _wait_until_ready(
    process: subprocess.Popen[str], config: dict[str, Any], folder: tempfile.TemporaryDirectory[str]
) -> str:
    stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
    answers: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: answers.put(stdout.readline()), daemon=True).start()
    try:
        stdin.write(json.dumps(config) + "\n")
        stdin.flush()
        return str(json.loads(answers.get(timeout=START_TIMEOUT))["issuer"])
    except (queue.Empty, OSError, ValueError) as cause:
        log = _log_file(folder).read_text(errors="replace")
        raise ServerDidNotStart(
            f"The authorization server ended, or said nothing for {START_TIMEOUT} s:\n{log}"
        ) from cause


def _stop(process: subprocess.Popen[str]) -> None:
    for ask in (_pipe(process.stdin).close, process.terminate, process.kill):
        try:
            ask()
            process.wait(STOP_TIMEOUT)
            break
        except (subprocess.TimeoutExpired, OSError):
            continue
    _pipe(process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # both were asked for
    return pipe


def _log_file(folder: tempfile.TemporaryDirectory[str]) -> Path:
    return Path(folder.name) / "server.log"

"""The server's process: what it announces, its options, and that it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devkit import node
from devkit.authorization_server import AuthorizationServer, ServerDidNotStart, start_authorization_server
from devkit.authorization_server.credentials import private_jwk

from .helpers import dpop_proof, granted, post


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return ") Z " not in state  # ended, and nobody has asked how


def wait_until_gone(pid: int) -> bool:
    for _ in range(100):
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


def test_the_metadata_announces_every_feature(authorization_server: AuthorizationServer) -> None:
    metadata = authorization_server.metadata
    endpoints = [
        "introspection_endpoint",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "backchannel_authentication_endpoint",
        "registration_endpoint",
        "end_session_endpoint",
        "mtls_endpoint_aliases",
    ]
    assert [name for name in endpoints if name not in metadata] == []
    assert {"ES256", "EdDSA", "Ed25519", "PS256"} <= set(metadata["dpop_signing_alg_values_supported"])
    assert {"jwt", "query.jwt", "form_post"} <= set(metadata["response_modes_supported"])
    assert {"code", "id_token", "code id_token"} <= set(metadata["response_types_supported"])
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(metadata["token_endpoint_auth_methods_supported"])
    assert {"openid", "offline_access", "api.read", "api.write"} <= set(metadata["scopes_supported"])
    assert metadata["authorization_details_types_supported"] == ["devkit.payment"]
    assert metadata["authorization_response_iss_parameter_supported"] is True


def test_a_stopped_server_is_gone_and_so_are_its_files() -> None:
    with start_authorization_server(dpop_require_nonce=True, access_token_ttl=7) as server:
        assert is_running(server.pid)
        client, url, key = server.clients["dpop"], server.token_endpoint, private_jwk("ES256")
        data = {"grant_type": "client_credentials"}
        refused = post(url, client, data, headers={"DPoP": dpop_proof(key, url)})
        assert refused.json()["error"] == "use_dpop_nonce"
        headers = {"DPoP": dpop_proof(key, url, refused.headers["DPoP-Nonce"])}
        assert granted(post(url, client, data, headers=headers))["expires_in"] == 7
        assert server.request_count(url) == 2
    assert not is_running(server.pid)
    assert not server.ca_certificate.exists()
    server.stop()


def test_a_killed_parent_leaves_no_server_behind() -> None:
    script = (
        "import time; from devkit.authorization_server import start_authorization_server;"
        "server = start_authorization_server();"
        "print(server.pid, server.ca_certificate, flush=True); time.sleep(60)"
    )
    root = Path(node.__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        assert parent.stdout
        pid_told, path_told = parent.stdout.readline().split()
        pid, ca_certificate = int(pid_told), Path(path_told)
        assert is_running(pid)
        assert ca_certificate.exists()
        parent.send_signal(signal.SIGKILL)
    assert wait_until_gone(pid)
    assert not ca_certificate.exists()


def test_a_failed_start_shows_the_log() -> None:
    row = {"token_endpoint_auth_method": "none", "grant_types": ["none such"], "redirect_uris": []}
    with pytest.raises(ServerDidNotStart, match="client wrong: grant_types can only contain"):
        start_authorization_server(clients={"wrong": row})


def test_node_is_young_enough() -> None:
    told = subprocess.run([node.find_node(), "--version"], capture_output=True, text=True, check=True).stdout
    assert int(told.removeprefix("v").split(".")[0]) >= 22

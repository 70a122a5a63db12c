"""Client secrets in files that somebody else replaces, and methods of authentication that take their time."""

from __future__ import annotations

import base64
import threading
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from devkit.exchange import Received, error, token
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    BaseClientAuthenticationMethod,
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialUnavailable,
    DPoPKey,
    File,
    InvalidCredential,
    NoClientAuth,
    OAuth2Client,
    PrivateKeyJwt,
    UnsupportedClientCredentials,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, secret_key, signing_key
from requests_oauth2client.exceptions import InvalidParam

JWK = {**generate_private_jwk("ES256"), "kid": "k"}


def password(request: Received) -> str:
    return base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()


@pytest.mark.parametrize("method", [ClientSecretPost, ClientSecretBasic, ClientSecretJwt])
def test_a_secret_is_read_again_when_it_was_replaced(flavor: Flavor, method: Any, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first-secret\n")
    client, sent = flavor.mocked(token(), auth=method("id", File(file)))
    flavor.run(client.client_credentials())
    file.write_text("other-secret\n")
    flavor.run(client.client_credentials())
    if method is ClientSecretPost:
        assert [request.form["client_secret"] for request in sent] == ["first-secret", "other-secret"]
    elif method is ClientSecretBasic:
        assert [password(request) for request in sent] == ["id:first-secret", "id:other-secret"]
    else:
        for request, secret in zip(sent, ("first-secret", "other-secret"), strict=True):
            data, _, signature = request.form["client_assertion"].rpartition(".")
            expected = base64.urlsafe_b64encode(secret_key(secret).sign(data.encode())).decode().rstrip("=")
            assert signature == expected
    assert client.client_secret == "other-secret"


@pytest.mark.parametrize(
    ("content", "secret"),
    [("s", "s"), ("s\n", "s"), ("s\r\n", "s"), ("s\n\n", "s\n"), (" s \n", " s "), ("\ns", "\ns"), ("s\r", "s\r"),
     ("\ufeffs\n", "\ufeffs")],
)  # fmt: skip
def test_the_last_line_end_is_stripped_and_nothing_else(tmp_path: Path, content: str, secret: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content.encode())
    assert File(file).read() == secret


def test_a_link_is_followed_each_time(tmp_path: Path) -> None:
    """As the kubelet rotates what it mounts."""
    for name in ("monday", "tuesday"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "secret").write_text(name)
    (tmp_path / "..data").symlink_to("monday")
    (tmp_path / "secret").symlink_to("..data/secret")
    file = File(tmp_path / "secret")
    assert file.read() == "monday"
    (tmp_path / "new").symlink_to("tuesday")
    (tmp_path / "new").rename(tmp_path / "..data")
    assert file.read() == "tuesday"


def test_what_can_not_be_read_is_told_apart(flavor: Flavor, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    client, sent = flavor.mocked(token(), auth=ClientSecretPost("id", File(file)))

    def refused(kind: Any, match: str) -> None:
        with pytest.raises(kind, match=match) as raised:
            flavor.run(client.client_credentials())
        assert type(raised.value) is kind
        assert str(file) in str(raised.value)
        assert isinstance(raised.value, CredentialUnavailable)

    refused(CredentialNotFound, "does not exist")
    file.write_bytes(b"")
    refused(InvalidCredential, "is empty")
    file.write_bytes(b"\xff\xfe")
    refused(InvalidCredential, "not UTF-8")
    with file.open("wb") as large:
        large.truncate(50 << 20)
    refused(InvalidCredential, "more than 1048576 bytes")
    file.unlink()
    file.mkdir()
    refused(InvalidCredential, "regular file")
    assert sent == []


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidCredential, match="pipe"):
        File(tmp_path / "pipe").read()


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    (tmp_path / "secret").write_text("s")
    (tmp_path / "secret").chmod(0)
    if os.access(tmp_path / "secret", os.R_OK):  # root may read everything
        monkeypatch.setattr(os, "open", _forbidden)
    with pytest.raises(CredentialNotPermitted):
        File(tmp_path / "secret").read()


def _forbidden(*_: Any) -> int:
    raise PermissionError(13, "Permission denied")


def test_a_client_takes_a_file_in_the_place_of_a_secret(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush-hush\n")
    file = File(tmp_path / "secret")
    client, sent = flavor.mocked(token(), auth=("id", file))
    assert client.auth == ClientSecretPost("id", file)
    flavor.run(client.client_credentials())
    assert sent[0].form["client_secret"] == "hush-hush"
    other = flavor.keep(client.replace(timeout=5))
    assert other.auth == client.auth
    assert "hush-hush" not in repr(client) + repr(client.auth) + repr(file)


def test_another_method_is_tried_with_the_same_file(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush-hush\n")

    def basic_only(request: Received) -> Any:
        return token() if "authorization" in request.headers else error("invalid_client", 401)

    client, sent = flavor.mocked(basic_only, auth=("id", File(tmp_path / "secret")))
    flavor.run(client.client_credentials())
    assert password(sent[-1]) == "id:hush-hush"


@pytest.mark.parametrize("wrong", [None, 42, "", b"path"])
def test_a_file_has_a_path(wrong: Any) -> None:
    with pytest.raises(InvalidParam):
        File(wrong)


def test_a_secret_that_ends_with_a_line_end_hears_of_file() -> None:
    with pytest.raises(UnsupportedClientCredentials, match=r"File\(path\)"):
        ClientSecretPost("id", "secret\n")


# --- no authentication at all


def test_without_authentication_nobody_is_named(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=NoClientAuth())
    flavor.run(client.token_exchange(subject_token="a.b.c", subject_token_type="jwt"))
    assert "client_id" not in sent[0].form
    assert "authorization" not in sent[0].headers
    assert (client.client_id, NoClientAuth()) == ("", NoClientAuth())
    assert flavor.keep(client.replace(timeout=5)).auth == NoClientAuth()


# --- methods that take their time keep no event loop waiting


class KeyService:
    """A signer whose key is elsewhere; it signs when it is told to."""

    def __init__(self) -> None:
        self.public_jwk = {name: value for name, value in JWK.items() if name != "d"}
        self.key = signing_key(JWK)
        self.is_asked, self.may_answer = threading.Event(), threading.Event()

    def sign(self, data: bytes, alg: str) -> bytes:
        self.is_asked.set()
        assert self.may_answer.wait(30), "the event loop was kept waiting"
        return self.key.sign(data)


class Slow(BaseClientAuthenticationMethod):
    """A method of somebody's own that asks somewhere."""

    client_id = "me"

    def __init__(self) -> None:
        self.is_asked, self.may_answer = threading.Event(), threading.Event()

    def authenticate(self, request: Any) -> Any:
        self.is_asked.set()
        assert self.may_answer.wait(30), "the event loop was kept waiting"
        return request.with_fields(client_id=self.client_id)


class SlowFile(File):
    """A file on a disk that is slow."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_asked, self.may_answer = threading.Event(), threading.Event()

    def read(self) -> str:
        self.is_asked.set()
        assert self.may_answer.wait(30), "the event loop was kept waiting"
        return super().read()


@pytest.mark.parametrize("name", ["httpx2", "httpx2-trio"])
@pytest.mark.parametrize("kind", ["kms", "dpop", "own", "file"])
def test_a_method_that_takes_its_time_keeps_no_loop_waiting(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    waiting: Any = {"kms": KeyService, "dpop": KeyService, "own": Slow, "file": lambda: SlowFile(tmp_path / "secret")}[
        kind
    ]()
    auth: Any = {"kms": lambda: PrivateKeyJwt("id", waiting), "own": lambda: waiting,
                 "file": lambda: ClientSecretPost("id", waiting),
                 "dpop": lambda: ClientSecretPost("id", "s")}[kind]()  # fmt: skip
    bound = {"dpop_key": DPoPKey(waiting)} if kind == "dpop" else {}

    with open_flavor(name) as flavor:
        client, sent = flavor.mocked(token(token_type="DPoP") if bound else token(), auth=auth)

        async def both() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(partial(client.client_credentials, **bound))
                while not waiting.is_asked.is_set():  # noqa: ASYNC110  it is set in a thread
                    await anyio.sleep(0.001)
                waiting.may_answer.set()  # only a loop that goes on comes here

        flavor.run(both())
        assert len(sent) == 1


class Later(BaseClientAuthenticationMethod):
    """A method that awaits."""

    client_id = "me"

    async def authenticate(self, request: Any) -> Any:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return request.with_fields(client_id=self.client_id, proof="later")


def test_a_method_may_be_async(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=Later())
    if not flavor.is_async:
        with pytest.raises(InvalidParam, match="only the async client"):
            client.client_credentials()
        return
    flavor.run(client.client_credentials())
    assert sent[0].form["proof"] == "later"


def test_a_method_that_returns_no_request_says_so(flavor: Flavor) -> None:
    class Forgetful(BaseClientAuthenticationMethod):
        client_id = "me"

        def authenticate(self, request: Any) -> Any:
            request.with_fields(client_id="me")

    client, sent = flavor.mocked(token(), auth=Forgetful())
    with pytest.raises(InvalidParam, match="has to return a request, got a NoneType"):
        flavor.run(client.client_credentials())
    assert sent == []


def test_what_only_computes_needs_no_thread() -> None:
    for auth in (ClientSecretPost("id", "s"), ClientSecretBasic("id", "s"), ClientSecretJwt("id", "s"),
                 PrivateKeyJwt("id", JWK), NoClientAuth()):  # fmt: skip
        assert not auth.may_wait()

    class Mine(ClientSecretPost):
        """What it overrides may wait."""

    assert Mine("id", "s").may_wait()


def test_an_id_token_of_a_secret_in_a_file_is_checked_with_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a-secret-of-32-bytes-and-some-more\n")
    key = secret_key("a-secret-of-32-bytes-and-some-more")
    client = OAuth2Client(
        "https://as.local/token", ("id", File(tmp_path / "secret")), issuer="https://as.local",
        id_token_signed_response_alg="HS256",
    )  # fmt: skip
    claims = {"iss": "https://as.local", "aud": "id", "sub": "me", "iat": 1, "exp": 9_999_999_999}
    assert client.check_id_token(jws.sign(claims, key)).sub == "me"

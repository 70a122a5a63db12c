"""Mistakes of users: a sentence with the line and what to write, an exit code, and no traceback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.stores.fake_keyring import FileKeyring

HEAD = '[profile.work]\nissuer = "https://as.example.com"\nclient_id = "x"\n'
MISTAKES = {  # what stands in the file: what is said
    HEAD + "scope openid": (4, "not TOML"),
    HEAD + "scope = openid": (4, "not TOML"),
    HEAD + 'isuer = "https://as.example.com"': (4, "Did you mean 'issuer'?"),
    HEAD + 'scpe = "openid"': (4, "Did you mean 'scope'?"),
    HEAD + 'client_secret = "hunter2"': (4, "client_secret_env"),
    HEAD + 'private_key = "hunter2"': (4, "private_key_file"),
    HEAD + 'password = "hunter2"': (4, "client_secret_file"),
    HEAD + 'auth = ["x", "hunter2"]': (4, "client_secret_env"),
    HEAD + 'timeout = "10"': (4, "a number"),
    HEAD + 'testing = "yes"': (4, "true or false"),
    HEAD + "scope = 5": (4, "a string"),
    HEAD + "scope = [1, 2]": (4, "a string"),
    HEAD + 'grant = "client_credential"': (4, "Did you mean 'client_credentials'?"),
    HEAD + 'login = "telepathy"': (4, "browser"),
    HEAD + "kid = true": (4, "or false"),
    HEAD + 'kid = "mine"': (4, "private_key_file"),
    HEAD + "session = 5": (4, "in a program"),
    HEAD + 'client_secret_env = "A"\nclient_secret_file = "b"': (5, "Keep one"),
    'issuer = "https://as.example.com"\n': (1, "[profile.NAME]"),
    '[profil.work]\nissuer = "https://as.example.com"': (1, "[profile.NAME]"),
    '[profile.work]\nclient_id = "x"': (1, "issuer"),
    '[profile.work]\nissuer = "https://as.example.com"': (1, "client_id"),
}


@pytest.mark.parametrize("text", MISTAKES)
@pytest.mark.parametrize("command", [["token", "-p", "work"], ["doctor", "-p", "work"]])
def test_a_mistake_in_the_file_is_told_with_its_line(run, place: Path, text: str, command: list[str]) -> None:
    (place / "oauth2client.toml").write_text(text)
    ended = run(*command)
    line, said = MISTAKES[text]
    assert (ended.code, ended.out) == (2, "")
    assert f"line {line}:" in ended.err
    assert said in ended.err
    assert "hunter2" not in ended.err


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"a" * (2 << 20), b"[" * 5000, b"[profile]\nwork = 5\n", b"", b"profile = 5"]
)
def test_a_file_that_is_something_else_is_a_usage_error(run, place: Path, text: bytes) -> None:
    (place / "oauth2client.toml").write_bytes(text)
    for command in (["token", "-p", "work"], ["list"]):
        assert run(*command).code == 2 or (command == ["list"] and not text)


def test_a_bad_setting_names_the_profile(run, place: Path) -> None:
    (place / "oauth2client.toml").write_text('[profile.work]\nissuer = "http://as.example.com"\nclient_id = "x"\n')
    ended = run("token", "-p", "work")
    assert ended.code == 2
    assert "profile work" in ended.err


def test_without_a_file_it_says_what_to_write(run, place: Path) -> None:
    (place / "oauth2client.toml").unlink()
    ended = run("token")
    assert ended.code == 2
    assert "[profile.work]" in ended.err


def test_the_users_folder_has_a_file_too(run, place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "xdg_config_home" / "oauth2client"
    folder.mkdir()
    (place / "oauth2client.toml").rename(folder / "oauth2client.toml")
    assert run("token", "-p", "robot").code == 0


def test_a_file_that_others_may_write_is_refused(run, place: Path) -> None:
    file = place / "oauth2client.toml"
    file.chmod(0o666)
    ended = run("token", "-p", "robot")
    assert ended.code == 2
    assert "others may write" in ended.err
    assert run("token", "-p", "robot", "--config", str(file)).code == 0


@pytest.mark.parametrize(
    "option",
    ["--client-secret=hunter2", "--client-secret", "--password=hunter2", "--private-key", "--refresh-token=hunter2"],
)
@pytest.mark.parametrize("command", ["token", "login", "call", "introspect"])
def test_a_secret_on_the_command_line_is_refused(run, command: str, option: str) -> None:
    ended = run(command, option, "hunter2")
    assert ended.code == 2
    assert "client_secret_env" in ended.err
    assert "hunter2" not in ended.err


def test_a_missing_secret_says_which(run, monkeypatch) -> None:
    monkeypatch.delenv("ROBOT_SECRET")
    ended = run("token", "-p", "robot")
    assert ended.code == 2
    assert "ROBOT_SECRET" in ended.err


def test_a_secret_comes_from_a_file(run, place: Path, server) -> None:
    file = place / "oauth2client.toml"
    file.write_text(
        file.read_text().replace('client_secret_env = "ROBOT_SECRET"', 'client_secret_file = "robot.secret"')
    )
    assert run("token", "-p", "robot").code == 2
    (place / "robot.secret").write_text("a-secret\n")
    assert run("token", "-p", "robot").code == 0
    (sent,) = [request for request in server.requests if request.endpoint == "token"]
    assert b"client_secret=a-secret&" in sent.body + b"&"


@pytest.mark.parametrize("how", ['kid = "mine"', "kid = false", 'certificate_file = "cert.pem"'])
def test_a_client_signs_with_a_key_of_a_file(run, place: Path, server, how: str) -> None:
    key, certificate = key_and_certificate()
    (place / "key.pem").write_text(key)
    (place / "cert.pem").write_text(certificate)
    (place / "oauth2client.toml").write_text(
        f'[profile.signer]\nissuer = "{server.issuer}"\nclient_id = "signer"\ngrant = "client_credentials"\n'
        f'private_key_file = "key.pem"\n'
    )
    ended = run("token")
    assert ended.code == 2
    assert "kid = false" in ended.err
    assert "[profile.signer]" in ended.err
    with (place / "oauth2client.toml").open("a") as file:
        file.write(f"{how}\n")
    assert run("token") == run("token")
    assert [request.endpoint for request in server.requests].count("token") == 1


def test_a_key_that_is_neither_pem_nor_a_jwk(run, place: Path) -> None:
    (place / "oauth2client.toml").write_text(f'{HEAD}private_key_file = "key"\ngrant = "client_credentials"\n')
    for text in ("{hunter2", "hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n", ""):
        (place / "key").write_text(text)
        ended = run("token")
        assert (ended.code, ended.out) == (2, "")
        assert "PEM" in ended.err
        assert "hunter2" not in ended.err


def test_the_password_of_a_key_comes_from_the_environment(run, place: Path, server, monkeypatch) -> None:
    (place / "key.pem").write_text(key_and_certificate(b"hunter2")[0])
    file = place / "oauth2client.toml"
    file.write_text(
        f'[profile.signer]\nissuer = "{server.issuer}"\nclient_id = "signer"\ngrant = "client_credentials"\n'
        'kid = false\nprivate_key_file = "key.pem"\n'
    )
    assert run("token").code == 2
    with file.open("a") as more:
        more.write('private_key_password_env = "KEY_PASSWORD"\n')
    assert "KEY_PASSWORD" in run("token").err
    monkeypatch.setenv("KEY_PASSWORD", "hunter2")
    assert run("token").code == 0


def key_and_certificate(password: bytes | None = None) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    begins = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + timedelta(days=9))
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return pem.decode(), builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("where", ["robots", "robots/robot"])
def test_a_secret_comes_from_the_keyring(run, place: Path, server, tmp_path: Path, where: str) -> None:
    import keyring

    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring(tmp_path / "secrets.json"))
    try:
        (place / "oauth2client.toml").write_text(
            f'[profile.robot]\nissuer = "{server.issuer}"\nclient_id = "robot"\ngrant = "client_credentials"\n'
            f'client_secret_keyring = "{where}"\n'
        )
        ended = run("token")
        assert ended.code == 2
        assert "keyring set robots robot" in ended.err
        keyring.set_password("robots", "robot", "a-secret-of-the-keyring")
        assert run("token").code == 0
    finally:
        keyring.set_keyring(before)
    (sent,) = [request for request in server.requests if request.endpoint == "token"]
    assert b"client_secret=a-secret-of-the-keyring" in sent.body


def test_a_refused_client_is_refused(run, server) -> None:
    server.fail("token", times=5, status=401, body='{"error": "invalid_client"}')
    ended = run("token", "-p", "robot")
    assert ended.code == 3
    assert "invalid_client" in ended.err


def test_a_failing_server_is_unreachable(run, server) -> None:
    server.fail("token", times=50)
    assert run("token", "-p", "robot").code == 4


def test_a_server_that_is_gone_is_unreachable(run, place: Path) -> None:
    file = place / "oauth2client.toml"
    file.write_text(
        '[profile.a]\nissuer = "http://127.0.0.1:1"\nclient_id = "x"\ngrant = "client_credentials"\n'
        'client_secret_env = "ROBOT_SECRET"\n'
    )
    assert run("token").code == 4


@pytest.mark.parametrize("arguments", [["tokn"], ["token", "--nonsense"], ["call"], ["exec", "svn"], ["-p", "x"]])
def test_usage_errors(run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_a_misspelt_command_is_suggested(run) -> None:
    assert "Did you mean 'token'?" in run("tokn").err


def test_an_unknown_profile_is_suggested(run) -> None:
    assert "Did you mean 'robot'?" in run("token", "-p", "robt").err


def test_what_a_server_echoes_shows_no_secret(run, server) -> None:
    echo = '{"error": "invalid_client", "error_description": "a-secret-of-the-robot is wrong"}'
    server.fail("token", times=5, status=401, body=echo)
    ended = run("token", "-p", "robot")
    assert ended.code == 3
    assert "a-secret-of-the-robot" not in ended.err


def test_a_stored_login_of_another_key_needs_a_login(run, log_in, tmp_path: Path) -> None:
    log_in()
    (key,) = (tmp_path / "xdg_state_home" / "oauth2client").glob("key")
    key.write_text("A" * 43 + "\n")
    ended = run("token", "-p", "work")
    assert ended.code == 5
    assert "oauth2client login" in ended.err or "log in" in ended.err.lower()
    assert "can't be read" in run("list").out
    assert run("logout", "-p", "work").code == 0
    assert "No one is logged in" in run("token", "-p", "work").err
    key.write_text("B" * 43 + "\n")
    assert log_in("work", "--again").code == 0
    assert run("token", "-p", "work").code == 0

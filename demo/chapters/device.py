"""A device without keyboard or browser: the user says yes on another one."""

from __future__ import annotations

from requests_oauth2client import DeviceAuthorizationPollingJob, OAuth2Client

from ..stage import Stage

TITLE = "Device flow"
STORY = "A command line or a TV shows a code; the user types it in on a phone; the device asks until it is done."


def play(stage: Stage) -> None:
    """Play the chapter."""
    client = OAuth2Client(
        stage.server.token_endpoint,
        stage.server.clients["device"].client_id,  # an id alone: a public client
        device_authorization_endpoint=stage.server.device_authorization_endpoint,
    )
    stage.narrator.code("codes = client.authorize_device(scope='api.read')  # RFC 8628")
    codes = client.authorize_device(scope="api.read")
    stage.tell()
    stage.narrator.say(f"The device shows: go to {codes.verification_uri} and type in {codes.user_code}")
    stage.narrator.code(
        "job = DeviceAuthorizationPollingJob(client, codes)",
        f"job()  # waits {codes.interval} s, then asks; None while the user is not done",
    )
    job = DeviceAuthorizationPollingJob(client, codes)
    token = job()
    stage.tell()
    stage.narrator.say("Not yet. Now the user (played by the demo) says yes on their phone…")
    stage.person.approve_device(codes.verification_uri, codes.user_code)
    while token is None:
        stage.narrator.code("job()")
        token = job()
        stage.tell()
    stage.call_api("/films", token=token)

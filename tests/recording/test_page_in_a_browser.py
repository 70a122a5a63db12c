"""The page of a story in a real browser: wide and narrow, light and dark, without network, with arrows that open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devkit import chromium
from requests_oauth2client import ApiClient, OAuth2Client, OAuth2Error, recording
from requests_oauth2client.testing import AuthorizationServer

WIDTHS = (360, 1200)
SMALLEST = 12  # pixels of a letter
CONTRAST = 4.5  # WCAG 2.1, 1.4.3
NARROWEST = 44  # pixels of an arrow, so that one sees where it leads

# What a reader would complain about, as [complaint, text]: too small, too faint, cut off, or outside the window.
COMPLAINTS = """({smallest, contrast}) => {
  const linear = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  const luminance = rgb => { const [r, g, b] = rgb.map(linear)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const rgb = color => color.match(/[\\d.]+/g).map(Number)
  const ground = element => { for (let at = element; at; at = at.parentElement) {
    const found = rgb(getComputedStyle(at).backgroundColor)
    if (found.length < 4 || found[3] > 0) return found.slice(0, 3) } return [255, 255, 255] }
  const found = []
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter(one => one.nodeType === 3).map(one => one.data.trim()).join("")
    if (!text || element.closest(".hidden, style") || !element.checkVisibility()) continue
    const style = getComputedStyle(element), box = element.getBoundingClientRect()
    if (parseFloat(style.fontSize) < smallest) found.push(["too small", text])
    const [a, b] = [luminance(rgb(style.color).slice(0, 3)), luminance(ground(element))].sort((x, y) => y - x)
    if ((a + 0.05) / (b + 0.05) < contrast) found.push(["too faint", text])
    if (box.left < 0 || box.right > innerWidth + 0.5) found.push(["outside", text])
    if (element.scrollWidth > element.clientWidth + 1 && style.overflowX !== "visible") found.push(["cut off", text])
  }
  return found }"""


@pytest.fixture(scope="module")
def story() -> str:
    """A story with every kind of arrow, retries, polls, long words, and a failed check."""
    with AuthorizationServer().installed() as server, recording() as told:
        client = OAuth2Client.from_discovery_endpoint(
            issuer=server.issuer,
            auth=("my-app", "my-secret"),
            redirect_uri="https://app.example.com/callback",
            retries=None,
        )
        token = log_in(client, server)
        codes = client.authorize_device()
        with pytest.raises(OAuth2Error):
            client.device_code(codes.device_code)
        ApiClient(f"{server.issuer}/userinfo", auth=token).get("a-word-" * 30, raise_for_status=False)
        server.lie(nonce="another")
        with pytest.raises(OAuth2Error):
            log_in(client, server)
    return told.html()


def log_in(client: OAuth2Client, server: AuthorizationServer) -> Any:
    request = client.authorization_request(scope="openid offline_access", prompt="consent")
    return client.authorization_code(request.validate_callback(server.log_in(request)))


@pytest.fixture(scope="module")
def page(story: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page in a browser; `asked` are the addresses that it asked for."""
    file = tmp_path_factory.mktemp("story") / "story.html"
    file.write_text(story)
    try:
        chromium.find()
    except chromium.NoChromium as missing:
        pytest.skip(str(missing))
    with chromium.open_page() as opened:
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: asked.append(message.text))
        opened.goto(file.as_uri())
        opened.asked = asked
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_readable(page: Any, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width, "it scrolls sideways"
    assert page.evaluate(COMPLAINTS, {"smallest": SMALLEST, "contrast": CONTRAST}) == []
    widths = page.evaluate("[...document.querySelectorAll('.arrow:not(.self)')].map(one => one.offsetWidth)")
    assert min(widths) > NARROWEST
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 127")
    assert light == (scheme == "light")


def test_arrows_open_with_the_mouse_and_the_keyboard(page: Any) -> None:
    page.set_viewport_size({"width": 1200, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    arrows = page.locator("details > summary")
    opened = page.locator("details .open")
    assert not opened.nth(0).is_visible()
    arrows.nth(0).click()
    assert opened.nth(0).is_visible()
    arrows.nth(1).focus()
    page.keyboard.press("Enter")
    assert opened.nth(1).is_visible()
    page.locator(".failures a").first.click()
    assert page.evaluate("location.hash") == f"#{page.locator('details.broken').first.get_attribute('id')}"


def test_it_needs_no_network_and_no_script(page: Any, story: str) -> None:
    assert [Path(url).name for url in page.asked] == ["story.html"]
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert "default-src 'none'" in story

"""The picture in README is what the recorder records today."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from devkit import trace_picture


def test_the_picture_is_that_of_today() -> None:
    story = trace_picture.play()
    drawn = trace_picture.draw(story)
    assert trace_picture.FILE.read_text() == drawn, "python -m devkit.trace_picture"
    assert len(story.failures) == 1
    texts = " ".join(ET.fromstring(drawn).itertext())  # noqa: S314  our own file
    assert "✗ state (RFC 6749 §10.12)" in texts
    assert "prefers-color-scheme: dark" in texts

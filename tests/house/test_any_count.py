"""Type checkers find users' mistakes: at most 3 % of what the public signatures say is bare `Any`."""

from __future__ import annotations

from devkit import any_count


def test_at_most_3_percent_of_the_public_annotations_are_any() -> None:
    places, everything = any_count.bare(), any_count.public_annotations()
    assert len(everything) > 1000
    assert len(places) <= 0.03 * len(everything), "\n".join(places)

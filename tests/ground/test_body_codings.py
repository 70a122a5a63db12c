"""Bodies come in the codings that were asked for, in all their forms (RFC 9110 section 8.4.1)."""

from __future__ import annotations

import gzip
import zlib

import pytest

from requests_oauth2client._core.messages import Body

TEXT = b"{" + b"a JSON text, repeated " * 50 + b"}"


def gzipped(data: bytes) -> bytes:
    """Compress without the time, so that all workers collect the same tests."""
    return gzip.compress(data, mtime=0)


def raw_deflate(text: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(text) + deflate.flush()


FORMS = {
    "gzip": ("gzip", gzipped(TEXT)),
    "x-gzip": ("x-gzip", gzipped(TEXT)),
    "upper case": ("GZIP", gzipped(TEXT)),
    "members": ("gzip", gzipped(TEXT[:10]) + gzipped(b"") + gzipped(TEXT[10:])),
    "padded": ("gzip", gzipped(TEXT) + bytes(7)),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "raw": ("deflate", raw_deflate(TEXT)),
    "stored": ("deflate", zlib.compressobj(0, wbits=-zlib.MAX_WBITS).compress(b"") + raw_deflate(TEXT)),
    "identity": ("identity", TEXT),
    "none": (None, TEXT),
    "both": ("identity, gzip", gzipped(TEXT)),
}


@pytest.mark.parametrize("size", [1, 2, 3, 100, 1 << 14])
@pytest.mark.parametrize("form", FORMS)
def test_a_body_is_read(form: str, size: int) -> None:
    coding, data = FORMS[form]
    body = Body(coding, 1 << 20)
    for start in range(0, len(data), size):
        body.add(data[start : start + size])
    body.end()
    assert (bytes(body.content), body.problem) == (TEXT, None)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "padded"])
def test_no_more_is_decoded_than_the_limit_allows(form: str) -> None:
    coding, data = FORMS[form]
    body = Body(coding, 20)
    body.add(data)
    assert (len(body.content), body.is_too_large) == (21, True)


@pytest.mark.parametrize("form", ["gzip", "zlib", "raw"])
def test_what_breaks_off_is_a_problem(form: str) -> None:
    coding, data = FORMS[form]
    body = Body(coding, 1 << 20)
    body.add(data[:-5])
    body.end()
    assert body.problem is not None


@pytest.mark.parametrize(("coding", "data"), [
    ("gzip", raw_deflate(TEXT)), ("deflate", b"no compression at all"), ("gzip", gzipped(TEXT) + b"rest"),
    ("br", b""), ("gzip, gzip", gzipped(gzipped(TEXT))),
])  # fmt: skip
def test_anything_else_is_a_problem(coding: str, data: bytes) -> None:
    body = Body(coding, 1 << 20)
    body.add(data)
    body.end()
    assert body.problem is not None

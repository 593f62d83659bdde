"""QR codes as inline SVG: no style attributes, so that the strict policy keeps them."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from checkout.bounded_cache import BoundedCache

CODES: Final = 4 * 1024 * 1024  # bytes of codes that are kept: each takes long to draw
_codes: Final = BoundedCache[str, str](CODES)


def qr_svg(text: str) -> str:
    found = _codes.get(text)
    if found is None:
        found = _drawn(text)
        _codes.put(text, found)
    return found


def _drawn(text: str) -> str:
    import segno  # here: few payments show a code, and it would be 1 MB of every worker

    out = BytesIO()
    segno.make(text, micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=4, omitsize=True,
        svgclass="qr", lineclass=None, dark="#000", light="#fff",
    )  # fmt: skip
    return out.getvalue().decode()

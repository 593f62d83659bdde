"""Where templates and static files are.

In the repository they are at its top; in an installed wheel they are inside the package.
"""

from pathlib import Path

__all__ = ["STATIC", "TEMPLATES"]

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_assets", _PACKAGE.parent)


def _find(name: str) -> Path:
    for place in _PLACES:
        folder = place / name
        if folder.is_dir():
            return folder
    looked = " or ".join(str(place / name) for place in _PLACES)
    raise FileNotFoundError(f"checkout is not installed whole: no {name}/ folder at {looked}")


TEMPLATES = _find("templates")
STATIC = _find("static")

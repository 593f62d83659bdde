"""The ledger's address, in every form that people have at hand: as one that the ledger opens.

`postgres://` and `postgresql+driver://` are PostgreSQL, whose driver is ours to choose; sockets and
several hosts may stand where a host does, as libpq takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from checkout.model.validation.reader import Invalid

SHAPE: Final = "must be like sqlite:///checkout.db or postgresql://user:password@host/name"
ENCODED: Final = (
    "must have other characters than letters and digits of user, password and name"
    " percent-encoded: @ is %40, / is %2F, # is %23"
)
SOCKET: Final = "/"  # how the host begins that is a folder with a socket


def database_url(value: Any) -> str:
    """A rule: `sqlite:///FILE` or `postgresql://…`, without a driver in its scheme."""
    if not isinstance(value, str) or not value.isprintable():
        raise Invalid(SHAPE)
    scheme, _, rest = value.strip().partition("://")
    read = SCHEMES.get(scheme.lower().partition("+")[0])
    if read is None:
        raise Invalid(SHAPE)
    return read(rest)


def _sqlite(rest: str) -> str:
    path, _, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or not path:
        raise Invalid(f"{SHAPE}; of SQLite three slashes and a file, four and its whole path")
    if options or path == ":memory:":
        raise Invalid("must name a file, without options")
    return f"sqlite:///{path}"


def _postgresql(rest: str) -> str:
    parts = _split(rest)
    who, at, hosts = parts.netloc.rpartition("@")
    name = parts.path.removeprefix("/")
    if not name:
        raise Invalid(SHAPE)
    if "@" in who or "/" in name or " " in rest or parts.fragment:
        raise Invalid(ENCODED)
    options = parse_qsl(parts.query, keep_blank_values=True)
    if "," in hosts or unquote(hosts).startswith(SOCKET):
        options, hosts = [*_hosts(hosts), *options], ""
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql://{who}{at}{hosts}/{name}{query}"


def _split(rest: str) -> SplitResult:
    """Raises Invalid where a password's characters were taken for a port or for brackets."""
    try:
        parts = urlsplit(f"postgresql://{rest}")
        if "," not in parts.netloc:
            _ = parts.port
    except ValueError:
        raise Invalid(ENCODED) from None
    return parts


def _hosts(hosts: str) -> Iterator[tuple[str, str]]:
    """Several hosts, or a socket's folder, as options."""
    return (("host", unquote(each)) for each in hosts.split(","))


SCHEMES: Final[Mapping[str, Callable[[str], str]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "postgres": _postgresql,
}

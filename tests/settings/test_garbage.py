"""Whatever the file holds, it ends in settings or in BadSettings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.errors import BadSettings
from checkout.model.validation.reader import Reader
from checkout.settings import load
from checkout.settings.load import read_settings
from tests.settings.example import ADAPTERS, EXAMPLE

SHARED = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
LINES = EXAMPLE.read_text().splitlines(keepends=True)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(
        ["", "env:", "env:HOME", "file:", "file:/", "file:\0", "https://a.example", "https://[",
         "https://a:99999", "http://[::1%25x]", "rest", "cards", "#ffffff", "sqlite:///x",
         "smtp://h:x", "smtp://[", "\ud800", "127.0.0.1/33", "a@b"]
    )
)  # fmt: skip
NAMES = [
    "public_url", "database", "secrets", "trusted_proxies", "sandbox", "operator_token",
    "retention", "retention_unpaid",
    "gateways", "shops", "smtp", "limits", "postgresql", "connections",
    "adapter", "base_url", "shop_id", "secret_key",
    "from_values", "page", "name", "private_key", "url", "methods", "link_keys", "email", "logo",
    "frame_origins", "return_origins", "accent", "scheme",
    "gateway", "label", "mode", "brand", "params", "decimals", "IDR",
    "sender", "submits_per_payment", "361", "a.b", "",
]  # fmt: skip
garbage = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=40,
)


@given(data=garbage)
def test_any_values(data: Any) -> None:
    fields = Reader(data)
    read_settings(fields, ADAPTERS)
    assert fields.problems


@given(tables=st.fixed_dictionaries(dict.fromkeys(NAMES[:10], garbage)), inner=garbage)
def test_any_values_under_the_right_names(tables: dict[str, Any], inner: Any) -> None:
    tables["gateways"] = {"cards": {"adapter": "overpay_cards", "shop_id": inner, **tables}}
    tables["shops"] = {"361": {"methods": {"credit_card": inner}, **tables}}
    fields = Reader(tables)
    read_settings(fields, ADAPTERS)
    assert fields.problems


@SHARED
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    assert _told(tmp_path, raw, {})


@SHARED
@given(data=st.data())
def test_the_example_torn(folder: Path, environ: dict[str, str], data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["drop", "double", "cut", "swap"]))
        if kind == "drop":
            lines[place] = "\n"
        elif kind == "double":
            lines.insert(place, lines[place])
        elif kind == "cut":
            lines[place] = lines[place][: data.draw(st.integers(0, len(lines[place])))]
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], lines[place]
    kept = data.draw(st.sets(st.sampled_from(sorted(environ))))
    told = _told(folder, "".join(lines).encode(), {name: environ[name] for name in kept})
    assert not [secret for secret in environ.values() if secret in told]


def _told(folder: Path, raw: bytes, environ: dict[str, str]) -> str:
    """What is said against the file; nothing where it can be used."""
    path = folder / "garbage.toml"
    path.write_bytes(raw)
    try:
        load(path, environ, ADAPTERS)
    except BadSettings as error:
        return str(error)
    return ""

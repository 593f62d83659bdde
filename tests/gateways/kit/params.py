"""A shop's parameters and the settings' add to a request; what we say in it they can't replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx

from tests.gateways import samples
from tests.gateways.kit.harness import Harness
from tests.gateways.replay import RecordedExchange, body_of, flat

VALUES: Mapping[str, Any] = {
    "text": "k1t-other",
    "number": 7,
    "yes": True,
    "nothing": None,
    "list": ["k1t-other"],
    "object": {"k1t": "other"},
}


class Params(Harness):
    @classmethod
    def wanted(cls) -> dict[str, Mapping[str, Any]]:
        return super().wanted() | {"value": VALUES}

    async def test_params_replace_nothing_of_ours(
        self, paying: RecordedExchange, value: Any
    ) -> None:
        """Sent under the name of every field of ours: plain, dotted, nested, in other letters."""
        recorded = _without_params(paying)
        plain = await self.sent(recorded)
        ours = flat(body_of(plain))
        for names in (_names(ours, value), _nested(body_of(plain), value)):
            for where in (_settings, _shop):
                request = await self.sent(recorded, where(recorded, names))
                _same(plain, request, ours)


def _same(plain: httpx.Request, request: httpx.Request, ours: Mapping[str, Any]) -> None:
    assert (request.method, request.url) == (plain.method, plain.url)
    for name, said in plain.headers.items():
        assert name == "content-length" or request.headers[name] == said
    now = flat(body_of(request))
    changed = {name: (said, now.get(name)) for name, said in ours.items() if now.get(name) != said}
    assert not changed, f"params replace what we say: {changed}"
    known = {name.lower() for name in ours}
    doubled = [name for name in now if name not in ours and name.lower() in known]
    assert not doubled, f"params say once more what we say: {doubled}"


def _names(ours: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The value under every name that our fields could be meant by."""
    found = {}
    for path in ours:
        parts = path.split(".")
        ends = [parts[place:] for place in range(len(parts))]
        for end in ends:
            written = (".".join(end), f"{end[0]}{''.join(f'[{each}]' for each in end[1:])}")
            for name in written:
                for spelling in (name, name.upper(), name.title(), name.swapcase()):
                    found[spelling] = value
    return found


def _nested(body: Any, value: Any) -> dict[str, Any]:
    """The request's own shape with the value in every place, from each of its levels on."""
    found = {}
    for level in _levels(body):
        for name, inner in level.items():
            found[name] = found[name.upper()] = _spoilt(inner, value)
    return found


def _levels(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        yield body
        for inner in body.values():
            yield from _levels(inner)


def _spoilt(body: Any, value: Any) -> Any:
    if isinstance(body, dict):
        return {name: _spoilt(inner, value) for name, inner in body.items()}
    return value


def _without_params(recorded: RecordedExchange) -> RecordedExchange:
    given = samples.changed({}, recorded.given)
    for section, name in (("method", "params"), ("order", "methods")):
        given[section] = {**given.get(section, {})}
        given[section].pop(name, None)
    return replace(recorded, given=given)


def _settings(recorded: RecordedExchange, names: Mapping[str, Any]) -> dict[str, Any]:
    return {"method": {"params": names}}


def _shop(recorded: RecordedExchange, names: Mapping[str, Any]) -> dict[str, Any]:
    """The flow puts the shop's over the settings'; an adapter may read them in the order too."""
    method = samples.charge(recorded.given).method.name
    return {"method": {"params": names}, "order": {"methods": {"params": {method: names}}}}

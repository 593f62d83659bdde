"""What is posted to the controls: JSON objects, refused with the reason where they are wrong."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from checkout.sandbox.state import HttpRequest, SandboxState

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


class InvalidInput(Exception):
    """A control that was called wrongly: 400 if unreadable, 422 with the reason otherwise."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message} | more


async def read_input(
    request: HttpRequest, shape: type[T], present: dict[str, object] | None = None
) -> T:
    """The body as `shape`; what it does not name is as in `present`. Raises InvalidInput."""
    body = await request.body()
    try:
        given = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput(400, "The body is not valid JSON") from None
    if not isinstance(given, dict):
        raise InvalidInput(422, "The body must be a JSON object")
    try:
        return msgspec.convert((present or {}) | given, shape)
    except msgspec.ValidationError as error:
        raise InvalidInput(422, str(error)) from None


async def update_settings(request: HttpRequest, state: SandboxState, kind: type[S]) -> S:
    """Change the settings that the body names; the others stay. Raises InvalidInput."""
    present = msgspec.structs.asdict(state.settings_for(kind))
    state.set_settings(changed := await read_input(request, kind, present))
    return changed

"""Two browsers, each driven by its own protocol: Firefox by Marionette, WebKitGTK by WebDriver.

Both protocols carry the same commands of WebDriver, the one in frames of JSON on a socket, the
other in HTTP; what a test needs of them is a handful, so no library stands between.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import httpx

from tests.support.servers import free_ports

T = TypeVar("T")

SECONDS: Final = 30.0
START_SECONDS: Final = 60.0
SETTLED: Final = 0.5  # seconds in which the frame takes its page's height, before a press
ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for a reference to one
TRUSTING: Final = {"acceptInsecureCerts": True}
CSS: Final = "css selector"

# The frame in the modal's or the element's shadow.
FRAME: Final = """
  const hosts = [...document.querySelectorAll("checkout-frame, body > div")];
  return hosts.map((host) => host.shadowRoot?.querySelector("iframe")).find(Boolean) ?? null;
"""

# Where an element begins and ends, and how high the window around it is; pixels.
BOX: Final = """
  const {{ top, bottom }} = document.querySelector({css}).getBoundingClientRect();
  return [top, bottom, innerHeight];
"""
CHOOSE: Final = """
  const select = document.querySelector({css});
  select.value = {value};
  select.dispatchEvent(new Event("change", {{ bubbles: true }}));
"""
SHOWN: Final = """return document.querySelector({css})?.checkVisibility() ?? false;"""
FRAME_BOX: Final = (
    FRAME.replace("return", "const frame =")
    + """
  const { top, bottom } = frame.getBoundingClientRect();
  return [top, bottom, innerHeight];
"""
)


class Engine(Protocol):
    """`element`: an element's reference, as the protocol has it."""

    def go(self, url: str) -> None: ...
    def run(self, script: str) -> Any:
        """What the function with this body returns, in the frame where we are."""

    def find(self, css: str) -> list[str]: ...
    def click(self, element: str) -> None: ...
    def type(self, element: str, text: str) -> None: ...
    def text(self, element: str) -> str: ...
    def into(self, frame: str | None) -> None:
        """None: out to the page itself."""

    def resize(self, width: int, height: int) -> None:
        """The window, with what the browser has around its page."""


def until(found: Callable[[], T], what: str) -> T:
    """The first truth of `found`; a page that is on its way has none yet."""
    end = time.monotonic() + SECONDS
    last: Exception | None = None
    while time.monotonic() < end:
        try:
            if value := found():
                return value
        except Exception as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {SECONDS} s ({last!r})")


class Reader:
    """A person at such a browser."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def element(self, css: str) -> str:
        return until(lambda: self.engine.find(css), css)[0]

    def type(self, css: str, text: str) -> None:
        """After a press, as a person does: WebKit gives a frame's field no focus without one."""
        self.press(css)
        self.engine.type(self.element(css), text)

    def press(self, css: str) -> None:
        """Once the page takes it: what is there may not be shown yet."""

        def pressed() -> bool:
            self.engine.click(self.element(css))
            return True

        until(pressed, f"{css} to press")

    def choose(self, css: str, value: str) -> None:
        """In a select, whose list is the browser's own and no part of the page."""
        self.element(css)
        self.engine.run(CHOOSE.format(css=json.dumps(css), value=json.dumps(value)))

    def shown(self, css: str, *, is_shown: bool = True) -> None:
        """An element of the page is drawn, in sight or further down, or comes to be (or not)."""
        script = SHOWN.format(css=json.dumps(css))
        until(lambda: self.engine.run(script) is is_shown, f"{css} shown: {is_shown}")

    def value(self, css: str) -> str:
        return str(self.engine.run(f"return document.querySelector({json.dumps(css)}).value"))

    def out(self) -> None:
        self.engine.into(None)

    def enter_frame(self) -> None:
        """Into the payment's frame, however it came there."""
        self.out()
        self.engine.into(until(lambda: self.engine.run(FRAME), "the frame")[ELEMENT])

    def reads(self, text: str, *, framed: bool = True) -> None:
        """The headline, of a page that may change meanwhile."""

        def shown() -> bool:
            if framed:
                self.enter_frame()
            return any(text in self.engine.text(each) for each in self.engine.find("h1"))

        until(shown, text)
        time.sleep(SETTLED)

    def sees(self, css: str) -> None:
        """An element of the frame is wholly in the window, and not under the frame's own edges."""

        def seen() -> bool:
            self.enter_frame()
            top, bottom, inside = self.engine.run(BOX.format(css=json.dumps(css)))
            self.out()
            above, below, window = self.engine.run(FRAME_BOX)
            shown = top >= 0 and bottom <= min(inside, below - above)
            return bool(shown and above + top >= 0 and above + bottom <= window)

        until(seen, f"{css} in view")

    def at(self, start: str) -> None:
        """Wait until the whole window is at an address that begins so."""
        self.out()
        until(lambda: self.engine.run("return location.href").startswith(start), start)


class Firefox:
    """Marionette: `12:[0,1,"name",{}]` there, `9:[1,1,null,{}]` back."""

    def __init__(self, port: int) -> None:
        self._socket = until(lambda: socket.create_connection(("127.0.0.1", port)), "Firefox")
        self._socket.settimeout(START_SECONDS)
        self._number = 0
        self._read()  # its greeting
        self._say("WebDriver:NewSession", **TRUSTING)

    def close(self) -> None:
        self._say("Marionette:Quit", flags=["eForceQuit"])
        self._socket.close()

    def go(self, url: str) -> None:
        self._say("WebDriver:Navigate", url=url)

    def run(self, script: str) -> Any:
        return self._say("WebDriver:ExecuteScript", script=script, args=[], sandbox=None)["value"]

    def find(self, css: str) -> list[str]:
        found = self._say("WebDriver:FindElements", using=CSS, value=css)
        return [each[ELEMENT] for each in found]

    def click(self, element: str) -> None:
        self._say("WebDriver:ElementClick", id=element)

    def type(self, element: str, text: str) -> None:
        self._say("WebDriver:ElementSendKeys", id=element, text=text)

    def text(self, element: str) -> str:
        return str(self._say("WebDriver:GetElementText", id=element)["value"])

    def into(self, frame: str | None) -> None:
        self._say("WebDriver:SwitchToFrame", id=None, element=frame)

    def resize(self, width: int, height: int) -> None:
        self._say("WebDriver:SetWindowRect", width=width, height=height)

    def _say(self, name: str, **parameters: Any) -> Any:
        self._number += 1
        raw = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(raw), raw))
        _, _, error, found = self._read()
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return found

    def _read(self) -> Any:
        size = b""
        while (byte := self._socket.recv(1)) != b":":
            assert byte, "Firefox has gone"
            size += byte
        raw = b""
        while len(raw) < int(size):
            chunk = self._socket.recv(int(size) - len(raw))
            assert chunk, "Firefox has gone"
            raw += chunk
        return json.loads(raw)


class WebKit:
    """WebDriver, as W3C has it."""

    def __init__(self, port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=address, trust_env=False, timeout=START_SECONDS)
        until(lambda: self._http.get("/status"), "WebKitWebDriver")
        self._session = ""
        self._session = "/" + self._say("", capabilities={"alwaysMatch": TRUSTING})["sessionId"]

    def close(self) -> None:
        self._http.delete(f"/session{self._session}")
        self._http.close()

    def go(self, url: str) -> None:
        self._say("/url", url=url)

    def run(self, script: str) -> Any:
        return self._say("/execute/sync", script=script, args=[])

    def find(self, css: str) -> list[str]:
        return [each[ELEMENT] for each in self._say("/elements", using=CSS, value=css)]

    def click(self, element: str) -> None:
        self._say(f"/element/{element}/click")

    def type(self, element: str, text: str) -> None:
        self._say(f"/element/{element}/value", text=text)

    def text(self, element: str) -> str:
        answer = self._http.get(f"/session{self._session}/element/{element}/text")
        return str(self._value(answer))

    def into(self, frame: str | None) -> None:
        self._say("/frame", id=frame and {ELEMENT: frame})

    def resize(self, width: int, height: int) -> None:
        self._say("/window/rect", width=width, height=height)

    def _say(self, command: str, **parameters: Any) -> Any:
        return self._value(self._http.post(f"/session{self._session}{command}", json=parameters))

    @staticmethod
    def _value(answer: httpx.Response) -> Any:
        found = answer.json()["value"]
        if answer.is_error:
            raise RuntimeError(f"{found['error']}: {found['message']}")
        return found


@contextmanager
def open_firefox(folder: Path, names: list[str]) -> Iterator[Firefox]:
    """It finds `names` on this machine, and refuses the cookies of third parties."""
    (port,) = free_ports(1)
    preferences = {
        "marionette.port": port,
        "network.dns.localDomains": ",".join(names),
        "network.cookie.cookieBehavior": 1,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.update.enabled": False,
    }
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = ["firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", profile]
    with _started(command, folder / "firefox.log", HOME=str(folder)) as process:
        firefox = Firefox(port)
        try:
            yield firefox
        finally:
            firefox.close()
            process.wait(30)


@contextmanager
def open_webkit(folder: Path) -> Iterator[WebKit]:
    """It finds names under .localhost by itself. On a screen of its own that nobody sees."""
    (port,) = free_ports(1)
    with _screen(folder) as display:
        given: Any = {"DISPLAY": display, "GDK_BACKEND": "x11", "HOME": str(folder)}
        command = ["WebKitWebDriver", f"--port={port}"]
        with _started(command, folder / "webkit.log", **given):
            webkit = WebKit(port)
            try:
                yield webkit
            finally:
                webkit.close()


@contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """Xvfb says which display it has taken."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24"]
    with _started(command, folder / "xvfb.log", keep=writing):
        os.close(writing)
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        assert number, (folder / "xvfb.log").read_text()
        yield f":{number}"


@contextmanager
def _started(
    command: list[Any], log: Path, keep: int | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    path = shutil.which(command[0])
    assert path
    with log.open("wb") as file:
        process = subprocess.Popen(
            [path, *command[1:]],
            env=os.environ | environment,
            pass_fds=() if keep is None else (keep,),
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)

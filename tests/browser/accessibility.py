"""How a page is looked at: by axe-core, for its width, and into a picture."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Frame, Page

from tests.journeys.shopper import picture

WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 320, "height": 640}
# Where axe-core looks: wide and light, wide and dark, narrow. In the dark only colours differ.
LOOKS: Final = (("light", WIDE, None), ("dark", WIDE, ["color-contrast"]), ("light", NARROW, None))

RUN: Final = """async (rules) => {
  const options = { resultTypes: ["violations"] };
  if (rules) options.runOnly = { type: "rule", values: rules };
  const found = await axe.run(document, options);
  return found.violations.map((each) => each.id + ": " + each.nodes.map((n) => n.html).join(" | "));
}"""
SETTLED: Final = "Promise.all(document.getAnimations().map((a) => a.finished.catch(() => 0)))"
OVERFLOW: Final = """() => {
  const { scrollWidth } = document.documentElement;
  if (scrollWidth <= innerWidth) return [];
  const wide = [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5);
  return [`wider than the screen by ${scrollWidth - innerWidth} px: `
    + wide.slice(0, 3).map((each) => each.outerHTML.slice(0, 80)).join(" | ")];
}"""


async def findings(page: Page, frame: Frame | None = None) -> list[str]:
    """What is wrong with the page (or a frame of it) as it is now, in every look."""
    inside, before, found = frame or page, page.viewport_size, []
    for scheme, size, rules in LOOKS:
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        # No colour half on its way to another, under a pointer that the new size put elsewhere.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await inside.evaluate(SETTLED)
        if not await inside.evaluate("'axe' in window"):
            await inside.evaluate(AXE_SCRIPT)
        said: Any = await inside.evaluate(RUN, rules)
        if size is NARROW:
            said += await inside.evaluate(OVERFLOW)
        found += [f"{scheme} {size['width']} px: {each}" for each in said]
    await page.emulate_media(color_scheme=None, reduced_motion=None)
    if before:
        await page.set_viewport_size(before)
    return found


async def look(page: Page, name: str, frame: Frame | None = None) -> None:
    """Take the state's pictures; nothing may be wrong with it."""
    await picture(page, name)
    assert await findings(page, frame) == []

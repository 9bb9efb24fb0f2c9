"""Pictures of every page for the documentation: `python -m tests.web.screenshots`.

The phones are a farm's, and call each other while their pictures are taken.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from offhook.web.navigation import SECTIONS

from ..peers.offhook_phone import OffhookFarm, Phone
from .chromium import WIDTHS, Chromium, Window, started

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "pages"
DOCUMENT = DOCS / "pages.md"
PAGES = [(section.title, title, path) for section in SECTIONS for title, path in section.pages if path != "/"]
VIEWS = (("desk", False), ("phone", True))
"""A window's width, and whether it is dark."""

LONGEST = 1800
"""CSS pixels of a picture from top to bottom."""

INTRODUCTION = """\
# The pages

The front panel while one phone calls another, on a desk and on a small screen; then every page that a log-in
opens. All of them but the panel work without scripts. `python -m tests.web.screenshots` takes these pictures.
"""


def name_of(path: str) -> str:
    return path.strip("/").replace("/", "-")


def take(window: Window, name: str, width: str, *, dark: bool) -> str:
    file = f"{name}-{width}-{'dark' if dark else 'light'}.jpg"
    page = window.page
    across, down = WIDTHS[width]
    height = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST)
    clip = {"x": 0, "y": 0, "width": across, "height": max(down, height)}
    page.screenshot(path=FOLDER / file, type="jpeg", quality=70, full_page=True, clip=clip)
    return file


def every_page(chromium: Chromium, phone: Phone) -> dict[str, list[str]]:
    """The pictures of each page, by its path."""
    taken: dict[str, list[str]] = {path: [] for _, _, path in PAGES}
    for width, dark in VIEWS:
        window = chromium.window(phone.web, width, dark=dark)
        window.log_in()
        for path, files in taken.items():
            window.open(path)
            files.append(take(window, name_of(path), width, dark=dark))
        chromium.close()
    return taken


def panels(chromium: Chromium, phones: dict[str, Phone]) -> list[str]:
    one, two = phones["1001"], phones["1002"]
    taken = []

    def picture(phone: Phone, scene: str, width: str, *, dark: bool) -> None:
        window = chromium.window(phone.web, width, dark=dark)
        window.open("/").locator("[data-link=live]").wait_for()
        taken.append(take(window, f"panel-{scene}", width, dark=dark))
        chromium.close()

    for key in "1002":
        one.do(f"keydown={key}")
    picture(one, "typing", "phone", dark=False)
    one.do("keydown=OK")
    two.until_page("ringing")
    picture(two, "ringing", "desk", dark=True)
    picture(one, "calling", "tablet", dark=False)
    two.do("keydown=OK")
    one.until_page("talking")
    picture(one, "talking", "desk", dark=False)
    one.do("action=CallEnd")
    return taken


def main() -> None:
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not installed; as root, make test installs it")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with (
        tempfile.TemporaryDirectory() as data,
        OffhookFarm(Path(data) / "farm", 2) as farm,
        started(program) as chromium,
    ):
        panel = panels(chromium, farm.phones)
        pages = every_page(chromium, farm.phones["1001"])
    told = [INTRODUCTION, *(f"![The panel](pages/{file})" for file in panel)]
    for section, title, path in PAGES:
        name = section if section == title else f"{section}: {title}"
        told += [f"\n## {name}\n", *(f"![{name}](pages/{file})" for file in pages[path])]
    DOCUMENT.write_text("\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Pictures of every page for the documentation: `python -m tests.web.screenshots [FOLDER]`.

The phones are a farm's; what they show is made up.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from offhook.web.navigation import SECTIONS

from ..peers.offhook_phone import OffhookFarm, Phone
from .chromium import WIDTHS, Chromium, started

FOLDER = Path(__file__).parents[2] / "docs" / "pages"
PATHS = tuple(path for section in SECTIONS for _, path in section.pages if path != "/")


def name_of(path: str) -> str:
    return path.strip("/").replace("/", "-") or "panel"


def every_page(chromium: Chromium, phone: Phone, folder: Path) -> None:
    for width in WIDTHS:
        for dark in (False, True):
            window = chromium.window(phone.web, width, dark=dark)
            window.log_in()
            for path in PATHS:
                page = window.open(path)
                shade = "dark" if dark else "light"
                page.screenshot(path=folder / f"{name_of(path)}-{width}-{shade}.png", full_page=True)
            chromium.close()


def panel(chromium: Chromium, phones: dict[str, Phone], folder: Path) -> None:
    """Idle, while a number is typed, ringing and talking."""
    one, two = phones["1001"], phones["1002"]
    scenes = {
        "idle": lambda: None,
        "typing": lambda: [one.do(f"keydown={key}") for key in "1002"],
        "calling": lambda: (one.do("keydown=OK"), two.until_page("ringing")),
        "talking": lambda: (two.do("keydown=OK"), one.until_page("talking")),
    }
    for scene, begin in scenes.items():
        begin()
        for which, phone in (("", one), ("-other", two)):
            for width in WIDTHS:
                for dark in (False, True):
                    window = chromium.window(phone.web, width, dark=dark)
                    page = window.open("/")
                    page.locator("html:not([aria-busy])").wait_for()
                    page.get_by_role("button", name="OK").wait_for()
                    shade = "dark" if dark else "light"
                    page.screenshot(path=folder / f"panel-{scene}{which}-{width}-{shade}.png", full_page=True)
                    chromium.close()
    one.do("action=CallEnd")


def main(folder: Path) -> None:
    chromium_path = shutil.which("chromium")
    if chromium_path is None:
        sys.exit("chromium is not installed; as root, make test installs it")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        OffhookFarm(Path(data) / "farm", 3) as farm,
        started(chromium_path) as chromium,
    ):
        every_page(chromium, farm.phones["1001"], folder)
        panel(chromium, farm.phones, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

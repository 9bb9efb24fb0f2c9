"""Every page in a real browser: nothing on its console, nothing that axe finds serious, nothing that runs out
of a narrow window, and nothing without scripts that a form needs."""

import pytest

from offhook.web.navigation import SECTIONS

from .chromium import WIDTHS

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::ResourceWarning")]

PATHS = tuple(path for section in SECTIONS for _, path in section.pages)
OTHERS = ("/password", "/nowhere")
SERIOUS = {"serious", "critical"}


def wrong_for_axe(page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - not everybody has it

    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:120] for node in each['nodes']][:4]}"
        for each in found
        if each["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everybody_can_use_every_page(chromium, farm, dark):
    """By axe-core's rules: names, roles, contrast, order of headings."""
    window = chromium.window(farm["1001"].web, "phone", dark=dark)
    found = {"/login": wrong_for_axe(window.open("/login"))}
    window.log_in()
    for path in (*PATHS, *OTHERS):
        found[path] = wrong_for_axe(window.open(path))
    assert not {path: wrong for path, wrong in found.items() if wrong}


def test_no_page_has_anything_on_its_console_or_loads_from_elsewhere(chromium, farm):
    window = chromium.window(farm["1001"].web)
    asked = []
    window.page.on("request", lambda request: asked.append(request.url))
    window.log_in()
    for path in (*PATHS, "/password"):
        window.open(path)
    assert window.complaints == []
    assert [url for url in asked if not url.startswith((window.web, "data:"))] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(chromium, farm, width):
    window = chromium.window(farm["1001"].web, width)
    window.log_in()
    for path in (*PATHS, *OTHERS):
        page = window.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0], path


def test_every_page_but_the_panel_works_without_scripts(chromium, farm):
    window = chromium.window(farm["1001"].web, java_script_enabled=False)
    window.log_in(to="/password")
    for path in PATHS:
        page = window.open(path)
        assert page.get_by_role("heading", level=1).count() == 1, path
        assert page.locator("main form:not(:has(button, [type=submit]))").count() == 0, path


def test_every_field_has_a_name_and_every_page_a_title(chromium, farm):
    window = chromium.window(farm["1001"].web)
    window.log_in()
    titles = {}
    for path in (*PATHS, *OTHERS):
        page = window.open(path)
        titles[path] = page.title()
        nameless = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter(each => !each.hidden && !each.labels.length && !each.ariaLabel)"
            ".map(each => each.outerHTML)"
        )
        assert nameless == [], path
    assert len(set(titles.values())) == len(titles)

"""Browsers, and phones as a person runs them."""

from collections.abc import Callable, Iterator

import pytest

from ..peers.offhook_phone import OffhookFarm, OffhookRun, Phone
from .chromium import Chromium, required, started

NUMBER = "1001"


@pytest.fixture(scope="module")
def _chromium(require_peer: Callable[[str], str]) -> Iterator[Chromium]:
    with started(required(require_peer)) as chromium:
        yield chromium


@pytest.fixture
def chromium(_chromium: Chromium) -> Iterator[Chromium]:
    """One browser for the tests of a file; windows are each test's own."""
    yield _chromium
    _chromium.close()


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Phone]]:
    """Three phones that reach each other, by number."""
    with OffhookFarm(tmp_path_factory.mktemp("farm") / "run", 3) as running:
        yield running.phones


@pytest.fixture
def run_phone(tmp_path, request) -> Callable[..., Phone]:
    """Starts a phone with these options; its number is 1001."""

    def run(*options: str) -> Phone:
        account = f"sip:{NUMBER}@127.0.0.1;register=no"
        offhook = OffhookRun(tmp_path / "phone", "--account", account, *options)
        offhook.__enter__()
        request.addfinalizer(lambda: offhook.__exit__(None, None, None))
        return offhook.phone

    return run

"""The OpenAPI description, held against a phone by Schemathesis, which makes up requests from it."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.web import tokens

PROJECT = Path(__file__).parent.parent.parent
HOOKS = "tests.web.api_hooks"
# No schema says which values are right: which codecs there are, what can be dialled, what is a vCard. And a
# contact that was removed may have come back since, by a file or under a name that another one had.
NOT_CHECKED = "positive_data_acceptance,use_after_free"


@contextmanager
def a_running_phone(folder: Path) -> Iterator[tuple[str, str]]:
    """Its URL and a token, while it runs in a thread."""
    loop, ready, told = asyncio.new_event_loop(), threading.Event(), []
    done = asyncio.Event()

    async def run() -> None:
        host = Host(Flash(folder / FILE_NAME))
        given = {"http_port": "0", "https_port": "0", "sip_port": "0", "dns": "127.0.0.1:9"}
        options = run_options({**given, "account": ["sip:1001@127.0.0.1;register=no"]}, {})
        [listening] = await host.start([options.device("0c1105000001")])
        try:
            token, kept = tokens.make("test", datetime.now(UTC))
            await host.stations[0].change({"web.tokens": [str(kept)]})
            told.extend((listening.web[0], token))
            ready.set()
            await done.wait()
        finally:
            await host.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield told[0], told[1]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def tried(folder: Path, *options: str) -> None:
    """Fails with what Schemathesis says."""
    with a_running_phone(folder) as (url, token):
        run = subprocess.run(
            [
                *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/api/v1/openapi.json"),
                *("--url", f"{url}/api/v1", "--header", f"Authorization: Bearer {token}", "--no-color"),
                *("--exclude-checks", NOT_CHECKED, "--exclude-path", "/events", *options),
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "SCHEMATHESIS_HOOKS": HOOKS},
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-20_000:]


def test_the_api_does_as_it_says(tmp_path, caplog):
    tried(tmp_path, "--phases", "examples,coverage", "--generation-deterministic")
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


@pytest.mark.proof
def test_the_api_does_as_it_says_for_long(tmp_path, caplog):
    tried(tmp_path, "--max-time", "120")
    assert not [each for each in caplog.records if each.levelname == "ERROR"]

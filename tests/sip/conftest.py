"""Loops that must be left clean, and a certificate authority for each file of tests."""

import asyncio
from collections.abc import Awaitable, Iterator

import pytest
import uvloop

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .tls_phones import Run


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a coroutine that must leave no task and no error behind."""
    errors: list[dict[str, object]] = []

    async def checked(test: Awaitable[None]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        async with asyncio.timeout(20):
            await test
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda test: runner.run(checked(test))
    assert errors == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))

"""`offhook settings`, run in the test's own process."""

from pathlib import Path

import pytest

from offhook.cli import _run
from offhook.flash.flash import FILE_NAME


def settings(*arguments: object) -> int:
    return _run(["settings", *map(str, arguments)])


@pytest.mark.parametrize("command", [["get"], ["set", "calls.dnd=yes"]])
def test_a_file_that_is_set_aside_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    assert settings(*command, "--data", tmp_path) == 0
    assert f"{FILE_NAME} was damaged: kept as {FILE_NAME}.damaged-" in capsys.readouterr().err

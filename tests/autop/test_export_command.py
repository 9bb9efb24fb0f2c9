"""`offhook autop-export`, as a person runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from offhook.data_folder import held
from offhook.flash.flash import FILE_NAME


def offhook(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "offhook", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_what_was_saved_is_printed_and_secrets_only_with_a_warning(tmp_path: Path) -> None:
    saved = ["accounts.1.user=1001", "accounts.1.password=hunter2 ", "calls.reject_code=603"]
    assert offhook("settings", "set", *saved, "--data", str(tmp_path)).returncode == 0

    whole = offhook("autop-export", "--data", str(tmp_path))
    assert whole.returncode == 0
    assert whole.stdout.splitlines() == [
        "# Settings of an offhook phone",
        'Config.Offhook.accounts.1.password = "hunter2 "',
        "Config.Account1.GENERAL.UserName = 1001",
        "Config.Offhook.calls.reject_code = 603",
    ]
    assert "passwords" in whole.stderr

    shown = offhook("autop-export", "--data", str(tmp_path), "--without-secrets")
    assert "hunter2" not in shown.stdout
    assert shown.stderr == ""


@pytest.mark.parametrize("command", [["autop-export"], ["settings", "get"]])
def test_beside_a_phone_that_runs_it_is_read_and_left_as_it_is(tmp_path: Path, command: list[str]) -> None:
    assert offhook("settings", "set", "calls.reject_code=603", "--data", str(tmp_path)).returncode == 0
    with held(tmp_path):
        shown = offhook(*command, "--data", str(tmp_path))
        assert "603" in shown.stdout
        (tmp_path / FILE_NAME).write_bytes(b"damaged" * 1000)
        refused = offhook(*command, "--data", str(tmp_path))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "Traceback" not in refused.stderr
    assert [each.name for each in tmp_path.iterdir() if "damaged" in each.name] == []
    # With nobody there it is put aside, as a start does it.
    offhook(*command, "--data", str(tmp_path))
    assert [each for each in tmp_path.iterdir() if "damaged" in each.name]


def test_a_folder_without_a_phone_is_told_in_one_line(tmp_path: Path) -> None:
    ended = offhook("autop-export", "--data", str(tmp_path))
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert "no phone has saved anything here" in ended.stderr
    assert "Traceback" not in ended.stderr

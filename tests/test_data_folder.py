import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from offhook import data_folder
from offhook.data_folder import BadDataFolder, held, make_data_folder, write_atomically


def test_it_is_made_for_this_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_data_folder(folder)
    make_data_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.iterdir())


def test_each_new_folder_is_there_after_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(data_folder, "sync_folder", synced.append)
    folder = tmp_path / "a" / "b"
    make_data_folder(folder)
    assert set(synced) == {tmp_path, tmp_path / "a"}
    synced.clear()
    make_data_folder(folder)
    assert synced == []


@pytest.mark.parametrize("path", ["file", "file/below", "/proc/offhook", "x" * 300])
def test_what_cannot_be_a_folder_is_one_line_with_the_option(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadDataFolder) as raised:
        make_data_folder(tmp_path / path)
    assert path in str(raised.value)
    assert "--data" in str(raised.value)


def test_a_file_is_replaced_whole_and_nothing_stays_behind(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for content in (b"one", b"two"):
        write_atomically(file, content, mode=0o600)
        assert file.read_bytes() == content
        assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(BadDataFolder):
        write_atomically(tmp_path / "taken", b"x", mode=0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadDataFolder, match="this is not a folder"):
        make_data_folder(tmp_path / path)


def test_one_process_has_it_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    program = """
import signal, sys
from pathlib import Path
from offhook.data_folder import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        for _ in range(2):
            with (
                pytest.raises(BadDataFolder, match=rf"process {other.pid}; --data") as raised,
                held(tmp_path),
            ):
                pass
            assert str(tmp_path) in str(raised.value)
        other.send_signal(signal.SIGKILL)
        other.wait()
    with held(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"

"""The capture file on disk: its mode, its bound, and what it will not overwrite."""

from pathlib import Path

import pytest

from offhook.capture_file import CannotCapture, CaptureFile
from offhook.sip.hop import Hop
from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import Traced

MESSAGE = Traced.of(
    1.5, b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", sent=True, here=Hop("UDP", "::1", 1), there=Hop("UDP", "::1", 2)
)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "phone.pcap"
    path.write_text("from before")
    path.chmod(0o644)
    file = CaptureFile(path)
    file.write(MESSAGE)
    file.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == HEADER + frame(MESSAGE)


def test_a_full_one_makes_way_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "phone.pcap"
    limit = len(HEADER) + 2 * len(frame(MESSAGE))
    file = CaptureFile(path, limit)
    for _ in range(7):
        file.write(MESSAGE)
    file.close()
    assert path.read_bytes() == HEADER + frame(MESSAGE)
    assert (tmp_path / "phone.pcap.1").read_bytes() == HEADER + 2 * frame(MESSAGE)
    assert len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_no_plain_file_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "phone.pcap", tmp_path / "other"
    other.write_text("precious")
    path.symlink_to(other) if kind == "link" else path.mkdir()
    with pytest.raises(OSError, match="no plain file"):
        CaptureFile(path)
    assert other.read_text() == "precious"


def test_a_folder_that_there_is_not(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "phone.pcap"
    with pytest.raises(CannotCapture) as refused:
        CaptureFile(path)
    assert str(refused.value) == (
        f"no SIP trace can be kept in {path}: No such file or directory; --sip-trace FILE takes another"
    )

import re
from pathlib import Path

import pytest

from offhook.data_folder import BadDataFolder
from offhook.mac import BadMac, instance_of, kept_mac, new_mac, parse_mac


@pytest.mark.parametrize(
    "text",
    [
        "0a0027001001",
        "0A0027001001",
        "0a:00:27:00:10:01",
        "0A-00-27-00-10-01",
        "0a00.2700.1001",
        " 0a:00:27:00:10:01\n",
    ],
)
def test_usual_spellings(text: str) -> None:
    assert parse_mac(text) == "0a0027001001"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "12 hexadecimal digits"),
        ("0a:00:27:00:10", "12 hexadecimal digits"),
        ("0a:00:27:00:10:0g", "12 hexadecimal digits"),
        ("0a:00-27:00:10:01", "12 hexadecimal digits"),
        ("0a00:2700:1001", "12 hexadecimal digits"),
        ("01:00:5e:00:00:01", "group"),
        ("ff:ff:ff:ff:ff:ff", "group"),
        ("00:00:00:00:00:00", "zeros"),
    ],
)
def test_refuses(text: str, why: str) -> None:
    with pytest.raises(BadMac, match=why):
        parse_mac(text)


def test_a_new_one_is_unicast_and_locally_administered() -> None:
    for _ in range(100):
        mac = new_mac()
        assert parse_mac(mac) == mac
        assert int(mac[:2], 16) & 0b11 == 0b10


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    mac = kept_mac(tmp_path)
    assert kept_mac(tmp_path) == mac
    assert [file.name for file in tmp_path.iterdir()] == ["mac"]


def test_one_that_somebody_edited_is_not_replaced_by_another(tmp_path: Path) -> None:
    file = tmp_path / "mac"
    file.write_text("0A-00-27-00-10-01\n")
    assert kept_mac(tmp_path) == "0a0027001001"
    file.write_text("0a:00:27\n")
    with pytest.raises(BadMac, match="mend the file"):
        kept_mac(tmp_path)
    assert file.read_text() == "0a:00:27\n"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadDataFolder, match="--data"):
        kept_mac(tmp_path / "none")


def test_the_instance_stays_the_phones_own() -> None:
    one = instance_of("0a0027001001")
    assert one == instance_of("0a0027001001")
    assert one != instance_of("0a0027001002")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
    assert "0027001001" not in one.replace("-", "")

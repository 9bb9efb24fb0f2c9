"""`offhook phone-book`, run in the test's own process."""

from pathlib import Path

import pytest

from offhook.cli import _run
from offhook.phone.phone_book import MOST_CONTACTS

CARDS = """\
BEGIN:VCARD
VERSION:4.0
FN:Ada
TEL;TYPE=cell:0171 5
TEL:call me
CATEGORIES:friends
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Nobody
END:VCARD
"""


def phone_book(*arguments: object) -> int:
    return _run(["phone-book", *map(str, arguments)])


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    cards, table = tmp_path / "cards.vcf", tmp_path / "table.csv"
    cards.write_text(CARDS)
    table.write_text("name,number\nAda,1002\nBob,1003\n")
    assert phone_book("import", cards, "--data", data) == 0
    printed = capsys.readouterr()
    assert printed.out == "1 contacts read; the phone book has 1\n"
    assert printed.err == "left out: Nobody: there is no number\n"
    assert phone_book("import", table, "--data", data) == 0
    assert phone_book("import", table, "--data", data, "--phone", "1005") == 0
    written = tmp_path / "out.csv"
    assert phone_book("export", written, "--data", data) == 0
    assert written.read_text().splitlines() == [
        "name,groups,label 1,number 1,label 2,number 2",
        "Ada,friends,mobile,01715,,1002",
        "Bob,,,1003",
    ]
    assert phone_book("import", table, "--data", data, "--replace") == 0
    assert phone_book("export", written, "--data", data) == 0
    assert len(written.read_text().splitlines()) == 3
    assert "01715" not in written.read_text()


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("x.txt", "", "let it end in .csv"),
        ("x.vcf", "BEGIN:VCARD\n", "middle of a card"),
        (
            "x.csv",
            "name,number\n" + "".join(f"c{n},{n}\n" for n in range(MOST_CONTACTS + 1)),
            "5000 contacts at most",
        ),
        (None, "", "No such file"),
    ],
)
def test_what_cannot_be_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str | None, text: str, why: str
) -> None:
    file = tmp_path / (name or "missing.csv")
    if name:
        file.write_text(text)
    assert phone_book("import", file, "--data", tmp_path / "data") == 1
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1


def test_what_cannot_be_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert phone_book("export", tmp_path / "x.csv", "--data", tmp_path) == 1
    assert "no phone has saved anything here" in capsys.readouterr().err

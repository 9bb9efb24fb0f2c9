"""Files of contacts: as others write them, there and back, and as nobody should."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.contact_files.file import LARGEST, BadFile, read_contacts, write_contacts
from offhook.phone.phone_book import MOST_CONTACTS, BadContact, Contact, Number, PhoneBook, contact

KINDS = ["book.csv", "book.vcf", "book.xml"]


def read(name: str, text: str) -> list[tuple[str, list[tuple[str, str]], list[str]]]:
    return [
        (each.name, [(number.number, number.label) for number in each.numbers], list(each.groups))
        for each in read_contacts(name, text.encode()).contacts
    ]


GOOGLE = """\
First Name,Last Name,Organization Name,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value
Ada,Lovelace,,Mobile,+49 171 5,1002
,,Analytical Ltd,,1003,
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,number\nAda,1002\n", [("Ada", [("1002", "")], [])]),
        ("Ada,1002,1003\nBob,1004", [("Ada", [("1002", ""), ("1003", "")], []), ("Bob", [("1004", "")], [])]),
        (
            "\ufeffName;Mobile;Work\r\nÄda;0171 5;1002\r\n",
            [("Äda", [("01715", "mobile"), ("1002", "work")], [])],
        ),
        ("name\tphone\nAda\t1002\n", [("Ada", [("1002", "")], [])]),
        (
            'name,groups,label 1,number 1\n"Lovelace, Ada","a;b",mobile,1\n',
            [("Lovelace, Ada", [("1", "mobile")], ["a", "b"])],
        ),
        (
            GOOGLE,
            [
                ("Ada Lovelace", [("+491715", "Mobile"), ("1002", "")], []),
                ("Analytical Ltd", [("1003", "")], []),
            ],
        ),
        (
            "Display Name,Mobile Phone,Business Phone 2\nAda,1,2\n",
            [("Ada", [("1", "mobile"), ("2", "business")], [])],
        ),
        ('name,number\n"A\nB",1\n,2\n\n , \n', [("A B", [("1", "")], []), ("2", [("2", "")], [])]),
    ],
)
def test_csv(text, expected):
    assert read("x.csv", text) == expected


def card(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            card("FN:Ada", "TEL;TYPE=CELL:0171 5", "TEL;TYPE=WORK,VOICE:1002", "CATEGORIES:a,b\\,c"),
            [("Ada", [("01715", "mobile"), ("1002", "work")], ["a", "b,c"])],
        ),
        (card("FN:Lovelace\\, Ada\\; Countess", "TEL:1"), [("Lovelace, Ada; Countess", [("1", "")], [])]),
        (card("N:Lovelace;Ada;;;", "TEL:1"), [("Ada Lovelace", [("1", "")], [])]),
        (card("FN:", "ORG:Analytical;Engines", "TEL:1"), [("Analytical Engines", [("1", "")], [])]),
        (card("FN:Ada Love", " lace", "TEL;TYP", " E=cell:1"), [("Ada Lovelace", [("1", "mobile")], [])]),
        (
            card('TEL;VALUE=uri;TYPE="voice,home":tel:+49-30-5;ext=7', "FN:Ada", "IMPP:sip:ada@x.example"),
            [("Ada", [("+49305", "home"), ("sip:ada@x.example", "sip")], [])],
        ),
        (
            card("FN:Ada", "i1.TEL;type=pref:1", "i1.X-ABLabel:_$!<Mobile>!$_", "i2.TEL:2", "i2.X-ABLABEL:D"),
            [("Ada", [("1", "mobile"), ("2", "D")], [])],
        ),
        (card("fn:Ada", "tel;home;fax:1", "IMPP:xmpp:ada@x.example"), [("Ada", [("1", "fax")], [])]),
        (
            card("N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=", "ller;J=C3=B6rg;;;", "TEL;CELL:1"),
            [("Jörg Müller", [("1", "mobile")], [])],
        ),
        (
            card("FN:Ada", "AGENT:", "BEGIN:VCARD", "FN:Bob", "TEL:2", "END:VCARD", "TEL:1"),
            [("Ada", [("1", "")], [])],
        ),
        (card("FN:Ada", "PHOTO;ENCODING=b:" + "A" * 100_000, "TEL:1"), [("Ada", [("1", "")], [])]),
        (
            card("FN:A", "TEL:1").replace("\r\n", "\n") + card("FN:B", "TEL:2"),
            [("A", [("1", "")], []), ("B", [("2", "")], [])],
        ),
    ],
)  # fmt: skip
def test_vcard(text, expected):
    assert read("x.vcf", text) == expected


@pytest.mark.parametrize(
    "root", ["IPPhoneDirectory", "YealinkIPPhoneDirectory", "CiscoIPPhoneDirectory", "Directory"]
)
def test_xml(root):
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
        <{root} clearlight="true"><Title>Staff</Title><Prompt>Dial</Prompt>
        <DirectoryEntry><Name>Ada &amp; Söhne</Name><Telephone>1002</Telephone><Telephone> </Telephone>
          <Telephone label="Mobile">0171 5</Telephone></DirectoryEntry>
        <DirectoryEntry><Name>Nobody</Name><Telephone></Telephone></DirectoryEntry>
        </{root}>"""
    assert read("x.xml", text) == [("Ada & Söhne", [("1002", ""), ("01715", "Mobile")], [])]


def bomb() -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><IPPhoneDirectory>&e9;</IPPhoneDirectory>'


OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><IPPhoneDirectory>&e;</IPPhoneDirectory>'


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.txt", b"name,number\n", "let it end in"),
        ("x.csv", b"", "there is no contact"),
        ("x.csv", b"name,number\nAd\xe4,1\n", "not UTF-8"),
        ("x.csv", b"name,number\nAda\0,1\n", "no text"),
        ("x.csv", b"colour,shape\nred,round\n", "names no column with numbers"),
        ("x.csv", b"name,number\n" + b'"' + b"x" * 200_000, "no CSV"),
        ("x.csv", b"name,number\n" + b"1," * 300 + b"\n", "256 columns"),
        ("x.vcf", b"BEGIN:VCARD\nFN:Ada\nTEL:1\n", "middle of a card"),
        ("x.vcf", b"<html>", "there is no contact"),
        ("x.xml", bomb().encode(), "document type"),
        ("x.xml", OUTSIDE.encode(), "document type"),
        ("x.xml", b"<html/>", "its root is 'html'"),
        ("x.xml", b"<IPPhoneDirectory>" + b"<a>" * 100, "levels deep"),
        ("x.xml", b"<IPPhoneDirectory>&x;</IPPhoneDirectory>", "no XML"),
        ("x.xml", b'<?xml version="1.0" encoding="nonsense"?><Directory/>', "no XML|encoding"),
        ("x.xml", b'<?xml version="1.0" encoding="hex"?><Directory/>', "no XML|encoding"),
        ("x.csv", b" " * (LARGEST + 1), "longer than 16 MB"),
        ("x.csv", b"name,number\n" + b"Ada,1\n" * (2 * MOST_CONTACTS + 1), "more contacts than a phone book"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(name, data, why):
    with pytest.raises(BadFile, match=why):
        read_contacts(name, data)


def test_what_is_left_out_is_said_up_to_a_point():
    contents = read_contacts("x.csv", b"name,number\nAda,1002\n" + b"Bob,nothing like a number\n" * 30)
    assert [each.name for each in contents.contacts] == ["Ada"]
    assert len(contents.left_out) == 21
    assert contents.left_out[0].startswith("Bob: 'nothing like a number' cannot be dialled")


def test_text_as_windows_saves_it():
    assert read_contacts("x.csv", "name,number\nÄda,1\n".encode("utf-16")).contacts[0].name == "Äda"


# --- there and back

ANY_TEXT = st.text(max_size=40)
NUMBERS = st.one_of(
    st.from_regex(r"\+?[0-9*#]{1,20}", fullmatch=True),
    st.sampled_from(
        ["alice", "sip:a;b=c@x.example;transport=tcp", "a,b@192.0.2.1", "192.0.2.7", "[::1]:5062"]
    ),
)
LABELS = st.one_of(ANY_TEXT, st.sampled_from(["mobile", "home", "work", "fax", "Mobile"]))


@st.composite
def books(draw: st.DrawFn) -> PhoneBook:
    contacts: list[Contact] = []
    for _ in range(draw(st.integers(1, 5))):
        numbers = draw(st.lists(st.tuples(NUMBERS, LABELS), min_size=1, max_size=4))
        try:
            contacts.append(contact(draw(ANY_TEXT), numbers, draw(st.lists(ANY_TEXT, max_size=3))))
        except BadContact:
            continue
    return PhoneBook(contacts)


@pytest.mark.parametrize("name", KINDS)
@example(book=PhoneBook([contact("Ada\\", [("1002", "")], ["a\\", "b\\\\", "c"])]))
@given(book=books())
def test_what_is_written_is_read_again(name, book):
    if not len(book):
        return
    contents = read_contacts(name, write_contacts(name, book))
    assert contents.left_out == []
    assert PhoneBook(contents.contacts) == book


@pytest.mark.parametrize("name", KINDS)
@given(data=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_refusal(name, data):
    with suppress(BadFile):
        read_contacts(name, data)


PIECES = {
    "book.csv": ["name", "number", "label 1", ",", ";", "\t", '"', "\n", "\r", "1002", "\ufeff", "=1+1"],
    "book.vcf": [
        "BEGIN:VCARD", "END:VCARD", "FN:", "N:", "TEL", ";TYPE=", '"', ":", ";", "\n", "\r\n ", "=\n", "\\",
        ";ENCODING=QUOTED-PRINTABLE", "=C3", "1002", "item1.", "X-ABLabel:", "CATEGORIES:", "ORG:;;", ",",
    ],
    "book.xml": [
        "<IPPhoneDirectory>", "</IPPhoneDirectory>", "<DirectoryEntry>", "</DirectoryEntry>", "<Name>",
        "</Name>", "<Telephone>", "</Telephone>", "<Telephone label=''/>", "1", "&amp;", "&#0;", "&#xD800;",
        "<![CDATA[", "]]>", "<!--", "-->", "<?x?>", "<!DOCTYPE x>", "<Group>", "</Group>",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_nor_do_pieces_of_the_right_kind(name, data):
    text = "".join(data.draw(st.lists(st.sampled_from(PIECES[name]), max_size=40)))
    try:
        contents = read_contacts(name, text.encode())
    except BadFile:
        return
    for each in contents.contacts:
        assert each.name.isprintable() or any(char in each.name for char in "\u200d\u200c\u200e")
        assert all(isinstance(number, Number) for number in each.numbers)

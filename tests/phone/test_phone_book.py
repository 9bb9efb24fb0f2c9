"""Whose number it is: what the phone book finds, and what it does not."""

import pytest

from offhook.phone.party import keys_of, user_part
from offhook.phone.phone_book import (
    LONGEST_NAME,
    MOST_CONTACTS,
    MOST_NUMBERS,
    BadContact,
    Contact,
    FullBook,
    Number,
    PhoneBook,
    contact,
)

BOOK = PhoneBook(
    [
        contact("Ada", [("1002", ""), ("+49 30 1234567", "work")]),
        contact("Bob", [("sip:bob@Example.com", "")]),
        contact("Carol", [("0171 2345678", "mobile")]),
        contact("Dan", [("00441632960123", "")]),
        contact("Door", [("192.0.2.7", "")]),
        contact("Echo", [("*43", ""), ("#31", "")]),
        contact("Roma", [("+39 06 1234567", "")]),
        contact("Twin One", [("040 7654321", "")]),
        contact("Twin Two", [("089 7654321", "")]),
    ]
)


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        # the user part, at whatever host
        ("sip:1002@pbx.example", "Ada"),
        ("sip:1002@192.0.2.1:5062;transport=tcp", "Ada"),
        ("sips:%31002@pbx.example", "Ada"),
        ("sip:1002;phone-context=pbx.example@pbx.example", "Ada"),
        ("tel:1002;phone-context=pbx.example", "Ada"),
        ("sip:10021@pbx.example", ""),
        ("sip:002@pbx.example", ""),
        # the host too, where the contact has one
        ("sip:bob@example.com", "Bob"),
        ("sip:bob@EXAMPLE.com:5061;transport=tls", "Bob"),
        ("sip:bob@example.org", ""),
        ("sip:Bob@example.com", ""),
        ("sip:192.0.2.7", "Door"),
        ("sip:192.0.2.7:5060", "Door"),
        ("sip:1@192.0.2.7", ""),
        # numbers as they may be written
        ("sip:+49301234567@pbx.example", "Ada"),
        ("sip:0049301234567@pbx.example", "Ada"),
        ("sip:49301234567@pbx.example", "Ada"),
        ("sip:+49-30-123.45.67@pbx.example", "Ada"),
        ("sip:+441632960123@pbx.example", "Dan"),
        # one says its country, and the other does not
        ("sip:0301234567@pbx.example", "Ada"),
        ("sip:301234567@pbx.example", "Ada"),
        ("sip:+491712345678@pbx.example", "Carol"),
        ("sip:00491712345678@pbx.example", "Carol"),
        ("sip:01632960123@pbx.example", "Dan"),
        ("sip:0612345678@pbx.example", ""),
        ("sip:061234567@pbx.example", "Roma"),
        # both say it, and it is another one
        ("sip:+43301234567@pbx.example", ""),
        # no more than a country code may be missing
        ("sip:1234567@pbx.example", ""),
        ("sip:+49991712345678@pbx.example", ""),
        # too short to be known by its end
        ("sip:+491002@pbx.example", ""),
        # two have that number, but for the area code
        ("sip:7654321@pbx.example", ""),
        ("sip:*43@pbx.example", "Echo"),
        ("sip:%2331@pbx.example", "Echo"),
        ("sip:anonymous@anonymous.invalid", ""),
        ("", ""),
        ("sip:@", ""),
        ("nonsense", ""),
    ],
)
def test_a_caller_is_known_by_the_phone_book(caller, name):
    assert BOOK.name_of(caller) == name


def test_two_that_fit_by_their_end_are_none():
    book = PhoneBook([contact("A", [("030 1234567", "")]), contact("B", [("30 1234567", "")])])
    assert book.name_of("sip:+49301234567@pbx.example") == ""
    assert book.name_of("sip:0301234567@pbx.example") == "A"


def test_a_contact_is_made_of_what_people_write():
    made = contact(
        "  Ada\u202e\tLovelace\n",
        [("+49 (0)30 123-45", "work"), ("+493012345", "again"), ("call me", ""), ("030\u00a077\u201388", "")],
        ["Friends;Family", "", "Friends;Family"],
    )
    assert made == Contact(
        "Ada Lovelace", (Number("+493012345", "work"), Number("0307788", "")), ("Friends Family",)
    )


def test_what_is_missing_or_too_much():
    assert contact("", [("1002", "")]).name == "1002"
    assert contact("x" * 1000, [("1002", "")]).name == "x" * LONGEST_NAME
    assert len(contact("x", [(str(number), "") for number in range(100)]).numbers) == MOST_NUMBERS
    with pytest.raises(BadContact, match="Ada: there is no number"):
        contact("Ada", [])
    with pytest.raises(BadContact, match="'call me' cannot be dialled"):
        contact("Ada", [("call me", "")])


def test_contacts_of_one_name_are_one():
    book = PhoneBook(
        [contact("Ada", [("1", "work")], ["a"]), contact("ADA", [("2", ""), ("1", "home")], ["b", "a"])]
    )
    assert book.contacts == (Contact("Ada", (Number("1", "work"), Number("2", "")), ("a", "b")),)


def test_a_book_has_an_end():
    contacts = [contact(f"c{number}", [(str(number), "")]) for number in range(MOST_CONTACTS + 1)]
    assert len(PhoneBook(contacts[:-1])) == MOST_CONTACTS
    with pytest.raises(FullBook):
        PhoneBook(contacts)


@pytest.mark.parametrize(
    ("address", "user", "keys"),
    [
        ("sip:1002@Pbx.Example.:5060;x=y?h=z", "1002", ("1002@pbx.example", "1002", "+1002")),
        ("sip:alice:secret@[2001:DB8::1]:5070", "alice", ("alice@[2001:db8::1]", "alice")),
        ("sip:[2001:db8::1]:5070", "", ("@[2001:db8::1]",)),
        ("0-900 1", "09001", ("09001", "+09001")),
        ("tel:+49-30", "+4930", ("+4930", "+4930")),
        ("sip:%30%39@x", "09", ("09@x", "09", "+09")),
    ],
)
def test_who_is_meant(address, user, keys):
    assert user_part(address) == user
    assert keys_of(address) == keys

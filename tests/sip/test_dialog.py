"""RFC 3261 §12: what a dialog keeps, and the requests built in it."""

import pytest

from offhook.sip.destination import Destination
from offhook.sip.dialog import Dialog
from offhook.sip.hop import Hop
from offhook.sip.message import ReceivedRequest, ReceivedResponse, parse

from .message_text import SDP, request, response

HERE = Hop("UDP", "192.0.2.101", 5060)
RECORD_ROUTE = "<sip:ss2.biloxi.example.com;lr>, <sip:ss1.atlanta.example.com:5070;lr;transport=tcp>"


def invited(**headers: str) -> ReceivedRequest:
    message = parse(request(body=SDP, headers={k.replace("_", "-"): v for k, v in headers.items()}), HERE)
    assert isinstance(message, ReceivedRequest)
    return message


def answered(**headers: str) -> Dialog:
    invite = invited()
    data = response(
        request(body=SDP), 200, tag="b!1%", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    received = parse(data, HERE)
    assert isinstance(received, ReceivedResponse)
    return Dialog.of_response(invite.message, received)


def test_the_callers_side() -> None:
    dialog = answered(Contact="Bob <sip:bob@192.0.2.201;gr=urn:a~b>", Record_Route=RECORD_ROUTE)
    assert dialog.id == ("3848276298220188511@192.0.2.101", "9fxced76sl", "b!1%")
    bye, destination = dialog.request("BYE")
    assert str(bye.uri) == "sip:bob@192.0.2.201;gr=urn:a~b", "byte by byte"
    assert bye.headers.getlist("Route") == [
        "<sip:ss1.atlanta.example.com:5070;lr;transport=tcp>",
        "<sip:ss2.biloxi.example.com;lr>",
    ]
    assert destination == Destination("ss1.atlanta.example.com", 5070, "TCP")
    assert bye.headers["From"] == "Alice <sip:alice@192.0.2.101>;tag=9fxced76sl"
    assert bye.headers["To"] == "Bob <sip:bob@192.0.2.201>;tag=b!1%"
    assert bye.headers["CSeq"] == "2 BYE"
    assert dialog.request("INFO")[0].headers["CSeq"] == "3 INFO"


def test_the_called_side() -> None:
    dialog = Dialog.of_request(invited(Record_Route=RECORD_ROUTE, CSeq="77 INVITE"), "mine")
    assert dialog.id == ("3848276298220188511@192.0.2.101", "mine", "9fxced76sl")
    assert dialog.remote_sequence == 77
    bye, destination = dialog.request("BYE")
    assert bye.headers.getlist("Route") == [
        "<sip:ss2.biloxi.example.com;lr>",
        "<sip:ss1.atlanta.example.com:5070;lr;transport=tcp>",
    ]
    assert destination == Destination("ss2.biloxi.example.com")
    assert bye.headers["From"] == "Bob <sip:bob@192.0.2.201>;tag=mine"
    assert bye.headers["To"] == "Alice <sip:alice@192.0.2.101>;tag=9fxced76sl"


def test_a_strict_router_is_the_request_uri_and_the_target_comes_last() -> None:
    dialog = answered(Contact="<sip:bob@192.0.2.201>", Record_Route="<sip:second;lr>, <sip:strict:5080>")
    bye, destination = dialog.request("BYE")
    assert str(bye.uri) == "sip:strict:5080"
    assert bye.headers.getlist("Route") == ["<sip:second;lr>", "<sip:bob@192.0.2.201>"]
    assert destination == Destination("strict", 5080)


def test_without_a_route_requests_go_to_the_target() -> None:
    dialog = answered(Contact="<sip:bob@192.0.2.201:5099;transport=tcp>")
    bye, destination = dialog.request("BYE")
    assert bye.headers.getlist("Route") == []
    assert destination == Destination("192.0.2.201", 5099, "TCP")


def test_an_ack_has_the_number_of_its_invite() -> None:
    dialog = answered(Contact="<sip:bob@192.0.2.201>")
    assert dialog.request("ACK", 1)[0].headers["CSeq"] == "1 ACK"
    assert dialog.request("BYE")[0].headers["CSeq"] == "2 BYE"


def test_the_target_is_refreshed_and_kept_where_the_new_one_is_none() -> None:
    dialog = Dialog.of_request(invited(), "mine")
    dialog.refresh(invited(Contact="<sip:alice@192.0.2.102>").message)
    dialog.refresh(invited(Contact="<mailto:alice@192.0.2.103>").message)
    assert str(dialog.remote_target) == "sip:alice@192.0.2.102"


@pytest.mark.parametrize("contact", ["", "*", "<tel:+1>", "<sip:alice@192.0.2.101"])
def test_an_answer_with_no_contact_of_use_goes_on_to_who_was_called(contact: str) -> None:
    assert str(answered(Contact=contact).remote_target) == "sip:bob@192.0.2.201"


@pytest.mark.parametrize(
    "headers",
    [
        {"Contact": ""},
        {"Contact": "*"},
        {"Contact": "<tel:1>"},
        {"Record_Route": "<x"},
        {"Record_Route": "<tel:1>"},
    ],
)
def test_an_invite_with_no_contact_or_route_of_use_makes_no_dialog(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"Contact|Record-Route|not a|missing"):
        Dialog.of_request(invited(**headers), "mine")

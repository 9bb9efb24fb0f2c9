import pytest

from offhook.notify.action_event import ActionEvent
from offhook.notify.happening import AccountSeen, CallSeen, Happening
from offhook.notify.variables import VARIABLES, Identity, filled, variables

IDENTITY = Identity("0c1105000001", "192.0.2.7", "offhook", "1.2.3")
CALL = CallSeen("c0ffee", "in", "ringing", 1, "sip:b%20ob@pbx.example:5070", "Bob & Söhne", 1.0)
ACCOUNT = AccountSeen(1, "1001", "pbx.example:5080", "Anna/Müller")
VALUES = variables(Happening(ActionEvent.INCOMING_CALL, 1.0, ACCOUNT, CALL), IDENTITY)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("http://a/?m=$mac&i=$ip", "http://a/?m=0c1105000001&i=192.0.2.7"),
        ("http://a/?m=$model;f=$firmware", "http://a/?m=offhook;f=1.2.3"),
        ("http://a/$active_url:$active_user", "http://a/1001%40pbx.example%3A5080:1001"),
        ("http://a/$active_host", "http://a/pbx.example%3A5080"),
        ("http://a/$local", "http://a/sip%3A1001%40pbx.example%3A5080"),
        ("http://a/$remote", "http://a/sip%3Ab%2520ob%40pbx.example%3A5070"),
        ("http://a/$display_local", "http://a/Anna%2FM%C3%BCller"),
        ("http://a/$display_remote", "http://a/Bob%20%26%20S%C3%B6hne"),
        ("http://a/$call_id", "http://a/c0ffee"),
        ("http://a/$ipx$macs", "http://a/192.0.2.7x0c1105000001s"),
        ("http://a/$relay1status$$ip$ $MAC $", "http://a/$relay1status$192.0.2.7$ $MAC $"),
        ("http://a/?q=100%&r=%20#x", "http://a/?q=100%&r=%20#x"),
    ],
)
def test_filling_in(template, url):
    assert filled(template, VALUES) == url


def test_what_a_caller_is_named_is_no_variable():
    call = CallSeen("c", "in", "ringing", 1, "sip:$mac@x", "$ip\r\nHost: evil", 1.0)
    values = variables(Happening(ActionEvent.INCOMING_CALL, 1.0, ACCOUNT, call), IDENTITY)
    assert filled("http://a/$remote$display_remote", values) == (
        "http://a/sip%3A%24mac%40x%24ip%0D%0AHost%3A%20evil"
    )


def test_without_a_call_or_an_account():
    values = variables(Happening(ActionEvent.DND_ON, 1.0), IDENTITY)
    assert values.keys() == set(VARIABLES)
    assert {name for name, value in values.items() if value} == {"mac", "ip", "model", "firmware", "local"}
    assert values["local"] == "sip:192.0.2.7"

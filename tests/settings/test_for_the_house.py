"""What the rooms make of settings."""

import pytest

from offhook.settings.for_the_house import admission
from offhook.settings.phone_settings import settings_of


@pytest.mark.parametrize(
    ("named", "address", "unlimited"),
    [
        ({}, "10.0.0.2", False),
        ({"calls.unlimited": "10.0.0.2, 192.168.1.0/24"}, "10.0.0.2", True),
        ({"calls.unlimited": "10.0.0.2, 192.168.1.0/24"}, "192.168.1.77", True),
        ({"calls.unlimited": "10.0.0.2, 192.168.1.0/24"}, "10.0.0.3", False),
        ({"calls.unlimited": "2001:db8::/48"}, "2001:db8::5", True),
    ],
)
def test_whose_messages_are_not_counted(named, address, unlimited):
    assert admission(settings_of(named)).unlimited(address) is unlimited

"""Accounts that ask for what this phone does not speak yet are not used, rather than used without it."""

from offhook.sip.account import Account
from offhook.sound.opus_library import MISSING
from offhook.spoken_codecs import spoken_codecs


def why_out_of_service(account: Account) -> str | None:
    if not spoken_codecs(account):
        return MISSING
    return None

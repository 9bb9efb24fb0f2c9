"""`offhook run`: one phone."""

import os

from offhook.cli.announcement import of_run
from offhook.cli.failed import Failed, Misused
from offhook.cli.flags import with_flags
from offhook.data_folder import BadDataFolder, held
from offhook.mac import BadMac, kept_mac
from offhook.option_sources import BadOption
from offhook.options import RunOptions, run_options


@with_flags(RunOptions)
def run(**flags: str | list[str] | None) -> None:
    try:
        options = run_options(flags, os.environ)
    except BadOption as error:
        raise Misused(str(error)) from None
    try:
        with held(options.data):
            device = options.device(mac=options.mac or kept_mac(options.data))
            from offhook.cli.serving import serve

            serve(options, [device], lambda host: host.start([device]), of_run)
    except (BadDataFolder, BadMac) as error:
        raise Failed(str(error)) from None

"""`offhook farm N`: many phones in one process."""

import os
from typing import Annotated

from cyclopts import Parameter

from offhook.cli.announcement import of_farm
from offhook.cli.failed import Failed, Misused
from offhook.cli.flags import with_flags
from offhook.data_folder import BadDataFolder, held
from offhook.mac import BadMac, kept_mac
from offhook.option_sources import BadOption
from offhook.options import FarmOptions, farm_options


@with_flags(FarmOptions)
def farm(
    count: Annotated[str, Parameter(name="N", help="How many phones, 1 to 10000.")],
    /,
    **flags: str | list[str] | None,
) -> None:
    try:
        options = farm_options({"count": count, **flags}, os.environ)
    except BadOption as error:
        raise Misused(str(error)) from None
    try:
        with held(options.data):
            devices = options.devices(mac=kept_mac(options.data))
            from offhook.cli.serving import serve

            # The echo's port is nobody's business: the phones know it.
            serve(options, devices, lambda host: host.start_farm(devices, options.sip_bind, 0), of_farm)
    except (BadDataFolder, BadMac) as error:
        raise Failed(str(error)) from None

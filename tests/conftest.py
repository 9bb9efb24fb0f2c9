"""What every test may ask for: peers that nobody here wrote, and how long Hypothesis searches."""

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# Every run of `make test` tries the same examples, so that it never fails for what the change did not do;
# `make proof` searches on, and prints how to repeat what it finds.
settings.register_profile("test", max_examples=60, derandomize=True, deadline=None)
settings.register_profile(
    "proof", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are cores: what starts phones and peers waits for them half of its time."""
    return len(os.sched_getaffinity(0)) * 3 // 2


@pytest.fixture(scope="session")
def require_peer() -> Callable[[str], str]:
    """The path of a peer's program, as in `require_peer("kamailio")`.

    Where it is not installed the test is skipped; where the environment sets CI it fails, for there
    nobody reads what was skipped.
    """

    def require(program: str) -> str:
        # Debian keeps kamailio in /usr/sbin, which only root has in its path.
        found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
        if found is None:
            message = f"{program} is not installed; as root, make test installs it"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return found

    return require

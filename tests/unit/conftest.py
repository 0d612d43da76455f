# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How hard the property tests try, and in which processes the tests run.

HYPOTHESIS_PROFILE=fuzz has the property tests try for minutes. With `mutants` they try little, and the same
each time, for they run a thousand times; with `some` little, for they try in full in another Python. ansible-test
hands on no environment variable: for it the profile's name stands in the file PROFILE. How long one
example takes is no matter of theirs: machines are busy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

PROFILE = Path(__file__).parent / "hypothesis-profile"
_GATE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", _GATE)
settings.register_profile("some", _GATE, max_examples=15)
settings.register_profile("fuzz", _GATE, max_examples=5_000)
settings.register_profile(
    "mutants",
    _GATE,
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
_named = PROFILE.read_text("utf-8") if PROFILE.exists() else "gate"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", _named))


def pytest_configure(config: pytest.Config) -> None:
    """Run all tests of a worker in its own process, and not each in a fork as ansible-test would.

    Forks, and the fixtures and imports that each makes anew, take half of the time. No test here needs one:
    none leaves anything behind.
    """
    forking = config.pluginmanager.get_plugin("ansible_forked")
    if forking is not None:
        config.pluginmanager.unregister(forking)


@pytest.fixture(autouse=True, scope="session")
def _no_authorities_of_the_machine() -> Iterator[None]:
    """Trust no certificates but those that a test gives: to load the machine's is half of what an upload takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        yield

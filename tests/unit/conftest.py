# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings for all unit tests: Hypothesis profiles, no forking, and no loading of the system's CA certificates.

The environment variable HYPOTHESIS_PROFILE selects a profile, which determines the number of examples in property-based
tests. `fuzz` uses many examples and takes minutes. `mutants` uses few, reproducible examples, because mutation testing
runs the tests for each mutant. `small` uses few examples, because the same tests also run with more examples on
another Python version. ansible-test does not pass environment variables to tests, so the file hypothesis-profile can
contain the name of the profile instead. Examples have no deadline, because the host might be busy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

PROFILE = Path(__file__).parent / "hypothesis-profile"
_GATE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("gate", _GATE)
settings.register_profile("small", _GATE, max_examples=15)
settings.register_profile("fuzz", _GATE, max_examples=5_000)
settings.register_profile(
    "mutants",
    _GATE,
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
_profile_name = PROFILE.read_text("utf-8") if PROFILE.exists() else "gate"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", _profile_name))


def pytest_configure(config: pytest.Config) -> None:
    """Run all tests of a worker in one process.

    By default, ansible-test forks a process for each test. Forking would account for half of the run time, and no
    test requires it, because tests clean up after themselves.
    """
    forking = config.pluginmanager.get_plugin("ansible_forked")
    if forking is not None:
        config.pluginmanager.unregister(forking)


@pytest.fixture(autouse=True, scope="session")
def _no_system_ca_certificates() -> Iterator[None]:
    """Do not load the file with the system's CA certificates.

    Loading it would account for half of the run time of an upload.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        yield

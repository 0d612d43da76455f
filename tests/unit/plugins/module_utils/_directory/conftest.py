# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the tests of the directory client."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import ServerTls, tls


@pytest.fixture
def server_tls(tmp_path: Path) -> ServerTls:
    """Return the TLS configuration of a server on localhost."""
    return tls(tmp_path, "localhost")

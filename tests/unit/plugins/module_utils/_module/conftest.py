# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the upload tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    Uploader,
    start_uploader,
)


@pytest.fixture(name="uploader")
def _uploader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uploader]:
    """Provide an uploader with a roster of three people and no state.

    Proxies in the environment are ignored.
    """
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with start_uploader(tmp_path) as uploader:
        yield uploader

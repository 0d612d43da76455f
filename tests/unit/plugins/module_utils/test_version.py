# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test that the version of the collection is the same in the code and in galaxy.yml."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.frontdesk.contacts.plugins.module_utils import _version


def test_version_is_the_same_as_in_galaxy_yml() -> None:
    galaxy = Path(__file__).parents[4] / "galaxy.yml"
    assert yaml.safe_load(galaxy.read_text("utf-8"))["version"] == _version.VERSION

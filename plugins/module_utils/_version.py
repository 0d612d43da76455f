# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the collection, for programs on the managed node, where galaxy.yml does not exist.

A test compares it with galaxy.yml.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

VERSION = "0.1.0"
"""Version of the collection."""

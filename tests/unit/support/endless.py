# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pattern that takes twice as long for every character more, and a text for it.

A match takes a second or less: many times what the tests allow it, and little where nothing ends it, which
is how a test fails.
"""

from __future__ import annotations

SECONDS = 0.02
"""What tests allow a match, in CPU time."""

PATTERN = "(a+)+$"

TEXT = "a" * 24 + "!"

PROBLEM = "its regular expression needs more than 0.02 s of computing for one value"
"""What is said of it."""

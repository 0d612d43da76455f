# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pattern with exponential backtracking, and a string that triggers the backtracking.

Without a limit, a match takes from less than a second to a few seconds, depending on the host. This is far longer than
the limit in the tests, but short enough that a test does not hang if the limit does not work.
"""

from __future__ import annotations

CPU_SECONDS = 0.02
"""CPU time limit in the tests."""

PATTERN = "(a+)+$"

TEXT = "a" * 24 + "!"

MESSAGE = "its regular expression takes more than 0.02 s of CPU time for one value"
"""Message of the expected error."""

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which the rows of two rosters are compared."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.comparison import (
    NotInOrderError,
    View,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import roster_file

A, B = ("A", "a@x", "oslo"), ("B", "b@x", "oslo")
BY_EMAIL = View(place=2, keys=(1,), width=3)


def test_equal_rows_are_in_order() -> None:
    rows = BY_EMAIL.rows_in_order(roster_file([A, A, B]))
    assert [row.cells for row in rows] == [A, A, B]


def test_rows_that_stand_otherwise_than_exported_are_noticed() -> None:
    with pytest.raises(NotInOrderError):
        list(BY_EMAIL.rows_in_order(roster_file([A, B, A])))

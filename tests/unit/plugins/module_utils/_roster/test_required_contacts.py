# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the contacts without which a roster is never sent."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.required_contacts import (
    RequiredContact,
    check_columns,
    find_unmatched,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import roster_file

ROSTER = roster_file([("A", "a@x", "oslo"), ("B", "b@x", "bergen"), ("A", "c@x", "bergen")])


@pytest.mark.parametrize(
    ("required", "unmatched"),
    [
        ([], ()),
        ([(("Email", "b@x"),)], ()),
        ([(("Email", "b@x"), ("Location", "bergen"))], ()),
        # All values must be in the same row.
        ([(("Email", "b@x"), ("Location", "oslo"))], (1,)),
        ([(("Email", "a@x"),), (("Email", "z@x"),), (("Email", "A@x"),)], (2, 3)),
        ([(("Name", "A"),), (("Location", "bergen"),)], ()),
        ([(("Email", "a@"),)], (1,)),
        ([(("Name", "a@x"),)], (1,)),
    ],
)
def test_a_row_must_have_all_values_of_a_required_contact(
    required: list[RequiredContact], unmatched: tuple[int, ...]
) -> None:
    assert find_unmatched(ROSTER, required) == unmatched


@pytest.mark.parametrize("check", [check_columns, find_unmatched])
def test_unknown_columns_are_rejected_without_showing_values(check: object) -> None:
    assert callable(check)
    with pytest.raises(InputError) as caught:
        check(ROSTER, [(("Email", "a@x"),), (("Email", "b@x"), ("E-mail", "secret@x"))])
    assert str(caught.value) == (
        f"Cannot use element 2 of must_contain: {ROSTER.name} has no column 'E-mail'. Correct the title of the"
        " column in must_contain."
    )

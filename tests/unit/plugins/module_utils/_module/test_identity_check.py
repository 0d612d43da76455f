# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the check that an identity belongs to only one entry."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.identity_check import (
    IdentityCheck,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY

SESSION = LdapSession("ldaps://dc1", None, False, ENTRY_UUID)
REMEDY = (
    "Run again in case an entry was moved or renamed during the run; if the error persists, delete one of the"
    " entries and create it again."
)


def add(check: IdentityCheck, *numbers: int, parent: str = "DC=x") -> None:
    """Add a page with one entry for each number, which determines the identity and the name of the entry."""
    check.add(
        [Entry(str(uuid.UUID(int=number)), []) for number in numbers],
        [f"CN={number},{parent}".encode() for number in numbers],
    )


def test_the_same_entry_may_be_read_several_times() -> None:
    check = IdentityCheck(SESSION, MEMORY, max_pairs=3)
    for _source in range(3):
        add(check, *range(5))
        add(check, *range(5, 8), parent="dc=X")
    check.finish()


def test_two_entries_with_one_identity_are_an_error() -> None:
    check = IdentityCheck(SESSION, MEMORY)
    add(check, 1, 2, 3)
    with pytest.raises(DirectoryError) as caught:
        add(check, 4, 2, 5, parent="DC=y")
    assert str(caught.value) == (
        "Cannot identify people on ldaps://dc1: two entries have the same entryUUID"
        f" {uuid.UUID(int=2)}. {REMEDY}"
    )


def test_entries_that_do_not_fit_in_memory_are_compared_at_the_end() -> None:
    check = IdentityCheck(SESSION, MEMORY, max_pairs=2)
    add(check, 1, 2, 3)
    add(check, 4, 2, parent="DC=y")
    with pytest.raises(DirectoryError) as caught:
        check.finish()
    assert str(caught.value) == (
        f"Cannot identify people on ldaps://dc1: two entries have the same entryUUID. {REMEDY}"
    )

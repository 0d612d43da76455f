# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the configuration that a roster records, and of comparing it with those of the known rosters."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    SETTINGS,
    ConfigurationChanges,
    RosterConfiguration,
    compare_configurations,
    parse_configuration,
    unite_configurations,
)

OLD = RosterConfiguration(("bergen", "oslo"), dict.fromkeys(SETTINGS, "1"))
NEW = RosterConfiguration(("lab", "oslo"), {**OLD.fingerprints, "columns": "2", "sources": "2"})


def test_the_settings_are_compared_with_those_of_the_first_known_roster() -> None:
    changes = ConfigurationChanges(("sources", "columns"), ("bergen",))
    assert compare_configurations([OLD, NEW], NEW) == changes
    assert compare_configurations([NEW, OLD], NEW) == ConfigurationChanges((), ("bergen",))
    assert compare_configurations([OLD], OLD) == ConfigurationChanges((), ())


def test_the_changes_are_unknown_if_a_configuration_is_unknown() -> None:
    assert compare_configurations([OLD], None) == ConfigurationChanges(None, ())
    assert compare_configurations([], NEW) == ConfigurationChanges(None, ())
    assert compare_configurations([None, OLD], NEW) == ConfigurationChanges(None, ("bergen",))


def test_a_group_of_settings_that_only_one_version_records_has_changed() -> None:
    fewer = RosterConfiguration(("oslo",), {"sources": "1"})
    more = RosterConfiguration(("oslo",), {"sources": "1", "filters": "1"})
    assert compare_configurations([fewer], more).settings == ("filters",)
    assert compare_configurations([more], fewer).settings == ("filters",)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"locations": [], "fingerprints": None},
        {"locations": None, "fingerprints": {}},
        {"locations": "oslo", "fingerprints": {}},
    ],
)
def test_a_document_in_another_form_is_an_unknown_configuration(document: object) -> None:
    assert parse_configuration(document) is None


def test_a_united_configuration_has_all_locations_and_the_last_settings() -> None:
    united = unite_configurations([OLD, None, NEW])
    assert united == RosterConfiguration(("bergen", "lab", "oslo"), NEW.fingerprints)
    assert unite_configurations([OLD, None]) is None

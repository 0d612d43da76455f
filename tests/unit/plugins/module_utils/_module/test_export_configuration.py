# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the configuration that the roster of an export records."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_configuration import (
    describe_configuration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    parse_read_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
    compare_configurations,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source

OSLO, BERGEN = "OU=Oslo,DC=x", "OU=Bergen,DC=x"
LOCATION = {"header": "Site", "value": "location"}
MAIL = {"header": "Email", "value": "mail"}
MAIL_FILTER = "(mail=*)"
RULE: dict[str, Any] = {"location_value": "l", "locations": ["oslo", "lab"]}


def _describe(*sources: dict[str, Any], **options: Any) -> RosterConfiguration:
    options = {"columns": [MAIL, LOCATION], **options}
    return describe_configuration(parse_read_options(export_params(*sources, **options)))


def _default(**options: Any) -> RosterConfiguration:
    return _describe(source(OSLO, location="oslo"), **options)


@pytest.mark.parametrize(
    ("new", "settings"),
    [
        (_default(), ()),
        (_default(server_uri=["ldaps://dc2"], page_size=9, on_invalid="fail", dest="/y"), ()),
        (_describe(source(OSLO, location="lab")), ("sources",)),
        (_describe(source(BERGEN, location="oslo")), ("sources",)),
        (_describe(source(OSLO, location="oslo", search_scope="one_level")), ("sources",)),
        (_describe(source(OSLO, location="oslo", member_of="CN=g,DC=x")), ("sources",)),
        (_describe(source(OSLO, **RULE)), ("sources",)),
        (_describe(source(OSLO, location="oslo"), source(BERGEN, location="lab")), ("sources",)),
        (_default(filter=MAIL_FILTER), ("filters",)),
        (_describe(source(OSLO, location="oslo", filter=MAIL_FILTER)), ("filters",)),
        (_default(object_types=["user", "contact"]), ("filters",)),
        (_default(exclude_filter=MAIL_FILTER), ("exclusions",)),
        (_default(exclude_ous=[BERGEN]), ("exclusions",)),
        (_default(exclude_groups=["CN=g,DC=x"]), ("exclusions",)),
        (_default(skip_hidden=True), ("exclusions",)),
        (_default(start_attribute="employeeStartDate"), ("exclusions",)),
        (_describe(source(OSLO, location="oslo", exclude_ous=[BERGEN])), ("exclusions",)),
        (_default(columns=[LOCATION, MAIL]), ("columns",)),
        (_default(columns=[{**MAIL, "value": "mail | lower"}, LOCATION]), ("columns",)),
        (_default(columns=[{**MAIL, "required": True}, LOCATION]), ("columns",)),
        (_default(columns=[{**MAIL, "required_unless": "Site"}, LOCATION]), ("columns",)),
        (_default(columns=[{**MAIL, "unique": True}, LOCATION]), ("columns",)),
        (_default(columns=[{**MAIL, "max_length": 9}, LOCATION]), ("columns",)),
        (_default(phone_region="NO"), ("columns",)),
        (
            _default(columns=[{**MAIL, "phone_style": "e164"}, LOCATION], filter="(a=b)"),
            ("filters", "columns"),
        ),
    ],
)
def test_the_fingerprints_of_changed_settings_differ(
    new: RosterConfiguration, settings: tuple[str, ...]
) -> None:
    assert compare_configurations([_default()], new).settings == settings


def test_the_order_of_the_sources_and_of_their_groups_does_not_matter() -> None:
    groups = ["CN=a,DC=x", "CN=b,DC=x"]
    first = source(OSLO, location="oslo", member_of=groups, filter=MAIL_FILTER)
    same = source(OSLO, location="oslo", member_of=groups[::-1], filter=MAIL_FILTER)
    other = source(BERGEN, location="bergen", exclude_ous=[OSLO])
    assert _describe(first, other) == _describe(other, same)


def test_exchanging_the_filters_of_two_sources_is_a_change() -> None:
    before, after = (
        _describe(
            source(OSLO, location="oslo", filter=filters[0]),
            source(BERGEN, location="lab", filter=filters[1]),
        )
        for filters in (["(a=b)", "(c=d)"], ["(c=d)", "(a=b)"])
    )
    assert compare_configurations([before], after).settings == ("filters",)


def test_all_locations_that_the_sources_can_yield_are_recorded() -> None:
    configuration = _describe(source(BERGEN, location="bergen"), source(OSLO, **RULE))
    assert configuration.locations == ("bergen", "lab", "oslo")
    assert _describe(source(OSLO), columns=[MAIL]).locations == ("(all locations)",)


def test_filters_and_names_are_not_recorded_in_clear_text() -> None:
    document = str(_default(exclude_filter="(cn=Ada Lie)").document())
    assert "Ada" not in document
    assert "OU=" not in document

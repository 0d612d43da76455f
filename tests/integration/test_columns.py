# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Custom columns: expressions, filters and rules, applied to people of a real directory."""

from __future__ import annotations

import csv
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options, site_sources
from tests.lab.roster_validator import RosterValidator

if TYPE_CHECKING:
    from tests.integration.support.modules import ModuleResult
    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

SITE_COLUMN = {"header": "Site", "value": "location", "required": True}


def run_export(
    directory: RunningDirectory, workspace: Workspace, *columns: Any, **overrides: Any
) -> ModuleResult:
    options = {"columns": [*columns, SITE_COLUMN], **overrides}
    return run_module(
        workspace, "ad_contacts_export", export_options(directory, workspace, **options)
    )


def read_rows(workspace: Workspace) -> list[dict[str, str]]:
    with workspace.dest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_default_columns_accept_a_phone_region(
    open_ldap: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    result = run_module(
        workspace, "ad_contacts_export", export_options(open_ldap, workspace, phone_region="NO")
    )
    assert {row["SMS Phone"] for row in read_rows(workspace)} >= {company.canary_person.mobile, ""}
    assert result["emptied"] == []


def test_phone_numbers_follow_the_phone_style_of_their_column(
    active_directory: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    """The expression makes one mobile number invalid.

    For that person, columns with a fallback contain the telephoneNumber instead.
    """
    local_number = (
        f"mobile | replace('{company.canary_person.mobile}', '12 34') | replace('+47', '')"
    )
    styles = ("e164", "e164_no_plus", "international", "national")
    columns = [
        {
            "header": style,
            "value": f"{local_number} | e164 or telephoneNumber",
            "phone_style": style,
        }
        for style in styles
    ]
    columns.append({"header": "SMS", "value": f"{local_number} | e164(phone_region)"})
    result = run_export(active_directory, workspace, *columns, phone_region="NO")
    assert result["emptied"] == [
        {
            "identity": str(company.canary_person.identity),
            "location": "oslo-hq",
            "column": "SMS",
            "cause": "not a valid phone number",
        }
    ]
    # Some releases of ansible-core return the options in `invocation`. In this test, an option contains the number.
    returned = {name: value for name, value in result.data.items() if name != "invocation"}
    assert company.canary_person.mobile not in str(returned)
    number = company.person("plunde").mobile
    (row,) = (row for row in read_rows(workspace) if row["e164"] == number)
    assert row["e164_no_plus"] == number[1:]
    assert row["international"] == f"+47 {row['national']}"
    assert row["national"].replace(" ", "") == number[3:]
    (canary,) = (
        row for row in read_rows(workspace) if row["e164"] == company.canary_person.telephone
    )
    assert canary["SMS"] == ""
    profile = {"columns": [*columns, SITE_COLUMN], "key": ["e164"], "location_column": "Site"}
    validator = RosterValidator.from_profile(profile, [site.location for site in company.sites])
    contacts = validator.parse(workspace.dest.read_bytes())
    assert len(contacts) == result["counts"]["contacts"]
    assert validator.validate(contacts) == []


def test_strings_match_in_any_unicode_normalization_form(
    active_directory: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    names = {site.name: site.location for site in company.sites}
    mapping = ", ".join(f"'{name}': '{location}'" for name, location in names.items())
    value = f"physicalDeliveryOfficeName | map_value({{{mapping}}}, 'nowhere')"
    condition = f"'yes' if givenName == '{unicodedata.normalize('NFD', company.person_with_comma.given_name)}'"
    run_export(
        active_directory,
        workspace,
        {"header": "Office", "value": unicodedata.normalize("NFD", value)},
        {"header": "Named", "value": f"{condition} else ''"},
        {"header": "Mail", "value": "mail | regex_search('^[^@]+') | regex_replace('[.]', ' ')"},
        location_pattern="[a-z]+(-[a-z]+)?",
    )
    rows = read_rows(workspace)
    assert {row["Office"] for row in rows} == set(names.values())
    people = [person for site in company.sites for person in company.at(site)]
    namesakes = [
        person for person in people if person.given_name == company.person_with_comma.given_name
    ]
    assert [row["Named"] for row in rows].count("yes") == len(namesakes) > 0
    mails = sorted(person.mail.partition("@")[0].replace(".", " ") for person in people)
    assert sorted(row["Mail"] for row in rows) == mails


def test_a_regular_expression_that_runs_too_long_only_empties_a_cell(
    open_ldap: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    person = company.canary_person
    value = f"mail | regex_search('^([a-z.@]+)+!') if mail == '{person.mail}' else mail"
    result = run_export(open_ldap, workspace, {"header": "Mail", "value": value})
    cause = "its regular expression takes more than 1 s of CPU time for one value"
    assert [(cell["identity"], cell["cause"]) for cell in result["emptied"]] == [
        (str(person.identity), cause)
    ]
    assert (
        f"Cannot evaluate the expression {value!r} of column 'Mail' for 1 person: {cause}. Correct the expression"
        " or the values in the directory."
    ) in result.warnings
    people = [person for site in company.sites for person in company.at(site)]
    assert len(read_rows(workspace)) == len(people)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"phone_region": "NO"}, "by the filter e164 of column 'SMS Phone'"),
        (
            {"columns": [{"header": "A", "value": "mobile", "phone_style": "e164"}, SITE_COLUMN]},
            "by phone_style of column 'A'",
        ),
        (
            {"columns": [{"header": "A", "value": "mobile | e164('NO')"}, SITE_COLUMN]},
            "by the filter e164 of column 'A'",
        ),
    ],
)
def test_a_missing_phonenumbers_library_is_an_error_if_an_option_needs_it(
    options: dict[str, Any], reason: str, workspace: Workspace, open_ldap: RunningDirectory
) -> None:
    module_options = export_options(
        open_ldap, workspace, sources=site_sources(open_ldap), **options
    )
    result = run_module(
        workspace, "ad_contacts_export", module_options, missing_library="phonenumbers"
    )
    expected_start = "Failed to import the required Python library (phonenumbers >= 8.13.0) on "
    assert result.message.startswith(expected_start)
    assert f"This is required {reason}." in result.message
    assert not workspace.dest.exists()


def test_an_outdated_phonenumbers_library_is_an_error(
    workspace: Workspace, open_ldap: RunningDirectory
) -> None:
    options = export_options(open_ldap, workspace, phone_region="NO")
    result = run_module(
        workspace, "ad_contacts_export", options, library_versions={"phonenumbers": "8.12.57"}
    )
    assert result.message.startswith("Cannot use the Python library phonenumbers 8.12.57 from /")
    required = "phonenumbers >= 8.13.0 is required by the filter e164 of column 'SMS Phone'. "
    assert required in result.message


@pytest.mark.parametrize(
    "library_state",
    [{"missing_library": "phonenumbers"}, {"library_versions": {"phonenumbers": "8.12.57"}}],
)
def test_phonenumbers_is_not_required_by_the_default_columns(
    library_state: dict[str, Any], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace)
    result = run_module(workspace, "ad_contacts_export", options, **library_state)
    assert result["counts"]["contacts"] > 100

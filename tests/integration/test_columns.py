# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns of one's own: what expressions and rules make of a real directory's people."""

from __future__ import annotations

import csv
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options, sources
from tests.lab.roster_validator import RosterValidator

if TYPE_CHECKING:
    from tests.integration.support.modules import Answer
    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

SITE = {"header": "Site", "value": "location", "required": True}


def exported(directory: RunningDirectory, place: Place, *columns: Any, **more: Any) -> Answer:
    options = {"columns": [*columns, SITE], **more}
    return run_module(place, "ad_contacts_export", export_options(directory, place, **options))


def rows(place: Place) -> list[dict[str, str]]:
    with place.dest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_default_columns_with_a_region(
    open_ldap: RunningDirectory, fjord: Company, place: Place
) -> None:
    answer = run_module(
        place, "ad_contacts_export", export_options(open_ldap, place, phone_region="NO")
    )
    assert {row["SMS Phone"] for row in rows(place)} >= {fjord.canary_person.mobile, ""}
    same_value = "another person at this location has the same value"
    assert {cell["cause"] for cell in answer["emptied"]} == {same_value}


def test_numbers_are_written_in_the_style_of_a_column(
    active_directory: RunningDirectory, fjord: Company, place: Place
) -> None:
    """Some have a number that is none; with fjord.canary_person it is the mobile, and the other one counts."""
    local = f"mobile | replace('{fjord.canary_person.mobile}', '12 34') | replace('+47', '')"
    styles = ("e164", "e164_no_plus", "international", "national")
    columns = [
        {"header": style, "value": f"{local} | e164 or telephoneNumber", "phone_style": style}
        for style in styles
    ]
    columns.append({"header": "SMS", "value": f"{local} | e164(phone_region)"})
    answer = exported(active_directory, place, *columns, phone_region="NO")
    assert answer["emptied"] == [
        {
            "identity": str(fjord.canary_person.identity),
            "location": "oslo-hq",
            "column": "SMS",
            "cause": "not a valid phone number",
        }
    ]
    # Some releases of ansible-core have modules repeat their options, and here one of these holds the number.
    told = {name: value for name, value in answer.result.items() if name != "invocation"}
    assert fjord.canary_person.mobile not in str(told)
    number = fjord.person("plunde").mobile
    (row,) = (row for row in rows(place) if row["e164"] == number)
    assert row["e164_no_plus"] == number[1:]
    assert row["international"] == f"+47 {row['national']}"
    assert row["national"].replace(" ", "") == number[3:]
    (marked,) = (row for row in rows(place) if row["e164"] == fjord.canary_person.telephone)
    assert marked["SMS"] == ""
    profile = {"columns": [*columns, SITE], "key": ["e164"], "location_column": "Site"}
    rules = RosterValidator.from_profile(profile, [site.location for site in fjord.sites], "Site")
    contacts = rules.parse(place.dest.read_bytes())
    assert len(contacts) == answer["counts"]["contacts"]
    assert rules.validate(contacts) == []


def test_names_are_found_in_whichever_form_they_are_written(
    active_directory: RunningDirectory, fjord: Company, place: Place
) -> None:
    names = {site.name: site.location for site in fjord.sites}
    mapping = ", ".join(f"'{name}': '{location}'" for name, location in names.items())
    value = f"physicalDeliveryOfficeName | map_value({{{mapping}}}, 'nowhere')"
    given = f"'yes' if givenName == '{unicodedata.normalize('NFD', fjord.person_with_comma.given_name)}'"
    exported(
        active_directory,
        place,
        {"header": "Office", "value": unicodedata.normalize("NFD", value)},
        {"header": "Named", "value": f"{given} else ''"},
        {"header": "Mail", "value": "mail | regex_search('^[^@]+') | regex_replace('[.]', ' ')"},
        location_pattern="[a-z]+(-[a-z]+)?",
    )
    found = rows(place)
    assert {row["Office"] for row in found} == set(names.values())
    people = [person for site in fjord.sites for person in fjord.at(site)]
    namesakes = [
        person for person in people if person.given_name == fjord.person_with_comma.given_name
    ]
    assert [row["Named"] for row in found].count("yes") == len(namesakes) > 0
    mails = sorted(person.mail.partition("@")[0].replace(".", " ") for person in people)
    assert sorted(row["Mail"] for row in found) == mails


def test_a_pattern_without_end_is_given_up(
    open_ldap: RunningDirectory, fjord: Company, place: Place
) -> None:
    value = "mail | regex_search('^([a-z.@]+)+!')"
    answer = exported(open_ldap, place, {"header": "Mail", "value": value})
    said = f"Cannot evaluate the expression {value!r} of column 'Mail' for the entry "
    assert answer.message.startswith(said)
    assert answer.message.endswith(
        ": its regular expression takes more than 1 s of CPU time for one value."
        " Correct the expression, or the entry in the directory."
    )
    assert fjord.canary_person.mail not in answer.output
    assert not place.dest.exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"phone_region": "NO"}, "by the filter e164 of column 'SMS Phone'"),
        (
            {"columns": [{"header": "A", "value": "mobile", "phone_style": "e164"}, SITE]},
            "by phone_style of column 'A'",
        ),
        (
            {"columns": [{"header": "A", "value": "mobile | e164('NO')"}, SITE]},
            "by the filter e164 of column 'A'",
        ),
    ],
)
def test_phonenumbers_is_asked_for_by_those_who_need_it(
    options: dict[str, Any], reason: str, place: Place, open_ldap: RunningDirectory
) -> None:
    given = export_options(open_ldap, place, sources=sources(open_ldap), **options)
    answer = run_module(place, "ad_contacts_export", given, without="phonenumbers")
    said = "Failed to import the required Python library (phonenumbers >= 8.13.0) on "
    assert answer.message.startswith(said)
    assert f"This is required {reason}." in answer.message
    assert not place.dest.exists()


def test_phonenumbers_is_too_old(place: Place, open_ldap: RunningDirectory) -> None:
    given = export_options(open_ldap, place, phone_region="NO")
    answer = run_module(place, "ad_contacts_export", given, versions={"phonenumbers": "8.12.57"})
    assert answer.message.startswith("Cannot use the Python library phonenumbers 8.12.57 from /")
    required = "phonenumbers >= 8.13.0 is required by the filter e164 of column 'SMS Phone'. "
    assert required in answer.message


@pytest.mark.parametrize(
    "spoilt", [{"without": "phonenumbers"}, {"versions": {"phonenumbers": "8.12.57"}}]
)
def test_nobody_else_needs_phonenumbers(
    spoilt: dict[str, Any], open_ldap: RunningDirectory, place: Place
) -> None:
    given = export_options(open_ldap, place)
    answer = run_module(place, "ad_contacts_export", given, **spoilt)
    assert answer["counts"]["contacts"] > 100

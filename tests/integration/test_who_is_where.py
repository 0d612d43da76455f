# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is where: locations by an attribute's value, people who are excluded, and what other entries say."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.society import facts, group

if TYPE_CHECKING:
    from tests.integration.support.modules import Answer
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory

OFFICES = {"Oslo HQ": "oslo-hq", "Bergen": "bergen", "Tromsø": "tromso"}
NAME_AND_PLACE = [
    {"header": "Name", "value": "givenName ~ ' ' ~ sn"},
    {"header": "Location", "value": "location"},
]


@pytest.fixture(params=["active_directory", "open_ldap", "ds_389"])
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


def exported(directory: RunningDirectory, place: Place, **options: Any) -> Answer:
    answer = run_module(place, "ad_contacts_export", export_options(directory, place, **options))
    assert not answer.failed, answer.result
    return answer


def rows(place: Place) -> list[list[str]]:
    return list(csv.reader(place.dest.read_text("utf-8").splitlines()))[1:]


def everybody(directory: RunningDirectory, **more: Any) -> dict[str, Any]:
    return {"location": "fjord", "search_base": directory.staff_dn, **more}


def test_location_by_an_attributes_value(directory: RunningDirectory, place: Place) -> None:
    company = directory.company
    active = [person for person in company.people if person.active]
    with facts(directory, company.canary_person, physicalDeliveryOfficeName=["Zanzibar"]):
        by_office = {
            "location_value": f"physicalDeliveryOfficeName | map_value({OFFICES}, 'elsewhere')",
            "locations": [*OFFICES.values(), "empty"],
            "search_base": directory.staff_dn,
        }
        answer = exported(directory, place, sources=[by_office], columns=NAME_AND_PLACE)
    directory.modify(
        company.canary_person, {"physicalDeliveryOfficeName": [company.canary_person.office]}
    )
    at = {
        location: sum(person.office == office for person in active)
        for office, location in OFFICES.items()
    }
    at["oslo-hq"] -= 1
    assert answer["counts"]["by_location"] == {**at, "empty": 0}
    assert answer["left_out"] == [
        {
            "identity": str(company.canary_person.identity),
            "location": "",
            "cause": "has a location that is not listed in its source",
        }
    ]
    traveller = company.two_site_person
    assert [f"{traveller.given_name} {traveller.last_name}", "tromso"] in rows(place)
    assert "Zanzibar" not in answer.output


def test_excluded_people_are_counted_and_no_contacts(
    directory: RunningDirectory, place: Place
) -> None:
    company = directory.company
    active = [person for person in company.people if person.active]
    harbour = company.ou_dn("Bergen, Sales and Harbour", "Harbour")
    # Two of those who are below Harbour, too: nobody is excluded twice.
    sailors = [
        company.person_dn(person)
        for person in (*company.people_sharing_mobile, company.two_site_person)
    ]
    below = {person.account for person in active if "Harbour" in person.ou}
    with (
        group(directory, "Sailors", *sailors) as sailing,
        group(directory, "Away", sailing) as away,
    ):
        answer = exported(
            directory,
            place,
            sources=[
                everybody(directory, exclude_filter="(title=Controller)"),
                everybody(directory),
            ],
            exclude_ous=harbour.upper(),
            exclude_groups=[away],
            columns=NAME_AND_PLACE,
        )
    controllers = {person.account for person in active if person.title == "Controller"}
    gone = below | {company.two_site_person.account}
    assert len(below) > 20
    assert answer["counts"] == {
        "entries": 2 * len(active),
        "contacts": len(active) - len(gone),
        "left_out": 0,
        "excluded": 2 * len(gone) + len(controllers),
        "by_location": {"fjord": len(active) - len(gone)},
    }


@pytest.mark.parametrize(
    ("option", "value", "answer"),
    [
        (
            "exclude_ous",
            "OU=None,DC=fjord,DC=test",
            "there is no entry with this name. Correct exclude_ous",
        ),
        (
            "exclude_groups",
            "CN=None,DC=fjord,DC=test",
            "the group does not exist. Correct the name",
        ),
    ],
)
def test_what_is_to_be_excluded_must_be_there(
    directory: RunningDirectory, place: Place, option: str, value: str, answer: str
) -> None:
    options = export_options(directory, place, **{option: value})
    assert answer in run_module(place, "ad_contacts_export", options).message


def test_hidden_people_where_nobody_can_be_hidden(
    directory: RunningDirectory, place: Place
) -> None:
    """Neither server's schema has Exchange's attribute: a filter with a negation would find nobody."""
    answer = exported(directory, place, skip_hidden=True)
    assert answer["counts"]["excluded"] == 0
    assert answer["counts"]["contacts"] > 150


def test_who_has_not_started_is_no_contact(directory: RunningDirectory, place: Place) -> None:
    company = directory.company
    with (
        facts(directory, company.canary_person, employeeNumber=["2199-01-01"]),
        facts(directory, company.person_with_comma, employeeNumber=["19990101000000.0Z"]),
        facts(directory, company.two_site_person, employeeNumber=["soon"]),
    ):
        answer = exported(directory, place, start_attribute="employeeNumber")
    assert answer["counts"]["excluded"] == 1
    assert company.canary_person.last_name not in place.dest.read_text("utf-8")
    assert company.person_with_comma.last_name in place.dest.read_text("utf-8")
    assert answer.warnings == [
        "1 values of start_attribute are not dates. These people are treated as already started."
    ]


def test_contact_objects_are_people_when_asked_for(
    active_directory: RunningDirectory, place: Place
) -> None:
    oslo = {"search_base": active_directory.company.ou_dn("Oslo HQ"), "location": "oslo-hq"}
    people = exported(active_directory, place, sources=[oslo], columns=NAME_AND_PLACE)
    for types, count in ((["user", "contact"], people["counts"]["contacts"] + 1), (["contact"], 1)):
        answer = exported(
            active_directory,
            place,
            sources=[oslo],
            columns=NAME_AND_PLACE,
            object_types=types,
        )
        assert answer["counts"]["contacts"] == count
    assert rows(place) == [["Vaktmester", "oslo-hq"]]


def test_what_the_entry_has_that_an_attribute_names(
    directory: RunningDirectory, place: Place
) -> None:
    company = directory.company
    skipper = company.person_with_comma
    columns = [
        {"header": "Name", "value": "sn"},
        {"header": "Manager", "value": "manager | of_entry('mail')"},
        {"header": "Secretary", "value": "secretary | of_entry('displayName') or 'nobody'"},
        {"header": "Pager", "value": "manager | of_entry('pager')"},
        {"header": "Location", "value": "location"},
    ]
    with (
        facts(directory, company.canary_person, manager=[company.person_dn(skipper)]),
        facts(
            directory, company.two_site_person, secretary=[company.person_dn(company.unreachable)]
        ),
        facts(directory, company.unreachable, manager=[company.person_dn(company.unreachable)]),
    ):
        answer = exported(directory, place, sources=[everybody(directory)], columns=columns)
    assert answer.warnings == [
        "No entry named by an attribute has the attribute pager, which of_entry reads."
    ]
    found = {row[0]: row[1:3] for row in rows(place)}
    assert found[company.canary_person.last_name] == [skipper.mail, "nobody"]
    assert found[company.two_site_person.last_name] == ["", company.unreachable.display_name]
    assert found[company.unreachable.last_name] == ["", "nobody"]
    assert sum(1 for manager, _secretary in found.values() if manager) == 1


def test_the_address_that_exchange_sends_from(
    active_directory: RunningDirectory, place: Place
) -> None:
    company = active_directory.company
    several = [
        "smtp:alias@fjord.test",
        "X500:/o=Fjord",
        "SMTP:primary@fjord.test",
        "SIP:z@fjord.test",
    ]
    columns = [
        {"header": "Primary", "value": "all.proxyAddresses | primary_address"},
        {"header": "All", "value": "all.proxyAddresses | join(' ')"},
        {"header": "Location", "value": "location"},
    ]
    with facts(active_directory, company.canary_person, proxyAddresses=several):
        source = everybody(active_directory, filter=f"(sn={company.canary_person.last_name})")
        exported(active_directory, place, sources=[source], columns=columns)
    assert rows(place) == [["primary@fjord.test", " ".join(sorted(several)), "fjord"]]

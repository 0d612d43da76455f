# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ad_contacts_info finds wrong with sources and options, at real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.looks import causes, looked_at
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory


@pytest.mark.parametrize("name", ["active_directory", "open_ldap"])
def test_sources_that_give_nobody(
    request: pytest.FixtureRequest, name: str, place: Place, fjord: Company
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    wrong = [
        {"search_base": fjord.staff_dn, "filter": "(sn=Nobody)"},
        {"search_base": directory.bind_dn, "filter": "(sn=Nobody)"},
        {"search_base": f"OU=Gone,{fjord.staff_dn}"},
        {"search_base": fjord.staff_dn, "filter": "(sn=Nobody)", "minimum": 0},
        {"search_base": fjord.site_dn(fjord.site("tromso")), "minimum": 500},
    ]
    answer = looked_at(directory, place, sources=wrong)
    gone, filtered, hidden, few = causes(answer)
    assert "OU=Gone" in gone
    assert "the search base does not exist" in gone
    assert "no people found in" in filtered
    assert hidden.startswith(
        f"the bind account sees nothing below {directory.bind_dn}: it is empty, or the "
    )
    people = len(fjord.at(fjord.site("tromso")))
    assert few.startswith(
        f"only {people - 1} of {people} people have a valid row, and minimum is 500"
    )
    assert len(answer["servers"][0]["sources"]) == 4


def test_what_nobody_has(open_ldap: RunningDirectory, place: Place) -> None:
    columns = [
        {"header": "Name", "value": "sn"},
        {"header": "Pager", "value": "pager"},
        {"header": "Extension", "value": "title", "phone_style": "e164"},
        {"header": "Location", "value": "location"},
    ]
    answer = looked_at(open_ldap, place, columns=columns)
    assert [cause.partition(":")[0] for cause in causes(answer)] == [
        "no entry has the attribute pager",
        "the column Extension is empty for everyone",
    ]


def test_servers_that_do_not_hold_the_same(fjord: Company, issuer: Authority, place: Place) -> None:
    both: dict[str, Any] = {"auth_protocol": "anonymous", "bind_dn": None, "bind_pw": None}
    with (
        openldap(fjord, issuer, anonymous_reads=True) as one,
        openldap(fjord, issuer, anonymous_reads=True) as other,
    ):
        both["server_uri"] = [one.uri_ldaps, other.uri_ldaps]
        assert causes(looked_at(one, place, **both)) == []
        other.delete_person(fjord.unreachable)
        answer = looked_at(one, place, **both)
    people = len(fjord.at(fjord.site("tromso")))
    assert [problem["where"] for problem in answer["problems"]] == ["source 3 (location 'tromso')"]
    (cause,) = causes(answer)
    assert cause.endswith(f" {people} on {one.uri_ldaps}, {people - 1} on {other.uri_ldaps}")


def test_problems_fail_when_asked(open_ldap: RunningDirectory, place: Place) -> None:
    wrong = {"fail_on_problems": True, "server_uri": [open_ldap.uri_ldaps, "ldaps://localhost:1"]}
    answer = looked_at(open_ldap, place, **wrong)
    assert answer.message.startswith(
        "Problems found: 1. (1) ldaps://localhost:1: Cannot connect to ldaps://localhost:1: the "
    )
    assert [server["bound"] for server in answer.result["servers"]] == [True, False]
    assert len(answer.result["problems"]) == 1
    assert not looked_at(open_ldap, place, fail_on_problems=True).failed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"server_uri": ["http://localhost"]}, "Cannot use the server_uri 'http://localhost'"),
        ({"page_size": 0}, "Cannot use page_size 0"),
        ({"ca_path": "/nonexistent"}, "Cannot read the certificates in ca_path /nonexistent"),
        ({"columns": [{"header": "A", "value": "sn | nope"}]}, "Cannot use the expression"),
    ],
)
def test_options_that_cannot_be_fail_in_any_case(
    wrong: dict[str, Any], said: str, open_ldap: RunningDirectory, place: Place
) -> None:
    assert said in looked_at(open_ldap, place, **wrong).message

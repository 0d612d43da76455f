# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits and rights of accounts on a real server: a whole answer or an error, and never a part of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.bad_servers import assert_told
from tests.integration.support.exports import refused_export
from tests.integration.support.faults import NoPages
from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.directory import Login, new_password
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.person import Person

LIMITS = {
    "cut in the middle": "size=500 size.pr=1000 size.prtotal=50",
    "small pages": "size=500 size.pr=10 size.prtotal=unlimited",
    "no pages": "size=unlimited size.prtotal=disabled",
}
"""What the server permits to each account (slapd.conf(5), limits)."""
RIGHTS = {"sees nobody": "search", "sees nothing": "none"}
"""What each account may do with people and what is above them (slapd.access(5))."""


_PLAIN = re.compile("[A-Za-z =,]+")


def holders(company: Company) -> dict[str, Person]:
    """The people whose accounts they are: those whose names need no care in slapd.conf."""
    plain = [person for person in company.people if _PLAIN.fullmatch(company.person_dn(person))]
    return dict(zip([*LIMITS, *RIGHTS], plain, strict=False))


@pytest.fixture(scope="module")
def limited(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """OpenLDAP with an account for each of the limits and rights."""
    dns = {name: fjord.person_dn(person) for name, person in holders(fjord).items()}
    rules = [
        *(f'limits dn.exact="{dns[name]}" {limit}\n' for name, limit in LIMITS.items()),
        "access to attrs=userPassword by anonymous auth by * none\n",
        *(
            f'access to * by dn.exact="{dns[name]}" {right} by * break\n'
            for name, right in RIGHTS.items()
        ),
    ]
    with openldap(fjord, issuer, extra_conf="".join(rules)) as running:
        yield running


@pytest.fixture(scope="module")
def logins(limited: RunningDirectory, fjord: Company) -> dict[str, Login]:
    """The accounts, by what is particular about them."""
    found = {}
    for name, person in holders(fjord).items():
        found[name] = Login(fjord.person_dn(person), new_password())
        limited.modify(person, {"userPassword": [found[name].password]})
    return found


def everybody(directory: RunningDirectory, login: Login, page_size: int = 20) -> dict[str, Any]:
    """Options for all people by one search."""
    return {
        "sources": [{"location": "oslo-hq", "search_base": directory.staff_dn}],
        "bind_dn": login.dn,
        "bind_pw": login.password,
        "page_size": page_size,
    }


def search(directory: RunningDirectory) -> str:
    return (
        f"source 1 (location 'oslo-hq'): Cannot search {directory.staff_dn} on"
        f" {directory.uri_ldaps}: "
    )


ASK_LIMIT = (
    "Ask the directory administrator to raise the limit for the bind account, or lower page_size."
)
ASK_PAGES = (
    "Ask the directory administrator to raise the limit and to allow paged results (RFC 2696) for"
    " the bind account, or lower page_size."
)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "cut in the middle",
            (
                f"the server's size limit cut the search short (result 4 sizeLimitExceeded). {ASK_LIMIT}"
            ),
        ),
        ("small pages", f"an administrative limit ended the search (*). {ASK_PAGES}"),
        (
            "no pages",
            (
                "an administrative limit ended the search (result 11 adminLimitExceeded, pagedResults"
                f" control not allowed). {ASK_PAGES}"
            ),
        ),
    ],
)
def test_what_a_limit_cuts_short_is_an_error(
    *,
    name: str,
    problem: str,
    limited: RunningDirectory,
    logins: dict[str, Login],
    place: Place,
) -> None:
    message = refused_export(limited, place, **everybody(limited, logins[name]))
    assert_told(message, search(limited) + problem)


def test_smaller_pages_are_within_the_limit(
    limited: RunningDirectory, logins: dict[str, Login], place: Place
) -> None:
    small = everybody(limited, logins["small pages"], page_size=10)
    service = everybody(limited, Login(limited.bind_dn, limited.bind_pw))
    first, second = (
        run_module(place, "ad_contacts_export", export_options(limited, place, **options))
        for options in (small, service)
    )
    assert first["counts"] == second["counts"]
    assert not second["changed"]


def test_a_server_that_knows_no_pages_gives_everybody_at_once(
    open_ldap: RunningDirectory,
    issuer: Authority,
    right: Mapping[str, bytes],
    place: Place,
) -> None:
    certificate = issuer.issue("localhost")
    with faulty_line(open_ldap, fault=NoPages(), certificate=certificate) as uri:
        options = export_options(open_ldap, place, server_uri=[uri], page_size=5)
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == uri
    assert place.files() == right


def test_nobody_in_an_answer_may_be_a_matter_of_rights(
    limited: RunningDirectory, logins: dict[str, Login], place: Place
) -> None:
    message = refused_export(limited, place, **everybody(limited, logins["sees nobody"]))
    assert message == (
        f"source 1 (location 'oslo-hq'): only 0 contacts in {limited.staff_dn} on"
        f" {limited.uri_ldaps}: minimum is 1; the directory returned 0 entries. Check the base, the"
        " filter and the permissions of the bind account; minimum: 0 allows an empty source."
    )


def test_a_base_that_must_not_be_seen_is_as_one_that_is_not_there(
    limited: RunningDirectory, logins: dict[str, Login], place: Place
) -> None:
    message = refused_export(limited, place, **everybody(limited, logins["sees nothing"]))
    assert_told(
        message,
        (
            f"{search(limited)}the search base does not exist (*). Correct search_base, or allow"
            " the bind account to read it."
        ),
    )

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits and permissions of accounts, servers without paged results, and missing or ambiguous identities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.failing_servers import assert_message
from tests.integration.support.faults import NoPagedResults, ReplacedBytes
from tests.integration.support.ldap_groups import temporary_group
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.directory import Login, new_password
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.person import Person

LIMITS = {
    "total size limit": "size=500 size.pr=1000 size.prtotal=50",
    "page size limit": "size=500 size.pr=10 size.prtotal=unlimited",
    "paged results disabled": "size=unlimited size.prtotal=disabled",
}
"""The limits of each account (slapd.conf(5), limits)."""
PERMISSIONS = {"search only": "search", "no access": "none"}
"""The access level of each account for all entries (slapd.access(5))."""

_NO_ESCAPING = re.compile("[A-Za-z =,]+")


def account_holders(company: Company) -> dict[str, Person]:
    """Choose, for each limit and access level, a person whose DN does not need escaping in slapd.conf."""
    candidates = [
        person for person in company.people if _NO_ESCAPING.fullmatch(company.person_dn(person))
    ]
    return dict(zip([*LIMITS, *PERMISSIONS], candidates, strict=False))


@pytest.fixture(scope="module")
def limited_directory(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """OpenLDAP with an account for each limit and access level."""
    holder_dns = {
        name: company.person_dn(person) for name, person in account_holders(company).items()
    }
    extra_conf = [
        *(f'limits dn.exact="{holder_dns[name]}" {limit}\n' for name, limit in LIMITS.items()),
        "access to attrs=userPassword by anonymous auth by * none\n",
        *(
            f'access to * by dn.exact="{holder_dns[name]}" {permission} by * break\n'
            for name, permission in PERMISSIONS.items()
        ),
    ]
    with openldap(company, ca, extra_conf="".join(extra_conf)) as running:
        yield running


@pytest.fixture(scope="module")
def logins(limited_directory: RunningDirectory, company: Company) -> dict[str, Login]:
    """The bind name and the password of each account, by the name of its limit or access level."""
    logins_by_name = {}
    for name, person in account_holders(company).items():
        logins_by_name[name] = Login(company.person_dn(person), new_password())
        limited_directory.modify(person, {"userPassword": [logins_by_name[name].password]})
    return logins_by_name


def single_search_options(
    directory: RunningDirectory, login: Login, page_size: int = 20
) -> dict[str, Any]:
    """Return options that read all people with a single search."""
    return {
        "sources": [{"location": "oslo-hq", "search_base": directory.staff_dn}],
        "bind_dn": login.dn,
        "bind_pw": login.password,
        "page_size": page_size,
    }


def search_error(directory: RunningDirectory) -> str:
    return (
        f"source 1 (location 'oslo-hq'): Cannot search {directory.staff_dn} on"
        f" {directory.uri_ldaps}: "
    )


RAISE_LIMIT = "Ask the directory administrator to increase the limit for the bind account, or reduce page_size."
RAISE_PAGE_LIMIT = (
    "Ask the directory administrator to increase the limit and to allow paged results (RFC 2696) for"
    " the bind account, or reduce page_size."
)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        (
            "total size limit",
            (
                f"the search exceeded the server's size limit (result 4 sizeLimitExceeded). {RAISE_LIMIT}"
            ),
        ),
        ("page size limit", f"the search exceeded an administrative limit (*). {RAISE_PAGE_LIMIT}"),
        (
            "paged results disabled",
            (
                "the search exceeded an administrative limit (result 11 adminLimitExceeded, pagedResults"
                f" control not allowed). {RAISE_PAGE_LIMIT}"
            ),
        ),
    ],
)
def test_a_result_truncated_by_a_limit_is_an_error(
    *,
    name: str,
    cause: str,
    limited_directory: RunningDirectory,
    logins: dict[str, Login],
    workspace: Workspace,
) -> None:
    message = run_failing_export(
        limited_directory, workspace, **single_search_options(limited_directory, logins[name])
    )
    assert_message(message, search_error(limited_directory) + cause)


def test_smaller_pages_stay_within_the_page_size_limit(
    limited_directory: RunningDirectory, logins: dict[str, Login], workspace: Workspace
) -> None:
    small_pages = single_search_options(limited_directory, logins["page size limit"], page_size=10)
    unlimited = single_search_options(
        limited_directory, Login(limited_directory.bind_dn, limited_directory.bind_pw)
    )
    first, second = (
        run_module(
            workspace, "ad_contacts_export", export_options(limited_directory, workspace, **options)
        )
        for options in (small_pages, unlimited)
    )
    assert first["counts"] == second["counts"]
    assert not second["changed"]


def test_the_roster_is_complete_if_the_server_does_not_support_paged_results(
    open_ldap: RunningDirectory,
    ca: Authority,
    expected_files: Mapping[str, bytes],
    workspace: Workspace,
) -> None:
    certificate = ca.issue("localhost")
    with ldap_proxy(open_ldap, fault=NoPagedResults(), certificate=certificate) as uri:
        options = export_options(open_ldap, workspace, server_uri=[uri], page_size=5)
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == uri
    assert workspace.files() == expected_files


def test_the_error_for_an_empty_result_mentions_permissions(
    limited_directory: RunningDirectory, logins: dict[str, Login], workspace: Workspace
) -> None:
    message = run_failing_export(
        limited_directory,
        workspace,
        **single_search_options(limited_directory, logins["search only"]),
    )
    assert message == (
        f"Cannot export source 1 (location 'oslo-hq') from {limited_directory.uri_ldaps}: too few contacts in"
        f" {limited_directory.staff_dn}: 0, but minimum is 1; people found: 0. Check the search base,"
        " the filter and the permissions of the bind account, or set minimum: 0 if an empty source is correct."
    )


def test_the_error_for_an_unreadable_base_names_the_naming_context(
    limited_directory: RunningDirectory, logins: dict[str, Login], workspace: Workspace
) -> None:
    message = run_failing_export(
        limited_directory,
        workspace,
        **single_search_options(limited_directory, logins["no access"]),
    )
    assert_message(
        message,
        (
            f"{search_error(limited_directory)}the bind account sees no part of the DN of the search base, not even"
            " dc=fjord,dc=test (*). Allow the bind account to read dc=fjord,dc=test and the entries below it."
        ),
    )


@pytest.mark.parametrize("excluded", [False, True], ids=["both exported", "one excluded"])
def test_two_entries_with_the_same_identity_stop_the_export(
    excluded: bool, open_ldap: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    person, colleague = open_ldap.company.colleagues
    identity = open_ldap.find_identity(colleague)
    fault = ReplacedBytes(str(open_ldap.find_identity(person)).encode(), str(identity).encode())
    options = {"exclude_filter": f"(mail={colleague.mail})"} if excluded else {}
    with ldap_proxy(open_ldap, fault=fault, certificate=ca.issue("localhost")) as uri:
        message = run_failing_export(open_ldap, workspace, server_uri=[uri], **options)
    assert message.partition(". ")[0].endswith(
        f"Cannot identify people on {uri}: two entries have the same entryUUID {identity}"
    )


def test_an_entry_without_an_identity_is_named_by_its_parent(
    company: Company, ca: Authority, workspace: Workspace
) -> None:
    """Other people can refer to entries without an identity, and such entries can be members of an excluded group.

    In FreeIPA, for example, the entries in the compat tree have no identity.
    """
    tromso, oslo = (company.site_dn(company.site(name)) for name in ("tromso", "oslo-hq"))
    person, boss = (company.at(company.site(name))[0] for name in ("tromso", "oslo-hq"))
    hidden = f'access to dn.subtree="{oslo}" attrs=entryUUID by * none\n'
    with openldap(company, ca, extra_conf=hidden) as directory:
        sources = [{"location": "fjord", "search_base": directory.staff_dn}]
        message = run_failing_export(directory, workspace, sources=sources)
        columns = [
            {"header": "Manager", "value": "manager | of_entry('mail')"},
            {"header": "Location", "value": "location"},
        ]
        people = [company.person_dn(each) for each in (person, boss)]
        directory.modify(company.at(company.site("tromso"))[1], {"manager": [people[1]]})
        sources = [{"location": "fjord", "search_base": tromso, "exclude_ous": oslo}]
        with temporary_group(directory, "Excluded", *people) as group:
            options = export_options(
                directory, workspace, sources=sources, columns=columns, exclude_groups=group
            )
            result = run_module(workspace, "ad_contacts_export", options)
    assert re.fullmatch(
        r".*: the server returned an entry without entryUUID directly below ou=[^.=]+,ou=Oslo HQ,ou=Staff,dc=fjord,"
        r"dc=test, and \d+ more in the same response\. Allow the bind account to read entryUUID, which identifies a"
        r" person even if the name changes, or narrow the search base or the filter of the source to"
        r" entries that have it\.",
        message,
    )
    assert result["counts"]["contacts"] > 0
    assert result["counts"]["excluded"] == 1
    assert f"{boss.mail},fjord" in workspace.dest.read_text("utf-8")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Problems and notes about sources, columns and options, and a warning about the port of a global catalog."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.info_runs import problem_causes, run_info
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.directory import Login
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory


@pytest.mark.parametrize("name", ["active_directory", "open_ldap"])
def test_sources_without_enough_people_are_problems(
    request: pytest.FixtureRequest, name: str, workspace: Workspace, company: Company
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    sources = [
        {"search_base": company.staff_dn, "filter": "(sn=Nobody)"},
        {"search_base": directory.bind_dn, "filter": "(sn=Nobody)"},
        {"search_base": f"OU=Gone,{company.staff_dn}"},
        {"search_base": company.staff_dn, "filter": "(sn=No one)", "minimum": 0},
        {"search_base": company.site_dn(company.site("tromso")), "minimum": 500},
    ]
    result = run_info(directory, workspace, sources=sources)
    missing, filtered, unreadable, too_few = problem_causes(result)
    assert "OU=Gone" in missing
    assert "the search base does not exist" in missing
    assert "no people were found in" in filtered
    assert unreadable.startswith(
        f"the bind account sees nothing below {directory.bind_dn}: it is empty, or the "
    )
    people = len(company.at(company.site("tromso")))
    assert too_few.startswith(
        f"too few contacts in {company.site_dn(company.site('tromso'))}: {people - 1}, but minimum is 500;"
        f" people found: {people}; without a valid row: "
    )
    assert len(result["servers"][0]["sources"]) == 4


def test_attributes_and_columns_without_values_are_problems(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    columns = [
        {"header": "Name", "value": "sn"},
        {"header": "Pager", "value": "pager"},
        {"header": "Extension", "value": "title", "phone_style": "e164"},
        {"header": "Location", "value": "location"},
    ]
    result = run_info(open_ldap, workspace, columns=columns)
    assert [cause.partition(":")[0] for cause in problem_causes(result)] == [
        "no entry has the attribute pager, which the column Pager uses",
        "the column Extension is empty for everyone",
    ]


# Attributes that people have permission to change, but that contain no text or that only programs change in practice.
OTHER_WRITABLE = {
    *("msDS-FailedInteractiveLogonCount", "msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon"),
    *("msDS-GeoCoordinatesAltitude", "msDS-GeoCoordinatesLatitude", "msDS-GeoCoordinatesLongitude"),
    *("msDS-HostServiceAccount", "msDS-LastFailedInteractiveLogonTime"),
    *("msDS-LastSuccessfulInteractiveLogonTime", "msDS-SupportedEncryptionTypes"),
    *("mSMQDigests", "mSMQSignCertificates", "msPKI-CredentialRoamingTokens"),
    *("msPKIAccountCredentials", "msPKIDPAPIMasterKeys", "msPKIRoamingTimeStamp"),
}
WRITABLE = "by default, people can change their own values of "
BINARY = {"thumbnailPhoto", "userCert", "userCertificate", "userSMIMECertificate"}


def test_attributes_that_people_can_change_in_active_directory_are_noted(
    active_directory: RunningDirectory, workspace: Workspace, company: Company
) -> None:
    login = Login(active_directory.bind_dn, active_directory.bind_pw)
    effective = "allowedAttributesEffective"  # MS-ADTS 3.1.1.4.5.20
    with replace(active_directory, administrator=login).session() as own:
        own.search(login.dn, "(objectClass=*)", ldap3.BASE, attributes=[effective])
        names = {value.decode() for value in own.response[0]["raw_attributes"][effective]}
    readable = sorted(names - BINARY)
    source = {
        "search_base": company.site_dn(company.site("tromso")),
        "location_value": " ~ ".join(f"all['{name}'] | join" for name in [*readable, "department"]),
        "locations": ["tromso"],
        "minimum": 0,
    }
    result = run_info(active_directory, workspace, sources=[source])
    (note,) = result["notes"]
    noted = note["cause"].partition(WRITABLE)[2].replace(" and ", ", ").split(", ")
    assert noted == sorted(name.lower() for name in names - BINARY - OTHER_WRITABLE)
    assert note["where"] == f"source 1 on {active_directory.uri_ldaps}"


@pytest.mark.parametrize(
    ("name", "option", "noted"),
    [
        (
            "active_directory",
            {"filter": "(&(sn=*)(| ( physicalDeliveryOfficeName = Oslo*)(c=NO)))"},
            "c and physicaldeliveryofficename",
        ),
        ("active_directory", {"exclude_filter": "(!(info:caseExactMatch:=\\28l=x\\29))"}, "info"),
        ("active_directory", {"exclude_filter": "(department=IT)"}, None),
        ("open_ldap", {"filter": "(l=Oslo)"}, None),
    ],
)
def test_filters_on_attributes_that_people_can_change_are_noted(
    request: pytest.FixtureRequest,
    workspace: Workspace,
    name: str,
    option: dict[str, str],
    noted: str | None,
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    source = {"location": "oslo", "search_base": directory.staff_dn, "minimum": 0, **option}
    result = run_info(directory, workspace, sources=[source])
    causes = [note["cause"].partition(WRITABLE)[2] for note in result["notes"]]
    assert causes == ([noted] if noted else [])


def test_servers_with_different_contents_are_a_problem(
    company: Company, ca: Authority, workspace: Workspace
) -> None:
    options: dict[str, Any] = {"auth_protocol": "anonymous", "bind_dn": None, "bind_pw": None}
    with (
        openldap(company, ca, anonymous_reads=True) as first,
        openldap(company, ca, anonymous_reads=True) as second,
    ):
        options["server_uri"] = [first.uri_ldaps, second.uri_ldaps]
        assert problem_causes(run_info(first, workspace, **options)) == []
        second.delete_person(company.unreachable)
        result = run_info(first, workspace, **options)
    people = len(company.at(company.site("tromso")))
    assert [problem["where"] for problem in result["problems"]] == ["source 3 (location 'tromso')"]
    (cause,) = problem_causes(result)
    assert cause.endswith(f" {people} on {first.uri_ldaps}, {people - 1} on {second.uri_ldaps}")


def test_problems_fail_the_task_if_fail_on_problems_is_set(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    overrides: dict[str, Any] = {
        "fail_on_problems": True,
        "server_uri": [open_ldap.uri_ldaps, "ldaps://localhost:1"],
    }
    result = run_info(open_ldap, workspace, **overrides)
    assert result.message.startswith(
        "Problems found: 1. (1) ldaps://localhost:1: Cannot connect to ldaps://localhost:1: the "
    )
    assert [server["bound"] for server in result.data["servers"]] == [True, False]
    assert len(result.data["problems"]) == 1
    assert not run_info(open_ldap, workspace, fail_on_problems=True).failed


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"server_uri": ["http://localhost"]}, "Cannot use the server_uri 'http://localhost'"),
        ({"page_size": 0}, "Cannot use page_size 0"),
        ({"ca_path": "/nonexistent"}, "Cannot read the certificates in ca_path /nonexistent"),
        ({"columns": [{"header": "A", "value": "sn | nope"}]}, "Cannot use the expression"),
    ],
)
def test_invalid_options_fail_the_task_without_fail_on_problems(
    overrides: dict[str, Any], expected: str, open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    assert expected in run_info(open_ldap, workspace, **overrides).message


def test_a_global_catalog_is_recognized_by_its_port(
    active_directory: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    """A proxy listens on the port, because clients can only reach Samba in a namespace through forwarded ports."""
    address = ".".join(["127", *(str(random.randint(1, 254)) for _part in range(3))])
    certificate = ca.issue(address, common_name=address)
    site = active_directory.company.site("tromso")
    sources = [{"location": "tromso", "search_base": active_directory.company.site_dn(site)}]
    with ldap_proxy(
        active_directory, certificate=certificate, tls_to_directory=True, address=(address, 3269)
    ) as uri:
        export = export_options(active_directory, workspace, sources=sources, server_uri=[uri])
        result = run_module(workspace, "ad_contacts_export", export)
    (warning,) = result.warnings
    assert warning.startswith(
        f"The port of ldaps://{address}:3269 is that of a global catalog, which lacks attributes such as accountExp"
    )
    assert warning.endswith(
        " Remove the port from server_uri, or use 636 for ldaps:// and 389 for ldap://."
    )

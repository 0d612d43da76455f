# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook frontdesk.contacts.probe, which checks a directory with the variables of the sync."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.options import connection_options
from tests.integration.support.playbooks import Inventory, PlaybookRun, run_playbook
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.directory import RunningDirectory

PROBE = "frontdesk.contacts.probe"


def probe_inventory(directory: RunningDirectory) -> Inventory:
    """Return an inventory with a valid sync, and a sync with an unreachable server and a minimum that is too high."""
    company = directory.company
    oslo, tromso = company.site("oslo-hq"), company.site("tromso")
    by_office = {
        "location_value": "physicalDeliveryOfficeName | map_value({'Oslo HQ': 'oslo-hq'})",
        "locations": ["bergen", "oslo-hq"],
        "member_of": f"CN=All of Oslo,{company.site_dn(oslo)}",
        "exclude_filter": f"(sn={company.people[0].last_name})",
    }
    # The variables of the service are not required.
    variables = {
        **{f"contact_sync_{name}": value for name, value in connection_options(directory).items()},
        "contact_sync_filter": directory.people_filter,
        "contact_sync_ou_template": f"OU={{ou}},{company.staff_dn}",
        "contact_sync_locations": [{"location": "tromso", "ou": tromso.ou}, by_office],
        "contact_sync_page_size": "100",
        "contact_sync_on_invalid": "fail",
        "contact_sync_fail_on_problems": "yes",
    }
    invalid = {
        "contact_sync_server_uri": [directory.uri_ldaps, "ldaps://localhost:1"],
        "contact_sync_locations": [{"location": "oslo-hq", "ou": oslo.ou, "minimum": "1000"}],
    }
    return Inventory(variables, {"syncs": {"valid": {}, "invalid": invalid}})


@pytest.fixture(scope="module")
def run(
    open_ldap: RunningDirectory, collections_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> PlaybookRun:
    """A run of the probe for both syncs.

    The probe must change nothing, and show no passwords or mail addresses.
    """
    workspace = Workspace.create(tmp_path_factory.mktemp("probe") / "work", collections_path)
    finished = run_playbook(
        workspace, PROBE, probe_inventory(open_ldap), "-e", "contact_sync_hosts=syncs", "--check"
    )
    assert finished.changed == 0
    assert set(workspace.files()) == {"inventory.yml"}
    mails = [person.mail for person in open_ldap.company.people if person.mail]
    assert [text for text in [open_ldap.bind_pw, *mails] if text in finished.output] == []
    return finished


def report_lines(run: PlaybookRun, host: str) -> list[str]:
    """Return the lines that the probe prints for a sync."""
    (lines,) = (
        task.result["msg"]
        for task in run.tasks_on_host(host)
        if task.name == "Show the probe report"
    )
    assert isinstance(lines, list)
    return lines


@pytest.mark.both_ends
def test_the_probe_describes_the_directory(run: PlaybookRun, open_ldap: RunningDirectory) -> None:
    company = open_ldap.company
    tromso = company.site("tromso")
    people = company.at(tromso)
    server, authorization, certificate, contexts, location, left_out, *source_lines = report_lines(
        run, "valid"
    )
    assert server == (
        f"{open_ldap.uri_ldaps} at 127.0.0.1: OpenLDAP, TLSv1.3, bound as {open_ldap.bind_dn}"
    )
    assert authorization.lower() == f"  authorization id: dn:{open_ldap.bind_dn}".lower()
    certificate_pattern = (
        r"  Certificate for localhost, 127\.0\.0\.1, issued by .*O=Fjord lab, \d+ days left"
    )
    assert re.fullmatch(certificate_pattern, certificate)
    assert contexts == f"  Naming contexts: {company.base_dn}"
    assert location == (
        f"  tromso ({company.site_dn(tromso)}): {len(people)} people, {len(people) - 1} with a valid row"
    )
    assert left_out == "    Left out: 1 (Email and SMS Phone are both empty)"
    without_mobile = len([person for person in people if not person.mobile])
    assert (
        f"    SMS Phone is empty for {without_mobile} of {len(people)}: attribute mobile"
        in source_lines
    )
    sample_pattern = r"    Sample: \S\*\* \| .* \| \S\*\*\*@f\*\*\*\.test \| .* \| tromso"
    assert len([line for line in source_lines if re.fullmatch(sample_pattern, line)]) == 3
    # The source with a group and a location_value.
    members = [person for person in company.people[:20] if person.active]
    included = [person for person in members if person.last_name != company.people[0].last_name]
    at_oslo = len([person for person in included if person.office == "Oslo HQ"])
    by_office = source_lines.index(
        f"  bergen, oslo-hq (CN=All of Oslo,{company.site_dn(company.site('oslo-hq'))}):"
        f" {len(included)} people, {at_oslo} with a valid row"
    )
    assert source_lines[by_office + 1 : by_office + 3] == [
        f"    Also excluded: {len(members) - len(included)}",
        f"    Left out: {len(included) - at_oslo} (has no location)",
    ]
    assert source_lines[-1] == "No problems found."


@pytest.mark.both_ends
def test_the_probe_fails_and_lists_the_problems(
    run: PlaybookRun, open_ldap: RunningDirectory
) -> None:
    assert set(run.failures) == {"invalid"}
    assert run.failures["invalid"].startswith("Directory probe failed: problems were found.")
    lines = report_lines(run, "invalid")
    assert "ldaps://localhost:1: not bound" in lines
    *_before, count, minimum_problem, server_problem = lines
    assert count == "Problems: 2"
    people = len(open_ldap.company.at(open_ldap.company.site("oslo-hq")))
    assert minimum_problem == (
        f"1. source 1 (location 'oslo-hq') on {open_ldap.uri_ldaps}: too few contacts in"
        f" {open_ldap.company.site_dn(open_ldap.company.site('oslo-hq'))}: {people}, but minimum is 1000;"
        f" people found: {people}. Check the search base, the filter and the permissions of the bind account,"
        " or reduce minimum."
    )
    assert server_problem.startswith(
        "2. ldaps://localhost:1: Cannot connect to ldaps://localhost:1: "
    )
    assert server_problem.endswith(" that the server is running.")

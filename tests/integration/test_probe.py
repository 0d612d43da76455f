# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook frontdesk.contacts.probe: what it says of a directory, with the variables of the sync."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.options import access
from tests.integration.support.place import Place
from tests.integration.support.playbooks import Inventory, Run, run_playbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.directory import RunningDirectory

PROBE = "frontdesk.contacts.probe"


def syncs(directory: RunningDirectory) -> Inventory:
    """Two syncs: one that has nothing to complain of, and one that asks a server that is down, too."""
    fjord = directory.company
    oslo, tromso = fjord.site("oslo-hq"), fjord.site("tromso")
    by_office = {
        "location_value": "physicalDeliveryOfficeName | map_value({'Oslo HQ': 'oslo-hq'})",
        "locations": ["bergen", "oslo-hq"],
        "member_of": f"CN=All of Oslo,{fjord.site_dn(oslo)}",
        "exclude_filter": f"(sn={fjord.people[0].last_name})",
    }
    # The service has no part in it: nothing about it is said.
    variables = {
        **{f"contact_sync_{name}": value for name, value in access(directory).items()},
        "contact_sync_filter": directory.people_filter,
        "contact_sync_ou_template": f"OU={{ou}},{fjord.staff_dn}",
        "contact_sync_locations": [{"location": "tromso", "ou": tromso.ou}, by_office],
        "contact_sync_page_size": "100",
        "contact_sync_on_invalid": "fail",
        "contact_sync_fail_on_problems": "yes",
    }
    wrong = {
        "contact_sync_server_uri": [directory.uri_ldaps, "ldaps://localhost:1"],
        "contact_sync_locations": [{"location": "oslo-hq", "ou": oslo.ou, "minimum": "1000"}],
    }
    return Inventory(variables, {"syncs": {"right": {}, "wrong": wrong}})


@pytest.fixture(scope="module")
def run(
    open_ldap: RunningDirectory, collections: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """One run for both syncs; whatever comes of it, nothing is changed, and no secret is shown."""
    place = Place.make(tmp_path_factory.mktemp("probe") / "place", collections)
    done = run_playbook(place, PROBE, syncs(open_ldap), "-e", "contact_sync_hosts=syncs", "--check")
    assert done.changed == 0
    assert set(place.files()) == {"inventory.yml"}
    mails = [person.mail for person in open_ldap.company.people if person.mail]
    assert [text for text in [open_ldap.bind_pw, *mails] if text in done.output] == []
    return done


def said(run: Run, host: str) -> list[str]:
    """The lines about a sync's directory."""
    (lines,) = (task.result["msg"] for task in run.of(host) if task.name == "Show the probe report")
    assert isinstance(lines, list)
    return lines


@pytest.mark.both_ends
def test_what_is_found(run: Run, open_ldap: RunningDirectory) -> None:
    fjord = open_ldap.company
    tromso = fjord.site("tromso")
    people = fjord.at(tromso)
    server, known, certificate, location, left_out, *more = said(run, "right")
    assert server == (
        f"{open_ldap.uri_ldaps} at 127.0.0.1: OpenLDAP, TLSv1.3, bound as {open_ldap.bind_dn}"
    )
    assert known.lower() == f"  authorization id: dn:{open_ldap.bind_dn}".lower()
    form = r"  Certificate for localhost, 127\.0\.0\.1, issued by .*O=Fjord lab, \d+ days left"
    assert re.fullmatch(form, certificate)
    assert location == (
        f"  tromso ({fjord.site_dn(tromso)}): {len(people)} people, {len(people) - 1} with a valid row"
    )
    assert left_out == "    Left out: 1 (Email and SMS Phone are both empty)"
    lacking = len([person for person in people if not person.mobile])
    assert f"    SMS Phone is empty for {lacking} of {len(people)}: attribute mobile" in more
    sample = r"    Sample: \S\*\* \| .* \| \S\*\*\*@f\*\*\*\.test \| .* \| tromso"
    assert len([line for line in more if re.fullmatch(sample, line)]) == 3
    # By group and office.
    group = [person for person in fjord.people[:20] if person.active]
    given = [person for person in group if person.last_name != fjord.people[0].last_name]
    at_oslo = len([person for person in given if person.office == "Oslo HQ"])
    by_office = more.index(
        f"  bergen, oslo-hq (CN=All of Oslo,{fjord.site_dn(fjord.site('oslo-hq'))}):"
        f" {len(given)} people, {at_oslo} with a valid row"
    )
    assert more[by_office + 1 : by_office + 3] == [
        f"    Also excluded: {len(group) - len(given)}",
        f"    Left out: {len(given) - at_oslo} (has no location)",
    ]
    assert more[-1] == "No problems found."


@pytest.mark.both_ends
def test_what_is_wrong(run: Run, open_ldap: RunningDirectory) -> None:
    assert set(run.failures) == {"wrong"}
    assert run.failures["wrong"].startswith("Directory probe failed: problems were found.")
    found = said(run, "wrong")
    assert "ldaps://localhost:1: not bound" in found
    *_before, count, few, down = found
    assert count == "Problems: 2"
    people = len(open_ldap.company.at(open_ldap.company.site("oslo-hq")))
    assert few == (
        f"1. source 1 (location 'oslo-hq') on {open_ldap.uri_ldaps}: only {people} of {people} people"
        " have a valid row, and minimum is 1000. Correct their entries in the directory, the columns,"
        " or minimum."
    )
    assert down.startswith("2. ldaps://localhost:1: Cannot connect to ldaps://localhost:1: ")
    assert down.endswith(" that the server is running.")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says about variables that cannot work, and what it reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, Run, run_playbook

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
NOBODY = (
    "Nobody to sync. Set contact_sync_locations to a list of locations with their OUs, or"
    " contact_sync_locations_group to an inventory group whose hosts are the locations."
)


def run_sync(
    directory: RunningDirectory,
    service: Receiver,
    place: Place,
    *arguments: str,
    groups: dict[str, Any] | None = None,
    **more: Any,
) -> Run:
    variables = role_variables(directory, service, place)
    variables.update({f"contact_sync_{name}": value for name, value in more.items()})
    return run_playbook(place, SYNC, Inventory(variables, groups or {}), *arguments)


def location(**more: Any) -> dict[str, Any]:
    return {"locations": [{"location": "oslo-hq", "ou": "Oslo HQ", **more}]}


CASES: list[tuple[dict[str, Any], str]] = [
    ({"locations": []}, NOBODY),
    (
        {"locations_group": "sites"},
        "Give contact_sync_locations or contact_sync_locations_group, not both.",
    ),
    (
        {"locations": [], "locations_group": "offices"},
        "The inventory has no group offices, which contact_sync_locations_group names.",
    ),
    (
        {"locations": [], "locations_group": "sites"},
        (
            "Cannot make a location of the host oslo: it has no variable contact_sync_ou. Set it in the"
            " inventory, or take the host out of the group."
        ),
    ),
    (
        location(search_base="dc=fjord,dc=test"),
        "Cannot use location 1 (oslo-hq): it has both ou and search_base. Give one of the two.",
    ),
    (
        {"ou_template": "OU=Staff,dc=fjord,dc=test"},
        "Cannot use contact_sync_ou_template: it does not hold {ou}. Put {ou} where the OU goes.",
    ),
    *(
        ({"name": name}, "contact_sync_name names the state directory: letters, digits and . _ @ -")
        for name in ("", "..", "../x", "a/b", "-a", "a\n")
    ),
    *(
        ({"service_url": url}, "contact_sync_service_url must begin with https://.")
        for url in (
            "http://frontdesk.test/x",
            "http://localhost.test/x",
            "ftp://x",
            "frontdesk.test",
        )
    ),
    (
        {"profile": "other"},
        "value of contact_sync_profile must be one of: receptionist, got: other",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), CASES)
def test_wrong_variables(
    wrong: dict[str, Any],
    message: str,
    open_ldap: RunningDirectory,
    service: Receiver,
    place: Place,
) -> None:
    groups = {"sites": {"oslo": {"contact_sync_location": "oslo-hq"}}}
    run = run_sync(open_ldap, service, place, groups=groups, **wrong)
    assert message in run.failure
    assert set(place.files()) <= {"inventory.yml"}
    assert service.requests == 0


@pytest.mark.parametrize("mode", ["--check", ""])
def test_refused_upload_leaves_nothing_staged(
    mode: str, open_ldap: RunningDirectory, service: Receiver, place: Place
) -> None:
    run = run_sync(open_ldap, service, place, *filter(None, [mode]), initial=False)
    assert run.failure.startswith("Stopped before a first upload that adds ")
    assert service.requests == 0
    assert not list(place.temporary.iterdir())
    assert set(place.files()) == (
        {"inventory.yml"}
        if mode
        else {"inventory.yml", "contacts.csv", "contacts.csv.ids", "state/lock"}
    )


def test_report_and_keyword_check_mode(
    open_ldap: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    """Check mode that a playbook asks for by its keyword is check mode all the same."""
    role = {"role": "frontdesk.contacts.contact_sync", "check_mode": True}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    playbook = place.root / "check.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    inventory = Inventory(role_variables(open_ldap, service, place))
    number = sum(len(fjord.at(site)) for site in fjord.sites) - 1  # Company.unreachable
    told = (
        f"{number} added, 0 changed, 0 moved, 0 removed, 0 unchanged; 1 people left out as invalid."
    )
    looked = run_playbook(place, "check.yml", inventory)
    looked.check()
    assert looked.tasks[-1].result["msg"].split("\n") == [
        "Check mode: a roster would be uploaded.",
        told,
    ]
    assert service.requests == 0
    assert not list(place.temporary.iterdir())
    done = run_playbook(place, SYNC, inventory)
    assert done.tasks[-1].result["msg"].split("\n") == ["Done: a roster was uploaded.", told]


def test_secrets_of_the_environment_stay_out_of_cached_facts(
    open_ldap: RunningDirectory, service: Receiver, place: Place
) -> None:
    variables = role_variables(open_ldap, service, place)
    for name in ("state_dir", "bind_pw", "service_token"):
        del variables[f"contact_sync_{name}"]
    secrets = {"FRONTDESK_BIND_PW": open_ldap.bind_pw, "FRONTDESK_TOKEN": service.token}
    facts = place.root / "facts"
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(facts)}
    run = run_playbook(place, SYNC, Inventory(variables), "--check", env={**secrets, **cache})
    run.check()
    assert [path.name for path in facts.iterdir()]
    assert place.holding(secrets.values()) == []


def test_default_places(open_ldap: RunningDirectory, service: Receiver, place: Place) -> None:
    """Named by the host, in /var/lib for root and in the user's state folder for others."""
    variables = role_variables(open_ldap, service, place)
    for name in ("state_dir", "dest"):
        del variables[f"contact_sync_{name}"]
    env = {"XDG_STATE_HOME": str(place.home / "states")}
    run = run_playbook(place, SYNC, Inventory(variables), "--check", env=env)
    run.check()
    home = Path("/var/lib") if os.geteuid() == 0 else place.home / "states"
    (folder,) = [task.result for task in run.tasks if task.name == "Make the state directory"]
    (exported,) = [task.result for task in run.tasks if "roster" in task.result]
    assert folder["path"] == str(home / "frontdesk-contacts/localhost")
    assert exported["dest"] == str(home / "frontdesk-contacts/localhost/contacts.csv")
    assert set(place.files()) == {"inventory.yml"}

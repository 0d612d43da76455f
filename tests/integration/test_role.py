# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role makes of its variables: what it refuses, what reaches the modules, what it reports."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.options import role_variables
from tests.integration.support.place import Place
from tests.integration.support.playbooks import Inventory, Run, run_playbook

if TYPE_CHECKING:
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

LEFT_OUT = " Left out because of an invalid row: 1."
"""Company.unreachable."""

SYNC = "frontdesk.contacts.sync"
ROLE = Path(__file__).parents[2] / "roles" / "contact_sync"

RIGHT: dict[str, Any] = {
    # Nothing answers there, and nothing is to be asked.
    "server_uri": "ldaps://localhost:1",
    "bind_dn": "CN=svc-frontdesk",
    "bind_pw": "Pw7.of-nobody",
    "base_dn": "DC=fjord,DC=test",
    "locations": [{"location": "oslo-hq", "ou": "Oslo HQ"}],
    "service_url": "https://localhost:1/contacts",
    "service_token": "Tk7.of-nobody",
    "initial": True,
}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no_server": (
        {"server_uri": ""},
        (
            "Cannot connect to a directory: neither contact_sync_server_uri nor contact_sync_domain is set for"
            " host no_server. Set "
        ),
    ),
    "two_ways_to_the_directory": (
        {"domain": "fjord.test"},
        (
            "Cannot connect to a directory: both contact_sync_server_uri and contact_sync_domain are set for"
            " host two_ways_to_the_directory. Set "
        ),
    ),
    "no_locations": (
        {"locations": []},
        (
            "Cannot determine the locations: neither contact_sync_locations nor contact_sync_locations_group is"
            " set for host no_locations. Set "
        ),
    ),
    "two_kinds_of_locations": (
        {"locations_group": "half_sites"},
        (
            "Cannot determine the locations: both contact_sync_locations and contact_sync_locations_group are"
            " set for host two_kinds_of_locations. Set "
        ),
    ),
    "no_group": (
        {"locations": [], "locations_group": "offices"},
        "Cannot read the locations from the inventory: the group offices does not exist or has no hosts.",
    ),
    "half_a_site": (
        {"locations": [], "locations_group": "half_sites"},
        "Cannot create a location from host half: it does not set contact_sync_ou, ",
    ),
    "two_bases": (
        {"locations": [{"location": "oslo-hq", "ou": "Oslo HQ", "search_base": "DC=test"}]},
        "Cannot use location 1 (oslo-hq): it has both ou and search_base. Set only one of them.",
    ),
    "no_base": (
        {"base_dn": "", "ou_template": ""},
        (
            "Cannot build the search base of a location from its ou: neither contact_sync_base_dn nor"
            " contact_sync_ou_template is set for host no_base. Set "
        ),
    ),
    "no_ou_in_template": (
        {"ou_template": "OU=Staff,dc=fjord,dc=test"},
        (
            "Cannot use contact_sync_ou_template: it does not contain {ou}."
            " Add {ou} in place of the name of the OU."
        ),
    ),
    **{
        f"name_{number}": ({"name": name}, f"Cannot name the state directory {name.strip()}")
        for number, name in enumerate(("..", "a/b", "a\n"))
    },
    **{
        f"url_{number}": (
            {"service_url": url},
            f"Cannot upload over an unencrypted connection: contact_sync_service_url of host url_{number} does",
        )
        for number, url in enumerate(("http://frontdesk.test/x", "http://localhost.test/x", ""))
    },
    "unknown_profile": (
        {"profile": "other"},
        "value of contact_sync_profile must be one of: receptionist, got: other",
    ),
    "unknown_choice": (
        {"on_invalid": "ignore"},
        "value of contact_sync_on_invalid must be one of: skip, fail, got: ignore",
    ),
    **{
        f"{name}_of_text": ({name: "some"}, f"argument 'contact_sync_{name}' is of type ")
        for name in ("page_size", "start_tls", "max_removed_percent")
    },
    "no_state": (
        {
            "initial": "no",
            "state_dir": "/srv/nowhere",
            # A base is missing only where there is an ou.
            "base_dn": "",
            "locations": [{"location": "oslo-hq", "search_base": "DC=test"}],
        },
        f"Cannot sync no_state: the state directory /srv/nowhere does not exist on {platform.node()}, so",
    ),
}


def host_vars(variables: dict[str, Any]) -> dict[str, Any]:
    """Variables of the role, from their names without its prefix."""
    return {f"contact_sync_{name}": value for name, value in variables.items()}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory, collections: Path) -> tuple[Place, Run]:
    """One run of the playbook, on a host for each thing that can be wrong."""
    place = Place.make(tmp_path_factory.mktemp("refused") / "place", collections)
    groups = {
        "wrong": {name: host_vars(variables) for name, (variables, _message) in WRONG.items()},
        "half_sites": {"half": {"contact_sync_location": "oslo-hq"}},
    }
    env = {"XDG_STATE_HOME": str(place.root / "states")}
    inventory = Inventory(host_vars(RIGHT), groups)
    return place, run_playbook(place, SYNC, inventory, "-e", "contact_sync_hosts=wrong", env=env)


@pytest.mark.every_core
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_variables_are_said_before_anything_is_read(
    wrong: str, refused: tuple[Place, Run]
) -> None:
    place, run = refused
    message = run.failures[wrong]
    assert WRONG[wrong][1] in message
    assert "ad_contacts_export" not in "".join(str(task.result) for task in run.of(wrong))
    assert set(place.files()) == {"inventory.yml"}


def blanks(blank: object) -> dict[str, Any]:
    """Every variable of the role blank that may be left out, but those that the lab needs."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]
    options = specs["main"]["options"]
    needed = {f"contact_sync_{name}" for name in RIGHT} | {
        # Its blank is a value: nothing stands before the token.
        "contact_sync_service_token_prefix",
        "contact_sync_ou_template",
        "contact_sync_ca_path",
        "contact_sync_service_ca_path",
        "contact_sync_state_dir",
    }
    return dict.fromkeys(set(options) - needed, blank)


HARBOUR = "OU=Harbour,OU=Bergen\\, Sales and Harbour,OU=Staff,DC=fjord,DC=test"
SAILORS = "CN=Tromsø duty,OU=Groups,DC=fjord,DC=test"
VALUES: dict[str, dict[str, tuple[str, Any, Any]]] = {
    "ad_contacts_export": {
        "page_size": ("page_size", "5", 5),
        "connection_timeout": ("connection_timeout", "7", 7),
        "start_tls": ("start_tls", "no", False),
        "phone_region": ("phone_region", "NO", "NO"),
        "location_pattern": ("location_pattern", "[a-z-]+", "[a-z-]+"),
        "object_types": ("object_types", "user,contact", ["user", "contact"]),
        "skip_hidden": ("skip_hidden", "yes", True),
        "start_attribute": ("start_attribute", "employeeNumber", "employeeNumber"),
        # One name, whatever is in it.
        "exclude_ous": ("exclude_ous", HARBOUR, HARBOUR),
        "exclude_groups": ("exclude_groups", [SAILORS], [SAILORS]),
    },
    "contact_upload": {
        "max_removed": ("max_removed", "0", 0),
        "max_removed_percent": ("max_removed_percent", "0", 0.0),
        "force": ("force", "False", False),
        "service_retries": ("retries", "0", 0),
        "service_status_code": ("status_code", "200,201", [200, 201]),
        "service_method": ("method", "PUT", "PUT"),
        "service_use_proxy": ("use_proxy", "false", False),
        "service_params": ("params", {"send-emails": "false"}, {"send-emails": "false"}),
        "service_tls_minimum": ("tls_minimum", "1.3", "1.3"),
    },
}
"""For each module, by the role's variable: the option, a value as text, and what the module is given."""
AS_TEXT = {name: text for of in VALUES.values() for name, (_o, text, _g) in of.items()}


@pytest.mark.both_ends
def test_blanks_count_as_unset_and_text_as_what_it_says(
    open_ldap: RunningDirectory, service: Receiver, place: Place
) -> None:
    """In what the modules are given; zero and false are no blanks."""
    variables = role_variables(open_ldap, service, place)
    for name in ("filter", "dest"):
        del variables[f"contact_sync_{name}"]
    del variables["contact_sync_service_result"]
    cases = {
        "unset": {},
        "blank": blanks(""),
        "null": blanks(None),
        "text": host_vars(AS_TEXT),
    }
    inventory = Inventory(variables, {"syncs": cases})
    place.state.mkdir(mode=0o700)
    arguments = ["--check", "-vvv", "-e", "contact_sync_hosts=syncs"]
    # Before ansible-core 2.21, -vvv alone shows what a module was given.
    run = run_playbook(place, SYNC, inventory, *arguments, env={"ANSIBLE_INJECT_INVOCATION": "1"})
    run.check()
    for module in ("ad_contacts_export", "contact_upload"):
        returned = run.returned(module)
        given = {host: result["invocation"]["module_args"] for host, result in returned.items()}
        for options in given.values():
            options.pop("src", None)  # each has its own staged roster
        assert given["blank"] == given["null"] == given["unset"]
        for option, _text, value in VALUES[module].values():
            assert given["text"][option] == value


def test_stages_can_be_run_alone(
    open_ldap: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    variables = role_variables(open_ldap, service, place)
    del variables["contact_sync_initial"]
    inventory = Inventory(variables)
    number = sum(len(fjord.at(site)) for site in fjord.sites) - 1  # Company.unreachable

    exported = run_playbook(place, SYNC, inventory, "--tags", "contact_sync_export")
    exported.check()
    assert exported.reports == [
        f"Done: {number} contacts were exported to {place.dest}, nothing was uploaded.{LEFT_OUT}"
    ]
    assert service.requests == 0

    initial = ["--tags", "contact_sync_upload", "-e", "contact_sync_initial=true"]
    uploaded = run_playbook(place, SYNC, inventory, *initial)
    uploaded.check()
    assert uploaded.reports == [
        f"Done: the roster was uploaded. {number} added, 0 changed, 0 moved, 0 removed, 0 unchanged."
    ]
    assert not uploaded.returned("ad_contacts_export")
    assert service.uploads == 1

    before = place.files()
    skipped = run_playbook(place, SYNC, inventory, "--check", "--skip-tags", "contact_sync_upload")
    skipped.check()
    assert skipped.reports == [
        f"Check mode: {number} contacts would be exported, nothing was uploaded.{LEFT_OUT}"
    ]
    checked = run_playbook(place, SYNC, inventory, "--tags", "contact_sync_preflight")
    checked.check()
    assert not checked.reports
    assert place.files() == before
    assert not list(place.temporary.iterdir())
    assert service.requests == 1


def test_refused_upload_leaves_nothing_staged(
    open_ldap: RunningDirectory, service: Receiver, place: Place
) -> None:
    """There is a state directory, but no receipt in it."""
    place.state.mkdir(mode=0o700)
    variables = {**role_variables(open_ldap, service, place), "contact_sync_initial": False}
    run = run_playbook(place, SYNC, Inventory(variables), "--check")
    assert run.failure.startswith("Refused a first upload that adds ")
    assert service.requests == 0
    assert not list(place.temporary.iterdir())
    assert set(place.files()) == {"inventory.yml"}


def test_check_mode_by_keyword_is_check_mode(
    open_ldap: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    role = {"role": "frontdesk.contacts.contact_sync", "check_mode": True}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    (place.root / "check.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    number = sum(len(fjord.at(site)) for site in fjord.sites) - 1  # Company.unreachable
    inventory = Inventory(role_variables(open_ldap, service, place))
    looked = run_playbook(place, "check.yml", inventory)
    looked.check()
    added = f"{number} added, 0 changed, 0 moved, 0 removed, 0 unchanged."
    assert looked.reports == [f"Check mode: the roster would be uploaded. {added}{LEFT_OUT}"]
    assert service.requests == 0
    assert not list(place.temporary.iterdir())

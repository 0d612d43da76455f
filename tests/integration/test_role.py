# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role, their validation and conversion to module options, and the report of the role."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, PlaybookRun, run_playbook
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

LEFT_OUT = " Left out because of an invalid row: 1."
"""The part of the report that concerns Company.unreachable."""

SYNC = "frontdesk.contacts.sync"
ROLE = Path(__file__).parents[2] / "roles" / "contact_sync"

VALID: dict[str, Any] = {
    # No server listens on this port, and the role must not connect to it.
    "server_uri": "ldaps://localhost:1",
    "bind_dn": "CN=svc-frontdesk",
    "bind_pw": "Pw7.of-nobody",
    "base_dn": "DC=fjord,DC=test",
    "locations": [{"location": "oslo-hq", "ou": "Oslo HQ"}],
    "service_url": "https://localhost:1/contacts",
    "service_token": "Tk7.of-nobody",
    "initial": True,
}
"""Valid values of variables, without the prefix of the role."""

INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no_server": (
        {"server_uri": ""},
        (
            "Cannot connect to a directory: neither contact_sync_server_uri nor contact_sync_domain is set for"
            " host no_server. Set "
        ),
    ),
    "server_uri_and_domain": (
        {"domain": "fjord.test"},
        (
            "Cannot connect to a directory: both contact_sync_server_uri and contact_sync_domain are set for"
            " host server_uri_and_domain. Set "
        ),
    ),
    "no_locations": (
        {"locations": []},
        (
            "Cannot determine the locations: neither contact_sync_locations nor contact_sync_locations_group is"
            " set for host no_locations. Set "
        ),
    ),
    "locations_and_group": (
        {"locations_group": "incomplete_sites"},
        (
            "Cannot determine the locations: both contact_sync_locations and contact_sync_locations_group are"
            " set for host locations_and_group. Set "
        ),
    ),
    "no_group": (
        {"locations": [], "locations_group": "offices"},
        "Cannot read the locations from the inventory: the group offices does not exist or has no hosts.",
    ),
    "incomplete_site": (
        {"locations": [], "locations_group": "incomplete_sites"},
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
            " Replace the name of the OU in it with {ou}."
        ),
    ),
    **{
        f"name_{index}": ({"name": name}, f"Cannot name the state directory {name.strip()}")
        for index, name in enumerate(("..", "a/b", "a\n"))
    },
    **{
        f"url_{index}": (
            {"service_url": url},
            f"Cannot upload over an unencrypted connection: contact_sync_service_url of host url_{index} does",
        )
        for index, url in enumerate(("http://frontdesk.test/x", "http://localhost.test/x", ""))
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
        f"{name}_of_wrong_type": ({name: "some"}, f"argument 'contact_sync_{name}' is of type ")
        for name in ("page_size", "start_tls", "max_removed_percent")
    },
    "no_state": (
        {
            "initial": "no",
            "state_dir": "/srv/nowhere",
            # base_dn is required only if a location has ou.
            "base_dn": "",
            "locations": [{"location": "oslo-hq", "search_base": "DC=test"}],
        },
        f"Cannot sync no_state: the state directory /srv/nowhere does not exist on {platform.node()}, so",
    ),
}
"""For each host: the variables that differ from VALID, and a part of the expected error message."""


def add_prefix(variables: dict[str, Any]) -> dict[str, Any]:
    """Return variables with the prefix of the role."""
    return {f"contact_sync_{name}": value for name, value in variables.items()}


@pytest.fixture(scope="module")
def invalid_run(
    tmp_path_factory: pytest.TempPathFactory, collections_path: Path
) -> tuple[Workspace, PlaybookRun]:
    """One run of the playbook, with one host per case in INVALID."""
    workspace = Workspace.create(tmp_path_factory.mktemp("refused") / "work", collections_path)
    groups = {
        "invalid": {name: add_prefix(variables) for name, (variables, _message) in INVALID.items()},
        "incomplete_sites": {"half": {"contact_sync_location": "oslo-hq"}},
    }
    env = {"XDG_STATE_HOME": str(workspace.root / "states")}
    inventory = Inventory(add_prefix(VALID), groups)
    return workspace, run_playbook(
        workspace, SYNC, inventory, "-e", "contact_sync_hosts=invalid", env=env
    )


@pytest.mark.every_core
@pytest.mark.parametrize("host", INVALID)
def test_invalid_variables_are_reported_before_the_directory_is_read(
    host: str, invalid_run: tuple[Workspace, PlaybookRun]
) -> None:
    workspace, run = invalid_run
    message = run.failures[host]
    assert INVALID[host][1] in message
    assert "ad_contacts_export" not in "".join(str(task.result) for task in run.tasks_on_host(host))
    assert set(workspace.files()) == {"inventory.yml"}


def blank_variables(blank: object) -> dict[str, Any]:
    """Return a blank value for each optional variable of the role that the lab does not need."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]
    options = specs["main"]["options"]
    required = {f"contact_sync_{name}" for name in VALID} | {
        # An empty string is a valid value, which means that the token has no prefix.
        "contact_sync_service_token_prefix",
        "contact_sync_ou_template",
        "contact_sync_ca_path",
        "contact_sync_service_ca_path",
        "contact_sync_state_dir",
    }
    return dict.fromkeys(set(options) - required, blank)


HARBOUR = "OU=Harbour,OU=Bergen\\, Sales and Harbour,OU=Staff,DC=fjord,DC=test"
TROMSO_DUTY = "CN=Tromsø duty,OU=Groups,DC=fjord,DC=test"
OPTION_VALUES: dict[str, dict[str, tuple[str, Any, Any]]] = {
    "ad_contacts_export": {
        "page_size": ("page_size", "5", 5),
        "connection_timeout": ("connection_timeout", "7", 7),
        "start_tls": ("start_tls", "no", False),
        "phone_region": ("phone_region", "NO", "NO"),
        "location_pattern": ("location_pattern", "[a-z-]+", "[a-z-]+"),
        "object_types": ("object_types", "user,contact", ["user", "contact"]),
        "skip_hidden": ("skip_hidden", "yes", True),
        "start_attribute": ("start_attribute", "employeeNumber", "employeeNumber"),
        # The value is a single DN, although it contains commas.
        "exclude_ous": ("exclude_ous", HARBOUR, HARBOUR),
        "exclude_groups": ("exclude_groups", [TROMSO_DUTY], [TROMSO_DUTY]),
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
"""For each module and variable of the role: the option, a value of the variable, and the converted value."""
STRING_VALUES = {
    name: text
    for options in OPTION_VALUES.values()
    for name, (_option, text, _value) in options.items()
}


@pytest.mark.both_ends
def test_blank_variables_count_as_unset_and_strings_are_converted(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """The options that the modules return show the converted values.

    Zero and false are not blank.
    """
    variables = role_variables(open_ldap, service, workspace)
    for name in ("filter", "dest"):
        del variables[f"contact_sync_{name}"]
    del variables["contact_sync_service_result"]
    hosts = {
        "unset": {},
        "blank": blank_variables(""),
        "null": blank_variables(None),
        "list": {"contact_sync_domain": []},
        "strings": add_prefix(STRING_VALUES),
    }
    inventory = Inventory(variables, {"syncs": hosts})
    workspace.state_dir.mkdir(mode=0o700)
    arguments = ["--check", "-vvv", "-e", "contact_sync_hosts=syncs"]
    # The variable shows the options of modules. Before ansible-core 2.21, -vvv is sufficient.
    run = run_playbook(
        workspace, SYNC, inventory, *arguments, env={"ANSIBLE_INJECT_INVOCATION": "1"}
    )
    run.assert_clean()
    for module in ("ad_contacts_export", "contact_upload"):
        returned = run.module_results(module)
        module_args = {
            host: result["invocation"]["module_args"] for host, result in returned.items()
        }
        for options in module_args.values():
            options.pop("src", None)  # each host has its own staged roster
        for blank in ("blank", "null", "list"):
            assert module_args[blank] == module_args["unset"]
        for option, _text, value in OPTION_VALUES[module].values():
            assert module_args["strings"][option] == value


def test_each_stage_can_run_separately(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    variables = role_variables(open_ldap, service, workspace)
    del variables["contact_sync_initial"]
    inventory = Inventory(variables)
    # Company.unreachable has no valid row.
    contact_count = sum(len(company.at(site)) for site in company.sites) - 1

    exported = run_playbook(workspace, SYNC, inventory, "--tags", "contact_sync_export")
    exported.assert_clean()
    assert exported.reports == [
        f"Done: {contact_count} contacts were exported to {workspace.dest}; nothing was uploaded.{LEFT_OUT}"
    ]
    assert service.requests == 0

    arguments = ["--tags", "contact_sync_upload", "-e", "contact_sync_initial=true"]
    uploaded = run_playbook(workspace, SYNC, inventory, *arguments)
    uploaded.assert_clean()
    assert uploaded.reports == [
        f"Done: the roster was uploaded. {contact_count} added, 0 changed, 0 moved, 0 removed, 0 unchanged."
    ]
    assert not uploaded.module_results("ad_contacts_export")
    assert service.uploads == 1

    before = workspace.files()
    skipped = run_playbook(
        workspace, SYNC, inventory, "--check", "--skip-tags", "contact_sync_upload"
    )
    skipped.assert_clean()
    assert skipped.reports == [
        f"Check mode: {contact_count} contacts would be exported; nothing was uploaded.{LEFT_OUT}"
    ]
    checked = run_playbook(workspace, SYNC, inventory, "--tags", "contact_sync_preflight")
    checked.assert_clean()
    assert not checked.reports
    assert workspace.files() == before
    assert not list(workspace.temp_dir.iterdir())
    assert service.requests == 1


def test_a_refused_upload_leaves_no_staged_files(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """The state directory exists but contains no receipt."""
    workspace.state_dir.mkdir(mode=0o700)
    variables = {**role_variables(open_ldap, service, workspace), "contact_sync_initial": False}
    run = run_playbook(workspace, SYNC, Inventory(variables), "--check")
    assert run.failure.startswith("Refused a first upload that adds ")
    assert service.requests == 0
    assert not list(workspace.temp_dir.iterdir())
    assert set(workspace.files()) == {"inventory.yml"}


def test_the_check_mode_keyword_of_a_play_is_respected(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    role = {"role": "frontdesk.contacts.contact_sync", "check_mode": True}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    (workspace.root / "check.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    # Company.unreachable has no valid row.
    contact_count = sum(len(company.at(site)) for site in company.sites) - 1
    inventory = Inventory(role_variables(open_ldap, service, workspace))
    run = run_playbook(workspace, "check.yml", inventory)
    run.assert_clean()
    counts = f"{contact_count} added, 0 changed, 0 moved, 0 removed, 0 unchanged."
    assert run.reports == [f"Check mode: the roster would be uploaded. {counts}{LEFT_OUT}"]
    assert service.requests == 0
    assert not list(workspace.temp_dir.iterdir())

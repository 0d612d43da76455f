# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conversion of the role's variables to module options, the stages of the role, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, run_playbook
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
ROLE = Path(__file__).parents[2] / "roles" / "contact_sync"


REQUIRED = (
    *("server_uri", "bind_dn", "bind_pw", "base_dn", "locations"),
    *("service_url", "service_token", "initial"),
)
"""Variables that the lab needs, without the prefix of the role."""


def add_prefix(variables: dict[str, Any]) -> dict[str, Any]:
    """Add the prefix of the role to the names of variables."""
    return {f"contact_sync_{name}": value for name, value in variables.items()}


def blank_variables(blank: object) -> dict[str, Any]:
    """Return a blank value for each optional variable of the role that the lab does not need."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]
    options = specs["main"]["options"]
    required = {f"contact_sync_{name}" for name in REQUIRED} | {
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
def test_blank_variables_are_treated_as_unset_and_strings_are_converted(
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
        "omit": {
            "contact_sync_domain": "{{ omit }}",
            "contact_sync_max_removed": "{{ no_such_variable | default(omit) }}",
            "contact_sync_exclude_ous": ["{{ omit }}"],
        },
        "strings": add_prefix(STRING_VALUES),
    }
    inventory = Inventory(variables, {"syncs": hosts})
    workspace.state_dir.mkdir(mode=0o700)
    arguments = ["--check", "-vvv", "-e", "contact_sync_hosts=syncs"]
    # With this environment variable, the results of modules include their options. Before ansible-core 2.21, -vvv is
    # sufficient.
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
        for blank in ("blank", "null", "list", "omit"):
            assert module_args[blank] == module_args["unset"]
        for option, _text, value in OPTION_VALUES[module].values():
            assert module_args["strings"][option] == value


def test_each_stage_can_run_separately(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    inventory = Inventory(role_variables(open_ldap, service, workspace))
    # Company.unreachable has no valid row.
    contact_count = sum(len(company.at(site)) for site in company.sites) - 1

    exported = run_playbook(workspace, SYNC, inventory, "--tags", "contact_sync_export")
    exported.assert_clean()
    locations = [
        f"  {site.location} {len(company.at(site)) - (company.unreachable in company.at(site))}"
        for site in sorted(company.sites, key=lambda site: site.location)
    ]
    left_out = "Left out: 1 (Email and SMS Phone are both empty)."
    first_line = (
        f"Exported: {contact_count} contacts. Nothing was uploaded: tags excluded the upload, or"
        " another host failed."
    )
    last_line = f"See {workspace.dest}.ids for details."
    assert exported.reports == ["\n".join((first_line, *locations, left_out, last_line))]
    assert service.requests == 0

    uploaded = run_playbook(workspace, SYNC, inventory, "--tags", "contact_sync_upload")
    uploaded.assert_clean()
    (report,) = uploaded.reports
    assert report.splitlines()[0] == (
        f"Uploaded: the service accepted {contact_count} contacts. {contact_count} added, 0 changed, 0 moved,"
        " 0 removed, 0"
    )
    assert not uploaded.module_results("ad_contacts_export")
    assert service.uploads == 1

    before = workspace.files()
    skipped = run_playbook(
        workspace, SYNC, inventory, "--check", "--skip-tags", "contact_sync_upload"
    )
    skipped.assert_clean()
    (report,) = skipped.reports
    assert report.startswith(
        f"Preview: {contact_count} contacts would be exported. Tags excluded the upload, or another host failed.\n"
    )
    checked = run_playbook(workspace, SYNC, inventory, "--tags", "contact_sync_preflight")
    checked.assert_clean()
    assert checked.reports == [
        "Nothing was done: tags excluded the export and the upload, or another host failed."
    ]
    assert workspace.files() == before
    assert not list(workspace.temp_dir.iterdir())
    assert service.requests == 1


def test_the_command_in_the_message_approves_the_plan(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    variables = role_variables(open_ldap, service, workspace)
    run_playbook(workspace, SYNC, Inventory(variables)).assert_clean()
    contacts = len(service.contacts)
    fewer = variables["contact_sync_locations"][1:]
    inventory = Inventory(
        {**variables, "contact_sync_locations": fewer, "contact_sync_initial": False}
    )

    checked = run_playbook(workspace, SYNC, inventory, "--check")
    plan_id = checked.module_results("contact_upload")["localhost"]["plan"]["id"]
    approval = f"-e contact_sync_approved_plan={plan_id}"
    assert f"run once with {approval}, which approves only this plan." in checked.failure
    # In check mode, the export does not keep the roster, so an approved run needs another export.
    run_playbook(workspace, SYNC, inventory, "--check", *approval.split()).assert_clean()

    stopped = run_playbook(workspace, SYNC, inventory)
    command = f"{approval} --tags contact_sync_upload"
    assert f"run once with {command}, which approves only this plan." in stopped.failure
    assert (service.uploads, len(service.contacts)) == (1, contacts)

    # The approved roster is uploaded, and the directory is not read again.
    original = Inventory(
        {**inventory.variables, "contact_sync_locations": variables["contact_sync_locations"]}
    )
    approved = run_playbook(workspace, SYNC, original, *command.split())
    approved.assert_clean()
    assert not approved.module_results("ad_contacts_export")
    assert (
        service.uploads,
        approved.module_results("contact_upload")["localhost"]["uploaded"],
    ) == (
        2,
        True,
    )
    assert {contact["Location"] for contact in service.contacts} == {
        location["location"] for location in fewer
    }


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
    (report,) = run.reports
    assert report.startswith(f"Preview: {contact_count} contacts would be uploaded. ")
    assert report.endswith("\nTo upload, run the same command without --check.")
    assert service.requests == 0
    assert not list(workspace.temp_dir.iterdir())


@pytest.mark.both_ends
def test_results_of_another_run_of_the_role_are_not_used(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """The tags select the first of two syncs in a play, and then also the upload of the second sync."""
    variables = role_variables(open_ldap, service, workspace)
    roles = [
        {
            "role": "frontdesk.contacts.contact_sync",
            "tags": [name],
            "vars": {
                "contact_sync_name": name,
                "contact_sync_dest": str(workspace.root / f"{name}.csv"),
                "contact_sync_state_dir": str(workspace.root / name),
            },
        }
        for name in ("first", "second")
    ]
    play = {"hosts": "localhost", "gather_facts": False, "roles": roles}
    (workspace.root / "two.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    run = run_playbook(workspace, "two.yml", Inventory(variables), "--tags", "first")
    run.assert_clean()
    assert service.uploads == 1
    first, second = run.reports
    assert first.startswith("Uploaded: ")
    assert second.startswith("Nothing was done: ")

    tags = "first,contact_sync_upload"
    run = run_playbook(workspace, "two.yml", Inventory(variables), "--tags", tags)
    assert f"{workspace.root}/second.csv" in run.failure
    assert service.uploads == 1


def test_a_failed_export_is_never_followed_by_an_upload(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """With ignore_errors, the play continues after the failed export, and the roster of an earlier export exists."""
    variables = role_variables(open_ldap, service, workspace)
    exported = run_playbook(workspace, SYNC, Inventory(variables), "--tags", "contact_sync_export")
    exported.assert_clean()
    role = {"role": "frontdesk.contacts.contact_sync", "ignore_errors": True}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    (workspace.root / "ignore.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    inventory = Inventory({**variables, "contact_sync_server_uri": "ldaps://localhost:1"})
    run = run_playbook(workspace, "ignore.yml", inventory)
    assert run.code == 0
    assert run.reports[0].startswith("Failed: Cannot connect to ldaps://localhost:1: ")
    assert service.requests == 0

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of the role's variables, and their values from vaults and surveys.

An invalid value is reported before anything is read.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, PlaybookRun, run_playbook
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
HARBOUR = "OU=Harbour,OU=Bergen\\, Sales and Harbour,OU=Staff,DC=fjord,DC=test"

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
"""Valid settings of the role, by the name of the variable without the prefix contact_sync_."""

SITES = [{"location": "oslo-hq", "ou": "Oslo HQ"}, {"location": "bergen", "ou": "Bergen"}]

INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "misspelled": (
        {"max_remove": 5},
        (
            "contact_sync_max_remove of host misspelled is not a variable of the role. Did you mean"
            " contact_sync_max_removed?"
        ),
    ),
    "unknown": (
        {"colour": "blue"},
        (
            "contact_sync_colour of host unknown is not a variable of the role. Remove it, or correct its name:"
            " ansible-doc -t role frontdesk.contacts.contact_sync lists all variables."
        ),
    ),
    "unknown_template": (
        # The value of an unknown variable is never evaluated.
        {"colour": "{{ lookup('ansible.builtin.pipe', 'echo evaluated >&2; exit 1') }}"},
        (
            "contact_sync_colour of host unknown_template is not a variable of the role. Remove it, or correct its"
            " name: ansible-doc -t role frontdesk.contacts.contact_sync lists all variables."
        ),
    ),
    "no_server": (
        {"server_uri": ""},
        (
            "Cannot connect to a directory for host no_server: neither contact_sync_server_uri nor"
            " contact_sync_domain is set. Set contact_sync_server_uri to the URIs of the directory servers, such as"
            " ldaps://dc1.corp.example, or contact_sync_domain to a domain with SRV records for its servers, such as"
            " corp.example."
        ),
    ),
    "server_uri_and_domain": (
        {"domain": "fjord.test"},
        (
            "Cannot connect to a directory for host server_uri_and_domain: contact_sync_server_uri and"
            " contact_sync_domain are both set. Set only one of them."
        ),
    ),
    "no_scheme": (
        {"server_uri": ["ldaps://dc1.corp.example", "dc2.corp.example"]},
        (
            "Cannot use 'dc2.corp.example' in contact_sync_server_uri of host no_scheme: it does not start with"
            " ldaps://. Write ldaps://dc2.corp.example."
        ),
    ),
    "no_locations": (
        {"locations": []},
        (
            "Cannot determine the locations of host no_locations: neither contact_sync_locations nor"
            " contact_sync_locations_group is set. Set contact_sync_locations to a list of locations with their OUs, or"
            " contact_sync_locations_group to an inventory group whose hosts are the locations."
        ),
    ),
    "locations_and_group": (
        {"locations_group": "incomplete_sites"},
        (
            "Cannot determine the locations of host locations_and_group: contact_sync_locations and"
            " contact_sync_locations_group are both set. Set only one of them."
        ),
    ),
    "no_group": (
        {"locations": [], "locations_group": "offices"},
        (
            "Cannot read the locations from the inventory: the group offices does not exist or has no hosts. Add a host"
            " for each location to the group, or correct contact_sync_locations_group."
        ),
    ),
    "incomplete_site": (
        {"locations": [], "locations_group": "incomplete_sites"},
        (
            "Cannot create a location from host half: it does not set contact_sync_ou,"
            " contact_sync_location_search_base, contact_sync_location_member_of or contact_sync_location_filter."
            " Set one of them in the inventory, or remove the host from the group."
        ),
    ),
    "misspelled_site": (
        {"locations": [], "locations_group": "misspelled_sites"},
        (
            "contact_sync_location_serach_base of host misspelled_oslo is not a variable of the role. Did you mean"
            " contact_sync_location_search_base or contact_sync_location_search_scope?"
        ),
    ),
    "undefined_site": (
        {"locations": [], "locations_group": "undefined_sites"},
        (
            "Cannot evaluate contact_sync_ou of host undefined_oslo: 'no_such_variable' is undefined. Correct the"
            " template, or mark the value as !unsafe if it is not a template."
        ),
    ),
    "blank_ou": (
        {
            "locations": [
                {
                    "location": "oslo-hq",
                    "ou": "{{ no_such_variable | default('') }}",
                    "filter": "(sn=*)",
                }
            ]
        },
        "Cannot use location 1 (oslo-hq): its ou is blank. Set it, or remove it.",
    ),
    "secret_template": (
        {"bind_pw": "P{{w7.of-nobody"},
        (
            "Cannot evaluate contact_sync_bind_pw of host secret_template: its template is invalid. Correct the"
            " template, or mark the value as !unsafe if it is not a template."
        ),
    ),
    "header_date": (
        {"service_headers": {"X-Day": dt.date(2026, 1, 1)}},
        (
            "Cannot use X-Day of contact_sync_service_headers: it was parsed as the date 2026-01-01. Write it as a"
            " string, in quotes."
        ),
    ),
    "locations_duplicate_key": (
        {"locations": "- location: bergen\n  ou: Bergen\n  location: tromso\n"},
        (
            "Cannot use contact_sync_locations: it contains the key 'location' twice (line 3). Correct the syntax of"
            " contact_sync_locations."
        ),
    ),
    "locations_dictionary": (
        {"locations": {"oslo-hq": "Oslo", "bergen": "Bergen"}},
        (
            "Cannot use contact_sync_locations: it is a dictionary. Write it as a list, such as"
            " [{location: oslo-hq, ou: Oslo}]."
        ),
    ),
    "locations_text": (
        {"locations": "oslo-hq"},
        (
            "Cannot use contact_sync_locations: it is a string. Write it as a list, such as"
            " [{location: oslo-hq, ou: Oslo}]."
        ),
    ),
    "locations_invalid_text": (
        {"locations": "- {location: oslo-hq, ou: Oslo"},
        (
            "Cannot use contact_sync_locations: its text is not valid YAML or JSON (line 1). Correct the syntax of"
            " contact_sync_locations."
        ),
    ),
    "location_names": (
        {"locations": ["oslo-hq", "bergen"]},
        (
            "Cannot use element 1 of contact_sync_locations: it is a string. Write it as a dictionary, such as"
            " {location: oslo-hq, ou: Oslo}."
        ),
    ),
    "ou_list": (
        {"locations": [*SITES, {"location": "tromso", "ou": ["Tromso", "Alta"]}]},
        "Cannot use ou of location 3 (tromso): it is a list. Set it to a single string.",
    ),
    "ou_dn": (
        {"locations": [{"location": "oslo-hq", "ou": "OU=Oslo,OU=Staff,DC=fjord,DC=test"}]},
        (
            "Cannot use location 1 (oslo-hq): its ou OU=Oslo,OU=Staff,DC=fjord,DC=test is a distinguished name, not"
            " the name of an OU. Set ou to the name of the OU, such as Oslo, or set search_base to the complete DN"
            " instead."
        ),
    ),
    "location_key": (
        {"locations": [{"location": "oslo-hq", "search_bases": "DC=test"}]},
        (
            "Cannot use location 1 (oslo-hq): it has the unknown key 'search_bases'. Did you mean search_base or"
            " search_scope?"
        ),
    ),
    "no_search": (
        {"locations": [{"location": "oslo-hq", "minimum": 3}]},
        "Cannot use location 1 (oslo-hq): it does not define a search. Set ou, search_base, member_of or filter.",
    ),
    "two_bases": (
        {"locations": [{"location": "oslo-hq", "ou": "Oslo HQ", "search_base": "DC=test"}]},
        "Cannot use location 1 (oslo-hq): it has both ou and search_base. Set only one of them.",
    ),
    "no_base": (
        {"base_dn": "", "ou_template": ""},
        (
            "Cannot use location 1 (oslo-hq): the search base cannot be built from its ou, because neither"
            " contact_sync_base_dn nor contact_sync_ou_template is set. Set contact_sync_base_dn to the distinguished"
            " name of the domain, such as DC=corp,DC=example."
        ),
    ),
    "no_ou_in_template": (
        {"ou_template": "OU=Staff,dc=fjord,dc=test"},
        "Cannot use contact_sync_ou_template: it does not contain {ou}. Replace the name of the OU in it with {ou}.",
    ),
    # How YAML reads 0100, NO, 12:30 and 1_000 without quotes.
    "location_octal": (
        {"locations": [{"location": 0o100, "ou": "Oslo"}]},
        "Cannot use location of location 1 (64): it was parsed as the number 64. Write it in quotes.",
    ),
    "ou_boolean": (
        {"locations": [{"location": "norway", "ou": False}]},
        "Cannot use ou of location 1 (norway): it was parsed as the boolean false. Write it in quotes.",
    ),
    "ou_time": (
        {"locations": "[{location: night, ou: 12:30}]"},
        "Cannot use ou of location 1 (night): it was parsed as the number 750. Write it in quotes.",
    ),
    "location_underscore": (
        {"locations": "[{location: 1_000, ou: Oslo}]"},
        "Cannot use location of location 1 (1000): it was parsed as the number 1000. Write it in quotes.",
    ),
    "region_boolean": (
        {"phone_region": False},
        "Cannot use contact_sync_phone_region: it was parsed as the boolean false. Write it in quotes.",
    ),
    "password_number": (
        {"bind_pw": 7_700_123},
        "Cannot use contact_sync_bind_pw: it was parsed as a type other than a string. Write it in quotes.",
    ),
    "column_without_header": (
        {"columns": [{"header": "Name", "value": "displayName"}, {"value": "mail"}]},
        "Cannot use element 2 of contact_sync_columns: it has no header. Add header.",
    ),
    "column_without_value": (
        {"columns": [{"header": "Name", "valu": "displayName"}]},
        "Cannot use element 1 of contact_sync_columns (Name): it has the unknown key 'valu'. Did you mean value?",
    ),
    "column_names": (
        {"columns": ["displayName", "mail"]},
        (
            "Cannot use element 1 of contact_sync_columns: it is a string. Write it as a dictionary, such as"
            " {header: Name, value: displayName}."
        ),
    ),
    "percent": (
        {"max_removed_percent": "10%"},
        "Cannot use contact_sync_max_removed_percent: '10%' is not a number. Write 10.",
    ),
    "not_an_integer": (
        {"page_size": "some"},
        "Cannot use contact_sync_page_size: 'some' is not an integer. Set it to an integer, such as 10.",
    ),
    "not_a_boolean": (
        {"start_tls": "some"},
        "Cannot use contact_sync_start_tls: 'some' is neither true nor false. Set it to true or false.",
    ),
    "unknown_profile": (
        {"profile": "other"},
        "Cannot use contact_sync_profile: 'other' is not a valid choice. Set it to receptionist.",
    ),
    "unknown_choice": (
        {"on_invalid": "ignore"},
        "Cannot use contact_sync_on_invalid: 'ignore' is not a valid choice. Set it to skip or fail.",
    ),
    "headers_text": (
        {"service_headers": "X-Account"},
        "Cannot use contact_sync_service_headers: it is a string. Write it as a dictionary, such as {name: value}.",
    ),
    **{
        f"name_{index}": (
            {"name": name},
            (
                f"Cannot name the state directory {name!r}: the name must start with a letter or digit and contain"
                " only letters, digits and the characters . _ @ -. Set contact_sync_name, which defaults to the"
                " inventory name of the host, to a valid name."
            ),
        )
        for index, name in enumerate(("..", "a/b", "a\n"))
    },
    **{
        f"url_{index}": (
            {"service_url": url},
            (
                f"Cannot upload the contacts of host url_{index}:"
                " contact_sync_service_url does not start with https://. Set it to an https:// URL; http:// is"
                " accepted only for a service on the target host itself."
            ),
        )
        for index, url in enumerate(("http://frontdesk.test/x", "http://localhost.test/x"))
    },
    "no_url": (
        {"service_url": ""},
        (
            "Cannot upload the contacts of host no_url: contact_sync_service_url is not set. Set it to the upload"
            " URL from the documentation of the service."
        ),
    ),
    "no_state": (
        {
            "initial": "no",
            "state_dir": "/srv/nowhere",
            # base_dn is required only if a location has ou.
            "base_dn": "",
            "locations": [{"location": "oslo-hq", "search_base": "DC=test"}],
        },
        (
            f"Cannot sync no_state: the state directory /srv/nowhere does not exist on {platform.node()}, so it is"
            " unknown which contacts the service has from earlier runs. Nothing was read. If there were earlier"
            " runs, mount the directory there, set contact_sync_state_dir to its actual path, or run the sync on"
            " the host that has it. If this is the first run, add -e contact_sync_initial=true to this run only."
        ),
    ),
}
"""For each host: the variables that differ from VALID, and the error message."""


def add_prefix(variables: dict[str, Any]) -> dict[str, Any]:
    """Add the prefix of the role to the names of variables."""
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
        "misspelled_sites": {
            "misspelled_oslo": {
                "contact_sync_location": "oslo-hq",
                "contact_sync_location_serach_base": "DC=test",
            }
        },
        "undefined_sites": {
            "undefined_oslo": {
                "contact_sync_location": "oslo-hq",
                "contact_sync_ou": "{{ no_such_variable }}",
            }
        },
    }
    env = {"XDG_STATE_HOME": str(workspace.root / "states")}
    inventory = Inventory(add_prefix(VALID), groups)
    arguments = ("-e", "contact_sync_hosts=invalid", "--forks", "2")
    return workspace, run_playbook(workspace, SYNC, inventory, *arguments, env=env)


@pytest.mark.both_ends
@pytest.mark.parametrize("host", INVALID)
def test_invalid_variables_are_reported_before_the_directory_is_read(
    host: str, invalid_run: tuple[Workspace, PlaybookRun]
) -> None:
    workspace, run = invalid_run
    assert run.failures[host] == INVALID[host][1]
    assert "ad_contacts_export" not in "".join(str(task.result) for task in run.tasks_on_host(host))
    assert set(workspace.files()) == {"inventory.yml"}
    assert "evaluated" not in run.output.replace("echo evaluated", "")
    assert "w7.of-nobody" not in run.output


@pytest.mark.every_core
def test_secrets_can_be_inline_vault_values(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """Each secret, and an element of a list, is encrypted individually, as with ``ansible-vault encrypt_string``."""
    (workspace.root / "vault-password").write_text("Vp7.of-the-vault")
    vault = VaultLib([("default", VaultSecret(b"Vp7.of-the-vault"))])

    def encrypt(text: str) -> str:
        return f"!vault |\n{textwrap.indent(vault.encrypt(text).decode(), ' ' * 10)}"

    variables = role_variables(open_ldap, service, workspace)
    password = variables.pop("contact_sync_bind_pw")
    token = variables.pop("contact_sync_service_token")
    hosts = f"""
syncs:
  vars:
    contact_sync_bind_pw: {encrypt(password)}
    contact_sync_exclude_ous:
      - {encrypt(HARBOUR)}
  hosts:
    token:
      contact_sync_service_token: {encrypt(token)}
    basic:
      contact_sync_service_url_username: {encrypt("user")}
      contact_sync_service_url_password: {encrypt("Pw7.of-the-user")}
"""
    (workspace.root / "vault.yml").write_text(hosts, encoding="utf-8")
    run = run_playbook(
        workspace,
        SYNC,
        Inventory(variables),
        *("-i", "vault.yml", "--vault-password-file", "vault-password"),
        *("-e", "contact_sync_hosts=syncs", "--check"),
    )
    run.assert_clean()
    assert {upload["plan"]["added"] > 0 for upload in run.uploads} == {True}
    assert len(run.uploads) == 2
    secrets = [password, token, "Pw7.of-the-user"]
    assert [secret for secret in secrets if secret in run.output] == []
    assert workspace.files_containing(secrets) == []


def test_lists_and_dictionaries_can_be_text(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    """Lists and dictionaries can be entered as text, for example in surveys.

    Text that is marked as unsafe is not evaluated as a template.
    """
    variables = role_variables(open_ldap, service, workspace)
    locations = [{"location": site.location, "ou": site.ou} for site in company.sites]
    columns = [
        {"header": "Name", "value": "sn", "required": True},
        {"header": "Mail", "value": "mail | replace('{{', '')"},
        {"header": "Location", "value": "location"},
    ]
    text = {
        "server_uri": f"{open_ldap.uri_ldaps}\nldaps://localhost:1\n",
        "locations": yaml.safe_dump(locations, allow_unicode=True),
        "columns": json.dumps(columns),
        "key": "Mail",
        "service_result": json.dumps(variables["contact_sync_service_result"]),
        "exclude_ous": f"{HARBOUR}\nOU=Service Accounts,{company.base_dn}",
    }
    # AWX marks the answers of a survey as unsafe.
    survey = [f"{name}: !unsafe {json.dumps(value)}\n" for name, value in add_prefix(text).items()]
    (workspace.root / "survey.yml").write_text("contact_sync_hosts: text\n" + "".join(survey))
    inventory = Inventory(variables, {"syncs": {"text": {}}})
    run = run_playbook(
        workspace,
        SYNC,
        inventory,
        "-e",
        "@survey.yml",
        "--check",
        "-vvv",
        env={"ANSIBLE_INJECT_INVOCATION": "1"},
    )
    run.assert_clean()
    options = run.module_results("ad_contacts_export")["text"]["invocation"]["module_args"]
    assert options["server_uri"] == [open_ldap.uri_ldaps, "ldaps://localhost:1"]
    assert [source["location"] for source in options["sources"]] == [
        site.location for site in company.sites
    ]
    assert [column["header"] for column in options["columns"]] == ["Name", "Mail", "Location"]
    assert options["exclude_ous"] == text["exclude_ous"].splitlines()
    assert run.module_results("contact_upload")["text"]["invocation"]["module_args"]["key"] == [
        "Mail"
    ]

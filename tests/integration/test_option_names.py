# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in messages: those in option_names or, by default, those of the module's options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.info_runs import run_info
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options, role_variables
from tests.integration.support.playbooks import Inventory, run_playbook
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload, state_files
from tests.lab.authority import authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

UPLOAD_NAMES = {
    "ca_path": "contact_sync_service_ca_path",
    "initial=true": "-e contact_sync_initial=true",
    "state_dir": "contact_sync_state_dir",
    "token": "contact_sync_service_token",
}
READ_NAMES = {
    "ca_path": "contact_sync_ca_path",
    "validate_certs": "contact_sync_validate_certs",
    "start_attribute": "contact_sync_start_attribute",
    "domain": "contact_sync_domain",
    "sources[].minimum": "the minimum",
}
UNKNOWN_CA = (
    r"its certificate was issued by an unknown CA \([a-z -]+\); the certificate is for .+ with {0} \S+\."
    r" Set {0} to a file with the (root )?certificate of the CA .+\."
)


@pytest.fixture(scope="module")
def other_ca_path() -> Iterator[Path]:
    """The path of the certificate of a CA that did not issue any server's certificate."""
    with authority() as other:
        yield other.ca_file


@pytest.mark.parametrize(
    ("names", "ca_path"), [({}, "ca_path"), (UPLOAD_NAMES, "contact_sync_service_ca_path")]
)
def test_the_error_about_an_unknown_ca_of_the_service_names_the_option(
    names: dict[str, str],
    ca_path: str,
    other_ca_path: Path,
    service: Receiver,
    workspace: Workspace,
) -> None:
    write_roster(workspace.dest, make_contacts(2))
    result = run_upload(
        service, workspace, initial=True, ca_path=str(other_ca_path), option_names=names
    )
    expected = f"Cannot upload to {re.escape(service.url)}: {UNKNOWN_CA.format(ca_path)}"
    assert re.fullmatch(expected, result.message), result.message


@pytest.mark.parametrize(
    ("names", "initial", "state_dir"),
    [
        ({}, "initial: true", "state_dir"),
        (UPLOAD_NAMES, "-e contact_sync_initial=true", "contact_sync_state_dir"),
    ],
)
def test_the_error_about_a_first_upload_names_the_option(
    names: dict[str, str], initial: str, state_dir: str, service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(2))
    assert run_upload(service, workspace, option_names=names).message == (
        f"Refused a first upload that adds 2 contacts: {workspace.state_dir} contains no record of an"
        f" earlier upload. If this is the first upload to this account, run once with {initial}; otherwise, restore the"
        f" state directory, or correct {state_dir}."
    )


def test_the_error_about_an_invalid_option_of_an_upload_names_the_variable(
    service: Receiver, workspace: Workspace
) -> None:
    overrides: dict[str, Any] = {"token": "a\nb", "option_names": UPLOAD_NAMES}
    assert run_upload(service, workspace, **overrides).message == (
        "Cannot use contact_sync_service_token: it contains characters that are not allowed in an HTTP"
        " header. Use only printable ASCII characters, without line breaks."
    )


def test_names_are_not_stored(service: Receiver, workspace: Workspace) -> None:
    """The names do not affect the identifier of a plan, and no file in the state directory contains them."""
    write_roster(workspace.dest, make_contacts(2))
    without_names = run_upload(service, workspace)
    with_names = run_upload(service, workspace, initial=True, option_names=UPLOAD_NAMES)
    assert with_names["plan"]["id"] == without_names.data["plan"]["id"]
    files = state_files(workspace)
    assert any(path.name == "receipt.json" for path in files)
    assert [path for path in files if b"contact_sync_" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("names", "ca_path"), [({}, "ca_path"), (READ_NAMES, "contact_sync_ca_path")]
)
def test_the_error_about_an_unknown_ca_of_the_directory_names_the_option(
    names: dict[str, str],
    ca_path: str,
    other_ca_path: Path,
    open_ldap: RunningDirectory,
    workspace: Workspace,
) -> None:
    options = export_options(open_ldap, workspace, ca_path=str(other_ca_path), option_names=names)
    message = run_module(workspace, "ad_contacts_export", options).message
    expected = f"Cannot connect to {re.escape(open_ldap.uri_ldaps)}: {UNKNOWN_CA.format(ca_path)}"
    assert re.fullmatch(expected, message), message


def test_a_warning_of_an_export_names_the_variable(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace, start_attribute="sn", option_names=READ_NAMES)
    result = run_module(workspace, "ad_contacts_export", options)
    (warning,) = result.warnings
    assert re.fullmatch(
        r"Cannot read the start date of \d+ people, so it is ignored: the attribute in contact_sync_start_attribute is"
        r" not a date\. Correct the values in the directory, or contact_sync_start_attribute\.",
        warning,
    ), warning
    assert "contact_sync_" not in workspace.dest.with_name("contacts.csv.ids").read_text("utf-8")


def test_the_error_about_a_missing_library_names_the_variable(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(
        open_ldap, workspace, server_uri=None, domain="fjord.test", option_names=READ_NAMES
    )
    result = run_module(workspace, "ad_contacts_export", options, missing_library="dns")
    assert "This is required by contact_sync_domain." in result.message


def test_problems_of_a_directory_name_the_variables(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    overrides: dict[str, Any] = {
        "sources": [{"search_base": open_ldap.staff_dn, "filter": "(sn=Nobody)"}],
        "ca_path": None,
        "validate_certs": False,
        "option_names": READ_NAMES,
    }
    remedies = [
        "Set contact_sync_validate_certs: true, and set contact_sync_ca_path to the CA certificate",
        "Correct the filter, or set the minimum: 0 if an empty source is correct",
    ]
    result = run_info(open_ldap, workspace, **overrides)
    assert [problem["remedy"] for problem in result["problems"]] == remedies
    failed = run_info(open_ldap, workspace, fail_on_problems=True, **overrides)
    assert [problem["remedy"] for problem in failed.data["problems"]] == remedies
    for remedy in remedies:
        assert f" {remedy}." in failed.message


@pytest.mark.both_ends
def test_the_role_names_its_variables_in_errors_of_the_modules(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace, other_ca_path: Path
) -> None:
    workspace.state_dir.mkdir(mode=0o700)
    variables = role_variables(open_ldap, service, workspace)
    hosts: dict[str, dict[str, Any]] = {
        "directory": {"contact_sync_ca_path": str(other_ca_path)},
        "service": {
            "contact_sync_service_ca_path": str(other_ca_path),
            "contact_sync_state_dir": str(workspace.root / "other"),
            "contact_sync_dest": str(workspace.root / "other.csv"),
        },
        "guard": {"contact_sync_initial": False},
        "page_size": {"contact_sync_page_size": 0},
    }
    inventory = Inventory(variables, {"syncs": hosts})
    run = run_playbook(
        workspace, "frontdesk.contacts.sync", inventory, "-e", "contact_sync_hosts=syncs"
    )
    company = open_ldap.company
    total = sum(len(company.at(site)) for site in company.sites) - 1
    expected = {
        "directory": (
            f"Cannot connect to {re.escape(open_ldap.uri_ldaps)}: "
            + UNKNOWN_CA.format("contact_sync_ca_path")
        ),
        "service": (
            f"Cannot upload to {re.escape(service.url)}: "
            + UNKNOWN_CA.format("contact_sync_service_ca_path")
        ),
        "guard": re.escape(
            f"Refused a first upload that adds {total} contacts: {workspace.state_dir} contains no record of an"
            " earlier upload. If this is the first upload to this account, run once with"
            " -e contact_sync_initial=true; otherwise, restore the state directory, or correct contact_sync_state_dir."
        ),
        "page_size": re.escape(
            "Cannot use contact_sync_page_size 0: it must be between 1 and 100000."
            " Correct contact_sync_page_size."
        ),
    }
    assert set(run.failures) == set(expected)
    for host, pattern in expected.items():
        assert re.fullmatch(pattern, run.failures[host]), run.failures[host]

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module options and role variables for the servers of the lab."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

CHECK_MODE = {"_ansible_check_mode": True}
"""The internal module option with which ansible-core enables check mode."""

RESULT_MAPPING = {"counts": "counts", "errors": "errors"}
"""The value of the option `result` of contact_upload that describes the responses of the receiver."""

PYTHON_VARIABLE = "MODULE_PYTHON"
"""Environment variable with the path of the Python that runs modules; if unset, the Python of the tests is used."""


def module_python() -> str:
    """Return the path of the Python interpreter that runs modules."""
    return os.environ.get(PYTHON_VARIABLE) or sys.executable


def site_sources(directory: RunningDirectory) -> list[dict[str, Any]]:
    """Return one source for each site of the company."""
    company = directory.company
    return [
        {"location": site.location, "search_base": company.site_dn(site)} for site in company.sites
    ]


def connection_options(directory: RunningDirectory) -> dict[str, Any]:
    """Return the connection options of ad_contacts_export for a directory."""
    return {
        "server_uri": [directory.uri_ldaps],
        "bind_dn": directory.bind_dn,
        "bind_pw": directory.bind_pw,
        "ca_path": str(directory.ca_file),
    }


def export_options(
    directory: RunningDirectory, workspace: Workspace, **overrides: Any
) -> dict[str, Any]:
    """Return options with which ad_contacts_export exports the active people of all sites.

    :param overrides: options to replace, or to remove if the value is None.
    """
    options = {
        **connection_options(directory),
        "sources": site_sources(directory),
        "filter": directory.people_filter,
        "dest": str(workspace.dest),
        **overrides,
    }
    return {name: value for name, value in options.items() if value is not None}


def upload_options(service: Receiver, workspace: Workspace, **overrides: Any) -> dict[str, Any]:
    """Return options with which contact_upload uploads to the receiver.

    :param overrides: options to replace, or to remove if the value is None.
    """
    options = {
        "src": str(workspace.dest),
        "url": service.url,
        "token": service.token,
        "ca_path": str(service.ca_file),
        "state_dir": str(workspace.state_dir),
        "retry_interval": 0,
        "result": RESULT_MAPPING,
        **overrides,
    }
    return {name: value for name, value in options.items() if value is not None}


def service_variables(service: Receiver) -> dict[str, Any]:
    """Return variables with which the role uploads to the receiver."""
    return {
        "contact_sync_service_url": service.url,
        "contact_sync_service_token": service.token,
        "contact_sync_service_ca_path": str(service.ca_file),
        "contact_sync_service_result": RESULT_MAPPING,
    }


def role_variables(
    directory: RunningDirectory, service: Receiver, workspace: Workspace
) -> dict[str, Any]:
    """Return variables with which the role syncs the active people of all sites to the receiver."""
    company = directory.company
    return {
        **{f"contact_sync_{name}": value for name, value in connection_options(directory).items()},
        "contact_sync_filter": directory.people_filter or "",
        "contact_sync_base_dn": company.base_dn,
        "contact_sync_ou_template": "OU={ou},OU=Staff,{{ contact_sync_base_dn }}",
        "contact_sync_locations": [
            {"location": site.location, "ou": site.ou} for site in company.sites
        ],
        "contact_sync_state_dir": str(workspace.state_dir),
        "contact_sync_dest": str(workspace.dest),
        "contact_sync_initial": True,
        **service_variables(service),
    }


def host_variables() -> dict[str, str]:
    """Return variables with which Ansible runs modules on this host without SSH, in the Python of `module_python`."""
    return {"ansible_connection": "local", "ansible_python_interpreter": module_python()}

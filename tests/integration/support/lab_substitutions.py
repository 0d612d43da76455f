# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacements for names in the documentation's examples, so that the examples run in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory


def substitute_lab_names(text: str, substitutions: dict[str, str], company: Company) -> str:
    """Replace the names in an example from the documentation with names that exist in the lab.

    :param substitutions: additional replacements, by the string to replace.
    """
    oslo, bergen = (company.site_dn(company.site(name)) for name in ("oslo-hq", "bergen"))
    substitutions = {
        **substitutions,
        "OU=Oslo,OU=Staff,DC=corp,DC=example": oslo,
        "OU=Bergen,OU=Staff,DC=corp,DC=example": bergen,
        "OU=Bergen\\, Harbour,OU=Staff,DC=harbour,DC=example": bergen,
        "CN=Harbour Access,OU=Groups,DC=corp,DC=example": f"CN=All of Oslo,{oslo}",
        "CN=Externals,OU=Groups": "CN=Tromsø duty,OU=Groups",
        "location: harbour\n": "location: tromso\n",
        "DC=corp,DC=example": company.base_dn,
        "DC=harbour,DC=example": company.base_dn,
        "Bergen, Harbour": company.site("bergen").ou,
        "reception@corp.example": company.canary_person.mail,
        # carLicense stands in for the start date, for which Active Directory has no standard attribute.
        "employeeStartDate": "carLicense",
        "ou: Oslo}": "ou: Oslo HQ}",
        "contact_sync_ou: Oslo\n": "contact_sync_ou: Oslo HQ\n",
    }
    for name, lab_name in substitutions.items():
        text = text.replace(name, lab_name)
    return text


def connection_substitutions(directory: RunningDirectory, workspace: Workspace) -> dict[str, str]:
    """Return replacements for the servers, the account and the paths in the documentation, by the string to replace."""
    return {
        "ldaps://dc1.corp.example": directory.uri_ldaps,
        "ldaps://dc2.corp.example": directory.uri_ldaps,
        "svc-frontdesk@corp.example": directory.bind_upn or directory.bind_dn,
        "/etc/ssl/certs/corp-ca.pem": str(directory.ca_file),
        **dict.fromkeys(
            ("/var/lib/frontdesk-contacts", "/srv/contacts", "/srv/state", "/srv/frontdesk"),
            str(workspace.root),
        ),
    }

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries that are missing or too old in the Python that runs a module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace

pytestmark = pytest.mark.every_library

EXPORT = (
    "ad_contacts_export",
    {
        "server_uri": "ldaps://dc1.corp.example",
        "bind_dn": "reader@corp.example",
        "bind_pw": "Pw7.never-sent",
        "sources": [{"location": "oslo-hq", "search_base": "OU=Oslo,DC=corp,DC=example"}],
        "dest": "contacts.csv",
    },
)
UPLOAD = (
    "contact_upload",
    {"src": "contacts.csv", "url": "https://desk.example/contacts", "token": "Tk7.never-sent"},
)
EXPORT_BY_DOMAIN = (
    "ad_contacts_export",
    {
        **{name: value for name, value in EXPORT[1].items() if name != "server_uri"},
        "domain": "corp.example",
    },
)
MODULE_LIBRARIES = [
    pytest.param(*EXPORT, "ldap3", "2.8.1", "2.9.1", id="ldap3"),
    pytest.param(*UPLOAD, "requests", "2.24.0", "2.25.1", id="requests"),
]
KERBEROS_OPTIONS = {**EXPORT[1], "auth_protocol": "kerberos", "bind_dn": "reader@CORP.EXAMPLE"}


@pytest.mark.parametrize(("module", "options", "library", "_old", "minimum"), MODULE_LIBRARIES)
def test_a_missing_library_is_an_error(
    *,
    module: str,
    options: dict[str, Any],
    library: str,
    _old: str,
    minimum: str,
    workspace: Workspace,
) -> None:
    before = workspace.files()
    result = run_module(workspace, module, options, missing_library=library)
    assert result.message.startswith(
        f"Failed to import the required Python library ({library} >= {minimum}) on "
    )
    assert workspace.files() == before


@pytest.mark.parametrize(("module", "options", "library", "old", "minimum"), MODULE_LIBRARIES)
def test_an_outdated_library_is_an_error(
    *,
    module: str,
    options: dict[str, Any],
    library: str,
    old: str,
    minimum: str,
    workspace: Workspace,
) -> None:
    before = workspace.files()
    result = run_module(workspace, module, options, library_versions={library: old})
    assert re.fullmatch(
        rf"Cannot use the Python library {library} {old} from /\S+/{library} on \S+'s Python \S+:"
        rf" {library} >= {minimum} is required\. Upgrade the library for this Python, or set"
        r" ansible_python_interpreter to a Python that has a supported release of the library\.",
        result.message,
    )
    assert workspace.files() == before


def test_a_missing_gssapi_library_is_an_error(workspace: Workspace) -> None:
    result = run_module(workspace, "ad_contacts_export", KERBEROS_OPTIONS, missing_library="gssapi")
    assert result.message.startswith(
        "Failed to import the required Python library (gssapi >= 1.6.9) on "
    )
    assert "This is required for auth_protocol: kerberos." in result.message


def test_jinja2_is_required_only_by_expressions(workspace: Workspace) -> None:
    module, options = EXPORT
    columns = [{"header": "Name", "value": "sn | upper"}, {"header": "At", "value": "location"}]
    required_by = "required by the expression 'sn | upper' of column 'Name'."
    result = run_module(
        workspace, module, {**options, "columns": columns}, missing_library="jinja2"
    )
    assert result.message.startswith(
        "Failed to import the required Python library (jinja2 >= 3.0) on "
    )
    assert f"This is {required_by}" in result.message
    result = run_module(
        workspace, module, {**options, "columns": columns}, library_versions={"jinja2": "2.11.3"}
    )
    assert f"jinja2 >= 3.0 is {required_by} Upgrade it for" in result.message
    unresolvable = {**options, "server_uri": "ldaps://no-such-host.invalid"}
    result = run_module(workspace, module, unresolvable, missing_library="jinja2")
    assert "its name does not resolve" in result.message


def test_dnspython_is_required_only_by_domain(workspace: Workspace) -> None:
    result = run_module(workspace, *EXPORT_BY_DOMAIN, missing_library="dns")
    assert result.message.startswith(
        "Failed to import the required Python library (dnspython >= 2.1.0) on "
    )
    assert " required by domain. " in result.message
    result = run_module(workspace, *EXPORT_BY_DOMAIN, library_versions={"dns": "2.0.0"})
    assert result.message.startswith("Cannot use the Python library dnspython 2.0.0 from /")
    assert ": dnspython >= 2.1.0 is required by domain. Upgrade it for" in result.message
    module, options = EXPORT
    unresolvable = {**options, "server_uri": "ldaps://no-such-host.invalid"}
    result = run_module(workspace, module, unresolvable, missing_library="dns")
    assert "its name does not resolve" in result.message

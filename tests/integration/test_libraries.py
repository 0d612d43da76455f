# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries that a module's Python lacks, or has in a release that is too old."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module

if TYPE_CHECKING:
    from tests.integration.support.place import Place

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
DOMAIN = (
    "ad_contacts_export",
    {
        **{name: value for name, value in EXPORT[1].items() if name != "server_uri"},
        "domain": "corp.example",
    },
)
MODULES = [
    pytest.param(*EXPORT, "ldap3", "2.8.1", "2.9.1", id="ldap3"),
    pytest.param(*UPLOAD, "requests", "2.30.0", "2.31.0", id="requests"),
]
BY_KERBEROS = {**EXPORT[1], "auth_protocol": "kerberos", "bind_dn": "reader@CORP.EXAMPLE"}


@pytest.mark.parametrize(("module", "options", "library", "_old", "minimum"), MODULES)
def test_library_that_is_missing(
    *, module: str, options: dict[str, Any], library: str, _old: str, minimum: str, place: Place
) -> None:
    before = place.files()
    answer = run_module(place, module, options, without=library)
    assert answer.message.startswith(
        f"Failed to import the required Python library ({library} >= {minimum}) on "
    )
    assert place.files() == before


@pytest.mark.parametrize(("module", "options", "library", "old", "minimum"), MODULES)
def test_library_that_is_too_old(
    *, module: str, options: dict[str, Any], library: str, old: str, minimum: str, place: Place
) -> None:
    before = place.files()
    answer = run_module(place, module, options, versions={library: old})
    assert re.fullmatch(
        rf"Cannot use the Python library {library} {old} from /\S+/{library} on \S+'s Python \S+:"
        rf" {library} >= {minimum} is required\. Upgrade it for this Python, or set"
        r" ansible_python_interpreter to a Python that has it\.",
        answer.message,
    )
    assert place.files() == before


def test_library_of_kerberos_is_missing(place: Place) -> None:
    """Nobody has been asked for a ticket then."""
    answer = run_module(place, "ad_contacts_export", BY_KERBEROS, without="gssapi")
    assert answer.message.startswith(
        "Failed to import the required Python library (gssapi >= 1.6.9) on "
    )
    assert "This is required by auth_protocol kerberos." in answer.message


def test_what_evaluates_expressions_is_needed_where_a_column_is_more_than_a_name(
    place: Place,
) -> None:
    module, options = EXPORT
    columns = [{"header": "Name", "value": "sn | upper"}, {"header": "At", "value": "location"}]
    named = "required by the expression 'sn | upper' of column 'Name'."
    answer = run_module(place, module, {**options, "columns": columns}, without="jinja2")
    assert answer.message.startswith(
        "Failed to import the required Python library (jinja2 >= 3.0) on "
    )
    assert f"This is {named}" in answer.message
    answer = run_module(
        place, module, {**options, "columns": columns}, versions={"jinja2": "2.11.3"}
    )
    assert f"jinja2 >= 3.0 is {named} Upgrade it for" in answer.message
    nowhere = {**options, "server_uri": "ldaps://no-such-host.invalid"}
    answer = run_module(place, module, nowhere, without="jinja2")
    assert "its name does not resolve" in answer.message


def test_what_finds_servers_is_needed_with_domain_alone(place: Place) -> None:
    answer = run_module(place, *DOMAIN, without="dns")
    assert answer.message.startswith(
        "Failed to import the required Python library (dnspython >= 2.1.0) on "
    )
    assert " required by domain. " in answer.message
    answer = run_module(place, *DOMAIN, versions={"dns": "2.0.0"})
    assert answer.message.startswith("Cannot use the Python library dnspython 2.0.0 from /")
    assert ": dnspython >= 2.1.0 is required by domain. Upgrade it for" in answer.message
    module, options = EXPORT
    nowhere = {**options, "server_uri": "ldaps://no-such-host.invalid"}
    answer = run_module(place, module, nowhere, without="dns")
    assert "its name does not resolve" in answer.message

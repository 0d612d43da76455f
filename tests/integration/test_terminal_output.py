# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from a hostile directory, which must not control a terminal, reorder a message or add lines to a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.support.faults import ErrorMessage
from tests.integration.support.ldap_messages import BIND_RESPONSE, SEARCH_RESULT_DONE
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options, role_variables
from tests.integration.support.playbooks import Inventory, run_playbook

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

HOSTILE = "access\x1b[2J\x1b]0;owned\x07 \x9b31mdenied\r\nok: [localhost]\u2028\u202esnoitidnoc"
SHOWN = "access denied ok: [localhost] snoitidnoc"


@pytest.mark.parametrize(("tag", "occurrence"), [(BIND_RESPONSE, 1), (SEARCH_RESULT_DONE, 2)])
def test_messages_of_a_directory_are_printable(
    tag: int, occurrence: int, open_ldap: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    fault = ErrorMessage(HOSTILE, tag, occurrence)
    with ldap_proxy(open_ldap, fault=fault, certificate=ca.issue("localhost")) as uri:
        options = export_options(open_ldap, workspace, server_uri=[uri])
        message = run_module(workspace, "ad_contacts_export", options).message
    assert SHOWN in message
    assert message.isprintable()


def test_the_output_of_the_role_is_printable(
    open_ldap: RunningDirectory, service: Receiver, ca: Authority, workspace: Workspace
) -> None:
    fault = ErrorMessage(HOSTILE, SEARCH_RESULT_DONE, 2)
    with ldap_proxy(open_ldap, fault=fault, certificate=ca.issue("localhost")) as uri:
        variables = role_variables(open_ldap, service, workspace)
        inventory = Inventory({**variables, "contact_sync_server_uri": [uri]})
        run = run_playbook(workspace, "frontdesk.contacts.sync", inventory)
    assert SHOWN in run.failure
    assert SHOWN in run.reports[0].replace("\n ", "")
    assert all(line.isprintable() for line in run.output.splitlines())

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CA certificates that are trusted, and the names in server certificates that are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import upload_options
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload
from tests.lab.authority import Authority, authority
from tests.lab.receiver import receiver

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

OTHER_NAME = "its certificate was issued for another name ("
REMEDY = "use 192.0.2.1, or issue a certificate whose subjectAltName contains localhost."


def test_the_common_name_of_a_directory_server_is_ignored(
    open_ldap: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    # If the certificate contains no DNS name, OpenSSL compares the host name with the common name by default.
    certificate = ca.issue("192.0.2.1", common_name="localhost")
    with ldap_proxy(open_ldap, certificate=certificate) as uri:
        message = run_failing_export(open_ldap, workspace, server_uri=[uri])
    assert message.startswith(f"Cannot connect to {uri}: {OTHER_NAME}")
    assert "; the certificate is for 192.0.2.1, was issued by " in message
    assert message.endswith(f"In server_uri, {REMEDY}")


def test_the_common_name_of_a_service_is_ignored(ca: Authority, workspace: Workspace) -> None:
    write_roster(workspace.dest, make_contacts(2))
    certificate = ca.issue("192.0.2.1", common_name="localhost")
    with receiver(ca, certificate=certificate, locations=["oslo-hq"]) as service:
        message = run_failing_upload(service, workspace).message
    assert message.startswith(f"Cannot upload to {service.url}: {OTHER_NAME}")
    assert message.endswith(f"In url, {REMEDY}")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_in_the_environment_replaces_the_certificates_of_the_system(
    variable: str, service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(2))
    options = upload_options(service, workspace, ca_path=None, initial=True)
    # OpenSSL reads the system's CA certificates from the file named by this variable.
    system = {"SSL_CERT_FILE": str(service.ca_file)}
    with authority() as other:
        env = {**system, variable: str(other.ca_file)}
        refused = run_module(workspace, "contact_upload", options, env=env)
    assert "its certificate was issued by an unknown CA" in refused.message
    assert service.requests == 0
    assert run_module(workspace, "contact_upload", options, env=system)["uploaded"]

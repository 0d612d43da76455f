# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS failures, which cause failover before a password is sent."""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.failing_servers import (
    SHORT_TIMEOUTS,
    FailingServer,
    assert_failover,
    assert_message,
    server_at_uri,
)
from tests.integration.support.faults import Fault, NoFurtherResponses, NoResponse
from tests.integration.support.ldap_messages import EXTENDED_RESPONSE
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.lab.authority import Authority, authority
from tests.lab.directory import RunningDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.workspace import Workspace

pytestmark = pytest.mark.every_library

DAY = timedelta(days=1)
CONNECT = "Cannot connect to {uri}: "
START_TLS = "Cannot start TLS with {uri}: "
USES_TLS = "Check that it uses TLS on this port"
ISSUER = "OU=Testing CA #<*>,O=Fjord lab"
DESCRIPTION = (
    " (*); the certificate is for <*>, was issued by <*>, is valid from <*> to <*>, and was checked for localhost with"
    " ca_path <*>/ca.pem."
)
UNKNOWN_CA = (
    "its certificate was issued by an unknown CA"
    + DESCRIPTION.replace("issued by <*>", f"issued by {ISSUER}")
    + f" Set ca_path to a file with the root certificate of the CA {ISSUER}; if that is an intermediate CA, also add"
    " its certificate to this file, or configure the server to send it."
)


def server_with_certificate(
    message: str, name: str = "localhost", *, valid_from: int = -1, valid_until: int = 1
) -> FailingServer:
    """Return a server with a certificate that causes an error.

    :param message: template of the expected cause and remedy; see `FailingServer`.
    :param name: host name in the certificate.
    :param valid_from: start of the certificate's validity, in days from now.
    :param valid_until: end of the certificate's validity, in days from now.
    """

    def start(directory: RunningDirectory, ca: Authority) -> AbstractContextManager[str]:
        not_before, not_after = (
            datetime.now(UTC) + days * DAY for days in (valid_from, valid_until)
        )
        certificate = ca.issue(name, not_before=not_before, not_after=not_after)
        return ldap_proxy(directory, certificate=certificate)

    return FailingServer(start, CONNECT + message, {})


@contextmanager
def start_with_untrusted_ca(directory: RunningDirectory, _ca: Authority) -> Iterator[str]:
    with (
        authority() as other,
        ldap_proxy(directory, certificate=other.issue("localhost")) as uri,
    ):
        yield uri


def start_with_tls_1_1(directory: RunningDirectory, ca: Authority) -> AbstractContextManager[str]:
    old = ssl.TLSVersion.TLSv1_1
    return ldap_proxy(directory, certificate=ca.issue("localhost"), max_tls_version=old)


def server_with_failing_start_tls(
    fault: Fault | None, message: str, **options: Any
) -> FailingServer:
    """Return a server on which StartTLS fails.

    :param fault: fault that makes StartTLS fail. If None, the proxy already uses TLS for its connection to the
        directory, so the directory refuses StartTLS.
    :param message: template of the expected cause and remedy; see `FailingServer`.
    :param options: additional options for the export.
    """

    def start(directory: RunningDirectory, _ca: Authority) -> AbstractContextManager[str]:
        return ldap_proxy(directory, fault=fault, tls_to_directory=fault is None)

    return FailingServer(start, START_TLS + message, {"start_tls": True, **options})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    "failing_server",
    [
        pytest.param(
            FailingServer(start_with_untrusted_ca, CONNECT + UNKNOWN_CA, {}), id="unknown CA"
        ),
        pytest.param(
            server_with_certificate(
                (
                    "its certificate was issued for another name"
                    f"{DESCRIPTION.replace('for <*>', 'for elsewhere.test', 1)}"
                    " In server_uri, use elsewhere.test, or issue a certificate whose subjectAltName contains"
                    " localhost."
                ),
                "elsewhere.test",
            ),
            id="certificate for another name",
        ),
        pytest.param(
            server_with_certificate(
                f"its certificate has expired{DESCRIPTION} Renew the server's certificate.",
                valid_from=-9,
                valid_until=-1,
            ),
            id="expired certificate",
        ),
        pytest.param(
            server_with_certificate(
                (
                    "its certificate is not yet valid, and the clock of this host shows <*> UTC"
                    f"{DESCRIPTION} Check the clocks of both hosts."
                ),
                valid_from=1,
                valid_until=9,
            ),
            id="certificate not yet valid",
        ),
        pytest.param(
            FailingServer(
                start_with_tls_1_1,
                (
                    f"{CONNECT}it does not support TLS 1.2 or newer (*). Enable TLS 1.2 or newer"
                    " on the server."
                ),
                {},
            ),
            id="TLS 1.1 only",
        ),
        pytest.param(
            server_at_uri(
                lambda directory: directory.uri_ldap.replace("ldap:", "ldaps:"),
                f"{CONNECT}it closed the connection during the TLS handshake (*). {USES_TLS}.",
            ),
            id="TLS on a port without TLS",
        ),
        pytest.param(
            server_at_uri(
                lambda directory: directory.uri_ldaps.replace("ldaps:", "ldap:"),
                (
                    f"{START_TLS}it closed the connection (*). Use ldaps:// if the server expects"
                    " TLS on this port; StartTLS is for the port without TLS."
                ),
                start_tls=True,
            ),
            id="StartTLS on a port with TLS",
        ),
        pytest.param(
            server_with_failing_start_tls(
                None,
                (
                    "the server refused StartTLS (*). Use ldaps://, or install a certificate on"
                    " the server."
                ),
            ),
            id="StartTLS refused",
        ),
        pytest.param(
            server_with_failing_start_tls(
                NoResponse(EXTENDED_RESPONSE),
                (
                    "it did not respond in time (*). Check its load and its log, or increase"
                    " receive_timeout."
                ),
                **SHORT_TIMEOUTS,
            ),
            id="StartTLS timeout",
        ),
        pytest.param(
            server_with_failing_start_tls(
                NoFurtherResponses(EXTENDED_RESPONSE),
                (
                    "it did not complete the TLS handshake in time (*)."
                    f" {USES_TLS}, or increase connection_timeout."
                ),
                **SHORT_TIMEOUTS,
            ),
            id="TLS handshake timeout after StartTLS",
        ),
    ],
)
def test_the_next_server_is_used_after_a_tls_failure(
    failing_server: FailingServer,
    *,
    open_ldap: RunningDirectory,
    ca: Authority,
    expected_files: Mapping[str, bytes],
    workspace: Workspace,
) -> None:
    assert_failover(failing_server, open_ldap, ca, workspace, expected_files)


@pytest.mark.parametrize("with_start_tls", [False, True])
def test_an_untrusted_certificate_is_an_error(
    with_start_tls: bool, active_directory: RunningDirectory, workspace: Workspace
) -> None:
    uri = active_directory.uri_ldap if with_start_tls else active_directory.uri_ldaps
    overrides: dict[str, Any] = {"server_uri": [uri], "start_tls": with_start_tls, "ca_path": None}
    message = run_failing_export(active_directory, workspace, **overrides)
    action = (START_TLS if with_start_tls else CONNECT).format(uri=uri)
    template = UNKNOWN_CA.replace(
        "localhost with ca_path <*>/ca.pem", "<*> with the CA certificates of this host"
    )
    assert_message(message, f"{action}{template}")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS that cannot be trusted, or cannot be had: nobody is sent a password, and the next server is asked."""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.bad_servers import IMPATIENT, BadServer, at, check_left
from tests.integration.support.exports import refused_export
from tests.integration.support.faults import Fault, LastWord, Silence
from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.ldap_messages import EXTENDED_ANSWER
from tests.lab.authority import Authority, authority
from tests.lab.directory import RunningDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.place import Place

pytestmark = pytest.mark.every_library

DAY = timedelta(days=1)
CONNECT = "Cannot connect to {uri}: "
START_TLS = "Cannot start TLS with {uri}: "
USES_TLS = "Check that it uses TLS on this port"
UNKNOWN = (
    "its certificate was issued by an unknown CA (*)."
    " Set ca_path to a file with the issuing CA's certificate."
)


def showing(message: str, name: str = "localhost", *, begins: int = -1, ends: int = 1) -> BadServer:
    """A server with a certificate for a name, good from one day to another, counted from today."""

    def start(directory: RunningDirectory, issuer: Authority) -> AbstractContextManager[str]:
        first, last = (datetime.now(UTC) + days * DAY for days in (begins, ends))
        certificate = issuer.issue(name, not_before=first, not_after=last)
        return faulty_line(directory, certificate=certificate)

    return BadServer(start, CONNECT + message, {})


@contextmanager
def of_another_authority(directory: RunningDirectory, _issuer: Authority) -> Iterator[str]:
    with (
        authority() as other,
        faulty_line(directory, certificate=other.issue("localhost")) as uri,
    ):
        yield uri


def of_tls_1_1(directory: RunningDirectory, issuer: Authority) -> AbstractContextManager[str]:
    old = ssl.TLSVersion.TLSv1_1
    return faulty_line(directory, certificate=issuer.issue("localhost"), tls_version=old)


def start_tls(fault: Fault | None, message: str, **more: Any) -> BadServer:
    """A server that does not do StartTLS as it should; without a fault it has TLS already."""

    def start(directory: RunningDirectory, _issuer: Authority) -> AbstractContextManager[str]:
        return faulty_line(directory, fault=fault, over_tls=fault is None)

    return BadServer(start, START_TLS + message, {"start_tls": True, **more})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(
            BadServer(of_another_authority, CONNECT + UNKNOWN, {}), id="of an unknown authority"
        ),
        pytest.param(
            showing(
                (
                    "its certificate was issued for another name (*). Use a name from the"
                    " certificate in server_uri."
                ),
                "elsewhere.test",
            ),
            id="for another name",
        ),
        pytest.param(
            showing(
                "its certificate has expired (*). Renew the server's certificate.",
                begins=-9,
                ends=-1,
            ),
            id="expired",
        ),
        pytest.param(
            showing(
                "its certificate is not yet valid (*). Check the clocks of both hosts.",
                begins=1,
                ends=9,
            ),
            id="not yet valid",
        ),
        pytest.param(
            BadServer(
                of_tls_1_1,
                (
                    f"{CONNECT}it does not support TLS 1.2 or newer (*). Enable TLS 1.2 or newer"
                    " on the server."
                ),
                {},
            ),
            id="TLS 1.1 alone",
        ),
        pytest.param(
            at(
                lambda directory: directory.uri_ldap.replace("ldap:", "ldaps:"),
                f"{CONNECT}it closed the connection during the TLS handshake (*). {USES_TLS}.",
            ),
            id="TLS on a port without",
        ),
        pytest.param(
            at(
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
            start_tls(
                None,
                (
                    "the server refused StartTLS (*). Use ldaps://, or install a certificate on"
                    " the server."
                ),
            ),
            id="StartTLS refused",
        ),
        pytest.param(
            start_tls(
                Silence(EXTENDED_ANSWER),
                (
                    "it did not answer in time (*). Check its load and its log, or raise"
                    " receive_timeout."
                ),
                **IMPATIENT,
            ),
            id="silent after StartTLS",
        ),
        pytest.param(
            start_tls(
                LastWord(EXTENDED_ANSWER),
                (
                    "it did not complete the TLS handshake in time (*)."
                    f" {USES_TLS}, or raise connection_timeout."
                ),
                **IMPATIENT,
            ),
            id="silent in the handshake after StartTLS",
        ),
    ],
)
def test_server_that_is_left(
    bad: BadServer,
    *,
    open_ldap: RunningDirectory,
    issuer: Authority,
    right: Mapping[str, bytes],
    place: Place,
) -> None:
    check_left(bad, open_ldap, issuer, place, right)


@pytest.mark.parametrize("with_start_tls", [False, True])
def test_without_the_authority_nothing_is_read(
    with_start_tls: bool, active_directory: RunningDirectory, place: Place
) -> None:
    uri = active_directory.uri_ldap if with_start_tls else active_directory.uri_ldaps
    wrong: dict[str, Any] = {"server_uri": [uri], "start_tls": with_start_tls, "ca_path": None}
    message = refused_export(active_directory, place, **wrong)
    tried = (START_TLS if with_start_tls else CONNECT).format(uri=uri)
    assert message == f"{tried}{UNKNOWN}".replace("(*)", "(unable to get local issuer certificate)")

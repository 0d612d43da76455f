# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS that cannot be trusted, or cannot be had: nobody is sent a password."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.faulty_line import faulty_line

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "validity", "problem"),
    [
        pytest.param(
            "elsewhere.test",
            (-1, 1),
            (
                "its certificate was issued for another name (Hostname mismatch, certificate is not"
                " valid for 'localhost'). Use the name in the certificate in server_uri."
            ),
            id="for another name",
        ),
        pytest.param(
            "localhost",
            (-9, -1),
            (
                "its certificate has expired (certificate has expired). Renew the server's"
                " certificate."
            ),
            id="expired",
        ),
        pytest.param(
            "localhost",
            (1, 9),
            (
                "its certificate is not yet valid (certificate is not yet valid). Check the clocks"
                " of both hosts."
            ),
            id="not yet valid",
        ),
    ],
)
def test_certificate_that_does_not_verify(
    *,
    name: str,
    validity: tuple[int, int],
    problem: str,
    open_ldap: RunningDirectory,
    issuer: Authority,
    place: Place,
) -> None:
    begins, ends = (datetime.now(UTC) + days * DAY for days in validity)
    certificate = issuer.issue(name, not_before=begins, not_after=ends)
    with faulty_line(open_ldap, certificate=certificate) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri])
    assert message == f"Cannot connect to {uri}: {problem}"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(open_ldap: RunningDirectory, issuer: Authority, place: Place) -> None:
    certificate = issuer.issue("localhost")
    old = ssl.TLSVersion.TLSv1_1
    with faulty_line(open_ldap, certificate=certificate, tls_version=old) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri])
    assert message.startswith(f"Cannot connect to {uri}: it speaks no TLS 1.2 or newer (")
    assert message.endswith("). Enable TLS 1.2 or newer on the server.")


def test_start_tls_that_is_refused(open_ldap: RunningDirectory, place: Place) -> None:
    """As behind something that takes TLS for the directory, which then has it already."""
    wrong: dict[str, Any] = {"start_tls": True}
    with faulty_line(open_ldap, over_tls=True) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri], **wrong)
    assert message == (
        f"Cannot start TLS with {uri}: the server refuses StartTLS (result 1 operationsError, TLS"
        " already started). Use ldaps://, or have a certificate set up on the server."
    )

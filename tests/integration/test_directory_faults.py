# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that fall silent, trickle, or never come to an end: the run does, with one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.faulty_line import (
    BIND_ANSWER,
    ENTRY,
    EXTENDED_ANSWER,
    SEARCH_END,
    Fault,
    Flood,
    LastWord,
    SamePage,
    Silence,
    Trickle,
    deaf_port,
    faulty_line,
    mute_port,
)
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority, Certificate
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

IMPATIENT = {"connection_timeout": 1, "receive_timeout": 1}
LATE = (
    "it did not answer in time (error receiving data: no whole answer within 1 s)."
    " Check its load and its log, or raise receive_timeout."
)


@pytest.fixture
def certificate(issuer: Authority) -> Certificate:
    """The certificate of a line."""
    return issuer.issue("localhost")


def test_server_that_takes_no_connection(open_ldap: RunningDirectory, place: Place) -> None:
    with deaf_port() as port:
        uri = f"ldaps://localhost:{port}"
        message = refused_export(open_ldap, place, server_uri=[uri], **IMPATIENT)
    assert message == (
        f"Cannot connect to {uri}: it did not answer in time (socket connection error while"
        " opening: timed out). Check firewalls, or raise connection_timeout."
    )


def test_server_that_is_silent_in_the_tls_handshake(
    open_ldap: RunningDirectory, place: Place
) -> None:
    """It has the time of the connection, not that of an answer."""
    with mute_port() as port:
        uri = f"ldaps://localhost:{port}"
        message = refused_export(open_ldap, place, server_uri=[uri], connection_timeout=1)
    assert message.startswith(
        f"Cannot connect to {uri}: it did not complete the TLS handshake in time ("
    )
    assert message.endswith(
        "). Check that it speaks TLS on this port, or raise connection_timeout."
    )


def test_server_that_is_silent_after_start_tls(open_ldap: RunningDirectory, place: Place) -> None:
    with faulty_line(open_ldap, fault=Silence(EXTENDED_ANSWER)) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri], start_tls=True, **IMPATIENT)
    assert message == f"Cannot start TLS with {uri}: {LATE}"


def test_server_that_is_silent_in_the_handshake_after_start_tls(
    open_ldap: RunningDirectory, place: Place
) -> None:
    start_tls: dict[str, Any] = {"start_tls": True, "connection_timeout": 1}
    with faulty_line(open_ldap, fault=LastWord(EXTENDED_ANSWER)) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri], **start_tls)
    assert message.startswith(
        f"Cannot start TLS with {uri}: it did not complete the TLS handshake in time ("
    )


BIND = "Cannot bind to {uri} as {bind_dn}: "
ROOT = "Cannot read the root DSE of {uri}: "
SEARCH = "source 1 (location 'oslo-hq'): Cannot search {base} on {uri}: "


@pytest.mark.parametrize("tag", [BIND_ANSWER, SEARCH_END], ids=["bind", "about itself"])
def test_server_that_is_silent_at_first_is_left_for_the_next_one(
    tag: int, open_ldap: RunningDirectory, certificate: Certificate, place: Place
) -> None:
    with faulty_line(open_ldap, fault=Silence(tag), certificate=certificate) as uri:
        options = export_options(
            open_ldap, place, server_uri=[uri, open_ldap.uri_ldaps], **IMPATIENT
        )
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == open_ldap.uri_ldaps


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        pytest.param(lambda: Silence(BIND_ANSWER), BIND + LATE, id="silent in the bind"),
        pytest.param(lambda: Silence(SEARCH_END), ROOT + LATE, id="silent about itself"),
        pytest.param(lambda: Silence(ENTRY, 2), SEARCH + LATE, id="silent in the first page"),
        pytest.param(lambda: Silence(SEARCH_END, 3), SEARCH + LATE, id="silent in a later page"),
        pytest.param(lambda: Trickle(BIND_ANSWER), BIND + LATE, id="trickling in the bind"),
        pytest.param(lambda: Trickle(ENTRY, 9), SEARCH + LATE, id="trickling in a page"),
        pytest.param(
            lambda: Flood(ENTRY, 9),
            (
                f"{SEARCH}it sends a message of 4294967301 bytes, and no more than 16777216 are taken."
                " Leave attributes with very many or very long values out of the columns."
            ),
            id="flooding in a page",
        ),
        pytest.param(
            SamePage,
            (
                f"{SEARCH}the server gives a page of its answer again, and would for ever. Raise"
                " page_size so that one page holds everybody, and tell the server's administrator."
            ),
            id="the same page for ever",
        ),
    ],
)
def test_server_whose_answer_has_no_end(
    fault: Callable[[], Fault],
    message: str,
    open_ldap: RunningDirectory,
    certificate: Certificate,
    place: Place,
) -> None:
    with faulty_line(open_ldap, fault=fault(), certificate=certificate) as uri:
        said = refused_export(open_ldap, place, server_uri=[uri], page_size=5, **IMPATIENT)
    company = open_ldap.company
    facts = {"uri": uri, "bind_dn": open_ldap.bind_dn, "base": company.site_dn(company.sites[0])}
    assert said == message.format(**facts)

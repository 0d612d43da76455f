# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that cannot be reached, fall silent, break off or run into a limit: left for the next one.

Each is followed by a right one, from which everything comes; the warning is the error of a server alone.
"""

from __future__ import annotations

import socket
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.bad_servers import (
    IMPATIENT,
    PAGE_SIZE,
    BadServer,
    assert_told,
    at,
    check_left,
    line,
    on_port,
)
from tests.integration.support.exports import refused_export
from tests.integration.support.faults import (
    Fault,
    Flood,
    Half,
    HangUp,
    Reset,
    Result,
    SamePage,
    Silence,
    Trickle,
)
from tests.integration.support.faulty_line import deaf_port, faulty_line, mute_port
from tests.integration.support.ldap_messages import BIND_ANSWER, ENTRY, SEARCH_END

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library


def closed_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


CONNECT = "Cannot connect to {uri}: "
BIND = "Cannot bind to {uri} as {bind_dn}: "
ROOT = "Cannot read the root DSE of {uri}: "
SEARCH = "source 1 (location 'oslo-hq'): Cannot search {base} on {uri}: "
LATE = "it did not answer in time (*). Check its load and its log, or raise receive_timeout."
CLOSED = "it closed the connection (*). Check the server's log and try again."
# Over TLS, OpenSSL may take the one for the other when the end comes within a record.
RESET = "it <reset|closed> the connection (*). Check the server's log and try again."
ASK_LIMIT = (
    "Ask the directory administrator to raise the limit for the bind account, or lower page_size."
)
AGAIN = "Try again later."
# The first search is that of the root DSE, and a page holds five people.
PAGE_3 = (SEARCH_END, 4)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(
            at(
                lambda _directory: "ldaps://no-such-host.invalid",
                f"{CONNECT}its name does not resolve (*). Correct the host name in server_uri.",
            ),
            id="a name that does not resolve",
        ),
        pytest.param(
            at(
                lambda _directory: f"ldaps://localhost:{closed_port()}",
                (
                    f"{CONNECT}the connection was refused (*). Check the host and the port, and"
                    " that the server is running."
                ),
            ),
            id="refused",
        ),
        pytest.param(
            on_port(
                deaf_port,
                (
                    f"{CONNECT}it did not answer in time (*). Check firewalls, or raise"
                    " connection_timeout."
                ),
            ),
            id="a black hole",
        ),
        pytest.param(
            on_port(
                mute_port,
                (
                    f"{CONNECT}it did not complete the TLS handshake in time (*). Check that it"
                    " uses TLS on this port, or raise connection_timeout."
                ),
            ),
            id="silent in the TLS handshake",
        ),
        pytest.param(
            line(lambda: Silence(BIND_ANSWER), BIND + LATE, waits=True), id="silent in the bind"
        ),
        pytest.param(
            line(lambda: Silence(SEARCH_END), ROOT + LATE, waits=True), id="silent about itself"
        ),
        pytest.param(
            line(lambda: Silence(ENTRY, 2), SEARCH + LATE, waits=True), id="silent in page 1"
        ),
        pytest.param(line(lambda: Silence(*PAGE_3), SEARCH + LATE, waits=True), id="in page 3"),
        pytest.param(
            line(lambda: Trickle(BIND_ANSWER), BIND + LATE, waits=True), id="trickling in the bind"
        ),
        pytest.param(
            line(lambda: Trickle(ENTRY, 9), SEARCH + LATE, waits=True), id="trickling in a page"
        ),
        pytest.param(
            line(
                lambda: Flood(ENTRY, 9),
                (
                    f"{SEARCH}it sent a message of 4294967301 bytes, which exceeds the maximum of"
                    " 16777216. Remove attributes with very many or very long values from the"
                    " columns."
                ),
            ),
            id="flooding in a page",
        ),
        pytest.param(line(lambda: HangUp(BIND_ANSWER), BIND + CLOSED), id="closed in the bind"),
        pytest.param(line(lambda: HangUp(*PAGE_3), SEARCH + CLOSED), id="closed in page 3"),
        pytest.param(line(lambda: Half(*PAGE_3), SEARCH + CLOSED), id="half a message in page 3"),
        pytest.param(line(lambda: Reset(*PAGE_3), SEARCH + RESET), id="reset in page 3"),
        pytest.param(
            line(
                SamePage,
                (
                    f"{SEARCH}the server keeps returning the same page. Raise page_size until one"
                    " page contains everyone, and inform the server's administrator."
                ),
            ),
            id="the same page for ever",
        ),
        pytest.param(
            line(lambda: Result(51, BIND_ANSWER), f"{BIND}the server is busy (*). {AGAIN}"),
            id="busy in the bind",
        ),
        *(
            pytest.param(
                line(partial(Result, code, *PAGE_3), f"{SEARCH}{meaning} (*). {remedy}"),
                id=f"result {code} in page 3",
            )
            for code, meaning, remedy in (
                (
                    3,
                    "the server's time limit ended the search",
                    "Narrow the sources, or raise the time limit on the server.",
                ),
                (4, "the server's size limit cut the search short", ASK_LIMIT),
                (
                    11,
                    "an administrative limit ended the search",
                    ASK_LIMIT.replace("limit", "limit and to allow paged results (RFC 2696)"),
                ),
                (
                    12,
                    "the server does not support a required extension",
                    (
                        "Ask the directory administrator to allow paged results (RFC 2696) for the"
                        " bind account."
                    ),
                ),
                (51, "the server is busy", AGAIN),
                (
                    53,
                    "the server is unwilling to perform the operation",
                    "Check its message and its log.",
                ),
            )
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


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(
            Result(8, BIND_ANSWER),
            (
                f"{BIND}the server requires an encrypted connection (*). Use ldaps:// or"
                " start_tls: true."
            ),
            id="strong authentication required",
        ),
        pytest.param(
            Result(49, BIND_ANSWER),
            f"{BIND}the name or the password is wrong (*). Correct bind_dn or bind_pw.",
            id="account refused",
        ),
        pytest.param(
            Result(10, SEARCH_END, 2),
            (
                f"{SEARCH}the server refers to another server (*). Set server_uri to a server that"
                " contains this search base."
            ),
            id="referral",
        ),
        pytest.param(
            Result(50, SEARCH_END, 2),
            (
                f"{SEARCH}the bind account does not have permission to read here (*). Grant it"
                " read access to the people's attributes."
            ),
            id="insufficient rights",
        ),
    ],
)
def test_what_another_server_would_say_too_is_no_reason_to_leave_one(
    *,
    fault: Fault,
    expected: str,
    open_ldap: RunningDirectory,
    issuer: Authority,
    place: Place,
) -> None:
    with faulty_line(open_ldap, fault=fault, certificate=issuer.issue("localhost")) as uri:
        message = refused_export(open_ldap, place, server_uri=[uri, open_ldap.uri_ldaps])
    company = open_ldap.company
    facts = {"uri": uri, "bind_dn": open_ldap.bind_dn, "base": company.site_dn(company.sites[0])}
    assert_told(message, expected.format(**facts))


def test_when_every_server_fails_each_is_told_and_the_old_roster_stays(
    open_ldap: RunningDirectory, issuer: Authority, place: Place
) -> None:
    certificate = issuer.issue("localhost")
    with (
        faulty_line(open_ldap, fault=HangUp(*PAGE_3), certificate=certificate) as one,
        faulty_line(open_ldap, fault=Silence(BIND_ANSWER), certificate=certificate) as other,
    ):
        message = refused_export(
            open_ldap, place, server_uri=[one, other], page_size=PAGE_SIZE, **IMPATIENT
        )
    base = open_ldap.company.site_dn(open_ldap.company.sites[0])
    lost = f"source 1 (location 'oslo-hq'): Cannot search {base} on {one}: it closed the connection"
    late = f"Cannot bind to {other} as {open_ldap.bind_dn}: it did not answer in time"
    assert_told(
        message,
        (
            f"None of 2 servers returned a complete result: {lost} (*); {late} (*). Check the server's"
            " log and try again. Check its load and its log, or raise receive_timeout."
        ),
    )

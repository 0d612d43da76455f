# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover: servers that are unreachable, time out, close the connection or reach a limit.

In `test_the_next_server_is_used_after_a_failure`, the second server returns the complete result, and a warning contains
the error that the first server would cause without failover.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.failing_servers import (
    PAGE_SIZE,
    SHORT_TIMEOUTS,
    FailingServer,
    assert_failover,
    assert_message,
    server_at_uri,
    server_on_port,
    server_with_fault,
)
from tests.integration.support.faults import (
    ClosedConnection,
    EndlessResponse,
    ErrorResult,
    Fault,
    NoResponse,
    OversizedResponse,
    RepeatedPage,
    ResetConnection,
    TruncatedResponse,
)
from tests.integration.support.ldap_messages import (
    BIND_RESPONSE,
    SEARCH_RESULT_DONE,
    SEARCH_RESULT_ENTRY,
)
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.ports import find_closed_port, full_backlog_port, silent_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library


CONNECT = "Cannot connect to {uri}: "
BIND = "Cannot bind to {uri} as {bind_dn}: "
ROOT_DSE = "Cannot read the root DSE of {uri}: "
SEARCH = "source 1 (location 'oslo-hq'): Cannot search {base} on {uri}: "
TIMED_OUT = (
    "it did not respond in time (*). Check its load and its log, or increase receive_timeout."
)
CLOSED = "it closed the connection (*). Check the server's log and try again."
# If a TLS connection ends in the middle of a record, OpenSSL might report a closed connection as reset, and vice versa.
RESET = "it <reset|closed> the connection (*). Check the server's log and try again."
RAISE_LIMIT = "Ask the directory administrator to increase the limit for the bind account, or reduce page_size."
TRY_LATER = "Try again later."
# The fourth SearchResultDone ends page 3, because the first one ends the search of the root DSE.
PAGE_3 = (SEARCH_RESULT_DONE, 4)


@pytest.mark.parametrize(
    "failing_server",
    [
        pytest.param(
            server_at_uri(
                lambda _directory: "ldaps://no-such-host.invalid",
                f"{CONNECT}its name does not resolve (*). Correct the host name in server_uri, or check the DNS servers"
                " of this host.",
            ),
            id="unresolvable name",
        ),
        pytest.param(
            server_at_uri(
                lambda _directory: f"ldaps://localhost:{find_closed_port()}",
                (
                    f"{CONNECT}the connection was refused (*). Check the host and the port, and"
                    " that the server is running."
                ),
            ),
            id="connection refused",
        ),
        pytest.param(
            server_on_port(
                full_backlog_port,
                (
                    f"{CONNECT}it did not respond in time (*). Check firewalls, or increase"
                    " connection_timeout."
                ),
            ),
            id="connection timeout",
        ),
        pytest.param(
            server_on_port(
                silent_port,
                (
                    f"{CONNECT}it did not complete the TLS handshake in time (*). Check that it"
                    " uses TLS on this port, or increase connection_timeout."
                ),
            ),
            id="TLS handshake timeout",
        ),
        pytest.param(
            server_with_fault(
                lambda: NoResponse(BIND_RESPONSE), BIND + TIMED_OUT, short_timeouts=True
            ),
            id="bind timeout",
        ),
        pytest.param(
            server_with_fault(
                lambda: NoResponse(SEARCH_RESULT_DONE), ROOT_DSE + TIMED_OUT, short_timeouts=True
            ),
            id="root DSE timeout",
        ),
        pytest.param(
            server_with_fault(
                lambda: NoResponse(SEARCH_RESULT_ENTRY, 2), SEARCH + TIMED_OUT, short_timeouts=True
            ),
            id="timeout in page 1",
        ),
        pytest.param(
            server_with_fault(lambda: NoResponse(*PAGE_3), SEARCH + TIMED_OUT, short_timeouts=True),
            id="timeout in page 3",
        ),
        pytest.param(
            server_with_fault(
                lambda: EndlessResponse(BIND_RESPONSE), BIND + TIMED_OUT, short_timeouts=True
            ),
            id="endless response to the bind",
        ),
        pytest.param(
            server_with_fault(
                lambda: EndlessResponse(SEARCH_RESULT_ENTRY, 9),
                SEARCH + TIMED_OUT,
                short_timeouts=True,
            ),
            id="endless response in a page",
        ),
        pytest.param(
            server_with_fault(
                lambda: OversizedResponse(SEARCH_RESULT_ENTRY, 9),
                (
                    f"{SEARCH}after 7 entries, the server sent a message of 4294967295 bytes, which"
                    " exceeds the maximum of 1073741824 bytes. Shorten or remove values of the next"
                    " entry in the directory, or remove attributes with very many or very long values from the"
                    " columns."
                ),
            ),
            id="oversized response in a page",
        ),
        pytest.param(
            server_with_fault(lambda: ClosedConnection(BIND_RESPONSE), BIND + CLOSED),
            id="connection closed during the bind",
        ),
        pytest.param(
            server_with_fault(lambda: ClosedConnection(*PAGE_3), SEARCH + CLOSED),
            id="connection closed in page 3",
        ),
        pytest.param(
            server_with_fault(lambda: TruncatedResponse(*PAGE_3), SEARCH + CLOSED),
            id="truncated response in page 3",
        ),
        pytest.param(
            server_with_fault(lambda: ResetConnection(*PAGE_3), SEARCH + RESET),
            id="connection reset in page 3",
        ),
        pytest.param(
            server_with_fault(
                RepeatedPage,
                (
                    f"{SEARCH}the server keeps returning the same page. Increase page_size until a"
                    " single page contains all people, and report this to the administrator of the server."
                ),
            ),
            id="repeated page",
        ),
        pytest.param(
            server_with_fault(
                lambda: ErrorResult(51, BIND_RESPONSE), f"{BIND}the server is busy (*). {TRY_LATER}"
            ),
            id="busy during the bind",
        ),
        *(
            pytest.param(
                server_with_fault(
                    partial(ErrorResult, code, *PAGE_3), f"{SEARCH}{cause} (*). {remedy}"
                ),
                id=f"result {code} in page 3",
            )
            for code, cause, remedy in (
                (
                    3,
                    "the search exceeded the server's time limit",
                    "Narrow the sources, or increase the time limit on the server.",
                ),
                (4, "the search exceeded the server's size limit", RAISE_LIMIT),
                (
                    11,
                    "the search exceeded an administrative limit",
                    RAISE_LIMIT.replace("limit", "limit and to allow paged results (RFC 2696)"),
                ),
                (
                    12,
                    "the server does not support a required extension",
                    (
                        "Ask the directory administrator to allow paged results (RFC 2696) for the"
                        " bind account."
                    ),
                ),
                (51, "the server is busy", TRY_LATER),
                (
                    53,
                    "the server is unwilling to perform the operation",
                    "Look for the reason in the server's message and in its log.",
                ),
            )
        ),
    ],
)
def test_the_next_server_is_used_after_a_failure(
    failing_server: FailingServer,
    *,
    open_ldap: RunningDirectory,
    ca: Authority,
    expected_files: Mapping[str, bytes],
    workspace: Workspace,
) -> None:
    assert_failover(failing_server, open_ldap, ca, workspace, expected_files)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(
            ErrorResult(8, BIND_RESPONSE),
            (
                f"{BIND}the server requires an encrypted connection (*). Use ldaps:// or"
                " start_tls: true."
            ),
            id="strong authentication required",
        ),
        pytest.param(
            ErrorResult(49, BIND_RESPONSE),
            f"{BIND}the name or the password is wrong (*). Correct bind_dn or bind_pw.",
            id="wrong password",
        ),
        pytest.param(
            ErrorResult(10, SEARCH_RESULT_DONE, 2),
            (
                f"{SEARCH}the server returned a referral to another server (*). Set server_uri to a server, or"
                " domain to a domain, that holds this part of the directory."
            ),
            id="referral",
        ),
        pytest.param(
            ErrorResult(50, SEARCH_RESULT_DONE, 2),
            (
                f"{SEARCH}the bind account does not have permission to read this part of the directory (*). Grant the"
                " bind account read access to the people and their attributes."
            ),
            id="insufficient access rights",
        ),
    ],
)
def test_errors_that_every_server_would_return_do_not_cause_failover(
    *,
    fault: Fault,
    expected: str,
    open_ldap: RunningDirectory,
    ca: Authority,
    workspace: Workspace,
) -> None:
    with ldap_proxy(open_ldap, fault=fault, certificate=ca.issue("localhost")) as uri:
        message = run_failing_export(open_ldap, workspace, server_uri=[uri, open_ldap.uri_ldaps])
    company = open_ldap.company
    fields = {"uri": uri, "bind_dn": open_ldap.bind_dn, "base": company.site_dn(company.sites[0])}
    assert_message(message, expected.format(**fields))


def test_if_every_server_fails_all_errors_are_reported_and_the_old_roster_is_kept(
    open_ldap: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    certificate = ca.issue("localhost")
    with (
        ldap_proxy(
            open_ldap, fault=ClosedConnection(*PAGE_3), certificate=certificate
        ) as first_uri,
        ldap_proxy(
            open_ldap, fault=NoResponse(BIND_RESPONSE), certificate=certificate
        ) as second_uri,
    ):
        message = run_failing_export(
            open_ldap,
            workspace,
            server_uri=[first_uri, second_uri],
            page_size=PAGE_SIZE,
            **SHORT_TIMEOUTS,
        )
    base = open_ldap.company.site_dn(open_ldap.company.sites[0])
    first_error = f"source 1 (location 'oslo-hq'): Cannot search {base} on {first_uri}: it closed the connection"
    second_error = f"Cannot bind to {second_uri} as {open_ldap.bind_dn}: it did not respond in time"
    assert_message(
        message,
        (
            f"Cannot read the directory from any of the 2 servers: {first_error} (*); {second_error} (*). Check the"
            " server's log and try again. Check its load and its log, or increase receive_timeout."
        ),
    )

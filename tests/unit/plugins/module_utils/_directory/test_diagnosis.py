# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that results from servers and exceptions from libraries are explained."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
    explain_failure,
    explain_refused_start_tls,
    explain_result,
    result_error,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import FAILURES
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import Diagnosis

LIMIT = "Ask the directory administrator to increase the limit for the bind account, or reduce O(page_size)"
NEW_PASSWORD = "Set a new password for the bind account"


@pytest.mark.parametrize(
    ("code", "cause", "remedy"),
    [
        (
            *(3, "the search exceeded the server's time limit"),
            "Narrow the sources, or increase the time limit on the server",
        ),
        (4, "the search exceeded the server's size limit", LIMIT),
        (8, "the server requires an encrypted connection", "Use ldaps:// or O(start_tls=true)"),
        (
            *(10, "the server returned a referral to another server"),
            "Set O(server_uri) to a server, or O(domain) to a domain, that holds this part of the directory",
        ),
        (
            *(11, "the search exceeded an administrative limit"),
            LIMIT.replace("limit", "limit and to allow paged results (RFC 2696)"),
        ),
        (
            *(12, "the server does not support a required extension"),
            "Ask the directory administrator to allow paged results (RFC 2696) for the bind account",
        ),
        (
            *(32, "the entry does not exist"),
            "Correct its DN, or allow the bind account to read it",
        ),
        (34, "the server does not accept the distinguished name", "Correct the spelling of the DN"),
        (
            *(48, "the server does not permit this kind of bind"),
            "Choose another O(auth_protocol), or permit this kind of bind for the account",
        ),
        (49, "the name or the password is wrong", "Correct O(bind_dn) or O(bind_pw)"),
        (
            *(50, "the bind account does not have permission to read this part of the directory"),
            "Grant the bind account read access to the people and their attributes",
        ),
        (51, "the server is busy", "Try again later"),
        (52, "the server is unavailable", "Try again later"),
        (
            53,
            "the server is unwilling to perform the operation",
            "Look for the reason in the server's message and in its log",
        ),
        (1, "the server could not perform the operation", "Look up the result code in RFC 4511"),
        (80, "the server could not perform the operation", "Look up the result code in RFC 4511"),
    ],
)
def test_result_codes_are_explained(code: int, cause: str, remedy: str) -> None:
    result = {"result": code, "description": "someWord", "message": "", "dn": ""}
    assert explain_result(result) == Diagnosis(f"{cause} (result {code} someWord)", remedy)


@pytest.mark.parametrize(
    "message",
    [
        "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind",
        "00002020: Operation unavailable without authentication",
    ],
)
def test_refused_anonymous_reads_are_explained(message: str) -> None:
    result = {"result": 1, "description": "operationsError", "message": message, "dn": ""}
    assert explain_result(result) == Diagnosis(
        f"the server does not allow anonymous reads (result 1 operationsError, {message})",
        "Set O(auth_protocol) to a protocol other than anonymous; with external, map the certificate to an account",
    )


@pytest.mark.parametrize(
    ("codes", "error_class"),
    [
        pytest.param((3, 4, 11, 12, 51, 52, 53), ServerError, id="specific to the server"),
        pytest.param(
            (1, 8, 10, 32, 34, 48, 49, 50, 80), DirectoryError, id="the same on all servers"
        ),
    ],
)
def test_only_results_specific_to_a_server_are_server_errors(
    codes: Sequence[int], error_class: type[DirectoryError]
) -> None:
    # Failover does not help if the request would have the same result on all servers.
    for code in codes:
        result = {"result": code, "description": "someWord", "message": "data 52e"}
        error = result_error("Cannot search", result)
        assert isinstance(error, ServerError) is (error_class is ServerError)
        assert (error.action, error.cause, error.remedy) == (
            "Cannot search",
            *explain_result(result),
        )


_MESSAGES = (
    "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563\0",
    "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {}, v1db1",
    "8009030C: LdapErr: DSID-0C0904DC, comment: AcceptSecurityContext error, data {}, v1db0",
)


@pytest.mark.parametrize(
    ("subcode", "cause", "remedy"),
    [
        ("525", "the account does not exist", "Correct O(bind_dn)"),
        ("52e", "the name or the password is wrong", "Correct O(bind_dn) or O(bind_pw)"),
        ("530", "the account is not allowed to log on at this time", "Extend its logon hours"),
        (
            *("531", "the account is not allowed to log on from this computer"),
            "Remove its workstation restriction",
        ),
        ("532", "the password has expired", NEW_PASSWORD),
        ("533", "the account is disabled", "Enable the bind account"),
        ("701", "the account has expired", "Extend the expiry date of the bind account"),
        ("773", "the password must be changed first", NEW_PASSWORD),
        (
            *("775", "the account is locked out"),
            "Unlock it, and find the program that uses a wrong password for it",
        ),
        ("57", "the name or the password is wrong", "Correct O(bind_dn) or O(bind_pw)"),
    ],
)
def test_subcodes_of_active_directory_are_explained(subcode: str, cause: str, remedy: str) -> None:
    for message in _MESSAGES:
        text = message.format(subcode)
        result = {"result": 49, "description": "invalidCredentials", "message": text, "dn": ""}
        shown = text.removesuffix("\0")
        assert explain_result(result) == Diagnosis(
            f"{cause} (result 49 invalidCredentials, {shown})", remedy
        )


def test_a_subcode_is_ignored_in_other_results() -> None:
    result = {"result": 1, "description": "operationsError", "message": "x, data 52e", "dn": None}
    assert explain_result(result).cause == (
        "the server could not perform the operation (result 1 operationsError, x, data 52e)"
    )


def test_a_refused_start_tls_request_is_explained() -> None:
    message = "unsupported extended operation"
    result = {"result": 2, "description": "protocolError", "message": message, "dn": ""}
    assert explain_refused_start_tls(result) == Diagnosis(
        f"the server refused StartTLS (result 2 protocolError, {message})",
        "Use ldaps://, or install a certificate on the server",
    )


@pytest.mark.parametrize("message", [None, "", "metadata 52e", "data xyz"])
def test_refused_binds_without_a_subcode_are_explained(message: str | None) -> None:
    result = {"result": 49, "description": "invalidCredentials", "message": message}
    assert explain_result(result).remedy == "Correct O(bind_dn) or O(bind_pw)"


def test_the_cause_contains_the_matched_dn_and_the_message_on_one_line() -> None:
    result = {
        "result": 32,
        "description": "noSuchObject",
        "dn": "DC=corp,DC=example",
        "message": "0000208D: NameErr:\r\n\tbest match of:\n\t'DC=corp'\n\0",
    }
    assert explain_result(result).cause == (
        "the entry does not exist (result 32 noSuchObject, 0000208D: NameErr: best match of: "
        "'DC=corp', matched DN DC=corp,DC=example)"
    )


PORT = "Check that it uses TLS on this port"
LOG = "Check the server's log and try again"
OPENING = "socket connection error while opening: "


@pytest.mark.parametrize(
    ("text", "cause", "remedy"),
    [
        (
            f"{OPENING}[Errno 111] Connection refused",
            *(
                "the connection was refused",
                "Check the host and the port, and that the server is running",
            ),
        ),
        (
            f"{OPENING}[Errno 113] Network is unreachable",
            *("there is no route to it", "Check the network between this host and the server"),
        ),
        (
            f"{OPENING}timed out",
            *("it did not respond in time", "Check firewalls, or increase O(connection_timeout)"),
        ),
        (
            "error receiving data: no complete response within 120 s",
            "it did not respond in time",
            "Check its load and its log, or increase O(receive_timeout)",
        ),
        ("[Errno 104] Connection reset by peer", "it reset the connection", LOG),
        ("[Errno 32] Broken pipe", "it closed the connection", LOG),
        ("EOF occurred in violation of protocol (_ssl.c:992)", "it closed the connection", LOG),
        ("session terminated by server", "it closed the connection", LOG),
    ],
)
def test_failed_connections_are_explained(text: str, cause: str, remedy: str) -> None:
    assert explain_failure(Exception(text), None) == Diagnosis(f"{cause} ({text})", remedy)


@pytest.mark.parametrize(
    ("text", "cause", "remedy"),
    [
        (
            "_ssl.c:1003: The handshake operation timed out",
            "it did not complete the TLS handshake in time",
            f"{PORT}, or increase O(connection_timeout)",
        ),
        (
            "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1020)",
            *("it does not support TLS 1.2 or newer", "Enable TLS 1.2 or newer on the server"),
        ),
        (
            "[Errno 104] Connection reset by peer",
            *("it reset the connection", f"{PORT}, and check its log"),
        ),
        (
            "EOF occurred in violation of protocol (_ssl.c:992)",
            *("it closed the connection during the TLS handshake", PORT),
        ),
        (
            "TLS/SSL connection has been closed (EOF) (_ssl.c:1129)",
            *("it closed the connection during the TLS handshake", PORT),
        ),
        (
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            *("its response to the TLS handshake is not TLS", PORT),
        ),
        # This failure is not specific to handshakes.
        ("[Errno 32] Broken pipe", "it closed the connection", LOG),
    ],
)
def test_failed_handshakes_are_explained(text: str, cause: str, remedy: str) -> None:
    diagnosis = Diagnosis(f"{cause} ({text})", remedy)
    assert explain_failure(Exception("something else"), OSError(text)) == diagnosis


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("session terminated by server", "it closed the connection"),
        ("[Errno 104] Connection reset by peer", "it reset the connection"),
    ],
)
def test_connections_that_fail_during_start_tls_are_explained(text: str, cause: str) -> None:
    diagnosis = Diagnosis(
        f"{cause} ({text})",
        "Use ldaps:// if the server expects TLS on this port; StartTLS is for the port without TLS",
    )
    assert explain_failure(Exception(text), None, during_start_tls=True) == diagnosis


@pytest.mark.parametrize(
    "error_class", [KeyError, TypeError, UnicodeError, OverflowError, MemoryError, RecursionError]
)
def test_responses_that_ldap3_cannot_decode_are_reported_as_not_ldap(
    error_class: type[Exception],
) -> None:
    assert issubclass(error_class, FAILURES)
    assert explain_failure(error_class("odd"), None) == Diagnosis(
        f"its response is not LDAP ({error_class.__name__})",
        "Check that an LDAP server listens on this port",
    )


def test_the_rejection_of_kerberos_over_tls_is_explained() -> None:
    # The message that Samba returns.
    message = "SASL:[GSSAPI]: not allowed if TLS is used."
    result = {"result": 8, "description": "strongerAuthRequired", "message": message}
    diagnosis = explain_result(result)
    assert diagnosis.cause.startswith("the server does not accept Kerberos over TLS (result 8 ")
    assert diagnosis.remedy == "Use ldap:// without O(start_tls); Kerberos encrypts the connection"


def test_the_cause_of_an_unknown_failure_is_its_message() -> None:
    assert explain_failure(Exception("odd"), None) == Diagnosis(
        "odd", "Check that an LDAP server listens on this port, and check its log"
    )

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the explanations of status codes and answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import Answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import RowError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import (
    answer_error,
)

ENDPOINT = Endpoint("https://x.no/contacts?list=secret", credential=Credential(token="t0ken"))
CHECK_CREDENTIAL = (
    "Check O(token), O(token_header) and O(token_prefix), and the permissions of the credential"
)
MAY_BE_ACCEPTED = "Run again to send the roster once more; the service may already have accepted it"
LOOK_UP = "Look up the status code in the service's documentation"
CHECK_SERVICE = "Check the service; the next run sends the roster again"

STATUSES = {
    199: ("", LOOK_UP),
    202: ("it might still refuse the roster", "Check O(url) and O(result) against "),
    300: ("", LOOK_UP),
    400: (
        "it cannot process the request",
        "Compare O(method), O(body_format), O(field_name), O(form_fields), ",
    ),
    401: ("it does not accept the credential", CHECK_CREDENTIAL),
    402: ("", LOOK_UP),
    403: ("the credential lacks the required permission", CHECK_CREDENTIAL),
    404: ("the URL does not exist", "Check O(url)"),
    405: ("the URL does not support this method", "Check O(url) and O(method)"),
    406: ("it cannot return JSON", "Check O(url), or set Accept in O(headers)"),
    407: ("a proxy requires authentication", "Check HTTPS_PROXY in the environment"),
    408: (
        "the roster did not arrive in time",
        "Check the network; the next run sends the roster again",
    ),
    409: (
        "the upload conflicts with the current state of the service",
        "Wait until other imports have finished; ",
    ),
    410: ("the URL no longer exists", "Check O(url)"),
    411: (
        "it requires a Content-Length header, which this module sent",
        "Check for a proxy that modifies requests",
    ),
    412: ("a precondition in the headers is not met", "Check O(headers)"),
    413: ("the roster is too large", "Look up the limit in "),
    415: (
        "it does not support the media type of the roster",
        "Check O(body_format) and O(content_type)",
    ),
    418: ("", LOOK_UP),
    422: ("it refused the content", "Compare the columns with "),
    425: ("the service refused early data", "Run again to send the roster once more"),
    429: ("too many requests", "Run less often, or increase O(retries) or O(retry_interval)"),
    500: ("", CHECK_SERVICE),
    502: ("a gateway received no valid response from the service", MAY_BE_ACCEPTED),
    503: ("the service is unavailable", CHECK_SERVICE),
    504: ("a gateway did not receive a response in time", MAY_BE_ACCEPTED),
    599: ("", CHECK_SERVICE),
}


def _message(answer: Answer, endpoint: Endpoint = ENDPOINT) -> str:
    """Return the cause and the remedy of the error for an answer."""
    error = answer_error(endpoint, answer)
    assert error is not None
    assert error.action == "Cannot upload to https://x.no/contacts"
    return f"{error.cause}. {error.remedy}"


@pytest.mark.parametrize("status", STATUSES)
def test_status_is_explained(status: int) -> None:
    meaning, remedy = STATUSES[status]
    cause = f"it returned HTTP {status}" + (f" ({meaning})" if meaning else "")
    assert _message(Answer(status)).startswith(f"{cause}. {remedy}")


@pytest.mark.parametrize(
    ("credential", "options"),
    [
        (Credential(token="t", token_param="p"), "O(token) and O(token_param)"),
        (Credential(username="u"), "O(url_username) and O(url_password)"),
        (Credential(), "O(client_cert)"),
    ],
)
def test_remedy_names_the_options_of_the_credential(credential: Credential, options: str) -> None:
    message = _message(Answer(401), replace(ENDPOINT, credential=credential))
    assert message.endswith(f". Check {options}, and the permissions of the credential")


@pytest.mark.parametrize("status", [200, 201, 204, 207, 299])
def test_any_2xx_status_except_202_means_acceptance(status: int) -> None:
    assert answer_error(ENDPOINT, Answer(status)) is None


@pytest.mark.parametrize(
    ("accepted", "status", "is_accepted"),
    [((200,), 200, True), ((200,), 201, False), ((202,), 202, True), ((202,), 200, False)],
)
def test_accepted_statuses_can_be_configured(
    accepted: tuple[int, ...], status: int, is_accepted: bool
) -> None:
    error = answer_error(replace(ENDPOINT, accepted_statuses=accepted), Answer(status))
    assert (error is None) is is_accepted
    if error is not None:
        assert error.remedy.startswith("Check O(url), O(result) and O(status_code) against")


CORRECT = "Correct the directory entries of the refused contacts, or correct the columns"
ROWS = f"{CORRECT}; service.errors lists the rows"
ERRORS = (RowError(row=1, column="Email", cause="not unique"),)
OTHERS = "the other rows are treated as accepted, and the next run sends the whole roster again"
NOTHING = "no row is treated as accepted"


def _refusing(status: int, rows: set[int]) -> Answer:
    """Return an answer that refuses the given rows of a roster with three rows."""
    return Answer(
        status=status, errors=ERRORS, error_count=1, refused_rows=frozenset(rows), row_count=3
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            _refusing(422, {1}),
            f"it returned HTTP 422 and refused 1 row; {NOTHING}. {ROWS}",
        ),
        (
            _refusing(200, {1, 2}),
            f"it returned HTTP 200 and refused 2 rows; {OTHERS}. {ROWS}",
        ),
        (
            _refusing(200, {1, 2, 3}),
            f"it returned HTTP 200 and refused 3 rows; {NOTHING}. {ROWS}",
        ),
        (
            Answer(status=200, unassigned=2, row_count=3),
            f"it returned HTTP 200 and refused 2 rows; {NOTHING}. {CORRECT}",
        ),
        (
            Answer(200, problem="it is empty"),
            (
                "it returned HTTP 200, but the response does not match O(result): it is empty; the roster "
                "is treated as not accepted. Check O(url) and O(result) against the service's documentation"
            ),
        ),
        # The status code is more informative than the content of an error page.
        (
            Answer(404, problem="it is an HTML page"),
            "it returned HTTP 404 (the URL does not exist). Check O(url)",
        ),
    ],
)
def test_answer_is_explained(answer: Answer, message: str) -> None:
    assert _message(answer) == message


@pytest.mark.parametrize(
    ("retry_after", "text"),
    [
        (None, ""),
        (300.0, ""),
        (
            3600.0,
            " and requested a delay of 3600 seconds, which is longer than the maximum of 300 seconds",
        ),
    ],
)
def test_retry_after_that_is_too_long_is_reported(retry_after: float | None, text: str) -> None:
    message = _message(Answer(503, retry_after=retry_after))
    assert message.startswith(f"it returned HTTP 503 (the service is unavailable){text}. ")


@pytest.mark.parametrize(
    ("retry_after", "remedy"),
    [
        (300.0, "Run less often, or increase O(retries) or O(retry_interval)"),
        (301.0, "Run less often, and wait for the requested delay before the next run"),
    ],
)
def test_more_retries_are_not_suggested_if_retry_after_is_too_long(
    retry_after: float, remedy: str
) -> None:
    assert _message(Answer(429, retry_after=retry_after)).endswith(f". {remedy}")


def test_endpoint_is_displayed_without_secrets_in_its_query() -> None:
    assert repr(ENDPOINT) == str(ENDPOINT) == "Endpoint(https://x.no/contacts)"
    assert repr(ENDPOINT.credential) == str(ENDPOINT.credential) == "Credential(...)"

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each status means, and what to do: the whole table."""

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
CHECK = "Check token, token_header and token_prefix, and what the token may do"
AGAIN = "It may have taken the roster; the next run sends it again"
LOOK_UP = "Look up the status in the service's documentation"
PROBLEM = "The service has a problem; the next run sends the roster again"

STATUSES = {
    199: ("", LOOK_UP),
    202: ("it may yet refuse the roster", "Check url and result against "),
    300: ("", LOOK_UP),
    400: ("it cannot read the request", "Compare method, body_format, field_name, form_fields, "),
    401: ("it does not know the credential", CHECK),
    402: ("", LOOK_UP),
    403: ("the credential does not permit this", CHECK),
    404: ("nothing is there", "Check url"),
    405: ("it does not take this method there", "Check url and method"),
    406: ("it has no answer in JSON", "Check url, or set Accept in headers"),
    407: ("a proxy asks for a password", "Check HTTPS_PROXY in the environment"),
    408: ("the roster did not arrive in time", "Check the network; the next run sends it again"),
    409: (
        "it conflicts with what the service has or does",
        "Wait until another import has ended; ",
    ),
    410: ("it is no longer there", "Check url"),
    411: ("it wants a length that it was told", "Look for a proxy that changes requests"),
    412: ("a condition does not hold", "Check headers"),
    413: ("the roster is too large for it", "Look up the limit in "),
    415: ("it takes another media type", "Check body_format and content_type"),
    418: ("", LOOK_UP),
    422: ("it refuses the content", "Compare the columns with "),
    425: ("it is too early for it", "The next run sends the roster again"),
    429: ("it has had too many requests", "Run less often, or raise retries or retry_interval"),
    500: ("", PROBLEM),
    502: ("the way to the service is disturbed", AGAIN),
    503: ("it is not available", PROBLEM),
    504: ("the service behind it did not answer in time", AGAIN),
    599: ("", PROBLEM),
}


def _told(answer: Answer, endpoint: Endpoint = ENDPOINT) -> str:
    error = answer_error(endpoint, answer)
    assert error is not None
    assert error.action == "Cannot upload to https://x.no/contacts"
    return f"{error.cause}. {error.remedy}"


@pytest.mark.parametrize("status", STATUSES)
def test_what_a_status_means(status: int) -> None:
    meaning, remedy = STATUSES[status]
    said = f"it answered {status} ({meaning})" if meaning else f"it answered {status}"
    assert _told(Answer(status)).startswith(f"{said}. {remedy}")


@pytest.mark.parametrize(
    ("credential", "options"),
    [
        (Credential(token="t", token_param="p"), "token and token_param"),
        (Credential(username="u"), "url_username and url_password"),
        (Credential(), "client_cert"),
    ],
)
def test_the_options_of_the_credential_are_named(credential: Credential, options: str) -> None:
    told = _told(Answer(401), replace(ENDPOINT, credential=credential))
    assert told.endswith(f". Check {options}, and what the token may do")


@pytest.mark.parametrize("status", [200, 201, 204, 207, 299])
def test_any_success_is_an_acceptance(status: int) -> None:
    assert answer_error(ENDPOINT, Answer(status)) is None


@pytest.mark.parametrize(
    ("accepted", "status", "is_accepted"),
    [((200,), 200, True), ((200,), 201, False), ((202,), 202, True), ((202,), 200, False)],
)
def test_statuses_can_be_named(accepted: tuple[int, ...], status: int, is_accepted: bool) -> None:
    error = answer_error(replace(ENDPOINT, accepted_statuses=accepted), Answer(status))
    assert (error is None) is is_accepted
    if error is not None:
        assert error.remedy.startswith("Check url, result and status_code against")


ROWS = "Correct these people in the directory, or the columns; service.errors has the rows"
ERROR = (RowError(row=1, column="Email", cause="not unique"),)
OTHERS = "the others count as accepted, and the next run sends all of it again"
NOTHING = "nothing counts as accepted"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            Answer(422, {}, ERROR, 1, frozenset({1}), 0, 3),
            f"it answered 422 and refused 1 row; {NOTHING}. {ROWS}",
        ),
        (
            Answer(200, {}, ERROR, 1, frozenset({1, 2}), 0, 3),
            f"it answered 200 and refused 2 rows; {OTHERS}. {ROWS}",
        ),
        (
            Answer(200, {}, ERROR, 1, frozenset({1, 2, 3}), 0, 3),
            f"it answered 200 and refused 3 rows; {NOTHING}. {ROWS}",
        ),
        (
            Answer(200, {}, (), 0, frozenset(), 2, 3),
            f"it answered 200 and refused 2 rows; {NOTHING}. {ROWS.partition(';')[0]}",
        ),
        (
            Answer(200, problem="it is empty"),
            (
                "it answered 200, but not with what result says: it is empty; the roster counts as not "
                "accepted. Check url and result against the service's documentation"
            ),
        ),
        # The status says more than what an error's page looks like.
        (
            Answer(404, problem="it is a page of HTML"),
            "it answered 404 (nothing is there). Check url",
        ),
    ],
)
def test_what_an_answer_means(answer: Answer, told: str) -> None:
    assert _told(answer) == told


@pytest.mark.parametrize(
    ("asked", "said"),
    [(None, ""), (300.0, ""), (3600.0, " and asks to wait 3600 seconds, longer than a run waits")],
)
def test_a_wait_that_is_too_long_is_told(asked: float | None, said: str) -> None:
    told = _told(Answer(503, retry_after=asked))
    assert told.startswith(f"it answered 503 (it is not available){said}. ")


def test_no_secret_is_in_any_text_of_an_endpoint() -> None:
    assert repr(ENDPOINT) == str(ENDPOINT) == "Endpoint(https://x.no/contacts)"
    assert repr(ENDPOINT.credential) == str(ENDPOINT.credential) == "Credential(...)"

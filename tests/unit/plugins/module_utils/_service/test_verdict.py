# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of verdicts: the outcomes and messages for status codes and answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import Answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    ResultFormat,
    TlsSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import (
    RefusalCause,
    RowError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import (
    AUTH,
    REFUSED,
    UNSURE,
    ServiceError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.verdict import (
    CONFIRMED,
    PARTIAL,
    REJECTED,
    UNCONFIRMED,
    UNKNOWN,
    Verdict,
    decide,
    explain_acceptance,
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
    202: ("it might still reject the roster", "Check O(url) and O(result) against "),
    207: (
        "it might have rejected some of the rows",
        "Describe the row results with O(result.errors)",
    ),
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
    422: ("it rejected the content", "Compare the columns with "),
    425: ("the service rejected early data", "Run again to send the roster once more"),
    429: ("too many requests", "Run less often, or increase O(retries) or O(retry_interval)"),
    500: ("", CHECK_SERVICE),
    502: ("a gateway received no valid response from the service", MAY_BE_ACCEPTED),
    503: ("the service is unavailable", CHECK_SERVICE),
    504: ("a gateway did not receive a response in time", MAY_BE_ACCEPTED),
    599: ("", CHECK_SERVICE),
}


COUNTS = ResultFormat(counts="counts")
ROW_RESULTS = ResultFormat(errors="rows", status="status", accepted=("200",))


def _error(
    answer: Answer, endpoint: Endpoint = ENDPOINT, result_format: ResultFormat = COUNTS
) -> ServiceError:
    error = decide(answer, endpoint, result_format).error(endpoint)
    assert error is not None
    assert error.action == "Cannot upload to https://x.no/contacts"
    return error


def _message(
    answer: Answer, endpoint: Endpoint = ENDPOINT, result_format: ResultFormat = COUNTS
) -> str:
    """Return the cause and the remedy of the error for an answer."""
    error = _error(answer, endpoint, result_format)
    return f"{error.cause}. {error.remedy}"


@pytest.mark.parametrize("status", STATUSES)
def test_status_is_explained(status: int) -> None:
    meaning, remedy = STATUSES[status]
    cause = f"it returned HTTP {status}" + (f" ({meaning})" if meaning else "")
    assert _message(Answer(status)).startswith(f"{cause}. {remedy}")


@pytest.mark.parametrize(
    ("credential", "client_cert", "options", "noun"),
    [
        (Credential(token="t", token_param="p"), None, "O(token) and O(token_param)", "credential"),
        (Credential(username="u"), None, "O(url_username) and O(url_password)", "credential"),
        (
            Credential(username="u"),
            "c.pem",
            "O(url_username) and O(url_password), and O(client_cert)",
            "credential",
        ),
        (Credential(), "c.pem", "O(client_cert)", "client certificate"),
    ],
)
def test_message_names_the_credential_and_its_options(
    credential: Credential, client_cert: str | None, options: str, noun: str
) -> None:
    tls = TlsSettings(client_cert=client_cert)
    endpoint = replace(ENDPOINT, credential=credential, tls=tls)
    for status, cause in (
        (401, f"it does not accept the {noun}"),
        (403, f"the {noun} lacks the required permission"),
    ):
        assert _message(Answer(status), endpoint) == (
            f"it returned HTTP {status} ({cause}). Check {options}, and the permissions of the {noun}"
        )


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, "it requires a credential"), (403, "it does not permit uploads without a credential")],
)
def test_message_says_that_a_credential_is_required(status: int, cause: str) -> None:
    endpoint = replace(ENDPOINT, credential=Credential(is_anonymous=True))
    assert _message(Answer(status), endpoint).startswith(
        f"it returned HTTP {status} ({cause}). Remove O(anonymous), and set O(token), "
    )


@pytest.mark.parametrize("status", [200, 201, 203, 204, 206, 299])
def test_2xx_status_can_mean_acceptance(status: int) -> None:
    assert decide(Answer(status), ENDPOINT, COUNTS) == Verdict(CONFIRMED)
    assert decide(Answer(status), ENDPOINT, ResultFormat()) == Verdict(UNCONFIRMED)
    assert decide(Answer(status), ENDPOINT, ResultFormat(messages=("m",))).outcome == UNCONFIRMED


@pytest.mark.parametrize(
    ("accepted", "result_format", "outcome"),
    [
        (None, ResultFormat(), UNKNOWN),
        (None, ResultFormat(errors="rows"), UNKNOWN),
        (None, ROW_RESULTS, CONFIRMED),
        ((200,), ROW_RESULTS, UNKNOWN),
        ((200, 207), ResultFormat(), UNCONFIRMED),
        ((200, 207), COUNTS, CONFIRMED),
    ],
)
def test_207_means_acceptance_only_with_row_results_or_if_it_is_configured(
    accepted: tuple[int, ...] | None, result_format: ResultFormat, outcome: str
) -> None:
    endpoint = replace(ENDPOINT, accepted_statuses=accepted)
    assert decide(Answer(207), endpoint, result_format).outcome == outcome


@pytest.mark.parametrize(
    ("accepted", "status", "is_accepted"),
    [((200,), 200, True), ((200,), 201, False), ((202,), 202, True), ((202,), 200, False)],
)
def test_accepted_statuses_can_be_configured(
    accepted: tuple[int, ...], status: int, is_accepted: bool
) -> None:
    endpoint = replace(ENDPOINT, accepted_statuses=accepted)
    verdict = decide(Answer(status), endpoint, COUNTS)
    assert verdict.is_accepted is is_accepted
    if not is_accepted:
        assert verdict.remedy.startswith("Check O(url), O(result) and O(status_code) against")


SIGN = Answer(200, failure_sign="success is not true")
DENIED = Answer(200, is_denied=True)
PAGE = Answer(200, problem="it is an HTML page (media type text/html)", is_page=True)


@pytest.mark.parametrize(
    ("answer", "outcome", "kind"),
    [
        *(
            (Answer(status), REJECTED, REFUSED)
            for status in (400, 404, 409, 413, 422, 425, 429, 499)
        ),
        *((Answer(status), REJECTED, AUTH) for status in (401, 403, 407)),
        *((Answer(status), REJECTED, REFUSED) for status in (307, 308)),
        *((Answer(status), UNKNOWN, UNSURE) for status in (300, 301, 302, 303, 304, 399)),
        *((Answer(status), UNKNOWN, UNSURE) for status in (101, 199, 202, 207, 408, 500, 503, 600)),
        *((answer, UNKNOWN, UNSURE) for answer in (SIGN, PAGE, Answer(204, problem="it is empty"))),
        (DENIED, REJECTED, REFUSED),
        (replace(DENIED, status=201, problem="x", failure_sign="y"), REJECTED, REFUSED),
        # The status code does not mean acceptance, so a flag that is false leaves the outcome unknown.
        (replace(DENIED, status=500), UNKNOWN, UNSURE),
        (replace(DENIED, status=202), UNKNOWN, UNSURE),
        # Nothing was sent, so nothing can have been accepted.
        *(
            (Answer(status, is_roster_sent=False), REJECTED, REFUSED)
            for status in (200, 202, 302, 503)
        ),
        (Answer(401, is_roster_sent=False), REJECTED, AUTH),
        (replace(SIGN, is_roster_sent=False), REJECTED, REFUSED),
    ],
)
def test_other_answers_are_rejections_or_have_an_unknown_outcome(
    answer: Answer, outcome: str, kind: str
) -> None:
    for result_format in (COUNTS, ResultFormat(success="success")):
        verdict = decide(answer, ENDPOINT, result_format)
        assert (verdict.outcome, verdict.kind) == (outcome, kind)
        assert _error(answer).may_be_accepted is (outcome == UNKNOWN)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, UNSURE), (308, UNSURE), (401, AUTH), (500, UNSURE), (303, UNSURE)]
)
def test_rejection_does_not_resolve_the_outcome_of_an_earlier_attempt(
    status: int, kind: str
) -> None:
    verdict = decide(Answer(status), ENDPOINT, COUNTS, is_in_doubt=True)
    assert (verdict.outcome, verdict.kind) == (UNKNOWN, kind)
    has_note = "the outcome of an earlier attempt is unknown" in verdict.cause
    assert has_note is (status not in (500, 303))
    assert decide(Answer(200), ENDPOINT, COUNTS, is_in_doubt=True).outcome == CONFIRMED


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            SIGN,
            (
                "it returned HTTP 200, but its response reports a failure or has an unknown meaning: success is not"
                " true; the roster is treated as not accepted. Correct the cause that the service reports. If this"
                " response means that it accepted the roster, describe it with O(result) according to the service's"
                " documentation"
            ),
        ),
        (
            replace(DENIED, message='Unknown column: "SMS". See O(url)'),
            (
                "it returned HTTP 200, but success in its response is false. The service reports: "
                "\"Unknown column: 'SMS'. See O (url)\". Correct the cause that the service reports, or look it up in"
                " the service"
            ),
        ),
        (
            PAGE,
            (
                "it returned HTTP 200, but the response does not match O(result): it is an HTML page (media type"
                " text/html); the roster is treated as not accepted. Check O(url) and O(token), O(token_header) and"
                " O(token_prefix): such a page usually comes from a login form, a proxy or a firewall"
            ),
        ),
        (
            Answer(401, message="invalid_token: The access token expired"),
            (
                "it returned HTTP 401 (it does not accept the credential). The service reports:"
                f' "invalid_token: The access token expired". {CHECK_CREDENTIAL}'
            ),
        ),
        (
            Answer(200, is_roster_sent=False),
            (
                "it returned HTTP 200 before the roster was sent. Check O(url), and whether a proxy"
                " responded instead of the service"
            ),
        ),
    ],
)
def test_failure_in_a_response_is_explained(answer: Answer, message: str) -> None:
    assert _message(answer, result_format=ResultFormat(success="success")) == message


def test_unexpected_response_is_explained_without_a_result_format() -> None:
    assert _message(Answer(200, problem="it is XML"), result_format=ResultFormat()) == (
        "it returned HTTP 200, but the response does not show that it accepted the roster: it is XML; the roster is"
        " treated as not accepted. Check O(url) and O(result) against the service's documentation"
    )


def test_acceptance_without_confirmation_is_explained() -> None:
    assert explain_acceptance(Answer(204, content="an empty body")) == (
        "The roster is treated as accepted because the service returned HTTP 204 with an empty body. Nothing in the"
        " response confirms this. To check the response of each upload, describe it with O(result) according to the"
        " service's documentation."
    )


CORRECT = "Correct the directory entries of the rejected contacts, or correct the columns"
ROWS = f"{CORRECT}; see service.errors"
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
            f"it returned HTTP 422 and rejected 1 row; {NOTHING}. {ROWS}",
        ),
        (
            _refusing(200, {1, 2}),
            f"it returned HTTP 200 and rejected 2 rows; {OTHERS}. {ROWS}",
        ),
        (
            _refusing(200, {1, 2, 3}),
            f"it returned HTTP 200 and rejected 3 rows; {NOTHING}. {ROWS}",
        ),
        (
            Answer(status=200, unassigned=2, row_count=3),
            f"it returned HTTP 200 and rejected 2 rows; {NOTHING}. {CORRECT}",
        ),
        (
            replace(_refusing(200, {1}), failure_sign="success is not true"),
            f"it returned HTTP 200 and rejected 1 row; {NOTHING}. {ROWS}",
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


LOCATION = "is not a location of this account"
OSLO = RefusalCause("Location", LOCATION, 93, (("oslo-main", 93),))
EMAIL = RefusalCause("Email", "... is taken", 1, (("bergen", 1),))
BOTH = RefusalCause(
    "Location", LOCATION, 93, (("oslo-main", 80), ("bergen", 9), ("lab", 3), ("x", 1))
)


@pytest.mark.parametrize(
    ("causes", "text", "remedy"),
    [
        (
            (OSLO, EMAIL),
            f'93 rows: Location: "{LOCATION}", all at oslo-main; 1 row: Email: "... is taken", at bergen',
            "Compare the location identifier oslo-main with the locations of the account in the service",
        ),
        (
            (BOTH, EMAIL),
            (
                f'93 rows: Location: "{LOCATION}" (oslo-main 80, bergen 9, lab 3, others);'
                ' 1 row: Email: "... is taken", at bergen'
            ),
            "Compare the location identifiers oslo-main, bergen, lab with the locations of the account in the service",
        ),
        (
            (RefusalCause("", "unknown location", 94),),
            'all rows: "unknown location"',
            "Compare the location identifiers with the locations of the account in the service",
        ),
        (
            (EMAIL, OSLO),
            f'1 row: Email: "... is taken", at bergen; 93 rows: Location: "{LOCATION}", all at oslo-main',
            "Correct the values of Email in the directory, or the definition of this column",
        ),
        (
            tuple(RefusalCause("", letter, 1) for letter in "abcde"),
            '1 row: "a"; 1 row: "b"; 1 row: "c"; 2 more in service.causes',
            CORRECT,
        ),
        ((RefusalCause("", "", 94),), "", CORRECT),
    ],
)
def test_causes_of_refusals_are_explained(
    causes: tuple[RefusalCause, ...], text: str, remedy: str
) -> None:
    answer = Answer(
        422,
        unassigned=94,
        row_count=200,
        causes=causes,
        header=("Email", "Location"),
        location_column="Location",
    )
    error = _error(answer)
    assert error.cause == (
        f"it returned HTTP 422 and rejected 94 rows; {NOTHING}"
        + (f". The service reports: {text}" if text else "")
    )
    assert error.remedy == remedy


def test_message_that_is_also_a_cause_is_not_repeated() -> None:
    answer = Answer(422, unassigned=1, row_count=2, causes=(EMAIL,), message=EMAIL.cause)
    assert _error(answer).cause.count(EMAIL.cause) == 1
    other = _error(replace(answer, message="Nothing was imported"))
    assert other.cause.endswith('bergen. The service also reports: "Nothing was imported"')


def test_rows_that_are_not_refused_are_accepted_only_if_there_is_no_contradiction() -> None:
    answer = _refusing(200, {1})
    assert decide(answer, ENDPOINT, COUNTS).outcome == PARTIAL
    for change in ({"failure_sign": "x"}, {"problem": "x"}, {"unassigned": 1}, {"row_count": 1}):
        changed: Answer = replace(answer, **change)
        assert (decide(changed, ENDPOINT, COUNTS).outcome, _error(changed).kind) == (
            UNKNOWN,
            REFUSED,
        )
    assert decide(replace(answer, is_denied=True), ENDPOINT, COUNTS).outcome == REJECTED
    assert decide(replace(answer, status=202), ENDPOINT, COUNTS).outcome == UNKNOWN
    assert decide(replace(answer, status=422), ENDPOINT, COUNTS).outcome == REJECTED

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of status codes and answers: whether the service accepted the roster and, if not, why."""

from __future__ import annotations

from .._errors import Diagnosis, FrontdeskError
from .answer import Answer
from .endpoint import Endpoint
from .firewall import FIREWALL, explain_firewall
from .retry import MAX_RETRY_AFTER, is_outcome_unknown

MAY_BE_ACCEPTED_REMEDY = (
    "Run again to send the roster once more; the service may already have accepted it"
)
_DOCUMENTATION = "the service's documentation"
_CHECK_CREDENTIAL = "Check {options}, and the permissions of the {credential}"
_SET_CREDENTIAL = (
    "Remove O(anonymous), and set O(token), O(url_username), O(client_cert) or O(secrets)"
)
_LONG_DELAY_REMEDY = "Run less often, and wait for the requested delay before the next run"
_CHECK_SERVICE = "Check the service; the next run sends the roster again"


NETWORK, AUTH = "network", "service_auth"
REFUSED, UNSURE = "service_refused", "service_unsure"
"""Kinds of failures."""


class ServiceError(FrontdeskError):
    """The service could not be reached, or did not accept all rows of the roster.

    :ivar kind: AUTH if the credential was rejected, REFUSED if the roster was rejected, UNSURE if it is unknown whether
        the roster was accepted, or NETWORK if nothing was sent.
    :ivar attempts: number of attempts.
    :ivar duration: time in seconds from the start of the first attempt to the end of the last one.
    :ivar may_be_accepted: whether the service may have accepted the roster nevertheless.
    """

    kind = NETWORK
    attempts = 1
    duration = 0.0
    may_be_accepted = False

    def report_attempts(self, attempts: int, duration: float) -> None:
        """Set the number of attempts and their duration, and add them to the cause if there were retries."""
        self.attempts, self.duration = attempts, duration
        if attempts > 1:
            seconds = round(duration)
            self.cause += f"; {attempts} attempts in {seconds} second{'' if seconds == 1 else 's'}"


# The meaning of status codes according to RFC 9110, 15 (425: RFC 8470; 429: RFC 6585), and their typical
# use by services.
_STATUSES = {
    202: Diagnosis(
        "it might still refuse the roster",
        f"Check O(url) and O(result) against {_DOCUMENTATION};"
        " to treat this status as acceptance, add 202 to O(status_code)",
    ),
    400: Diagnosis(
        "it cannot process the request",
        "Compare O(method), O(body_format), O(field_name), O(form_fields), O(params) and the columns with"
        f" {_DOCUMENTATION}",
    ),
    401: Diagnosis("it does not accept the {credential}", _CHECK_CREDENTIAL),
    403: Diagnosis("the {credential} lacks the required permission", _CHECK_CREDENTIAL),
    404: Diagnosis("the URL does not exist", "Check O(url)"),
    405: Diagnosis("the URL does not support this method", "Check O(url) and O(method)"),
    406: Diagnosis("it cannot return JSON", "Check O(url), or set Accept in O(headers)"),
    407: Diagnosis("a proxy requires authentication", "Check HTTPS_PROXY in the environment"),
    408: Diagnosis(
        "the roster did not arrive in time",
        "Check the network; the next run sends the roster again",
    ),
    409: Diagnosis(
        "the upload conflicts with the current state of the service",
        "Wait until other imports have finished; the next run sends the roster again",
    ),
    410: Diagnosis("the URL no longer exists", "Check O(url)"),
    411: Diagnosis(
        "it requires a Content-Length header, which this module sent",
        "Check for a proxy that modifies requests",
    ),
    412: Diagnosis("a precondition in the headers is not met", "Check O(headers)"),
    413: Diagnosis(
        "the roster is too large",
        f"Look up the limit in {_DOCUMENTATION}, and export fewer contacts",
    ),
    415: Diagnosis(
        "it does not support the media type of the roster",
        "Check O(body_format) and O(content_type)",
    ),
    422: Diagnosis(
        "it refused the content",
        f"Compare the columns with {_DOCUMENTATION};"
        " if O(result.errors) is set, service.errors lists the rows",
    ),
    425: Diagnosis("the service refused early data", "Run again to send the roster once more"),
    429: Diagnosis(
        "too many requests", "Run less often, or increase O(retries) or O(retry_interval)"
    ),
    502: Diagnosis("a gateway received no valid response from the service", MAY_BE_ACCEPTED_REMEDY),
    503: Diagnosis("the service is unavailable", _CHECK_SERVICE),
    504: Diagnosis("a gateway did not receive a response in time", MAY_BE_ACCEPTED_REMEDY),
}


# The meaning of status codes if the request contained no credential.
_ANONYMOUS_STATUSES = {
    401: Diagnosis("it requires a credential", _SET_CREDENTIAL),
    403: Diagnosis("it does not permit uploads without a credential", _SET_CREDENTIAL),
}


def explain_status(status: int, endpoint: Endpoint) -> Diagnosis:
    """Return the cause and the remedy for a status code that does not mean acceptance."""
    if endpoint.credential.is_anonymous and status in _ANONYMOUS_STATUSES:
        return _ANONYMOUS_STATUSES[status]
    if status in _STATUSES:
        names = {"credential": endpoint.credential_noun, "options": endpoint.credential_options}
        return Diagnosis(*(text.format_map(names) for text in _STATUSES[status]))
    if status >= 500:
        return Diagnosis("", _CHECK_SERVICE)
    if 200 <= status < 300:
        return Diagnosis("", f"Check O(url), O(result) and O(status_code) against {_DOCUMENTATION}")
    return Diagnosis("", f"Look up the status code in {_DOCUMENTATION}")


def answer_error(endpoint: Endpoint, answer: Answer) -> ServiceError | None:
    """Return the error that corresponds to an answer; None if the service accepted the whole roster."""
    status_text = f"it returned HTTP {answer.status}"
    if answer.refused_count:
        return _refused_rows_error(endpoint, answer, status_text)
    if not endpoint.accepts(answer.status):
        diagnosis = explain_status(answer.status, endpoint)
        if answer.firewall:
            diagnosis = explain_firewall(answer.firewall, diagnosis)
        cause = f"{status_text} ({diagnosis.cause})" if diagnosis.cause else status_text
        remedy = diagnosis.remedy
        long_delay = _long_delay(answer)
        if long_delay and answer.status == 429:
            remedy = _LONG_DELAY_REMEDY
        return _make_error(_classify(answer), endpoint.action, cause + long_delay, remedy)
    if answer.problem:
        return _make_error(
            UNSURE,
            endpoint.action,
            f"{status_text}, but the response does not match O(result): {answer.problem}; "
            "the roster is treated as not accepted",
            f"Check O(url) and O(result) against {_DOCUMENTATION}",
        )
    return None


def _refused_rows_error(endpoint: Endpoint, answer: Answer, status_text: str) -> ServiceError:
    rows = "1 row" if answer.refused_count == 1 else f"{answer.refused_count} rows"
    consequence = "no row is treated as accepted"
    if endpoint.accepts(answer.status) and answer.is_partial:
        consequence = (
            "the other rows are treated as accepted, and the next run sends the whole roster again"
        )
    remedy = "Correct the directory entries of the refused contacts, or correct the columns"
    if answer.errors:
        remedy += "; service.errors lists the rows"
    cause = f"{status_text} and refused {rows}; {consequence}"
    return _make_error(REFUSED, endpoint.action, cause, remedy)


def _make_error(kind: str, action: str, cause: str, remedy: str) -> ServiceError:
    error = ServiceError(action, cause, remedy)
    error.kind = kind
    return error


def _classify(answer: Answer) -> str:
    """Return the kind of a failure with a status code that does not mean acceptance."""
    if answer.status in (401, 403, 407) and answer.firewall != FIREWALL:
        return AUTH
    return UNSURE if is_outcome_unknown(answer.status) else REFUSED


def _long_delay(answer: Answer) -> str:
    if answer.retry_after is None or answer.retry_after <= MAX_RETRY_AFTER:
        return ""
    return (
        f" and requested a delay of {answer.retry_after:.0f} seconds,"
        f" which is longer than the maximum of {MAX_RETRY_AFTER:.0f} seconds"
    )

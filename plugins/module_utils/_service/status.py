# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of status codes that do not mean acceptance."""

from __future__ import annotations

from .._errors import Diagnosis, FrontdeskError
from .endpoint import Endpoint
from .firewall import FIREWALL
from .retry import is_definite_rejection

MAY_BE_ACCEPTED_REMEDY = (
    "Run again to send the roster once more; the service may already have accepted it"
)
DOCUMENTATION = "the service's documentation"
_CHECK_CREDENTIAL = "Check {options}, and the permissions of the {credential}"
_SET_CREDENTIAL = (
    "Remove O(anonymous), and set O(token), O(url_username), O(client_cert) or O(secrets)"
)
_CHECK_SERVICE = "Check the service; the next run sends the roster again"


NETWORK, AUTH = "network", "service_auth"
REFUSED, UNSURE = "service_refused", "service_unsure"
"""Kinds of failures."""


class ServiceError(FrontdeskError):
    """The service could not be reached, or did not accept all rows of the roster.

    :ivar kind: AUTH if a credential was rejected or is required, REFUSED if the roster or some of its rows were
        rejected, UNSURE if it is unknown whether the roster was accepted, or NETWORK if there was no usable response,
        but the roster cannot have been accepted.
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
        "it might still reject the roster",
        f"Check O(url) and O(result) against {DOCUMENTATION};"
        " to treat this status as acceptance, add 202 to O(status_code)",
    ),
    207: Diagnosis(
        "it might have rejected some of the rows",
        "Describe the row results with O(result.errors), O(result.status) and O(result.accepted);"
        " to treat this status as acceptance, add 207 to O(status_code)",
    ),
    400: Diagnosis(
        "it cannot process the request",
        "Compare O(method), O(body_format), O(field_name), O(form_fields), O(params) and the columns with"
        f" {DOCUMENTATION}",
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
        f"Look up the limit in {DOCUMENTATION}, and export fewer contacts",
    ),
    415: Diagnosis(
        "it does not support the media type of the roster",
        "Check O(body_format) and O(content_type)",
    ),
    422: Diagnosis(
        "it rejected the content",
        f"Compare the columns with {DOCUMENTATION}; if O(result.errors) is set, see service.errors",
    ),
    425: Diagnosis("the service rejected early data", "Run again to send the roster once more"),
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
        return Diagnosis("", f"Check O(url), O(result) and O(status_code) against {DOCUMENTATION}")
    return Diagnosis("", f"Look up the status code in {DOCUMENTATION}")


def classify_status(status: int, firewall: str = "") -> str:
    """Return the kind of a failure with a status code that does not mean acceptance.

    :param firewall: FIREWALL if the response comes from a firewall or proxy in front of the service.
    """
    if status in (401, 403, 407) and firewall != FIREWALL:
        return AUTH
    return REFUSED if is_definite_rejection(status) else UNSURE

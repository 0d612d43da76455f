# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A roster of two people that was sent to a service, and functions that read the answers of the service."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._service import answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import Answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.masking import Masker
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import SentRoster
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response import Response
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)

ENDPOINT = Endpoint("https://x.no/contacts?list=secret", credential=Credential(token="t0ken"))
RESULT_FORMAT = ResultFormat(counts="counts", errors="errors")
HEADER = ("Name", "Email", "Location")
ROWS = (("Åse", "ase@x.no", "oslo"), ("Ola (.*)", "ola@x.no", "oslo"))
IDENTITIES = ("id-1", "id-2")


def sent_roster(
    rows: Sequence[Sequence[str]] = ROWS, identities: Sequence[str] = IDENTITIES
) -> SentRoster:
    """Return a sent roster.

    :param rows: the cells of each row.
    :param identities: the identities of the first rows. The identities of any other rows are unknown.
    """
    pairs = list(itertools.zip_longest(rows, identities))[: len(rows)]
    return SentRoster(header=HEADER, row_count=len(rows), read_rows=lambda: pairs)


def read_answer(
    status: int, body: ResponseBody, result_format: ResultFormat, sent: SentRoster, **headers: Any
) -> Answer:
    """Read an answer; in its texts, only words from the sent roster are masked.

    :param headers: values of other fields of `Response`, such as ``content_type``.
    """
    masker = Masker(rosters=[lambda: (cells for cells, _identity in sent.read_rows())])
    response = Response(status, body, **headers)
    return answer.read_answer(response, ENDPOINT, result_format, sent, masker)


def read_document(document: object, result_format: ResultFormat = RESULT_FORMAT) -> Answer:
    """Read an answer with status 200 from a JSON document."""
    return read_answer(
        200, ResponseBody(json.dumps(document).encode()), result_format, sent_roster()
    )

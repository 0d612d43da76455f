# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of answers: any response can be read, and the result contains no personal data."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import (
    Answer,
    read_answer,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import SentRoster
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)
from hypothesis import given
from hypothesis import strategies as st

ROWS = (("Åse", "ase@x.no", "oslo"), ("Ola (.*)", "ola@x.no", "oslo"))
SENT = SentRoster(
    header=("Name", "Email", "Location"),
    row_count=2,
    read_rows=lambda: [(row, "id") for row in ROWS],
)
RESULT_FORMAT = ResultFormat(counts="counts", errors="errors")
REFUSED = replace(RESULT_FORMAT, refused=("skipped", "failed"))
STATUSES = ResultFormat(errors=".", status="state", accepted=("Imported",))
NAMES = ["counts", "errors", "row", "column", "error", "state", "skipped", "Email"]

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=12,
)


def _shown(answer: Answer) -> list[object]:
    """Return the parts of an answer that the module includes in its result."""
    return [dict(answer.counts), [asdict(error) for error in answer.errors]]


@given(st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_response_can_be_read(body: bytes) -> None:
    for result_format in (
        RESULT_FORMAT,
        REFUSED,
        STATUSES,
        replace(RESULT_FORMAT, row_column="Email"),
    ):
        answer = read_answer(200, ResponseBody(body), result_format, SENT)
        assert 0 <= len(answer.errors) <= answer.error_count
        assert answer.refused_rows <= {1, 2}
        json.dumps(_shown(answer), ensure_ascii=False).encode()


@given(
    st.lists(st.sampled_from([cell for row in ROWS for cell in row] + ["is", "bad", "column"])),
    _JSON,
)
def test_cells_of_the_roster_are_never_shown(texts: list[str], extra: object) -> None:
    text = ", ".join(texts)
    errors = [{"row": 1, "error": text, "column": text, "state": text, "more": extra}, text]
    document = {"errors": errors, "counts": {text: 1, **dict.fromkeys(texts, 2)}}
    for result_format in (
        RESULT_FORMAT,
        replace(RESULT_FORMAT, status="state"),
        replace(RESULT_FORMAT, row="error", row_column="Email"),
    ):
        answer = read_answer(200, ResponseBody(json.dumps(document).encode()), result_format, SENT)
        shown = json.dumps(_shown(answer), ensure_ascii=False)
        assert not [cell for row in ROWS for cell in row if cell in shown]

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of answers and verdicts.

Any response can be read, the result contains no personal data, and a response with a sign of failure is not accepted
unless the options define its meaning.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import Answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import SentRoster
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.verdict import decide
from ansible_collections.frontdesk.contacts.tests.unit.support.answers import (
    ENDPOINT,
    read_answer,
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
FLAG = ResultFormat(success="state", success_values=("Imported", "true"), messages=("error",))
FORMATS = (
    *(ResultFormat(), RESULT_FORMAT, REFUSED, STATUSES, FLAG, replace(FLAG, success=".")),
    *(replace(RESULT_FORMAT, row_column="Email"), replace(FLAG, counts=".", refused=("failed",))),
)
NAMES = [
    "counts",
    "errors",
    "row",
    "column",
    "error",
    "state",
    "skipped",
    "Email",
    "success",
    "failed",
    "data",
]

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
    """Return parts of an answer that the module shows in its result or in messages."""
    rows = [asdict(error) for error in answer.errors]
    causes = [asdict(cause) for cause in answer.causes]
    return [
        dict(answer.counts),
        rows,
        causes,
        answer.message,
        answer.problem,
        answer.redirect_address,
    ]


_BODIES = st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode())
_HEADERS = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "text/html",
        "application/json; charset=utf-16",
        "text/plain;charset=latin-1",
        "/login",
        "https://a.no:1/b",
    ]
)


@given(_BODIES, st.integers(100, 999) | st.sampled_from([200, 207, 303]), _HEADERS, st.booleans())
def test_any_response_can_be_read(body: bytes, status: int, header: str, is_sent: bool) -> None:
    for result_format in FORMATS:
        answer = read_answer(
            *(status, ResponseBody(body), result_format, SENT),
            content_type=header,
            location=header,
            is_roster_sent=is_sent,
        )
        assert 0 <= len(answer.errors) <= answer.error_count
        assert answer.refused_rows <= {1, 2}
        json.dumps(_shown(answer), ensure_ascii=False).encode()
        verdict = decide(answer, ENDPOINT, result_format)
        error = verdict.error(ENDPOINT)
        assert (error is None) is verdict.is_accepted
        if verdict.is_accepted:
            assert 200 <= status < 300
            assert is_sent
            assert not answer.refused_count
        else:
            assert str(error).isprintable()


_FAILURES = st.fixed_dictionaries({"success": st.sampled_from([False, "false", 0, None])}) | (
    st.fixed_dictionaries({"ok": st.just(False)})
    | st.fixed_dictionaries({"error": st.text(min_size=4) | st.just({"code": 7}) | st.just(True)})
    | st.fixed_dictionaries({"errors": st.lists(_JSON, min_size=1)})
    | st.fixed_dictionaries({"failed": st.integers(min_value=1) | st.just("2")})
    | st.fixed_dictionaries({"status": st.sampled_from(["error", "FAILED", 422])})
).filter(
    lambda value: (
        str(value.get("error", "x")).strip().casefold() not in ("none", "null", "false", "success")
    )
)


@given(
    _FAILURES,
    st.dictionaries(st.sampled_from(NAMES), _JSON, max_size=5),
    st.sampled_from(["", "data", "rows"]),
)
def test_response_with_a_sign_of_failure_is_not_accepted_unless_the_options_define_it(
    failure: dict[str, object], others: dict[str, object], wrapper: str
) -> None:
    wrapped: object = {wrapper: [failure] if wrapper == "rows" else failure} if wrapper else failure
    assert isinstance(wrapped, dict)
    body = json.dumps({**others, **wrapped}).encode()
    for result_format in FORMATS:
        answer = read_answer(200, ResponseBody(body), result_format, SENT)
        verdict = decide(answer, ENDPOINT, result_format)
        # The options define the meaning of a list of row statuses, and of a document that is itself the flag.
        is_defined = result_format.success == "." or result_format is STATUSES
        assert not verdict.is_accepted or is_defined


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

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of refused rows: their identities and causes, and the masking of personal data in messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from unicodedata import normalize

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import (
    MAX_CAUSES,
    RefusalCause,
    RowError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.answers import (
    RESULT_FORMAT,
    read_answer,
    read_document,
    sent_roster,
)

Form = Literal["NFC", "NFD"]


@pytest.mark.parametrize(
    ("error", "row_error"),
    [
        (
            {"row": 2, "column": "Email", "error": "is not unique"},
            RowError(row=2, identity="id-2", column="Email", cause="is not unique"),
        ),
        ({"row": 1}, RowError(row=1, identity="id-1")),
        ({"row": 1, "error": None, "column": 7}, RowError(row=1, identity="id-1", column="7")),
        # Words that occur in any row of the roster are masked, regardless of case. Long numbers are always masked.
        (
            {"row": 1, "error": "ASE@X.NO  of Åse at\noslo, not ola@y.no"},
            RowError(row=1, identity="id-1", cause="... of ... at ..., not ...@......."),
        ),
        ({"row": 1, "column": "åse"}, RowError(row=1, identity="id-1", column="...")),
        (
            {"row": 1, "error": "used by +47 900 11-222, 0047900, (900)11.222 and 1234"},
            RowError(1, "id-1", "", "used by ..., ..., (... and 1234"),
        ),
        ({"row": 1, "error": "x " * 300}, RowError(row=1, identity="id-1", cause="x " * 100)),
        ({"row": 1, "error": ["a", 1, "b"]}, RowError(row=1, identity="id-1", cause="a, b")),
        ({"row": 1, "error": {"a": 1}, "column": [["x"]]}, RowError(row=1, identity="id-1")),
        (
            {"row": 1, "error": {"message": "is bad", "code": "E1"}},
            RowError(row=1, identity="id-1", cause="is bad"),
        ),
        (
            {"row": 1, "error": [{"field": "x", "message": "is bad"}, {"message": "is long"}]},
            RowError(row=1, identity="id-1", cause="is bad, is long"),
        ),
        (
            {"row": 1, "error": {"email": ["is bad", "is long"]}},
            RowError(row=1, identity="id-1", cause="email: is bad, email: is long"),
        ),
        # If the configured key is missing, the cause is the text under one of the usual names.
        ({"row": 1, "message": "is bad"}, RowError(row=1, identity="id-1", cause="is bad")),
        # The name of a field is shown as the title of its column.
        ({"row": 1, "column": "EMAIL"}, RowError(row=1, identity="id-1", column="Email")),
        ({"row": 1, "column": "rows.1.email"}, RowError(row=1, identity="id-1", column="Email")),
        # Escape sequences and invisible characters are removed, and other nonprintable characters become spaces.
        (
            {"row": 1, "error": "a\x1b[2Jb\ud800c\u202e"},
            RowError(row=1, identity="id-1", cause="ab c"),
        ),
        # The row is unknown, but the refusal is reported.
        *(
            ({"row": row, "error": "bad Åse"}, RowError(row=None, cause="bad ..."))
            for row in (0, 3, -1, "one", "1.5", None, True, 1.5, [1])
        ),
        ("row 1: bad Åse", RowError(row=None, cause="row 1: bad ...")),
        (None, RowError(row=None)),
        ([], RowError(row=None)),
    ],
)
def test_row_error_is_read(error: object, row_error: RowError) -> None:
    assert read_document({"errors": [error]}).errors == (row_error,)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("A\u030ase is bad", "... is bad"),
        ("\u00c5SE is bad", "... is bad"),
        ("ase\u0301_a\u030ase and 123456ola", "..._... and ..."),
        ("654321ola", "...ola"),
    ],
)
def test_words_are_masked_in_any_normalization_form(form: Form, message: str, masked: str) -> None:
    rows = [(normalize(form, "\u00c5se"), "123456ola@x.no", "oslo")]
    body = json.dumps({"errors": [{"row": 1, "error": message}]}).encode()
    (error,) = read_answer(422, ResponseBody(body), RESULT_FORMAT, sent_roster(rows, ())).errors
    assert error.cause == masked


@pytest.mark.parametrize(
    ("errors", "row_errors"),
    [
        (
            {
                "rows.2.email": ["The email must be a valid address.", "It is long"],
                "base": "is bad",
            },
            (
                RowError(None, None, "Email", "The email must be a valid address., It is long"),
                RowError(None, None, "base", "is bad"),
            ),
        ),
        ({"2": {"Location": ["is unknown"]}}, (RowError(None, None, "Location", "is unknown"),)),
        ({"ase@x.no": "is bad"}, (RowError(None, None, "...", "is bad"),)),
        (
            {"email": {"a": {"b": {"c": {"d": "deep"}}}}},
            (RowError(None, None, "email.a.b.c", "d: deep"),),
        ),
        ({"failed": 3}, (RowError(None, None, "failed", "3"),)),
        ("All rows are bad", (RowError(None, None, "", "All rows are bad"),)),
        (
            ["Row 2: bad", "Row 2: long"],
            (RowError(None, None, "", "Row 2: bad"), RowError(None, None, "", "Row 2: long")),
        ),
    ],
)
def test_errors_can_be_strings_or_objects(errors: object, row_errors: tuple[RowError, ...]) -> None:
    answer = read_document({"errors": errors})
    assert (answer.errors, answer.error_count) == (row_errors, len(row_errors))
    # The rows are unknown, so no row is treated as accepted.
    assert (answer.unassigned, answer.is_partial) == (len(row_errors), False)


@pytest.mark.parametrize("errors", [None, {}, " ", 1, []])
def test_empty_or_invalid_list_contains_no_row_errors(errors: object) -> None:
    assert read_document({"errors": errors}).errors == ()


def test_row_errors_keep_their_order_among_invalid_entries() -> None:
    answer = read_document({"errors": [{"row": 2}, "x", {"row": 1}]})
    assert [error.row for error in answer.errors] == [2, None, 1]


def test_keys_of_row_errors_are_configurable() -> None:
    result_format = ResultFormat(errors="data.problems", row="line", column="field", cause="why")
    document = {"data": {"problems": [{"line": 1, "field": "Email", "why": "bad", "row": 2}]}}
    assert read_document(document, result_format).errors == (
        RowError(row=1, identity="id-1", column="Email", cause="bad"),
    )


def test_row_with_an_unknown_identity_is_reported() -> None:
    body = ResponseBody(b'{"errors": [{"row": 1, "error": "bad"}]}')
    answer = read_answer(422, body, RESULT_FORMAT, sent_roster(identities=()))
    assert answer.errors == (RowError(row=1, cause="bad"),)


def test_empty_cells_mask_nothing() -> None:
    body = ResponseBody(b'{"errors": [{"row": 1, "error": "bad"}]}')
    answer = read_answer(422, body, RESULT_FORMAT, sent_roster([("", "", "")], ()))
    assert answer.errors == (RowError(row=1, cause="bad"),)


def _causes(
    errors: Sequence[Mapping[str, object]], rows: list[tuple[str, str, str]], **changes: Any
) -> tuple[RefusalCause, ...]:
    sent = replace(sent_roster(rows, ()), location_column="Location")
    body = ResponseBody(json.dumps({"errors": errors}).encode())
    return read_answer(422, body, replace(RESULT_FORMAT, **changes), sent).causes


ROWS = [
    (f"N{number}", f"n{number}@x.no", "oslo" if number < 4 else "bergen") for number in range(6)
]


def test_causes_are_counted_by_row_and_location() -> None:
    unknown, invalid = (
        {"column": "location", "error": "is unknown"},
        {"column": "Email", "error": "is bad"},
    )
    errors = [{"row": row, **unknown} for row in (1, 2, 2, 5)]
    errors += [{"row": 6, **invalid}, {"row": 99, **invalid}, {"row": 1, **invalid}]
    assert _causes(errors, ROWS) == (
        RefusalCause("Location", "is unknown", 3, (("oslo", 2), ("bergen", 1))),
        RefusalCause("Email", "is bad", 3, (("oslo", 1), ("bergen", 1))),
    )


def test_causes_that_differ_only_in_masked_words_are_combined() -> None:
    errors = [{"row": row, "error": f"{ROWS[row - 1][1]} is taken"} for row in range(1, 7)]
    errors += [{"row": 1, "error": "N0 is taken"}, {"row": 2, "error": "N0 N1 is taken"}]
    (cause,) = _causes(errors, ROWS)
    assert (cause.cause, cause.rows) == ("... is taken", 8)


def test_causes_of_rows_that_are_identified_by_a_value_are_counted() -> None:
    errors = [{"row": "oslo", "error": "is unknown"}, {"row": "rome", "error": "is unknown"}]
    (cause,) = _causes(errors, ROWS, row_column="Location")
    assert (cause.rows, cause.locations) == (5, (("oslo", 4),))


def test_number_of_causes_and_locations_is_limited() -> None:
    rows = [("x", f"n{number}@x.no", f"loc{number % 30}") for number in range(3000)]
    errors = [
        {"row": number + 1, "error": "abcdefghij"[number % 10] * (1 + number // 10 % 250)}
        for number in range(3000)
    ]
    causes = _causes(errors, rows)
    assert len(causes) == MAX_CAUSES
    assert (causes[-1].cause, sum(cause.rows for cause in causes)) == ("other causes", 3000)
    assert max(len(cause.locations) for cause in causes) == 10

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of refused rows: their identities, and the masking of personal data in messages."""

from __future__ import annotations

import json
from typing import Literal
from unicodedata import normalize

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import (
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
        # Words that occur in any row of the roster are masked, regardless of case. Long numbers are
        # always masked.
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
        # Characters that could control a terminal or cannot be part of a result are replaced with
        # spaces.
        (
            {"row": 1, "error": "a\x1b[2Jb\ud800c\u202e"},
            RowError(row=1, identity="id-1", cause="ab c"),
        ),
        # The row is unknown, but the refusal is counted.
        *(
            ({"row": row, "error": "bad Åse"}, RowError(row=None, cause="bad ..."))
            for row in (0, 3, -1, "1", None, True, 1.0, [1])
        ),
        ("row 1: bad", RowError(row=None)),
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


@pytest.mark.parametrize("errors", [None, {}, "x", 1, []])
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

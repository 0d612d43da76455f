# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from a service's answer, and what is never shown of it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import (
    Answer,
    ResultFormat,
    RowError,
    read_answer,
)

WHERE = ResultFormat(counts="counts", errors="errors")
ROWS = (("Åse", "ase@x.no", "oslo"), ("Ola (.*)", "ola@x.no", "oslo"))
IDENTITIES = ("id-1", "id-2")


def _read(document: object, where: ResultFormat = WHERE) -> Answer:
    return read_answer(200, json.dumps(document).encode(), where, ROWS, IDENTITIES)


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"\xff\xfe\x00", b"[]", b"null", b"1", b'"x"', b"{}", b"[" * 200_000],
    ids=lambda body: body[:10].decode("latin-1").encode("unicode_escape").decode(),
)
def test_what_is_no_result_is_told_from_one(body: bytes) -> None:
    assert read_answer(202, body, WHERE, ROWS, IDENTITIES) == Answer(202, {}, (), readable=False)
    # A profile that expects nothing of an answer reads nothing in it.
    assert read_answer(200, body, ResultFormat(), ROWS, IDENTITIES) == Answer(200, {}, ())


@pytest.mark.parametrize(
    ("document", "readable"),
    [
        ({"counts": {}, "errors": []}, True),
        ({"counts": {"n": 1}}, True),
        ({"errors": ["x"]}, True),
        ({"counts": {}, "errors": {"1": "bad"}}, False),
        ({"counts": [], "errors": []}, False),
        ({"status": "fine"}, False),
    ],
)
def test_an_answer_must_hold_what_the_profile_says(document: object, readable: bool) -> None:
    assert _read(document).readable is readable


@pytest.mark.parametrize(
    ("path", "document", "counts"),
    [
        ("counts", {"counts": {"added": 1, "removed": 0}}, {"added": 1, "removed": 0}),
        ("a.b.c", {"a": {"b": {"c": {"n": 2}}}}, {"n": 2}),
        ("counts", {"counts": {"n": 1, "t": "2", "f": 1.5, "b": True, "x": None}}, {"n": 1}),
        ("counts", {"counts": [1]}, {}),
        ("counts", {"counts": 3}, {}),
        ("counts.x", {"counts": 3}, {}),
        ("other", {"counts": {"n": 1}}, {}),
        (None, {"counts": {"n": 1}}, {}),
        ("", {"counts": {"n": 1}}, {}),
    ],
)
def test_counts(path: str | None, document: object, counts: dict[str, int]) -> None:
    answer = _read(document, ResultFormat(counts=path))
    assert (answer.counts, answer.errors) == (counts, ())


@pytest.mark.parametrize(
    ("error", "read"),
    [
        (
            {"row": 2, "column": "Email", "error": "is not unique"},
            RowError(2, "id-2", "Email", "is not unique"),
        ),
        ({"row": 1}, RowError(1, "id-1", "", "")),
        ({"row": 1, "error": None, "column": 7}, RowError(1, "id-1", "7", "")),
        # No word of the roster is shown, in whatever case and whoever's it is, and no long number.
        (
            {"row": 1, "error": "ASE@X.NO  of Åse at\noslo, not ola@y.no"},
            RowError(1, "id-1", "", "...@....... of ... at ..., not ...@y...."),
        ),
        ({"row": 1, "column": "åse"}, RowError(1, "id-1", "...", "")),
        (
            {"row": 1, "error": "used by +47 900 11-222, 0047900, (900)11.222 and 1234"},
            RowError(1, "id-1", "", "used by ..., ..., (... and 1234"),
        ),
        ({"row": 1, "error": "x" * 300}, RowError(1, "id-1", "", "x" * 200)),
        # Whose row it is is not known; that something was refused is.
        *(
            ({"row": row, "error": "bad Åse"}, RowError(None, None, "", "bad ..."))
            for row in (0, 3, -1, "1", None, True, 1.0, [1])
        ),
        ("row 1: bad", RowError(None, None, "", "")),
        (None, RowError(None, None, "", "")),
        ([], RowError(None, None, "", "")),
    ],
)
def test_a_row_error(error: object, read: RowError) -> None:
    assert _read({"errors": [error]}).errors == (read,)


@pytest.mark.parametrize("errors", [None, {}, "x", 1, []])
def test_what_is_no_list_of_row_errors_counts_as_none(errors: object) -> None:
    assert _read({"errors": errors}).errors == ()


def test_errors_keep_their_order_among_other_things() -> None:
    answer = _read({"errors": [{"row": 2}, "x", {"row": 1}]})
    assert [error.row for error in answer.errors] == [2, None, 1]


def test_keys_are_where_the_profile_says() -> None:
    where = ResultFormat(errors="data.problems", row="line", column="field", cause="why")
    document = {"data": {"problems": [{"line": 1, "field": "Email", "why": "bad", "row": 2}]}}
    assert _read(document, where).errors == (RowError(1, "id-1", "Email", "bad"),)


def test_without_identities_the_row_alone_is_known() -> None:
    body = b'{"errors": [{"row": 1, "error": "bad"}]}'
    assert read_answer(422, body, WHERE, ROWS, None).errors == (RowError(1, None, "", "bad"),)


def test_empty_cells_take_nothing_out() -> None:
    body = b'{"errors": [{"row": 1, "error": "bad"}]}'
    assert read_answer(422, body, WHERE, [("", "")], None).errors == (RowError(1, None, "", "bad"),)


def test_the_default_keys() -> None:
    assert ResultFormat() == (None, None, "row", "column", "error")

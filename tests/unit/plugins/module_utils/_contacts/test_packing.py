# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of packed records and their order."""

from __future__ import annotations

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.packing import (
    pack,
    unpack,
)
from hypothesis import given
from hypothesis import strategies as st

# Separators, escape characters, surrogates, the code points next to them, and the largest code points.
_CHARACTERS = "\0\1\2\t\n\x0b\x0c\r\x10\x1a\x1b ,A\x7f\x80ÿĀ\ud7ff\ud800\udfff\ue000\uffff\U00010000\U0010ffff"
_TEXT = st.text(st.sampled_from(_CHARACTERS), max_size=4) | st.text(max_size=4)
_RECORDS = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[_TEXT] * width)))


@given(_RECORDS)
def test_lines_sort_like_their_records_and_can_be_unpacked(
    records: list[tuple[str, ...]],
) -> None:
    lines = sorted(map(pack, records))
    assert [tuple(unpack(line)) for line in lines] == sorted(records)
    assert all(line.find(b"\n") == len(line) - 1 for line in lines)


@given(st.lists(st.text(st.sampled_from("\0\t\n\v\x0cA"), max_size=3), max_size=9))
def test_a_prefix_sorts_before_longer_strings_regardless_of_the_next_field(
    texts: list[str],
) -> None:
    records = [(text, other) for text in texts for other in texts]
    assert [tuple(unpack(line)) for line in sorted(map(pack, records))] == sorted(records)


def test_separators_and_line_feeds_are_escaped() -> None:
    assert pack(["Åse", "", "a, b"]) == "Åse\0\0a, b\n".encode()
    assert pack(["a\nb", "\0"]) == b"a\v\x1ab\0\v\x10\n"

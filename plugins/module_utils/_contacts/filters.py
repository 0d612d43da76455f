# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that a column's expression may use, on one text or a list of texts.

They carry the names and the meaning of Jinja's own filters, with the arguments that make sense for
text: no look-up of attributes, nothing that could reach out of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Union

Value = Union[str, Sequence[str]]


class FilterError(ValueError):
    """A filter was given something that it cannot work on."""


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    raise FilterError(f"{name} works on one text, not on {_kind(value)}: use first, last or join")


def _texts(value: object, name: str) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return value
    raise FilterError(f"{name} works on text, not on {_kind(value)}")


def _kind(value: object) -> str:
    return (
        "a list" if isinstance(value, (list, tuple)) else f"a value of type {type(value).__name__}"
    )


def lower(value: Value) -> str:
    """The text in small letters."""
    return _text(value, "lower").lower()


def upper(value: Value) -> str:
    """The text in capitals."""
    return _text(value, "upper").upper()


def title(value: Value) -> str:
    """The text with each word's first letter as a capital; apostrophes do not begin a word."""
    words = _text(value, "title").split(" ")
    return " ".join(word[:1].upper() + word[1:].lower() for word in words)


def trim(value: Value) -> str:
    """The text without white space at its ends."""
    return _text(value, "trim").strip()


def default(value: Value, replacement: str = "") -> Value:
    """The replacement when the value is empty; absent attributes are empty."""
    return value or _text(replacement, "default")


def first(value: Value) -> str:
    """The first of several texts; empty when there is none."""
    texts = _texts(value, "first")
    return texts[0] if texts else ""


def last(value: Value) -> str:
    """The last of several texts; empty when there is none."""
    texts = _texts(value, "last")
    return texts[-1] if texts else ""


def join(value: Value, separator: str = "") -> str:
    """All texts in their order, with the separator between them."""
    return _text(separator, "join").join(_texts(value, "join"))


def replace(value: Value, old: str, new: str) -> str:
    """The text with every occurrence of the old part replaced by the new one."""
    return _text(value, "replace").replace(_text(old, "replace"), _text(new, "replace"))


FILTERS: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (default, first, join, last, lower, replace, title, trim, upper)
}

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that a column's expression may use, on one text or a list of texts.

They carry the names and the meaning of Jinja's own filters and of Ansible's, with the arguments that
make sense for text: no look-up of attributes, nothing that could reach out of the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Union

from .patterns import compile_pattern, replace_matches, search_group
from .phone import format_number

Value = Union[str, Sequence[str]]


class FilterError(ValueError):
    """A filter was given something that it cannot work on."""


def _require_string(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    raise FilterError(
        f"{name} works on one text, not on {_describe_type(value)}: use first, last or join"
    )


def _require_strings(value: object, name: str) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return value
    raise FilterError(f"{name} works on text, not on {_describe_type(value)}")


def _require_boolean(value: object, name: str, argument: str) -> bool:
    if isinstance(value, bool):
        return value
    raise FilterError(f"{argument} of {name} is true or false, not {_describe_type(value)}")


def _describe_type(value: object) -> str:
    return (
        "a list" if isinstance(value, (list, tuple)) else f"a value of type {type(value).__name__}"
    )


def lower(value: Value) -> str:
    """The text in small letters."""
    return _require_string(value, "lower").lower()


def upper(value: Value) -> str:
    """The text in capitals."""
    return _require_string(value, "upper").upper()


# What stands between two words for Jinja's filter of the same name.
_WORD = re.compile(r"[^-\s({\[<]+")


def title(value: Value) -> str:
    """The text with each word's first letter as a capital; apostrophes do not begin a word."""
    return _WORD.sub(
        lambda word: word[0][0].upper() + word[0][1:].lower(), _require_string(value, "title")
    )


def trim(value: Value) -> str:
    """The text without white space at its ends."""
    return _require_string(value, "trim").strip()


def default(value: Value, default_value: str = "", boolean: bool = True) -> Value:
    """The default value when the value is empty; absent attributes are empty.

    :param boolean: true, as Jinja wants it for that; here there is nothing else.
    """
    if not _require_boolean(boolean, "default", "boolean"):
        raise FilterError("default replaces an empty value in any case: leave boolean out")
    return value or _require_string(default_value, "default")


def first(value: Value) -> str:
    """The first of several texts; empty when there is none."""
    strings = _require_strings(value, "first")
    return strings[0] if strings else ""


def last(value: Value) -> str:
    """The last of several texts; empty when there is none."""
    strings = _require_strings(value, "last")
    return strings[-1] if strings else ""


def join(value: Value, d: str = "") -> str:
    """All texts in their order, with a delimiter between them."""
    return _require_string(d, "join").join(_require_strings(value, "join"))


def replace(value: Value, old: str, new: str) -> str:
    """The text with every occurrence of the old part replaced by the new one."""
    return _require_string(value, "replace").replace(
        _require_string(old, "replace"), _require_string(new, "replace")
    )


def regex_replace(
    value: Value, pattern: str, replacement: str, ignorecase: bool = False, multiline: bool = False
) -> str:
    """The text with every match of a pattern replaced.

    :raises PatternError: when the pattern or the replacement is wrong, or takes too long.
    """
    name = "regex_replace"
    compiled = _compile(name, pattern, ignorecase, multiline)
    return replace_matches(
        compiled, _require_string(value, name), _require_string(replacement, name)
    )


def regex_search(
    value: Value,
    pattern: str,
    group: str = "\\g<0>",
    ignorecase: bool = False,
    multiline: bool = False,
) -> str:
    r"""What a pattern matches first, or a group of it; empty when nothing matches.

    :param group: such as ``\1`` or ``\g<name>``.
    :raises PatternError: when the pattern is wrong, has no such group, or takes too long.
    """
    name = "regex_search"
    compiled = _compile(name, pattern, ignorecase, multiline)
    return search_group(compiled, _require_string(value, name), _require_string(group, name))


def _compile(name: str, pattern: object, ignorecase: object, multiline: object) -> re.Pattern[str]:
    return compile_pattern(
        _require_string(pattern, name),
        _require_boolean(ignorecase, name, "ignorecase"),
        _require_boolean(multiline, name, "multiline"),
    )


def map_value(value: Value, mapping: Mapping[str, str], fallback: str = "") -> str:
    """What a dictionary has for the text; the fallback when it has nothing."""
    return mapping.get(_require_string(value, "map_value"), _require_string(fallback, "map_value"))


def primary_address(value: Value) -> str:
    """Of Exchange's proxyAddresses the address that mail is sent from, without its prefix.

    It alone has ``SMTP:`` in capitals; the others have ``smtp:``, or the prefix of another system, which may
    be in capitals, too (MS-OXOABK, PidTagAddressBookProxyAddresses).
    """
    addresses = _require_strings(value, "primary_address")
    return next((text[5:] for text in addresses if text.startswith("SMTP:")), "")


def of_entry(value: Value, attribute: str) -> str:
    """What the entry that a distinguished name names has in an attribute: here nothing.

    Who evaluates an expression knows the entries, see `expression.py`.
    """
    name = "of_entry"
    _require_string(value, name)
    _require_string(attribute, name)
    return ""


def e164(value: Value, region: str = "") -> str:
    """The phone number by ITU-T E.164, such as +4791234567; empty when it is not valid.

    :param region: two capital letters of the country that a number without a country code is of.
    """
    return format_number(_require_string(value, "e164"), _require_string(region, "e164"))


FILTERS: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (
        *(default, e164, first, join, last, lower, map_value, of_entry, primary_address),
        *(regex_replace, regex_search, replace, title, trim, upper),
    )
}

CONSTANT_ARGUMENT_FILTERS = frozenset({"regex_replace", "regex_search"})
"""Filters whose arguments are the same for everybody, and so are tried out before anything is read."""

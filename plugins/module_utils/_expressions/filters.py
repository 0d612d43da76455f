# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of column expressions, for strings and lists of strings.

Filters that also exist in Jinja or Ansible have the same names, and behave in the same way unless their docstring says
otherwise. They might support fewer arguments, and a filter for several strings treats a single string as a list of one
string. No filter accesses attributes of Python objects. Filters raise FilterError if an argument has an unsupported
type, with these exceptions: default accepts any value, and checks its replacement only if the value is empty; the
mapping of map_value is not checked, because the syntax check ensures that it is a dictionary.

The results of join and regex_replace, and those of replace that are longer than the value, are limited to
`MAX_TEXT_LENGTH` characters, so that a chain of these filters cannot multiply the length of a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Union

from .._text import MAX_TEXT_LENGTH
from .patterns import compile_pattern, replace_matches, search_group
from .phone import format_number

Value = Union[str, Sequence[str]]

# A word as defined by Jinja's title filter.
_WORD = re.compile(r"[^-\s({\[<]+")


class FilterError(ValueError):
    """A filter received a value that it does not support, or the evaluation of an expression failed."""


def lower(value: Value) -> str:
    """Convert a string to lowercase."""
    return _require_string(value, "lower").lower()


def upper(value: Value) -> str:
    """Convert a string to uppercase."""
    return _require_string(value, "upper").upper()


def title(value: Value) -> str:
    """Capitalize each word; an apostrophe does not begin a new word."""
    return _WORD.sub(
        lambda word: word[0][0].upper() + word[0][1:].lower(), _require_string(value, "title")
    )


def trim(value: Value) -> str:
    """Remove leading and trailing whitespace."""
    return _require_string(value, "trim").strip()


def default(value: Value, default_value: str = "", boolean: bool = True) -> Value:
    """Replace an empty value; missing attributes are empty.

    :param default_value: string that replaces an empty value.
    :param boolean: argument for compatibility with Jinja's default filter. It must be true, because empty values are
        always replaced.
    """
    if not _require_boolean(boolean, "default", "boolean"):
        raise FilterError("default always replaces an empty value: omit boolean")
    return value or _require_string(default_value, "default")


def first(value: Value) -> str:
    """Return the first of several strings; an empty string if there are none."""
    strings = _require_strings(value, "first")
    return strings[0] if strings else ""


def last(value: Value) -> str:
    """Return the last of several strings; an empty string if there are none."""
    strings = _require_strings(value, "last")
    return strings[-1] if strings else ""


def join(value: Value, d: str = "") -> str:
    """Join several strings with the delimiter d.

    :raises FilterError: if the result is too long.
    """
    strings = _require_strings(value, "join")
    delimiter = _require_string(d, "join")
    _check_length("join", sum(map(len, strings)) + len(delimiter) * max(len(strings) - 1, 0))
    return delimiter.join(strings)


def replace(value: Value, old: str, new: str) -> str:
    """Replace every occurrence of a substring.

    :raises FilterError: if the result is too long, and longer than the value.
    """
    text = _require_string(value, "replace")
    substring, replacement = _require_string(old, "replace"), _require_string(new, "replace")
    growth = len(replacement) - len(substring)
    if growth > 0:
        _check_length("replace", len(text) + growth * text.count(substring))
    return text.replace(substring, replacement)


def regex_replace(
    value: Value, pattern: str, replacement: str, ignorecase: bool = False, multiline: bool = False
) -> str:
    """Replace every match of a pattern.

    :raises PatternError: if the pattern or the replacement is not valid, if the value is too long, or if a match takes
        too long.
    :raises FilterError: if the result is too long.
    """
    name = "regex_replace"
    compiled = _compile(name, pattern, ignorecase, multiline)
    result = replace_matches(
        compiled, _require_string(value, name), _require_string(replacement, name)
    )
    _check_length(name, len(result))
    return result


def regex_search(
    value: Value,
    pattern: str,
    group: str = "\\g<0>",
    ignorecase: bool = False,
    multiline: bool = False,
) -> str:
    r"""Return the first match of a pattern, or one of its groups; an empty string if nothing matches.

    :param group: group reference such as ``\1`` or ``\g<name>``.
    :raises PatternError: if the pattern is not valid or has no such group, if the value is too long, or if the match
        takes too long.
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
    """Look up a string in a dictionary; return the fallback if the string is not a key."""
    return mapping.get(_require_string(value, "map_value"), _require_string(fallback, "map_value"))


def primary_address(value: Value) -> str:
    """Return the primary SMTP address in Exchange's proxyAddresses, without its prefix.

    Mail is sent from this address. Only this address has the prefix ``SMTP:`` in uppercase. Other mail addresses have
    ``smtp:``, and addresses of other types have prefixes that may also be uppercase (MS-OXOABK,
    PidTagAddressBookProxyAddresses).
    """
    addresses = _require_strings(value, "primary_address")
    return next((text[5:] for text in addresses if text.startswith("SMTP:")), "")


def of_entry(value: Value, attribute: str) -> str:
    """Check the arguments of an entry lookup, and return an empty string.

    Each compiled expression replaces this filter with `expression._OfEntryFilter`, which returns the values of other
    entries.
    """
    name = "of_entry"
    _require_string(value, name)
    _require_string(attribute, name)
    return ""


def e164(value: Value, region: str = "") -> str:
    """Format a phone number according to ITU-T E.164, such as +4791234567; return an empty string if it is not valid.

    :param region: default country for numbers without a country code, as an uppercase ISO 3166-1 alpha-2 code.
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
"""Filters whose arguments must be constants, so that they can be checked before any entry is read."""


def _check_length(name: str, length: int) -> None:
    if length > MAX_TEXT_LENGTH:
        raise FilterError(f"the result of {name} is longer than {MAX_TEXT_LENGTH} characters")


def _require_string(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    remedy = ": use first, last or join" if isinstance(value, (list, tuple)) else ""
    raise FilterError(f"{name} expects a string, not {_describe_type(value)}{remedy}")


def _require_strings(value: object, name: str) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return value
    kind = "a list of other values" if isinstance(value, (list, tuple)) else _describe_type(value)
    raise FilterError(f"{name} expects a string or a list of strings, not {kind}")


def _require_boolean(value: object, name: str, argument: str) -> bool:
    if isinstance(value, bool):
        return value
    raise FilterError(f"{argument} of {name} must be true or false, not {_describe_type(value)}")


def _describe_type(value: object) -> str:
    return (
        "a list" if isinstance(value, (list, tuple)) else f"a value of type {type(value).__name__}"
    )

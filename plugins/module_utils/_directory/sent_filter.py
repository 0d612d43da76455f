# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that ldap3 sends, written back as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .filter_syntax import write_condition
from .library import ldap3

_OPERATORS = {
    "equalityMatch": "=",
    "greaterOrEqual": ">=",
    "lessOrEqual": "<=",
    "approxMatch": "~=",
}


def write_sent_filter(text: str) -> str:
    """Return the filter that ldap3 sends, in the form of `normalize_filter`.

    :param text: filter as passed to ldap3.
    :raises LDAPExceptionError: from ldap3, if it cannot parse the filter.
    """
    search: Any = ldap3.operation.search
    # The arguments are those that ldap3 passes for a connection without a schema.
    parsed: Any = search.parse_filter(text, None, True, True, None, False)
    return _write(search.compile_filter(parsed.elements[0]))


def _write(sent: Any) -> str:
    """Write a Filter (RFC 4511, 4.5.1.7)."""
    kind = str(sent.getName())
    content = sent.getComponent()
    write: Callable[[Any], str] | None = _WRITERS.get(kind)
    if write is not None:
        return write(content)
    value = bytes(content["assertionValue"])
    return write_condition(str(content["attributeDesc"]), _OPERATORS[kind], value)


def _write_substrings(content: Any) -> str:
    parts = [b"", b""]
    for substring in content["substrings"]:
        value = bytes(substring.getComponent())
        if substring.getName() == "initial":
            parts[0] = value
        elif substring.getName() == "final":
            parts[-1] = value
        else:
            parts.insert(-1, value)
    return write_condition(str(content["type"]), "=", *parts)


def _write_extensible(content: Any) -> str:
    attribute, rule = content["type"], content["matchingRule"]
    description = "".join(
        [
            str(attribute) if attribute.isValue else "",
            ":dn" if content["dnAttributes"] else "",
            f":{rule}" if rule.isValue else "",
        ]
    )
    return write_condition(description, ":=", bytes(content["matchValue"]))


_WRITERS: dict[str, Callable[[Any], str]] = {
    "and": lambda content: f"(&{''.join(map(_write, content))})",
    "or": lambda content: f"(|{''.join(map(_write, content))})",
    "notFilter": lambda content: f"(!{_write(content['innerNotFilter'])})",
    "present": lambda content: write_condition(str(content), "=", b"", b""),
    "substringFilter": _write_substrings,
    "extensibleMatch": _write_extensible,
}

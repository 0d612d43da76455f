# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Syntax of search filters (RFC 4515).

ldap3's parser accepts some invalid filters and silently changes their meaning. For example,
``(!(a=1)(|(b=2)(c=3)))`` becomes ``(!(a=1))``, and empty substrings are dropped. The parser in this file accepts only
unambiguous filters. Unlike RFC 4515, it also accepts whitespace around conditions, attributes, operators and values.
"""

from __future__ import annotations

import re

from .._attribute_description import normalize_description
from .._text import SURROGATE

# Maximum nesting depth of conditions. It also limits the recursion of ldap3's parser.
_MAX_DEPTH = 50

_WHITESPACE = tuple(" \t\n\r\f\v")
_NO_PARENTHESES = re.compile(r"[^()]*")
# An attribute description (RFC 4512, 2.5), a matching rule or both, followed by an operator and a value.
_OID = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)"
_CONDITION = re.compile(
    rf"(?P<attribute>{_OID}(?:;[A-Za-z0-9-]+)*)?\s*"
    rf"(?:(?P<dn>:dn)?(?P<rule>:{_OID})?\s*:=|(?P<operator>[~<>]?=))(?P<value>.*)",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
# The attribute of a condition in a normalized filter. Parentheses in values are escaped there.
_ATTRIBUTE = re.compile(r"\(([A-Za-z0-9][^:~<>=]*)")
_ESCAPED_BYTE = re.compile(rb"\\([0-9A-Fa-f]{2})")
_SPECIAL_BYTE = re.compile(rb"[^A-Za-z0-9]")

_ENCLOSE = "Enclose every condition in parentheses, as in (&(objectClass=user)(mail=*))"
_ESCAPE_CHARACTERS = "Write the characters ( ) * \\ within a value as \\28 \\29 \\2a \\5c"
_REMOVE_PARENTHESIS = "Remove it, or write it as \\29 if it is part of a value"
_ONE_NEGATED = "Put a single condition after each !, as in (!(|(a=1)(b=2)))"
_ONE_ASTERISK = "Write a single asterisk without spaces, as in (mail=*) or (cn=A*), and an asterisk in a value as \\2a"

# Patterns of characters that a value must not contain, each with a cause and a remedy (empty for the usual remedy).
_FORBIDDEN_CHARACTERS = (
    (re.compile(r"\\(?![0-9A-Fa-f]{2})"), "a backslash is not part of an escape sequence", ""),
    (re.compile("\0"), "a value contains a null character", "Write it as \\00"),
    (SURROGATE, "a value contains an unpaired surrogate", "Correct the character"),
)


class FilterSyntaxError(Exception):
    """A filter is not valid.

    :ivar cause: the reason, with the position in the filter.
    :ivar remedy: an instruction for the administrator.
    """

    def __init__(self, cause: str, position: int, remedy: str) -> None:
        self.cause = f"{cause} at character {position + 1}"
        self.remedy = remedy
        super().__init__(self.cause)


def normalize_filter(text: str) -> str:
    """Return a filter in a normal form, in which it can be compared with the filter that ldap3 sends.

    The normal form contains no whitespace. In a value, all bytes are escaped except ASCII letters and digits.

    :raises FilterSyntaxError: if the filter is not valid.
    """
    return _FilterParser(text).parse()


def find_attributes(text: str) -> list[str]:
    """Return the normalized descriptions of the attributes in a valid filter."""
    return sorted(set(map(normalize_description, _ATTRIBUTE.findall(normalize_filter(text)))))


def write_condition(description: str, operator: str, *parts: bytes) -> str:
    """Return a condition in the form of `normalize_filter`.

    :param description: attribute description; for an extensible match, with the matching rule.
    :param operator: operator, such as ``=`` or ``:=``.
    :param parts: the value; for a substring match, the parts between asterisks; for a presence test, two empty parts.
    """
    return f"({description}{operator}{'*'.join(map(_escape_value, parts))})"


def _escape_value(value: bytes) -> str:
    return _SPECIAL_BYTE.sub(lambda match: b"\\%02x" % ord(match[0]), value).decode("ascii")


class _FilterParser:
    """A recursive descent parser for one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._attribute = ""

    def parse(self) -> str:
        normalized = self._parse_filter(1)
        following = self._peek()
        if following == "(":
            raise self._error("a second filter begins", _ENCLOSE)
        if following == ")":
            raise self._error("an unmatched closing parenthesis occurs", _REMOVE_PARENTHESIS)
        if following:
            raise self._error("text follows the filter", self._escape_remedy)
        return normalized

    def _parse_filter(self, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise self._error(
                f"conditions are nested more than {_MAX_DEPTH} levels deep", "Simplify the filter"
            )
        if self._peek() != "(":
            raise self._error("an opening parenthesis is missing", _ENCLOSE)
        self._position += 1
        operator = self._peek()
        if operator and operator in "&|!":
            self._position += 1
            normalized = f"({operator}{self._parse_operands(operator, depth)})"
        else:
            normalized = self._parse_condition()
        self._close()
        return normalized

    def _parse_operands(self, operator: str, depth: int) -> str:
        operands: list[str] = []
        while self._peek() == "(":
            if operator == "!" and operands:
                raise self._error("a second condition follows !", _ONE_NEGATED)
            operands.append(self._parse_filter(depth + 1))
        if not operands:
            raise self._error(f"a condition is missing after {operator}", _ENCLOSE)
        return "".join(operands)

    def _close(self) -> None:
        character = self._peek()
        if character == "(":
            raise self._error("a condition contains a parenthesis", self._escape_remedy)
        if character != ")":
            raise self._error("a closing parenthesis is missing", _ENCLOSE)
        self._position += 1

    def _parse_condition(self) -> str:
        start = self._position
        text = _NO_PARENTHESES.match(self._text, start)
        condition = _CONDITION.fullmatch(text[0]) if text else None
        if condition is None or not (condition["attribute"] or condition["rule"]):
            raise self._error("a condition such as (mail=*) is missing", _ENCLOSE)
        self._attribute = condition["attribute"] or ""
        self._position = start + condition.start("value")
        value = condition["value"]
        self._check_characters(value)
        operator = condition["operator"] or ":="
        parts = self._split_value(value) if operator == "=" else [value.strip()]
        if "*" in parts[0] + parts[-1]:
            raise self._error(
                f"the value after {operator} contains an asterisk", _ESCAPE_CHARACTERS
            )
        self._position = start + condition.end()
        names = (condition["attribute"], (condition["dn"] or "").lower(), condition["rule"])
        description = "".join(name for name in names if name)
        return write_condition(description, operator, *map(_unescape, parts))

    def _check_characters(self, value: str) -> None:
        for pattern, cause, remedy in _FORBIDDEN_CHARACTERS:
            found = pattern.search(value)
            if found:
                self._position += found.start()
                raise self._error(cause, remedy or self._escape_remedy)

    def _split_value(self, value: str) -> list[str]:
        """Return the parts of a value between asterisks; a single asterisk results in two empty parts."""
        parts = value.strip().split("*")
        if value == "*" or "*" not in value:
            return parts
        if not any(parts) or "" in parts[1:-1]:
            self._position += value.index("*")
            raise self._error("an asterisk has no text next to it", _ONE_ASTERISK)
        return parts

    def _peek(self) -> str:
        """Skip whitespace, and return the next character; empty at the end."""
        while self._text[self._position : self._position + 1] in _WHITESPACE:
            self._position += 1
        return self._text[self._position : self._position + 1]

    @property
    def _escape_remedy(self) -> str:
        if self._attribute.lower() == "memberof":
            return f"{_ESCAPE_CHARACTERS}, or select the members of a group with O(sources[].member_of)"
        return _ESCAPE_CHARACTERS

    def _error(self, cause: str, remedy: str) -> FilterSyntaxError:
        return FilterSyntaxError(cause, self._position, remedy)


def _unescape(text: str) -> bytes:
    return _ESCAPED_BYTE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text.encode())

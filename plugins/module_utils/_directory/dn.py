# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names: what is one, and when two are the same."""

from __future__ import annotations

import re
import unicodedata

from .._errors import InputError

# A distinguished name (RFC 4514, 3), with the spaces between its parts that servers forgive. ldap3's own
# parser refuses good ones, such as those with "=" or "#" within a value.
_PAIR = r'\\(?:[\\ "#+,;<=>]|[0-9A-Fa-f]{2})'
_VALUE = (
    rf'(?:(?:{_PAIR}|[^\0 "#+,;<>\\])(?:(?:{_PAIR}|[^\0"+,;<>\\])*(?:{_PAIR}|[^\0 "+,;<>\\]))?'
    r"|#(?:[0-9A-Fa-f]{2})+)"
)
_PART = rf"(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*) *= *{_VALUE}"
_DN = re.compile(rf" *{_PART}(?: *[+,] *{_PART})* *")


def check_dn(name: str, option: str, where: str) -> None:
    """Check that a text can be a distinguished name.

    :param option: where it was given, for an error: ``search_base``.
    :param where: and of what: ``source 2``.
    :raises InputError: when it is none.
    """
    if not _DN.fullmatch(name):
        raise InputError(
            f"Cannot use {option} {name!r} of {where}",
            "it is not a distinguished name",
            "Write it as in OU=Sales,DC=corp,DC=example, and a comma within a name as \\,",
        )


def normalize_dn(name: str) -> str:
    """The spelling that a name shares with all that are equal to it: a line for each level.

    Names are compared by the matching rules of their parts' types (RFC 4517, 4.2.15). Which those are only
    the server's schema tells; here all values are compared as nearly all are by it, without regard to case,
    width and more than one space (RFC 4518, 2).
    """
    levels = []
    for level in _split(name, ","):
        parts = []
        for part in _split(level, "+"):
            kind, _equals, value = part.partition("=")
            parts.append(f"{kind.strip().lower()}={_normal_value(value)}")
        levels.append("\t".join(sorted(parts)))
    # No value holds a tab or a line's end any more.
    return "\n".join(levels)


def is_in_scope(name: str, base: str, scope: str) -> bool:
    """Whether a search from a base may find the entry of a name.

    :param scope: as in `query.Query`.
    """
    levels, above = normalize_dn(name).split("\n"), normalize_dn(base).split("\n")
    depth = len(levels) - len(above)
    if depth < 0 or levels[depth:] != above:
        return False
    return scope == "subtree" or depth == (1 if scope == "one_level" else 0)


_PROTECTED = re.compile(r"\\(?:[0-9A-Fa-f]{2}|.)|[^\\]", re.DOTALL)
_ESCAPES = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)


def _split(text: str, separator: str) -> list[str]:
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    for letter in _PROTECTED.findall(text):
        if letter == separator:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _normal_value(value: str) -> str:
    plain = _ESCAPES.sub(_unescaped, value) if "\\" in value else value
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    return " ".join(plain.casefold().split())


def _unescaped(match: re.Match[str]) -> str:
    octets, letter = match.groups()
    if letter is not None:
        return str(letter)
    return bytes.fromhex(octets.replace("\\", "")).decode("utf-8", "replace")

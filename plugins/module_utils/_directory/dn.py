# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names (DNs): syntax and comparison."""

from __future__ import annotations

import re
import unicodedata

from .._errors import InputError
from .._text import IGNORED_AT_END, IGNORED_AT_START

# A DN as defined in RFC 4514, 3, with optional spaces around separators, which servers also accept. ldap3's parser
# rejects valid DNs, such as those with "=" or "#" within a value.
_ESCAPE = r'\\(?:[\\ "#+,;<=>]|[0-9A-Fa-f]{2})'
_VALUE = (
    rf'(?:(?:{_ESCAPE}|[^\0 "#+,;<>\\])(?:(?:{_ESCAPE}|[^\0"+,;<>\\])*(?:{_ESCAPE}|[^\0 "+,;<>\\]))?'
    r"|#(?:[0-9A-Fa-f]{2})+)"
)
_ATTRIBUTE = rf"(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*) *= *{_VALUE}"
_DN = re.compile(rf" *{_ATTRIBUTE}(?: *[+,] *{_ATTRIBUTE})* *")

_CHARACTERS = re.compile(r"\\(?:[0-9A-Fa-f]{2}|.)|[^\\]", re.DOTALL)
_ESCAPES = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)


def check_dn(dn: str, option: str, context: str) -> None:
    """Check the syntax of a DN.

    :param dn: the DN to check.
    :param option: name of the option in error messages, such as ``sources[].search_base``.
    :param context: owner of the option in error messages, such as ``source 2``.
    :raises InputError: if it is not a valid DN.
    """
    if not is_dn(dn):
        raise InputError(
            f"Cannot use O({option}) {dn!r} of {context}",
            "it is not a valid distinguished name",
            "Write it as in OU=Sales,DC=corp,DC=example, and escape commas within names as \\,",
        )


def is_dn(name: str) -> bool:
    """Return whether a name has the syntax of a non-empty DN."""
    return _DN.fullmatch(name) is not None


def trim_dn(dn: str) -> str:
    """Remove whitespace and invisible characters around a DN, such as the line break of a YAML block scalar.

    Some servers ignore whitespace; others treat it as part of the name. An escaped space at the end is always part of
    the name, and is kept.
    """
    return _strip(dn, IGNORED_AT_START, IGNORED_AT_END)


def _strip(dn: str, leading: str | None = None, trailing: str | None = None) -> str:
    """Remove characters around a DN or a relative DN, except for an escaped one at the end.

    :param leading: characters to remove at the start; whitespace by default.
    :param trailing: characters to remove at the end; whitespace by default.
    """
    start = dn.lstrip(leading)
    trimmed = start.rstrip(trailing)
    trailing_backslashes = len(trimmed) - len(trimmed.rstrip("\\"))
    return start[: len(trimmed) + trailing_backslashes % 2]


def normalize_dn(dn: str) -> str:
    """Normalize a DN to one line per relative DN, so that equal DNs become the same string.

    Whether DNs are equal depends on the matching rules of their attribute types (RFC 4517, 4.2.15), which are
    defined in the server's schema. This function applies the rules of almost all attribute types to all values:
    case, character width and repeated spaces are ignored (RFC 4518, 2).
    """
    rdns = []
    for rdn in _split(dn, ","):
        pairs = []
        for pair in _split(rdn, "+"):
            attribute, _equals, value = pair.partition("=")
            pairs.append(f"{attribute.strip().lower()}={_normalize_value(value)}")
        rdns.append("\t".join(sorted(pairs)))
    # Normalized values contain neither tabs nor line breaks.
    return "\n".join(rdns)


def is_in_scope(dn: str, base: str, scope: str) -> bool:
    """Return whether the entry with the given DN is within the base and the scope of a search.

    :param dn: DN of the entry.
    :param base: DN of the entry at which the search starts.
    :param scope: as in `query.Query`.
    """
    rdns, base_rdns = normalize_dn(dn).split("\n"), normalize_dn(base).split("\n")
    depth = len(rdns) - len(base_rdns)
    if depth < 0 or rdns[depth:] != base_rdns:
        return False
    return scope == "subtree" or depth == (1 if scope == "one_level" else 0)


def parent_dn(dn: str) -> str:
    """Return the DN of the entry directly above an entry; empty if there is none."""
    return _strip(dn[len(_split(dn, ",")[0]) + 1 :])


def split_dn(dn: str) -> list[str]:
    """Split a DN into its relative DNs, without the spaces around them."""
    return [_strip(rdn) for rdn in _split(dn, ",")]


def normalize_rdn_value(rdn: str) -> str:
    """Return the value of a relative DN, normalized as in `normalize_dn`."""
    return _normalize_value(rdn.partition("=")[2])


def get_domain(dn: str) -> str:
    """Return the DNS name of the domain that contains an entry, from the dc parts at the end of its DN (RFC 2247).

    :returns: the name; empty if the DN does not end with a dc part.
    """
    labels: list[str] = []
    for rdn in reversed(split_dn(dn)):
        attribute, _equals, _value = rdn.partition("=")
        if attribute.strip().lower() != "dc":
            break
        labels.insert(0, normalize_rdn_value(rdn))
    return ".".join(labels)


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that are not escaped."""
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    for character in _CHARACTERS.findall(text):
        if character == separator:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _normalize_value(value: str) -> str:
    unescaped = _ESCAPES.sub(_unescape, value) if "\\" in value else value
    if not unescaped.isascii():
        unescaped = unicodedata.normalize("NFKC", unescaped)
    return " ".join(unescaped.casefold().split())


def _unescape(match: re.Match[str]) -> str:
    octets, character = match.groups()
    if character is not None:
        return str(character)
    return bytes.fromhex(octets.replace("\\", "")).decode("utf-8", "replace")


def escape_dn_value(value: str) -> str:
    """Escape a value for use in a distinguished name (RFC 4514, 2.4)."""
    escaped = "".join(
        "\\" + character if character in '"+,;<>\\' else character for character in value
    )
    escaped = escaped.replace("\0", "\\00")
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    return escaped

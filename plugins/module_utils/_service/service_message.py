# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search for the human-readable message in a response, before it is masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .document import JSON, TEXT, Document, get_path, has_markup_media_type

# The names that services use for a human-readable message (RFC 9457, 3.1; RFC 6749, 5.2), in the order in which their
# texts are shown.
_MESSAGE_KEYS = (
    "title",
    "error",
    "errorMessage",
    "errorMessages",
    "message",
    "messages",
    "msg",
    "reason",
    "faultstring",
    "detail",
    "details",
    "description",
    "error_description",
    "errors",
)
_FOLDED_KEYS = tuple(key.replace("_", "").lower() for key in _MESSAGE_KEYS)
_WRAPPERS = ("data", "response", "result")

_MAX_TEXTS = 5
_MAX_LENGTH = 2000


def find_message(
    document: Document, paths: Sequence[str], listed: str | None, *, is_error: bool = False
) -> str:
    """Return the human-readable message in a document; empty if there is none.

    In plain text, this is the first line.

    :param paths: paths of messages, from the options. If there is no text at any of them, the usual names are searched.
    :param listed: path of the row errors, which are reported separately; None if there is none.
    :param is_error: whether the status code means an error. If there are neither texts under the usual names nor row
        errors, the first other texts are then the message.
    """
    if document.kind == TEXT:
        return "" if has_markup_media_type(document) else _first_line(document.value)
    if document.kind != JSON:
        return ""
    value = document.value
    texts = [text for path in paths for text in collect_texts(get_path(value, path))]
    if isinstance(value, str):
        texts = texts or [value]
    if not texts and listed != ".":
        texts = find_usual_texts(value, (listed or "").rpartition(".")[2])
    if not texts and is_error and get_path(value, listed) is None:
        texts = collect_texts(value)
    return _join(texts)


def collect_texts(value: Any, depth: int = 3) -> list[str]:
    """Return the first texts in a value: itself, the items of a list, or the texts of an object.

    If an object has texts under the usual names, only these are returned. Otherwise, each text follows its name, as in
    ``email: is not valid``.
    """
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if depth == 0:
        return []
    if isinstance(value, list):
        return _first(text for item in value for text in collect_texts(item, depth - 1))
    if isinstance(value, Mapping):
        return find_usual_texts(value) or _first(
            f"{name}: {text}"
            for name, inner in value.items()
            if isinstance(inner, (str, list, Mapping))
            for text in collect_texts(inner, depth - 1)
        )
    return []


def find_usual_texts(value: Any, listed: str = "", depth: int = 2) -> list[str]:
    """Return the first texts under the usual names in an object, in a wrapper in it, or in the objects of a list.

    :param listed: name of a member to skip.
    """
    if isinstance(value, list) and depth and not listed:
        return _first(text for item in value for text in find_usual_texts(item, "", depth - 1))
    if not isinstance(value, Mapping):
        return []
    members = {name.replace("_", "").lower(): (name, inner) for name, inner in value.items()}
    texts = [
        text
        for key in _FOLDED_KEYS
        if key in members and members[key][0] != listed
        for text in collect_texts(members[key][1], depth)
    ]
    if not texts and depth:
        wrapped = (value.get(name) for name in _WRAPPERS)
        texts = [text for inner in wrapped for text in find_usual_texts(inner, listed, depth - 1)]
    return _first(texts)


def _first(texts: Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in texts:
        if text not in found:
            found.append(text)
        if len(found) == _MAX_TEXTS:
            break
    return found


def _join(texts: Iterable[str]) -> str:
    """Join texts with colons, as in ``invalid_token: The access token expired``, or with semicolons.

    Semicolons separate texts that contain a colon, such as ``email: is not valid``. After punctuation,
    such as a full stop, there is only a space.
    """
    joined = ""
    for text in texts:
        separator = "; " if ": " in joined and ": " in text else ": "
        separator = " " if joined.endswith((".", "!", "?", ":")) else separator
        joined = f"{joined}{separator}{text}" if joined else text
    return limit_length(joined)


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text[: 16 * _MAX_LENGTH].splitlines() if line.strip()]
    if not lines:
        return ""
    more = f" (and {len(lines) - 1} more lines)" if len(lines) > 2 else ""
    more = " (and 1 more line)" if len(lines) == 2 else more
    return f"{limit_length(lines[0])}{more}"


def limit_length(text: str) -> str:
    """Shorten an extremely long string at a space, so that no part of a word that must be masked remains.

    `Masker.mask` shortens texts further after masking them.
    """
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH].rpartition(" ")[0]

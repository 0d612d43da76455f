# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The document in the body of a response: JSON, plain text, HTML or XML.

Parsing is lenient only where the meaning of the document cannot change: charsets, byte order marks, and numbers in
strings.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .response_body import ResponseBody, is_charset

EMPTY, JSON, TEXT, HTML, XML, UNREADABLE = "empty", "JSON", "text", "HTML", "XML", "unreadable"
"""Kinds of documents. UNREADABLE: the body is incomplete, cannot be decoded, or is of no other kind."""

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,40}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_CHARSET_PARAMETER = re.compile(r";\s*charset\s*=\s*[\"']?([a-z0-9_.:-]+)", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HTML_ROOT = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_HTML_START = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|div|p|h[1-6]|center|form|table|br|b|a)\b",
    re.IGNORECASE,
)
# Comments and processing instructions before the first tag.
_PROLOG = re.compile(r"(?:<!--.*?-->\s*|<\?.*?\?>\s*)*", re.DOTALL)
# A tag, a comment, a declaration or a processing instruction.
_MARKUP = re.compile(r"<(?:[a-z/]|!--|!doctype|\?)", re.IGNORECASE)
_MAX_PROLOG = 4096
_CODE_TYPES = ("text/javascript", "text/css")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class Document(NamedTuple):
    """The document in a response.

    :ivar kind: EMPTY, JSON, TEXT, HTML, XML or UNREADABLE.
    :ivar value: the JSON value, or the text; None for all other kinds.
    :ivar problem: the reason why there is no JSON document; empty for JSON.
    :ivar media_type: the media type of the response in lowercase, without parameters; empty if it is missing or
        not valid.
    """

    kind: str
    value: Any = None
    problem: str = ""
    media_type: str = ""

    @property
    def is_page(self) -> bool:
        """Whether the document is an HTML page, or has the media type of one and is not JSON."""
        return self.kind == HTML or (self.kind != JSON and _is_html(self.media_type))


def parse_document(body: ResponseBody, content_type: str) -> Document:
    """Parse the body of a response.

    The content takes precedence over the media type, because services often return JSON with the media type of HTML.

    :param content_type: value of the Content-Type header; empty if there is none.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    media_type = media_type if _MEDIA_TYPE.fullmatch(media_type) else ""
    document = _parse(body, content_type, media_type)
    return document._replace(media_type=media_type)


def _parse(body: ResponseBody, content_type: str, media_type: str) -> Document:
    if body.problem:
        return Document(UNREADABLE, problem=body.problem)
    text = _decode(body.content, content_type)
    if text is None:
        return Document(UNREADABLE, problem="it is not valid JSON")
    if not text.strip():
        return Document(EMPTY, problem="it is empty")
    try:
        value = _parse_json(text)
    except (ValueError, RecursionError):
        return _parse_text(text.strip(), media_type)
    if isinstance(value, str) and _MARKUP.match(value.strip()):
        return _parse_text(value.strip(), media_type)
    return Document(JSON, value)


def _parse_text(text: str, media_type: str) -> Document:
    """Return the document for text that is not valid JSON, or for a JSON string that starts with markup."""
    if text.startswith("<") or (_MARKUP.search(text) and _is_html(media_type)):
        if _is_html(media_type) or _starts_as_html(text, media_type):
            return Document(HTML, problem="it is an HTML page")
        return Document(XML, problem="it is XML")
    if text[0] in "{[" or "json" in media_type or "\0" in text:
        return Document(UNREADABLE, problem="it is not valid JSON")
    return Document(TEXT, text, "it is not JSON")


def _starts_as_html(text: str, media_type: str) -> bool:
    """Return whether the first tag is one of HTML. XML can contain elements with the same names."""
    is_xml = text.startswith("<?xml") or _is_xml(media_type)
    start = text[_PROLOG.match(text[:_MAX_PROLOG]).end() :]  # type: ignore[union-attr]  # It always matches.
    return bool((_HTML_ROOT if is_xml else _HTML_START).match(start))


def _is_html(media_type: str) -> bool:
    return media_type in ("text/html", "application/xhtml+xml")


def _is_xml(media_type: str) -> bool:
    return media_type.endswith(("/xml", "+xml"))


def has_markup_media_type(document: Document) -> bool:
    """Return whether the media type of a document is that of HTML or XML."""
    return _is_html(document.media_type) or _is_xml(document.media_type)


def has_plain_media_type(document: Document) -> bool:
    """Return whether the media type is missing, or that of text other than code or markup."""
    media_type = document.media_type
    is_text = media_type.startswith("text/") and media_type not in _CODE_TYPES
    return not media_type or (is_text and not has_markup_media_type(document))


def _decode(content: bytes, content_type: str) -> str | None:
    """Decode a body, and return the text; None if it cannot be decoded.

    A byte order mark takes precedence over the charset in the Content-Type header (WHATWG Encoding Standard, 6.1).
    Without either of them, or if the charset is UTF-8 or unknown, the first bytes show whether the text is UTF-8,
    UTF-16 or UTF-32 (RFC 4627, 3). Without a byte order mark, bytes that are not valid UTF-8 are replaced: the
    structure of JSON is ASCII, so only the strings in it are affected.
    """
    charset = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "")
    if not charset:
        declared = _CHARSET_PARAMETER.search(content_type)
        charset = declared[1].lower() if declared else ""
        if not is_charset(charset) or charset.replace("-", "").replace("_", "") == "utf8":
            charset = json.detect_encoding(content)
    try:
        return content.decode(charset, "replace" if charset == "utf-8" else "strict")
    except (UnicodeError, LookupError):
        return None


def _parse_json(text: str) -> Any:
    """Parse a JSON text strictly (RFC 8259).

    :raises ValueError: if it is not valid (NaN and Infinity are not), or if its meaning depends on the parser, because
        of an object with two values for the same name, or of an extremely long integer.
    :raises RecursionError: if it is nested too deeply.
    """
    return json.loads(
        text,
        object_pairs_hook=_make_object,
        parse_int=_parse_integer,
        parse_constant=_reject_constant,
    )


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("duplicate name")
    return names


def _parse_integer(digits: str) -> int:
    if len(digits) > 100:
        raise ValueError("too many digits")
    return int(digits)


def _reject_constant(_name: str) -> Any:
    raise ValueError("not a finite number")


def get_path(value: Any, path: str | None) -> Any:
    """Return the value at a path of dot-separated keys, or the value itself for ``.``; None if nothing is there.

    A number selects an item of a list; the first one is 0.
    """
    if not path:
        return None
    for key in path.split(".") if path != "." else ():
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str) and _is_index(key, value):
            value = value[int(key)]
        else:
            return None
    return value


def _is_index(key: str, items: Sequence[Any]) -> bool:
    return key.isascii() and key.isdecimal() and len(key) < 7 and int(key) < len(items)


def to_integer(value: object) -> int | None:
    """Return a JSON value as an integer; None if it is not one.

    A string of digits is converted, because several services return numbers as strings. ``2.0`` is the same number as
    ``2`` in JSON (RFC 8259, 6).
    """
    # In Python, JSON's true and false are also integers.
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return int(text) if _INTEGER.fullmatch(text) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def to_text(value: object) -> str:
    """Return a JSON value as text: join the strings in a list, and return an empty string for objects and null."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return scalar_text(value) or ""


def scalar_text(value: object) -> str | None:
    """Return a string, a number or a flag as text, so that it can be compared with an option; None for other values.

    The text is as in JSON, but without quotes: ``true`` for a flag, and ``201`` for both 201 and "201".
    """
    if isinstance(value, bool):
        return str(value).lower()
    number = to_integer(value)
    if number is not None and not isinstance(value, str):
        return str(number)
    return str(value).strip() if isinstance(value, (str, float)) else None

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Descriptions of module options, converted to descriptions of variables of the role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from plugins.plugin_utils._variables import MODULES, PREFIX, VARIABLES, option_names

_REFERENCE = re.compile(r"\b(?P<kind>O|RV)\((?P<target>(?:\\.|[^)\\])*)\)")
_PHRASES = (
    (re.compile(r"\bthe host that runs the module\b"), "the target host"),
    (re.compile(r"\bthis module\b"), "the role"),
    (re.compile(r"\bthat option\b"), "that variable"),
    # Without this addition, users of the role might set the variable on the control node.
    (re.compile(r"\b(environment variable E\(\w+\))"), r"\1 of the target host"),
    (re.compile(r"\bsource(s?)\b"), r"location\1"),
)
_TYPES = {
    "bool": "boolean",
    "dict": "dictionary",
    "float": "number",
    "int": "integer",
    "path": "path on the target host",
    # The options of this type contain distinguished names.
    "raw": "string or list of strings",
    "str": "string",
}
_ELEMENTS = {"dict": "dictionaries", "int": "integers", "str": "strings"}


def convert_description(
    paragraphs: str | Sequence[str], stage: str, noun: str = "variable"
) -> list[str]:
    """Return the description of a variable that sets an option of a module.

    :param paragraphs: description of the option.
    :param stage: stage that runs the module.
    :param noun: word that replaces ``option`` in the phrase ``this option``.
    """
    if isinstance(paragraphs, str):
        paragraphs = [paragraphs]
    return [_convert_paragraph(paragraph, stage, noun) for paragraph in paragraphs]


def _convert_paragraph(text: str, stage: str, noun: str) -> str:
    text = _REFERENCE.sub(lambda match: _convert_reference(match, stage), text)
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    return re.sub(r"\b([Tt]his) option\b", rf"\1 {noun}", text)


def _convert_reference(match: re.Match[str], stage: str) -> str:
    """Return a reference to a variable, or to the option or the return value of the module."""
    kind, target = match["kind"], match["target"]
    if "#" in target:
        return match.group()
    path, equals, value = target.partition("=")
    option, *keys = path.replace("[]", "").split(".")
    variable = option_names(stage).get(option, PREFIX + option)
    # The keys of other variables are only documented in the modules.
    is_documented = variable == "contact_sync_locations" or not keys
    if kind == "O" and variable in VARIABLES and is_documented:
        # The documentation tools reject [] for the type raw.
        return f"O({'.'.join([variable, *keys])}{equals}{value})"
    return f"{kind}({module_reference(stage, target)})"


def module_reference(stage: str, target: str) -> str:
    """Return the complete name of an option or a return value of a module."""
    return f"frontdesk.contacts.{MODULES[stage]}#module:{target}"


def describe_type(option: Mapping[str, Any]) -> str:
    """Return sentences that state the type, the choices and the default of a documented option."""
    kind = option["type"]
    name = f"list of {_ELEMENTS[option['elements']]}" if kind == "list" else _TYPES[kind]
    sentences = [f"Type: {name}."]
    for label, key in (("Choices", "choices"), ("Default", "default")):
        value = option.get(key)
        if value not in (None, [], {}):
            values = value if isinstance(value, list) else [value]
            sentences.append(f"{label}: {', '.join(map(_format_value, values))}.")
    return " ".join(sentences)


def _format_value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    escaped = re.sub(r"([\\)])", r"\\\1", text)
    return f"V({escaped})"

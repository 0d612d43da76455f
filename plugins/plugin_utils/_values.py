# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of the values of variables: types, blank values, text from surveys, and values that YAML changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE

from ..module_utils._errors import InputError
from ..module_utils._module.arguments import describe
from ._variables import VARIABLES, find_similar

_MAX_QUOTED = 60
"""Maximum number of characters of a value that a message quotes."""

# The beginning of a list or a dictionary as YAML or JSON text.
_STRUCTURE = re.compile(r"\s*(?:[\[{]|- |---|[^\s:,=]+:(?:\s|$))")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_FALSE = {text for text in BOOLEANS_FALSE if isinstance(text, str)}
_TRUE = {text for text in BOOLEANS_TRUE if isinstance(text, str)}

EXAMPLES: Mapping[str, str] = {
    "contact_sync_locations": "[{location: oslo-hq, ou: Oslo}]",
    "contact_sync_columns": "[{header: Name, value: displayName}]",
    "contact_sync_must_contain": "[{Email: reception@corp.example}]",
    "contact_sync_server_uri": "[ldaps://dc1.corp.example]",
}
"""Examples of structured values for messages, by variable."""


def plain(value: object) -> Any:
    """Return a value that consists only of plain Python objects.

    In ansible-core 2.16 to 2.18, the value of an inline vault is an object that is not a string.
    """
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, (str, bytes)) or hasattr(value, "__ENCRYPTED__"):
        return str(to_text(value))
    return value


def remove_omitted(value: Any, omitted: object) -> Any:
    """Remove the placeholder of ``omit`` from lists and dictionaries.

    :param omitted: the placeholder; None to remove nothing. In ansible-core 2.19 and newer, templates do not return the
        placeholder.
    """
    if omitted is None:
        return value
    if isinstance(value, dict):
        return {
            key: remove_omitted(item, omitted) for key, item in value.items() if item != omitted
        }
    if isinstance(value, list):
        return [remove_omitted(item, omitted) for item in value if item != omitted]
    return value


def describe_template_error(name: str, error: str) -> str:
    """Return the reason why a template is invalid, for use in a message.

    In its message, ansible-core quotes the template, which can be a secret that looks like a template.

    :param name: name of the variable.
    :param error: message of ansible-core.
    """
    spec = VARIABLES[name].spec if name in VARIABLES else {"type": "str"}
    if spec["type"] == "dict" or _has_secret(spec):
        return "its template is invalid"
    cause = error.partition("\n")[0].partition(". String: ")[0].rstrip(".")
    # Some releases of ansible-core repeat the cause.
    first, _separator, second = cause.partition(". ")
    return first if first == second else cause


def _has_secret(spec: Mapping[str, Any]) -> bool:
    """Return whether a value or one of its suboptions is a secret."""
    suboptions = spec.get("options", {}).values()
    return bool(spec.get("no_log")) or any(_has_secret(option) for option in suboptions)


def is_blank(value: object) -> bool:
    """Return whether a value is treated as unset: null, an empty list or dictionary, or an empty or blank string."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (list, dict)) and not value)


def convert_value(name: str, value: object, spec: Mapping[str, Any]) -> Any:
    """Convert a value to the type in its spec.

    :param name: name of the variable or of the suboption, for messages.
    :param value: a value that is not blank, from `plain`.
    :param spec: argument spec with ``type`` and, optionally, ``elements``, ``choices``, ``options`` and ``no_log``.
    :raises InputError: if the value has another type or form, or is not one of the choices.
    """
    return _CONVERTERS[spec["type"]](name, value, spec)


def convert_suboptions(
    name: str, value: object, specs: Mapping[str, Mapping[str, Any]], example: str = ""
) -> dict[str, Any]:
    """Convert a dictionary with known keys, and drop its keys without a value.

    :param name: the dictionary, for messages.
    :param specs: argument specs by key.
    :param example: the expected form, for messages.
    :raises InputError: if the value is not a dictionary, if a key is unknown, if a required key is missing or blank, or
        if the value of a key is invalid.
    """
    if not isinstance(value, dict):
        remedy = (
            f"Write it as a dictionary, such as {example}"
            if example
            else "Write it as a dictionary"
        )
        raise InputError(f"Cannot use {name}", f"it is {describe(value)}", remedy)
    for key in value:
        if key not in specs:
            similar = find_similar(str(key), specs)
            remedy = (
                f"Did you mean {' or '.join(similar)}?"
                if similar
                else f"Use only {', '.join(specs)}"
            )
            raise InputError(f"Cannot use {name}", f"it has the unknown key {key!r}", remedy)
    for key, spec in specs.items():
        if spec.get("required") and is_blank(value.get(key)):
            raise InputError(f"Cannot use {name}", f"it has no {key}", f"Add {key}")
    return {
        key: convert_value(f"{key} of {name}", item, specs[key])
        for key, item in value.items()
        if not is_blank(item)
    }


def _quote(value: object, spec: Mapping[str, Any]) -> str:
    """Quote a value for a message, except if it is a secret."""
    text = str(value)
    if spec.get("no_log"):
        return "the value"
    return repr(text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}...")


def _convert_str(name: str, value: object, spec: Mapping[str, Any]) -> str:
    choices = spec.get("choices")
    if choices and not isinstance(value, (list, dict)):
        # YAML reads an unquoted choice such as 1.2 as a number.
        return _check_choice(name, str(value), spec)
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        raise InputError(
            f"Cannot use {name}", f"it is {describe(value)}", "Set it to a single string"
        )
    given = "a type other than a string" if spec.get("no_log") else describe(value)
    raise InputError(f"Cannot use {name}", f"it was parsed as {given}", "Write it in quotes")


def _check_choice(name: str, value: str, spec: Mapping[str, Any]) -> str:
    choices: Sequence[str] = spec["choices"]
    if value not in choices:
        *others, last = choices
        listed = f"{', '.join(others)} or {last}" if others else last
        raise InputError(
            f"Cannot use {name}",
            f"{_quote(value, spec)} is not a valid choice",
            f"Set it to {listed}",
        )
    return value


def _convert_bool(name: str, value: object, spec: Mapping[str, Any]) -> bool:
    text = str(value).strip().lower()
    if isinstance(value, (list, dict)) or text not in _TRUE | _FALSE:
        given = describe(value) if isinstance(value, (list, dict)) else _quote(value, spec)
        raise InputError(
            f"Cannot use {name}", f"{given} is neither true nor false", "Set it to true or false"
        )
    return text in _TRUE


def _convert_int(name: str, value: object, spec: Mapping[str, Any]) -> int:
    return int(_check_number(name, value, spec, _INTEGER, "an integer"))


def _convert_float(name: str, value: object, spec: Mapping[str, Any]) -> float:
    return float(_check_number(name, value, spec, _NUMBER, "a number"))


def _check_number(
    name: str, value: object, spec: Mapping[str, Any], pattern: re.Pattern[str], kind: str
) -> str:
    text = str(value).strip()
    if not isinstance(value, (bool, list, dict)) and pattern.fullmatch(text):
        return text
    percent = text.rstrip("% ")
    remedy = f"Write {percent}" if pattern.fullmatch(percent) else f"Set it to {kind}, such as 10"
    given = _quote(value, spec) if isinstance(value, (str, float)) else describe(value)
    raise InputError(f"Cannot use {name}", f"{given} is not {kind}", remedy)


def _convert_list(name: str, value: object, spec: Mapping[str, Any]) -> list[Any]:
    of_dicts = spec["elements"] == "dict"
    if isinstance(value, str):
        value = (
            _parse_structure(name, value) if of_dicts or _STRUCTURE.match(value) else _split(value)
        )
    if isinstance(value, dict) or (of_dicts and not isinstance(value, list)):
        raise InputError(f"Cannot use {name}", f"it is {describe(value)}", _list_remedy(name))
    elements = value if isinstance(value, list) else [value]
    if of_dicts:
        return [
            _convert_element(name, number, item, spec) for number, item in enumerate(elements, 1)
        ]
    elements = [item for item in elements if not is_blank(item)]
    element_spec = {**spec, "type": spec["elements"]}
    return [
        convert_value(_element_name(name, number, elements), item, element_spec)
        for number, item in enumerate(elements, 1)
    ]


def _element_name(name: str, number: int, elements: Sequence[object]) -> str:
    return name if len(elements) == 1 else f"element {number} of {name}"


def _convert_element(name: str, number: int, value: object, spec: Mapping[str, Any]) -> Any:
    label = f"element {number} of {name}"
    if isinstance(value, dict) and value.get("header"):
        label += f" ({value['header']})"
    if not isinstance(value, dict) or not value:
        given = describe(value) if value else "blank"
        example = EXAMPLES.get(name, "").strip("[]")
        remedy = (
            f"Write it as a dictionary, such as {example}"
            if example
            else "Write it as a dictionary"
        )
        raise InputError(f"Cannot use {label}", f"it is {given}", remedy)
    return convert_suboptions(label, value, spec["options"]) if "options" in spec else value


def _list_remedy(name: str) -> str:
    example = EXAMPLES.get(name)
    return f"Write it as a list, such as {example}" if example else "Write it as a list"


def _split(text: str) -> list[str]:
    """Split a string, such as the answer to a survey question, at line breaks and commas."""
    return [part.strip() for part in re.split(r"[\n,]", text)]


def _convert_dict(name: str, value: object, spec: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, str):
        value = _parse_structure(name, value)
    if not isinstance(value, dict):
        raise InputError(
            f"Cannot use {name}",
            f"it is {describe(value)}",
            "Write it as a dictionary, such as {name: value}",
        )
    if "options" in spec:
        return convert_suboptions(name, value, spec["options"])
    return {_check_key(name, key): _check_scalar(name, key, item) for key, item in value.items()}


def _check_key(name: str, key: object) -> str:
    if not isinstance(key, str):
        given = f"a key was parsed as {describe(key)}"
        raise InputError(f"Cannot use {name}", given, "Write the key in quotes")
    return key


def _check_scalar(name: str, key: object, value: object) -> str | bool | int | float:
    """Check a value of a dictionary whose keys are names of fields, parameters or headers."""
    if isinstance(value, (str, bool, int, float)):
        return value
    given = f"it was parsed as {describe(value)}"
    raise InputError(f"Cannot use {key} of {name}", given, "Write it as a string, in quotes")


def _convert_names(name: str, value: object, spec: Mapping[str, Any]) -> str | list[str]:
    """Convert an option that accepts one distinguished name or a list of them.

    Lines of a string are separate names. Commas do not separate names, because the names contain commas.
    """
    if isinstance(value, str):
        if re.match(r"\s*(?:\[|- )", value):
            value = _parse_structure(name, value)
        else:
            lines = [line.strip() for line in value.splitlines() if line.strip()]
            return lines[0] if len(lines) == 1 else lines
    if not isinstance(value, list):
        raise InputError(
            f"Cannot use {name}",
            f"it is {describe(value)}",
            "Set it to a distinguished name, or to a list of them",
        )
    return [
        _convert_name(_element_name(name, number, value), item, spec)
        for number, item in enumerate(value, 1)
    ]


def _convert_name(name: str, value: object, spec: Mapping[str, Any]) -> str:
    if is_blank(value):
        # Ignoring a blank name would silently change which people are selected or excluded.
        raise InputError(f"Cannot use {name}", "it is blank", "Set it, or remove it from the list")
    return _convert_str(name, value, spec)


class _StrictLoader(yaml.SafeLoader):
    """A YAML loader that rejects duplicate keys, and aliases, which can expand to any size."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, which must not be an alias."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "it contains an alias", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a dictionary, whose keys must be unique."""
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                problem = f"it contains the key {key!r} twice"
                mark = node.value[number][0].start_mark
                raise yaml.constructor.ConstructorError(None, None, problem, mark)
        return dict(super().construct_mapping(node, deep))


def _parse_structure(name: str, text: str) -> Any:
    """Parse YAML or JSON text; templates in the parsed values are not evaluated."""
    try:
        return plain(yaml.load(text, _StrictLoader))  # noqa: S506  # a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or ""
        known = (
            problem if problem.startswith("it contains") else "its text is not valid YAML or JSON"
        )
        remedy = f"Correct the syntax of {name}"
        raise InputError(f"Cannot use {name}", known + where, remedy) from error


_CONVERTERS: Mapping[str, Callable[[str, object, Mapping[str, Any]], Any]] = {
    "str": _convert_str,
    "bool": _convert_bool,
    "int": _convert_int,
    "float": _convert_float,
    "list": _convert_list,
    "dict": _convert_dict,
    "raw": _convert_names,
}

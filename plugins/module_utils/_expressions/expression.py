# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Column expressions: Jinja expressions over LDAP attributes, compiled and evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Union

from .._attribute_description import normalize_description
from .._errors import InputError
from . import library
from .attribute_values import is_binary
from .filters import FILTERS, FilterError, Value, e164, of_entry
from .patterns import PatternError, SlowPatternError
from .syntax import (
    ALL,
    LOCATION,
    PHONE_REGION,
    TOO_DEEP,
    ForbiddenError,
    Syntax,
    is_bare_name,
    parse_expression,
)

if TYPE_CHECKING:
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LookupValues = Mapping[tuple[str, str], Union[str, None]]
"""Attribute values of other entries, by distinguished name and normalized attribute description.

A None instead of a value means that the attribute has a value that cannot be used.

The values and the distinguished names are normalized (`normalize`). Otherwise, a distinguished name is spelled as in
the attribute that contains it."""

NO_LOOKUP_VALUES: LookupValues = MappingProxyType({})

_SAMPLE_VALUE = "a"

# Other errors that operators and libraries might raise because of an unsuitable value.
_OTHER_ERRORS = (ArithmeticError, LookupError, RecursionError, ValueError)


class SlowExpressionError(FilterError):
    """An evaluation was stopped because a regular expression took too long."""


class Variables(NamedTuple):
    """The values of an expression's variables for one entry at one location.

    :ivar attributes: values by normalized attribute description, as `decode_values` returns them; missing attributes
        may be omitted.
    :ivar location: identifier of the location; empty for contacts for all locations.
    :ivar lookup_values: values for the of_entry filter.
    """

    attributes: Mapping[str, Sequence[str]]
    location: str
    lookup_values: LookupValues = NO_LOOKUP_VALUES

    def value(self, name: str) -> str:
        """Return the location or the smallest value of an attribute; an empty string if there is no value.

        The smallest value is used because attribute values are unordered (RFC 4511, 4.1.7).

        :param name: normalized description.
        """
        if name == LOCATION:
            return self.location
        values = self.attributes.get(name)
        return values[0] if values else ""


class EvaluationResult(NamedTuple):
    """The result of an expression for one entry.

    :ivar text: the resulting string.
    :ivar has_invalid_number: whether the e164 filter was applied to an invalid phone number.
    """

    text: str
    has_invalid_number: bool = False


@dataclass(frozen=True)
class Expression:
    """A checked and compiled expression.

    :ivar text: the expression as written, without surrounding whitespace.
    :ivar attributes: normalized descriptions of the LDAP attributes that the expression reads.
    :ivar evaluate: function that evaluates the expression; it raises FilterError if the evaluation fails or the result
        is not a string.
    :ivar reads_location: whether the expression reads the location.
    :ivar lookups: attributes of other entries that the expression reads; see `syntax.Syntax`.
    :ivar bare_name: normalized description if the expression is a bare name, otherwise None.
    """

    text: str
    attributes: frozenset[str]
    evaluate: Callable[[Variables], EvaluationResult]
    reads_location: bool
    lookups: frozenset[tuple[str, str]] = frozenset()
    bare_name: str | None = None

    @property
    def is_location(self) -> bool:
        """Whether the expression consists only of the name ``location``."""
        return self.bare_name == LOCATION


def compile_expression(text: str, owner: str, phone_region: str = "") -> Expression:
    """Check and compile an expression.

    :param text: Jinja expression without braces.
    :param owner: column or option to which the expression belongs, such as ``column 'Email'``, for error messages.
    :param phone_region: default country for phone numbers without a country code; empty if there is none.
    :raises InputError: if the expression is not valid, contains something that is not allowed, or reads an attribute
        that contains binary data.
    :raises LibraryError: if a library that the expression needs is missing or too old. All expressions except bare
        names need jinja2, and the filter e164 needs phonenumbers.
    """
    if is_bare_name(text.strip()):
        expression = _compile_bare_name(text.strip())
    else:
        expression = _compile_other(text, owner, phone_region)
    names = expression.attributes | {name for _naming, name in expression.lookups}
    for name in sorted(filter(is_binary, names)):
        raise InputError(
            f"Cannot use the expression {text!r} of {owner}",
            f"the attribute {name} contains binary data",
            "Use attributes that contain text",
        )
    return expression


def _compile_bare_name(text: str) -> Expression:
    """Compile a bare name without Jinja, which supports neither hyphens nor OIDs nor options in names."""
    name = normalize_description(text)
    return Expression(
        text=text,
        attributes=frozenset({name}) - {LOCATION},
        evaluate=lambda variables: EvaluationResult(variables.value(name)),
        reads_location=name == LOCATION,
        bare_name=name,
    )


def _compile_other(text: str, owner: str, phone_region: str) -> Expression:
    library.JINJA2.require(f"by the expression {text!r} of {owner}")
    filters = ", ".join(sorted(FILTERS))
    remedy = f"Correct the expression. It can contain attribute names, string literals and the filters {filters}"
    try:
        expression = _compile_jinja(text.strip(), owner, phone_region)
        _evaluate_samples(expression)
        return expression
    except (ForbiddenError, FilterError) as error:
        cause = str(error)
    except library.jinja2.TemplateSyntaxError as error:
        cause = f"it is not a valid Jinja expression ({(error.message or '').rstrip('.')})"
        if "';'" in cause:
            remedy = (
                f"Within an expression, write a name with options as {ALL}['sn;lang-en'] | first"
            )
    except RecursionError:
        cause = TOO_DEEP
    raise InputError(
        f"Cannot use the expression {text!r} of {owner}",
        cause,
        remedy,
    )


class _E164Filter:
    """The e164 filter of one expression.

    :param region: default country for phone numbers without a country code; empty if there is none.
    :ivar has_invalid_number: whether the filter was applied to an invalid phone number; reset before each evaluation.
    """

    has_invalid_number: bool

    def __init__(self, region: str) -> None:
        self._region = region

    def __call__(self, value: Value, region: str | None = None) -> str:
        number = e164(value, self._region if region is None else region)
        if not number and str(value).strip():
            self.has_invalid_number = True
        return number


class _OfEntryFilter:
    """The of_entry filter of one expression.

    :ivar lookup_values: attribute values of other entries for the current evaluation.
    """

    def __init__(self) -> None:
        self.lookup_values = NO_LOOKUP_VALUES

    def __call__(self, value: Value, attribute: str) -> str:
        default = of_entry(value, attribute)
        name = normalize_description(attribute)
        found = self.lookup_values.get((str(value), name), default)
        if found is None:
            raise FilterError(
                f"the attribute {name} of the other entry has a value that cannot be used"
            )
        return found


def _compile_jinja(text: str, owner: str, phone_region: str) -> Expression:
    e164_filter, of_entry_filter = _E164Filter(phone_region), _OfEntryFilter()
    environment = library.jinja2.sandbox.ImmutableSandboxedEnvironment(autoescape=False)
    # A second line of defense, in case the syntax check misses something.
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS, e164=e164_filter, of_entry=of_entry_filter)
    syntax = parse_expression(environment, text, owner)
    template_expression = _compile_tree(environment, syntax)
    names = sorted(syntax.names - {PHONE_REGION})

    def evaluate(variables: Variables) -> EvaluationResult:
        context: dict[str, object] = {name: variables.value(name.lower()) for name in names}
        # The values are always lists, because in Jinja, as in Python, a list and a tuple cannot be concatenated and
        # are never equal.
        context[ALL] = {
            name: list(variables.attributes.get(normalize_description(name), ()))
            for name in syntax.list_names
        }
        context[PHONE_REGION] = phone_region
        e164_filter.has_invalid_number = False
        of_entry_filter.lookup_values = variables.lookup_values
        try:
            return EvaluationResult(
                _require_string(template_expression(context)), e164_filter.has_invalid_number
            )
        except SlowPatternError as error:
            raise SlowExpressionError(str(error)) from error
        except (FilterError, PatternError, TypeError, library.jinja2.TemplateError) as error:
            raise FilterError(str(error)) from error
        except _OTHER_ERRORS as error:
            # The message might contain an attribute value.
            raise FilterError(f"the evaluation fails with {type(error).__name__}") from error

    lower_names = frozenset(map(normalize_description, {*names, *syntax.list_names}))
    return Expression(
        text=text,
        attributes=lower_names - {LOCATION},
        evaluate=evaluate,
        reads_location=LOCATION in lower_names,
        lookups=syntax.lookups,
    )


def _compile_tree(environment: ImmutableSandboxedEnvironment, syntax: Syntax) -> TemplateExpression:
    """Compile a checked syntax tree in the same way as Environment.compile_expression compiles a string."""
    nodes = library.jinja2.nodes
    syntax.tree.set_environment(environment)
    body: list[library.jinja2.nodes.Node] = [
        nodes.Assign(nodes.Name("result", "store"), syntax.tree)
    ]
    template = environment.from_string(nodes.Template(body))
    return library.jinja2.environment.TemplateExpression(template, undefined_to_none=False)


def _require_string(result: object) -> str:
    if isinstance(result, str):
        return result
    if isinstance(result, (list, tuple)):
        raise FilterError("the result is a list: use first, last or join")
    raise FilterError(f"the result is a value of type {type(result).__name__}, not a string")


def _evaluate_samples(expression: Expression) -> None:
    """Evaluate an expression twice: without attribute values, and with a sample value for every attribute.

    This finds most expressions whose result is not a string (for example, a list) before any entry is read.
    """
    attributes = dict.fromkeys(expression.attributes, (_SAMPLE_VALUE,))
    for variables in (Variables({}, location=""), Variables(attributes, _SAMPLE_VALUE)):
        expression.evaluate(variables)

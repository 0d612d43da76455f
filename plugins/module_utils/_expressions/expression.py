# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Column expressions: what a cell is made of, as a Jinja expression over LDAP attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .._errors import InputError
from . import library
from .filters import FILTERS, FilterError, Value, e164, of_entry
from .patterns import PatternError
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


NO_LOOKUP_VALUES: Mapping[tuple[str, str], str] = MappingProxyType({})


class Variables(NamedTuple):
    """What an expression may see of one entry at one location.

    :ivar attributes: sorted values by attribute name in lower case, composed; absent ones may be missing.
    :ivar location: identifier of the location; empty for a global source.
    :ivar lookup_values: what other entries hold, by their distinguished name, as attributes name them, and the name
        of one of their attributes in lower case; all composed.
    """

    attributes: Mapping[str, Sequence[str]]
    location: str
    lookup_values: Mapping[tuple[str, str], str] = NO_LOOKUP_VALUES

    def value(self, name: str) -> str:
        """The attribute's smallest value, or nothing: values have no order (RFC 4511, 4.1.7)."""
        if name == LOCATION:
            return self.location
        values = self.attributes.get(name)
        return values[0] if values else ""


class Evaluated(NamedTuple):
    """What an expression gives for one entry.

    :ivar has_invalid_number: whether the filter e164 was used on something that is no valid number.
    """

    text: str
    has_invalid_number: bool = False


@dataclass(frozen=True)
class Expression:
    """A checked and compiled expression.

    :ivar text: the expression as it was written, without the spaces around it.
    :ivar attributes: lower-case names of the LDAP attributes it reads.
    :ivar evaluate: gives the text for one entry; raises FilterError when it is no text.
    :ivar reads_location: whether the source's location is part of it.
    :ivar lookups: which of the attributes name entries of which it reads what; see `syntax.Syntax`.
    :ivar bare_name: the name in lower case that it is nothing but; None when there is more to it.
    """

    text: str
    attributes: frozenset[str]
    evaluate: Callable[[Variables], Evaluated]
    reads_location: bool
    lookups: frozenset[tuple[str, str]] = frozenset()
    bare_name: str | None = None

    @property
    def is_location(self) -> bool:
        """Whether the expression is nothing but the source's location."""
        return self.bare_name == LOCATION


def compile_expression(source: str, owner: str, phone_region: str = "") -> Expression:
    """Check one expression and make it ready to run.

    :param source: a Jinja expression without braces.
    :param owner: where it stands, for the error: ``column 'Email'``.
    :param phone_region: where phone numbers without a country code belong to; empty for nowhere.
    :raises InputError: names the owner, the expression and what in it is not allowed.
    :raises LibraryError: when it is more than a name, and jinja2 is missing or too old; when it uses e164, and
        phonenumbers is.
    """
    text = source.strip()
    if is_bare_name(text):
        return _compile_bare_name(text)
    library.JINJA2.require(f"by the expression {source!r} of {owner}")
    try:
        expression = _compile_jinja(text, owner, phone_region)
        _evaluate_samples(expression)
        return expression
    except (ForbiddenError, FilterError) as error:
        problem = str(error)
    except library.jinja2.TemplateSyntaxError as error:
        problem = f"it is not a Jinja expression ({error.message})"
    except RecursionError:
        problem = TOO_DEEP
    raise InputError(
        f"Cannot use the expression {source!r} of {owner}",
        problem,
        f"Use attribute names, texts and the filters {', '.join(sorted(FILTERS))}",
    )


def _compile_bare_name(text: str) -> Expression:
    """A name alone needs no Jinja; it is also the only way to write a name with a hyphen."""
    name = text.lower()
    attributes = frozenset({name}) - {LOCATION}
    return Expression(
        text=text,
        attributes=attributes,
        evaluate=lambda variables: Evaluated(variables.value(name)),
        reads_location=name == LOCATION,
        bare_name=name,
    )


class _E164Filter:
    """The filter e164 as one expression has it.

    :ivar has_invalid_number: whether it was used on something that is no number; whoever evaluates sets it back.
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
    """The filter of_entry as one expression has it.

    :ivar lookup_values: as in `Variables`; whoever evaluates sets them.
    """

    def __init__(self) -> None:
        self.lookup_values = NO_LOOKUP_VALUES

    def __call__(self, value: Value, attribute: str) -> str:
        nothing = of_entry(value, attribute)
        return self.lookup_values.get((str(value), attribute.lower()), nothing)


def _compile_jinja(text: str, owner: str, phone_region: str) -> Expression:
    e164_filter, of_entry_filter = _E164Filter(phone_region), _OfEntryFilter()
    environment = library.jinja2.sandbox.ImmutableSandboxedEnvironment(autoescape=False)
    # Whatever the walk might miss finds nothing here.
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS, e164=e164_filter, of_entry=of_entry_filter)
    syntax = parse_expression(environment, text, owner)
    template_expression = _compile_tree(environment, syntax)
    names = sorted(syntax.names - {PHONE_REGION})

    def evaluate(variables: Variables) -> Evaluated:
        context: dict[str, object] = {name: variables.value(name.lower()) for name in names}
        # Lists always: Jinja, as Python, neither joins a list to a tuple nor finds them equal.
        context[ALL] = {
            name: list(variables.attributes.get(name.lower(), ())) for name in syntax.list_names
        }
        context[PHONE_REGION] = phone_region
        e164_filter.has_invalid_number = False
        of_entry_filter.lookup_values = variables.lookup_values
        try:
            return Evaluated(
                _require_string(template_expression(context)), e164_filter.has_invalid_number
            )
        except (TypeError, PatternError, library.jinja2.TemplateError) as error:
            raise FilterError(str(error)) from error

    attributes = frozenset(name.lower() for name in {*names, *syntax.list_names})
    return Expression(
        text=text,
        attributes=attributes - {LOCATION},
        evaluate=evaluate,
        reads_location=LOCATION in attributes,
        lookups=syntax.lookups,
    )


def _compile_tree(environment: ImmutableSandboxedEnvironment, syntax: Syntax) -> TemplateExpression:
    """Do what the environment's compile_expression does, with the very tree that was walked."""
    nodes = library.jinja2.nodes
    syntax.tree.set_environment(environment)
    body: list[library.jinja2.nodes.Node] = [
        nodes.Assign(nodes.Name("result", "store"), syntax.tree)
    ]
    template = environment.from_string(nodes.Template(body))
    return library.jinja2.environment.TemplateExpression(template, undefined_to_none=False)


_SAMPLE_VALUE = "a"


def _evaluate_samples(expression: Expression) -> None:
    """Evaluate an expression for people with nothing and with one text everywhere.

    Most of what gives no text, such as a list, is found so before anybody is read.
    """
    attributes = dict.fromkeys(expression.attributes, (_SAMPLE_VALUE,))
    for sample in (Variables({}, location=""), Variables(attributes, _SAMPLE_VALUE)):
        expression.evaluate(sample)


def _require_string(result: object) -> str:
    if isinstance(result, str):
        return result
    if isinstance(result, (list, tuple)):
        raise FilterError("it gives a list: use first, last or join")
    raise FilterError(f"it gives a value of type {type(result).__name__}, not a text")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Column expressions: what a cell is made of, as a Jinja expression over LDAP attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    parse,
)

if TYPE_CHECKING:
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import ImmutableSandboxedEnvironment


NO_ENTRIES: Mapping[tuple[str, str], str] = MappingProxyType({})


class Values(NamedTuple):
    """What an expression may see of one entry at one location.

    :ivar attributes: sorted values by attribute name in lower case, composed; absent ones may be missing.
    :ivar location: identifier of the location; empty for a global source.
    :ivar entries: what other entries hold, by their distinguished name, as attributes name them, and the name
        of one of their attributes in lower case; all composed.
    """

    attributes: Mapping[str, Sequence[str]]
    location: str
    entries: Mapping[tuple[str, str], str] = NO_ENTRIES

    def first(self, name: str) -> str:
        """The attribute's smallest value, or nothing: values have no order (RFC 4511, 4.1.7)."""
        if name == LOCATION:
            return self.location
        values = self.attributes.get(name)
        return values[0] if values else ""


class Evaluated(NamedTuple):
    """What an expression gives for one entry.

    :ivar refused: whether the filter e164 was used on something that is no valid number.
    """

    text: str
    refused: bool = False


class Expression(NamedTuple):
    """A checked and compiled expression.

    :ivar text: the expression as it was written, without the spaces around it.
    :ivar attributes: lower-case names of the LDAP attributes it reads.
    :ivar evaluate: gives the text for one entry; raises FilterError when it is no text.
    :ivar reads_location: whether the source's location is part of it.
    :ivar references: which of the attributes name entries of which it reads what; see `syntax.Syntax`.
    :ivar name: the name in lower case that it is nothing but; None when there is more to it.
    """

    text: str
    attributes: frozenset[str]
    evaluate: Callable[[Values], Evaluated]
    reads_location: bool
    references: frozenset[tuple[str, str]] = frozenset()
    name: str | None = None

    @property
    def is_location(self) -> bool:
        """Whether the expression is nothing but the source's location."""
        return self.name == LOCATION


def compile_expression(source: str, place: str, phone_region: str = "") -> Expression:
    """Check one expression and make it ready to run.

    :param source: a Jinja expression without braces.
    :param place: where it stands, for the error: ``column 'Email'``.
    :param phone_region: where phone numbers without a country code belong to; empty for nowhere.
    :raises InputError: names the place, the expression and what in it is not allowed.
    :raises LibraryError: when it is more than a name, and jinja2 is missing or too old; when it uses e164, and
        phonenumbers is.
    """
    text = source.strip()
    if is_bare_name(text):
        return _bare_name(text)
    library.JINJA2.require(f"by the expression {source!r} of {place}")
    try:
        expression = _compiled(text, place, phone_region)
        _try_out(expression)
        return expression
    except (ForbiddenError, FilterError) as error:
        problem = str(error)
    except library.jinja2.TemplateSyntaxError as error:
        problem = f"it is not a Jinja expression ({error.message})"
    except RecursionError:
        problem = TOO_DEEP
    raise InputError(
        f"Cannot use the expression {source!r} of {place}",
        problem,
        f"Use attribute names, texts and the filters {', '.join(sorted(FILTERS))}",
    )


def _bare_name(text: str) -> Expression:
    """A name alone needs no Jinja; it is also the only way to write a name with a hyphen."""
    name = text.lower()
    used = frozenset({name}) - {LOCATION}
    return Expression(
        text, used, lambda values: Evaluated(values.first(name)), name == LOCATION, name=name
    )


class _PhoneFilter:
    """The filter e164 as one expression has it.

    :ivar refused: whether it was used on something that is no number; whoever evaluates sets it back.
    """

    refused: bool

    def __init__(self, region: str) -> None:
        self._region = region

    def __call__(self, value: Value, region: str | None = None) -> str:
        number = e164(value, self._region if region is None else region)
        if not number and str(value).strip():
            self.refused = True
        return number


class _EntryFilter:
    """The filter of_entry as one expression has it.

    :ivar entries: as in `Values`; whoever evaluates sets them.
    """

    def __init__(self) -> None:
        self.entries = NO_ENTRIES

    def __call__(self, value: Value, attribute: str) -> str:
        nothing = of_entry(value, attribute)
        return self.entries.get((str(value), attribute.lower()), nothing)


def _compiled(text: str, place: str, phone_region: str) -> Expression:
    phone, other = _PhoneFilter(phone_region), _EntryFilter()
    environment = library.jinja2.sandbox.ImmutableSandboxedEnvironment(autoescape=False)
    # Whatever the walk might miss finds nothing here.
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS, e164=phone, of_entry=other)
    syntax = parse(environment, text, place)
    run = _runnable(environment, syntax)
    names = sorted(syntax.names - {PHONE_REGION})

    def evaluate(values: Values) -> Evaluated:
        context: dict[str, object] = {name: values.first(name.lower()) for name in names}
        # Lists always: Jinja, as Python, neither joins a list to a tuple nor finds them equal.
        context[ALL] = {
            name: list(values.attributes.get(name.lower(), ())) for name in syntax.all_names
        }
        context[PHONE_REGION] = phone_region
        phone.refused = False
        other.entries = values.entries
        try:
            return Evaluated(_as_text(run(context)), phone.refused)
        except (TypeError, PatternError, library.jinja2.TemplateError) as error:
            raise FilterError(str(error)) from error

    used = frozenset(name.lower() for name in {*names, *syntax.all_names})
    return Expression(
        text, used - {LOCATION}, evaluate, LOCATION in used, references=syntax.references
    )


def _runnable(environment: ImmutableSandboxedEnvironment, syntax: Syntax) -> TemplateExpression:
    """Do what the environment's compile_expression does, with the very tree that was walked."""
    nodes = library.jinja2.nodes
    syntax.tree.set_environment(environment)
    body: list[library.jinja2.nodes.Node] = [
        nodes.Assign(nodes.Name("result", "store"), syntax.tree)
    ]
    template = environment.from_string(nodes.Template(body))
    return library.jinja2.environment.TemplateExpression(template, undefined_to_none=False)


_ONE_TEXT = "a"


def _try_out(expression: Expression) -> None:
    """Evaluate an expression for people with nothing and with one text everywhere.

    Most of what gives no text, such as a list, is found so before anybody is read.
    """
    everywhere = dict.fromkeys(expression.attributes, (_ONE_TEXT,))
    for sample in (Values({}, location=""), Values(everywhere, _ONE_TEXT)):
        expression.evaluate(sample)


def _as_text(result: object) -> str:
    if isinstance(result, str):
        return result
    if isinstance(result, (list, tuple)):
        raise FilterError("it gives a list: use first, last or join")
    raise FilterError(f"it gives a value of type {type(result).__name__}, not a text")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Column expressions: what a cell is made of, as a Jinja expression over LDAP attributes.

An expression is checked by walking its syntax tree before any entry is read, because Jinja itself
stays silent about much that is wrong (an unknown name becomes empty, a forbidden attribute
undefined). Only what is listed here gets through; all else is named and refused.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .._errors import InputError
from .._library import Library
from .filters import FILTERS, FilterError

JINJA2 = Library("jinja2", "3.0")

try:
    import jinja2
    from jinja2 import TemplateError, TemplateSyntaxError, nodes
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    JINJA2 = JINJA2._replace(package=jinja2)
except ImportError:
    JINJA2 = JINJA2._replace(failure=traceback.format_exc())

LOCATION = "location"
"""The one name in an expression that is no attribute: the location of the contact's source."""

_ALL = "all"
# Names that Jinja fills in itself wherever they stand.
_RESERVED = frozenset({"self", "super"})
# An attribute description without options (RFC 4512, 2.5: keystring or a dotted numeric OID).
_BARE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# No character, and nothing that UTF-8 could hold; only an escape in a text can make one.
_SURROGATE = re.compile("[\ud800-\udfff]")
# Python compiles what Jinja makes of an expression, and takes no more than 200 parentheses in each other.
_MAX_DEPTH = 50


class Values(NamedTuple):
    """What an expression may see of one entry at one location.

    :ivar attributes: sorted values by attribute name in lower case; absent ones may be missing.
    :ivar location: identifier of the location; empty for a global source.
    """

    attributes: Mapping[str, Sequence[str]]
    location: str

    def first(self, name: str) -> str:
        """The attribute's smallest value, or nothing: values have no order (RFC 4511, 4.1.7)."""
        if name == LOCATION:
            return self.location
        values = self.attributes.get(name)
        return values[0] if values else ""


class Expression(NamedTuple):
    """A checked and compiled expression.

    :ivar source: the expression as it was written, without the spaces around it.
    :ivar attributes: lower-case names of the LDAP attributes it reads.
    :ivar evaluate: gives the text for one entry; raises FilterError when it is no text.
    :ivar reads_location: whether the source's location is part of it.
    """

    source: str
    attributes: frozenset[str]
    evaluate: Callable[[Values], str]
    reads_location: bool = False

    @property
    def is_location(self) -> bool:
        """Whether the expression is nothing but the source's location."""
        return self.source.lower() == LOCATION


def compile_expression(source: str, column: str) -> Expression:
    """Check one expression and make it ready to run.

    :param source: a Jinja expression without braces.
    :param column: header of its column, for the error.
    :raises InputError: names the column, the expression and what in it is not allowed.
    """
    text = source.strip()
    if _BARE_NAME.fullmatch(text) and text.lower() != _ALL:
        return _bare_name(text)
    try:
        expression = _compiled(text)
        _try_out(expression)
        return expression
    except (_ForbiddenError, FilterError) as error:
        problem = str(error)
    except TemplateSyntaxError as error:
        problem = f"it is not a Jinja expression ({error.message})"
    except RecursionError:
        problem = _TOO_DEEP
    raise InputError(
        f"Cannot use the expression {source!r} of column {column!r}",
        problem,
        f"Use attribute names, texts and the filters {', '.join(sorted(FILTERS))}",
    )


def _bare_name(text: str) -> Expression:
    """A name alone needs no Jinja; it is also the only way to write a name with a hyphen."""
    name = text.lower()
    used = frozenset({name}) - {LOCATION}
    return Expression(text, used, lambda values: values.first(name), name == LOCATION)


def _compiled(text: str) -> Expression:
    environment = ImmutableSandboxedEnvironment(autoescape=False)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    walk = _Walk()
    walk.visit(_parsed(environment, text))
    run = environment.compile_expression(text, undefined_to_none=False)
    names = sorted(walk.names)

    def evaluate(values: Values) -> str:
        context: dict[str, object] = {name: values.first(name.lower()) for name in names}
        context[_ALL] = {name: values.attributes.get(name.lower(), ()) for name in walk.all_names}
        try:
            return _as_text(run(context))
        except (TypeError, TemplateError) as error:
            raise FilterError(str(error)) from error

    used = frozenset(name.lower() for name in walk.names | walk.all_names)
    return Expression(text, used - {LOCATION}, evaluate, LOCATION in used)


def _parsed(environment: ImmutableSandboxedEnvironment, text: str) -> nodes.Expr:
    try:
        parser = Parser(environment, text, state="variable")
        tree = parser.parse_expression()
    except ValueError as error:
        # Python's limit on the digits of a number.
        raise _ForbiddenError("a number in it is too long") from error
    if not parser.stream.eos:
        raise TemplateSyntaxError(f"unexpected {parser.stream.current.value!r}", 1)
    return tree


def _try_out(expression: Expression) -> None:
    """Evaluate an expression for people with nothing and with one text everywhere.

    Most of what gives no text, such as a list, is found so before anybody is read.
    """
    for sample in ({}, dict.fromkeys(expression.attributes, ("a",))):
        expression.evaluate(Values(sample, location=""))


def _as_text(result: object) -> str:
    if isinstance(result, str):
        return result
    if isinstance(result, (list, tuple)):
        raise FilterError("it gives a list: use first, last or join")
    raise FilterError(f"it gives a value of type {type(result).__name__}, not a text")


_TOO_DEEP = "it is nested too deeply"


class _ForbiddenError(Exception):
    """What an expression holds and may not."""


class _Walk:
    """Walks a syntax tree, collects the names in it and refuses every node not allowed."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.all_names: set[str] = set()
        self._depth = 0

    def visit(self, node: nodes.Node) -> None:
        """Visit one node and those below it.

        :raises _ForbiddenError: names the first thing that is not allowed.
        """
        if self._depth == _MAX_DEPTH:
            raise _ForbiddenError(_TOO_DEEP)
        self._depth += 1
        self._visit_by_kind(node)
        self._depth -= 1

    def _visit_by_kind(self, node: nodes.Node) -> None:
        kind = type(node).__name__
        special = getattr(self, f"_visit_{kind.lower()}", None)
        if special is not None:
            special(node)
        elif kind not in _PLAIN_NODES:
            raise _ForbiddenError(f"{_NODE_WORDS.get(kind, kind)} is not allowed in it")
        else:
            self._visit_children(node)

    def _visit_children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.visit(child)

    def _visit_const(self, node: nodes.Const) -> None:
        if not isinstance(node.value, (str, int)) and node.value is not None:
            raise _ForbiddenError(f"the number {node.value!r} is not allowed in it")
        if isinstance(node.value, str) and _SURROGATE.search(node.value):
            raise _ForbiddenError("half a character (a surrogate) is not allowed in it")

    def _visit_concat(self, node: nodes.Concat) -> None:
        if not all(map(_gives_text, node.nodes)):
            raise _ForbiddenError("~ joins texts only: use first, last or join on a list")
        self._visit_children(node)

    def _visit_name(self, node: nodes.Name) -> None:
        if node.name.lower() == _ALL:
            raise _ForbiddenError(f"{_ALL!r} stands alone: write {_ALL}.NAME or {_ALL}['NAME']")
        if not _BARE_NAME.fullmatch(node.name) or node.name in _RESERVED:
            raise _ForbiddenError(f"{node.name!r} is no name of an LDAP attribute")
        self.names.add(node.name)

    def _visit_getattr(self, node: nodes.Getattr) -> None:
        if not (isinstance(node.node, nodes.Name) and node.node.name == _ALL):
            raise _ForbiddenError(f"access to {node.attr!r} is not allowed in it, only {_ALL}.NAME")
        self._add_all(node.attr)

    def _visit_getitem(self, node: nodes.Getitem) -> None:
        of_all = isinstance(node.node, nodes.Name) and node.node.name == _ALL
        if not (of_all and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)):
            raise _ForbiddenError(f"access by [...] is not allowed in it, only {_ALL}['NAME']")
        self._add_all(node.arg.value)

    def _add_all(self, name: str) -> None:
        if not _BARE_NAME.fullmatch(name) or name.lower() == LOCATION:
            raise _ForbiddenError(f"{name!r} is no name of an LDAP attribute")
        self.all_names.add(name)

    def _visit_filter(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            raise _ForbiddenError(f"the filter {node.name!r} is not known")
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise _ForbiddenError(f"the filter {node.name!r} takes its arguments by position only")
        try:
            inspect.signature(FILTERS[node.name]).bind(node.node, *node.args)
        except TypeError as error:
            raise _ForbiddenError(f"the filter {node.name!r} is used wrongly: {error}") from error
        self._visit_children(node)

    def _visit_call(self, node: nodes.Call) -> None:
        name = node.node.name if isinstance(node.node, nodes.Name) else "this"
        raise _ForbiddenError(f"the call of {name!r} is not allowed in it, only filters are")


def _gives_text(node: nodes.Node) -> bool:
    """Whether an operand of ~ is a text. Of anything else Jinja would take Python's own spelling."""
    if isinstance(node, nodes.Const):
        return isinstance(node.value, str)
    if isinstance(node, nodes.CondExpr):
        return all(_gives_text(way) for way in (node.expr1, node.expr2) if way is not None)
    if isinstance(node, nodes.Filter) and node.node is not None:
        return node.name != "default" or _gives_text(node.node)
    if isinstance(node, (nodes.Or, nodes.And, nodes.Add)):
        return _gives_text(node.left) and _gives_text(node.right)
    return isinstance(node, (nodes.Name, nodes.Concat))


_PLAIN_NODES = frozenset(
    {"Or", "And", "Not", "CondExpr", "Compare", "Operand", "Add", "List", "Tuple"}
)
_NODE_WORDS = {"Test": "a test (is ...)", "Dict": "a dictionary"}

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language of column expressions: what of Jinja's syntax is allowed, and what each name means.

Jinja itself stays silent about much that is wrong (an unknown name becomes empty, a forbidden attribute
undefined). So the syntax tree is walked before anything is evaluated: only what is listed here gets
through, all else is named and refused.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._text import SURROGATE, compose
from . import library
from .filters import CONSTANT_ARGUMENT_FILTERS, FILTERS, FilterError
from .patterns import PatternError
from .phone import is_region

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment


LOCATION = "location"
"""A name in an expression that is no attribute: the location of the contact's source."""

PHONE_REGION = "phone_region"
"""Another one: the option of that name; empty when it is not given."""

ALL = "all"
"""What the lists of all values of the attributes are found in."""

# An attribute description without options (RFC 4512, 2.5: keystring or a dotted numeric OID).
_BARE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Names that Jinja fills in itself wherever they stand.
_RESERVED = frozenset({"self", "super"})
# Python compiles what Jinja makes of an expression, and takes no more than 200 parentheses in each other.
_MAX_DEPTH = 50

TOO_DEEP = "it is nested too deeply"
"""What is wrong with an expression that nobody wrote by hand."""


class ForbiddenError(Exception):
    """What an expression holds and may not."""


@dataclass(frozen=True)
class Syntax:
    """An expression that is allowed.

    :ivar tree: its syntax tree, with all its texts composed (NFC).
    :ivar names: the names in it, as they are spelled.
    :ivar list_names: the names of attributes of which it reads all values, as they are spelled.
    :ivar lookups: which attributes name entries of which it reads what, in lower case: ``manager`` and
        ``mail`` for ``manager | of_entry('mail')``.
    """

    tree: nodes.Expr
    names: frozenset[str]
    list_names: frozenset[str]
    lookups: frozenset[tuple[str, str]]


def is_bare_name(text: str) -> bool:
    """Whether an expression is nothing but the name of an attribute, or of the location."""
    return _BARE_NAME.fullmatch(text) is not None and text.lower() != ALL


def parse_expression(environment: ImmutableSandboxedEnvironment, text: str, owner: str) -> Syntax:
    """Parse an expression and walk it.

    :param owner: where it stands, for an error about a library that is missing.
    :raises ForbiddenError: names the first thing that is not allowed.
    :raises jinja2.TemplateSyntaxError: when it is not a Jinja expression.
    :raises RecursionError: when it is nested too deeply for the parser.
    :raises LibraryError: when it uses e164, and phonenumbers is missing or too old.
    """
    try:
        parser = library.jinja2.parser.Parser(environment, text, state="variable")
        tree = parser.parse_expression()
    except ValueError as error:
        # Python's limit on the digits of a number.
        raise ForbiddenError("a number in it is too long") from error
    if not parser.stream.eos:
        parser.fail(f"unexpected {parser.stream.current.value!r}")
    checker = _SyntaxChecker(owner)
    checker.visit(tree)
    return Syntax(
        tree=tree,
        names=frozenset(checker.names),
        list_names=frozenset(checker.list_names),
        lookups=frozenset(checker.lookups),
    )


class _SyntaxChecker:
    """Walks a syntax tree, collects the names in it and refuses every node not allowed."""

    def __init__(self, owner: str) -> None:
        self.names: set[str] = set()
        self.list_names: set[str] = set()
        self.lookups: set[tuple[str, str]] = set()
        self._owner = owner
        self._depth = 0

    def visit(self, node: nodes.Node) -> None:
        """Visit one node and those below it.

        :raises ForbiddenError: names the first thing that is not allowed.
        """
        if self._depth == _MAX_DEPTH:
            raise ForbiddenError(TOO_DEEP)
        self._depth += 1
        self._visit_by_type(node)
        self._depth -= 1

    def _visit_by_type(self, node: nodes.Node) -> None:
        node_type = type(node).__name__
        visit_node = getattr(self, f"_visit_{node_type.lower()}", None)
        if visit_node is not None:
            visit_node(node)
        elif node_type not in _ALLOWED_NODES:
            raise ForbiddenError(f"{_NODE_LABELS.get(node_type, node_type)} is not allowed in it")
        else:
            self._visit_children(node)

    def _visit_children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.visit(child)

    def _visit_const(self, node: nodes.Const) -> None:
        if not isinstance(node.value, (str, int)) and node.value is not None:
            raise ForbiddenError(f"the number {node.value!r} is not allowed in it")
        if isinstance(node.value, str):
            if SURROGATE.search(node.value):
                raise ForbiddenError("half a character (a surrogate) is not allowed in it")
            # Values of the directory are composed too.
            node.value = compose(node.value)

    def _visit_concat(self, node: nodes.Concat) -> None:
        if not all(map(_is_string, node.nodes)):
            raise ForbiddenError("~ joins texts only: use first, last or join on a list")
        self._visit_children(node)

    def _visit_name(self, node: nodes.Name) -> None:
        if node.name.lower() == ALL:
            raise ForbiddenError(f"{ALL!r} stands alone: write {ALL}.NAME or {ALL}['NAME']")
        if node.name != PHONE_REGION and (
            not _BARE_NAME.fullmatch(node.name) or node.name in _RESERVED
        ):
            raise ForbiddenError(f"{node.name!r} is no name of an LDAP attribute")
        self.names.add(node.name)

    def _visit_getattr(self, node: nodes.Getattr) -> None:
        if not (isinstance(node.node, library.jinja2.nodes.Name) and node.node.name == ALL):
            raise ForbiddenError(f"access to {node.attr!r} is not allowed in it, only {ALL}.NAME")
        self._add_list_name(node.attr)

    def _visit_getitem(self, node: nodes.Getitem) -> None:
        is_all = isinstance(node.node, library.jinja2.nodes.Name) and node.node.name == ALL
        name = _get_string_constant(node.arg)
        if not is_all or name is None:
            raise ForbiddenError(f"access by [...] is not allowed in it, only {ALL}['NAME']")
        self._add_list_name(name)

    def _add_list_name(self, name: str) -> None:
        if not _BARE_NAME.fullmatch(name) or name.lower() == LOCATION:
            raise ForbiddenError(f"{name!r} is no name of an LDAP attribute")
        self.list_names.add(name)

    def _visit_filter(self, node: nodes.Filter) -> None:
        name = node.name
        if name not in FILTERS:
            raise ForbiddenError(f"the filter {name!r} is not known")
        arguments = _bind_arguments(node)
        for parameter, argument in arguments.items():
            if (name, parameter) == ("map_value", "mapping"):
                self._visit_mapping(argument)
            else:
                self.visit(argument)
        if name in CONSTANT_ARGUMENT_FILTERS:
            _check_constant_arguments(name, arguments)
        if name == "e164":
            library.PHONENUMBERS.require(f"by the filter e164 of {self._owner}")
            _check_region_argument(arguments.get("region"))
        if name == "of_entry":
            self.lookups.add(_parse_lookup(node.node, arguments["attribute"]))

    def _visit_mapping(self, node: nodes.Node) -> None:
        if not isinstance(node, library.jinja2.nodes.Dict):
            raise ForbiddenError("map_value takes a dictionary, as in {'Oslo HQ': 'oslo-hq'}")
        for pair in node.items:
            if _get_string_constant(pair.key) is None or _get_string_constant(pair.value) is None:
                raise ForbiddenError("the dictionary of map_value holds something that is no text")
            self._visit_children(pair)
        if len({_get_string_constant(pair.key) for pair in node.items}) < len(node.items):
            raise ForbiddenError("the dictionary of map_value has a key twice")

    def _visit_call(self, node: nodes.Call) -> None:
        name = node.node.name if isinstance(node.node, library.jinja2.nodes.Name) else "this"
        raise ForbiddenError(f"the call of {name!r} is not allowed in it, only filters are")


def _parse_lookup(subject: nodes.Expr | None, argument: nodes.Expr) -> tuple[str, str]:
    """Which attribute names an entry, and what is read of that: both are read before anybody is mapped."""
    if not isinstance(subject, library.jinja2.nodes.Name) or subject.name in (
        LOCATION,
        PHONE_REGION,
    ):
        raise ForbiddenError(
            "of_entry follows the name of an attribute, as in manager | of_entry('mail')"
        )
    attribute = _get_string_constant(argument)
    if attribute is None or not _BARE_NAME.fullmatch(attribute):
        raise ForbiddenError("of_entry takes the name of an attribute in quotes, as in 'mail'")
    return subject.name.lower(), attribute.lower()


def _get_string_constant(node: nodes.Node) -> str | None:
    """The text that a constant is; None for everything else."""
    if isinstance(node, library.jinja2.nodes.Const) and isinstance(node.value, str):
        return node.value
    return None


def _bind_arguments(node: nodes.Filter) -> dict[str, nodes.Expr]:
    """What a filter is given, by the names of its parameters; what it works on comes first."""
    if node.dyn_args or node.dyn_kwargs:
        raise ForbiddenError(f"the filter {node.name!r} takes no arguments with * or **")
    keywords = {str(keyword.key): keyword.value for keyword in node.kwargs}
    if len(keywords) < len(node.kwargs):
        raise ForbiddenError(f"the filter {node.name!r} is given an argument twice")
    try:
        bound = inspect.signature(FILTERS[node.name]).bind(node.node, *node.args, **keywords)
    except TypeError as error:
        raise ForbiddenError(f"the filter {node.name!r} is used wrongly: {error}") from error
    return bound.arguments


def _check_constant_arguments(name: str, arguments: dict[str, nodes.Expr]) -> None:
    """Use a filter on an empty text: what is wrong with its other arguments is wrong for everybody."""
    constants = {}
    for parameter, node in list(arguments.items())[1:]:
        if not isinstance(node, library.jinja2.nodes.Const):
            raise ForbiddenError(f"the filter {name!r} takes constants, and {parameter} is none")
        constants[parameter] = node.value
    try:
        FILTERS[name]("", **constants)
    except (FilterError, PatternError) as error:
        raise ForbiddenError(str(error)) from error


def _check_region_argument(node: nodes.Expr | None) -> None:
    """Hold the region of e164 against the regions that there are; an attribute may give any text."""
    if isinstance(node, library.jinja2.nodes.Or):
        _check_region_argument(node.left)
        _check_region_argument(node.right)
    elif isinstance(node, library.jinja2.nodes.Const):
        if not is_region(node.value):
            raise ForbiddenError(
                f"{node.value!r} is no country that has phone numbers: "
                "e164 takes its two capital letters (ISO 3166-1)"
            )
    elif node is not None and not isinstance(node, library.jinja2.nodes.Name):
        raise ForbiddenError(
            f"e164 takes a text such as 'NO', {PHONE_REGION}, or the name of an attribute such as c"
        )


def _is_string(node: nodes.Node | None) -> bool:
    """Whether an operand of ~ is a text. Of anything else Jinja would take Python's own spelling."""
    nodes_module = library.jinja2.nodes
    if isinstance(node, nodes_module.Const):
        return isinstance(node.value, str)
    if isinstance(node, nodes_module.CondExpr):
        return all(_is_string(branch) for branch in (node.expr1, node.expr2) if branch is not None)
    if isinstance(node, nodes_module.Filter):
        return node.name != "default" or _is_string(node.node)
    if isinstance(node, (nodes_module.Or, nodes_module.And, nodes_module.Add)):
        return _is_string(node.left) and _is_string(node.right)
    return isinstance(node, (nodes_module.Name, nodes_module.Concat))


_ALLOWED_NODES = frozenset(
    {"Or", "And", "Not", "CondExpr", "Compare", "Operand", "Add", "List", "Tuple"}
)
_NODE_LABELS = {"Test": "a test (is ...)", "Dict": "a dictionary outside map_value"}

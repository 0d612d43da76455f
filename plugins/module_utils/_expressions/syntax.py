# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Syntax of column expressions: the allowed subset of Jinja, and the meaning of names.

Jinja ignores many errors: an unknown name is empty, and a forbidden attribute is undefined. The syntax tree is
therefore checked before anything is evaluated. Only the node types in `_ALLOWED_NODES`, and those that a _visit method
checks, are accepted; all others are rejected with an error that names them.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._attribute_description import is_attribute_description, normalize_description
from .._text import SURROGATE, compose
from . import library
from .filters import CONSTANT_ARGUMENT_FILTERS, FILTERS, FilterError
from .patterns import PatternError
from .phone import is_region

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment


LOCATION = "location"
"""Reserved name for the location of the contact; not an LDAP attribute."""

PHONE_REGION = "phone_region"
"""Reserved name for the value of the phone_region option, which may be empty; not an LDAP attribute."""

ALL = "all"
"""Reserved name for access to the list of all values of an attribute; not an LDAP attribute."""

TOO_DEEP = "it is nested too deeply"
"""Cause in the error about an expression that exceeds the nesting limit."""

# The name of an attribute without options (RFC 4512, 1.4: keystring), as in a Jinja expression.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Names that Jinja always replaces with its own objects.
_RESERVED_NAMES = frozenset({"self", "super"})
# The Python parser accepts at most 200 nested parentheses, and Jinja generates up to two pairs for each level.
_MAX_DEPTH = 50
_ALLOWED_NODES = frozenset(
    {"Or", "And", "Not", "CondExpr", "Compare", "Operand", "Add", "List", "Tuple"}
)
_NODE_LABELS = {"Test": "a test (is ...)", "Dict": "a dictionary outside map_value"}


class ForbiddenError(Exception):
    """An expression contains something that is not allowed."""


@dataclass(frozen=True)
class Syntax:
    """A parsed and checked expression.

    :ivar tree: syntax tree; its strings are composed (NFC).
    :ivar names: names that the expression reads, as written.
    :ivar list_names: descriptions of the attributes whose list of values is read through `ALL`, as written.
    :ivar lookups: attributes of other entries that are read with of_entry, as normalized descriptions. Each is a pair
        of the attribute that contains the entry's distinguished name and the attribute that is read:
        ``manager | of_entry('mail')`` is ``("manager", "mail")``.
    """

    tree: nodes.Expr
    names: frozenset[str]
    list_names: frozenset[str]
    lookups: frozenset[tuple[str, str]]


def is_bare_name(text: str) -> bool:
    """Return whether an expression consists only of an attribute description or the name ``location``.

    The reserved name ``all`` is not a bare name.
    """
    return is_attribute_description(text) and text.lower() != ALL


def parse_expression(environment: ImmutableSandboxedEnvironment, text: str, owner: str) -> Syntax:
    """Parse and check an expression.

    :param environment: environment whose parser is used.
    :param text: Jinja expression without braces.
    :param owner: column or option to which the expression belongs, for the error about a missing library.
    :raises ForbiddenError: if the expression contains something that is not allowed.
    :raises jinja2.TemplateSyntaxError: if the text is not a valid Jinja expression.
    :raises RecursionError: if the expression is nested too deeply for the parser.
    :raises LibraryError: if the expression uses e164, and phonenumbers is missing or too old.
    """
    try:
        parser = library.jinja2.parser.Parser(environment, text, state="variable")
        tree = parser.parse_expression()
    except ValueError as error:
        # Python limits the number of digits of an integer.
        raise ForbiddenError("it contains a number that is too long") from error
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
    """A visitor that rejects forbidden nodes and collects the names in an expression."""

    def __init__(self, owner: str) -> None:
        self.names: set[str] = set()
        self.list_names: set[str] = set()
        self.lookups: set[tuple[str, str]] = set()
        self._owner = owner
        self._depth = 0

    def visit(self, node: nodes.Node) -> None:
        """Visit a node and its descendants.

        :raises ForbiddenError: if one of them is not allowed.
        :raises LibraryError: if one of them is the filter e164, and phonenumbers is missing or too old.
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
            raise ForbiddenError(f"{_NODE_LABELS.get(node_type, node_type)} is not allowed")
        else:
            self._visit_children(node)

    def _visit_children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.visit(child)

    def _visit_const(self, node: nodes.Const) -> None:
        if not isinstance(node.value, (str, int)) and node.value is not None:
            raise ForbiddenError(f"the number {node.value!r} is not allowed")
        if isinstance(node.value, str):
            if SURROGATE.search(node.value):
                raise ForbiddenError("an unpaired surrogate is not allowed")
            # Attribute values are also normalized to NFC, so that canonically equivalent strings compare equal.
            node.value = compose(node.value)

    def _visit_concat(self, node: nodes.Concat) -> None:
        if not all(map(_is_string, node.nodes)):
            raise ForbiddenError("~ joins only strings: use first, last or join on a list")
        self._visit_children(node)

    def _visit_name(self, node: nodes.Name) -> None:
        if node.name.lower() == ALL:
            raise ForbiddenError(
                f"{ALL!r} cannot be used by itself: write {ALL}.NAME or {ALL}['NAME']"
            )
        if node.name != PHONE_REGION and (
            not _NAME.fullmatch(node.name) or node.name in _RESERVED_NAMES
        ):
            raise _invalid_name(node.name)
        self.names.add(node.name)

    def _visit_getattr(self, node: nodes.Getattr) -> None:
        if not (isinstance(node.node, library.jinja2.nodes.Name) and node.node.name == ALL):
            raise ForbiddenError(
                f"access to {node.attr!r} is not allowed; only {ALL}.NAME is allowed"
            )
        self._add_list_name(node.attr)

    def _visit_getitem(self, node: nodes.Getitem) -> None:
        is_all = isinstance(node.node, library.jinja2.nodes.Name) and node.node.name == ALL
        name = _get_string_constant(node.arg)
        if not is_all or name is None:
            raise ForbiddenError(f"access with [...] is not allowed; only {ALL}['NAME'] is allowed")
        self._add_list_name(name)

    def _add_list_name(self, name: str) -> None:
        if not is_attribute_description(name) or name.lower() == LOCATION:
            raise _invalid_name(name)
        self.list_names.add(name)

    def _visit_filter(self, node: nodes.Filter) -> None:
        name = node.name
        if name not in FILTERS:
            raise ForbiddenError(f"the filter {name!r} does not exist")
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
            raise ForbiddenError("map_value expects a dictionary such as {'Oslo HQ': 'oslo-hq'}")
        for pair in node.items:
            if _get_string_constant(pair.key) is None or _get_string_constant(pair.value) is None:
                raise ForbiddenError(
                    "the keys and values of the dictionary of map_value must be strings"
                )
            self._visit_children(pair)
        if len({_get_string_constant(pair.key) for pair in node.items}) < len(node.items):
            raise ForbiddenError("the dictionary of map_value contains a duplicate key")

    def _visit_call(self, node: nodes.Call) -> None:
        if isinstance(node.node, library.jinja2.nodes.Name):
            raise ForbiddenError(f"calling {node.node.name!r} is not allowed; use filters")
        raise ForbiddenError("function calls are not allowed; use filters")


def _bind_arguments(node: nodes.Filter) -> dict[str, nodes.Expr]:
    """Return the arguments of a filter by parameter name, starting with the filtered value."""
    if node.dyn_args or node.dyn_kwargs:
        raise ForbiddenError(f"the filter {node.name!r} does not accept arguments with * or **")
    keywords = {str(keyword.key): keyword.value for keyword in node.kwargs}
    if len(keywords) < len(node.kwargs):
        raise ForbiddenError(f"the filter {node.name!r} is given the same argument twice")
    try:
        bound = inspect.signature(FILTERS[node.name]).bind(node.node, *node.args, **keywords)
    except TypeError as error:
        raise ForbiddenError(
            f"the arguments of the filter {node.name!r} are not valid: {error}"
        ) from error
    return bound.arguments


def _check_constant_arguments(name: str, arguments: dict[str, nodes.Expr]) -> None:
    """Check the arguments of a filter by applying it to an empty string.

    Otherwise, invalid arguments in a branch that the sample values do not reach would cause an error only when an entry
    is mapped.
    """
    constants = {}
    for parameter, node in list(arguments.items())[1:]:
        if not isinstance(node, library.jinja2.nodes.Const):
            raise ForbiddenError(
                f"the argument {parameter} of the filter {name!r} must be a constant"
            )
        constants[parameter] = node.value
    try:
        FILTERS[name]("", **constants)
    except (FilterError, PatternError) as error:
        raise ForbiddenError(str(error)) from error


def _check_region_argument(node: nodes.Expr | None) -> None:
    """Check the constants in the region argument of e164.

    Attribute values are not checked; they can be any string.
    """
    if isinstance(node, library.jinja2.nodes.Or):
        _check_region_argument(node.left)
        _check_region_argument(node.right)
    elif isinstance(node, library.jinja2.nodes.Const):
        if not is_region(node.value):
            raise ForbiddenError(
                f"{node.value!r} is not a country code that the phonenumbers library supports: "
                "e164 expects an uppercase ISO 3166-1 alpha-2 code"
            )
    elif node is not None and not isinstance(node, library.jinja2.nodes.Name):
        raise ForbiddenError(
            f"e164 expects a string such as 'NO', {PHONE_REGION}, or an attribute name such as c"
        )


def _parse_lookup(subject: nodes.Expr | None, argument: nodes.Expr) -> tuple[str, str]:
    """Return the pair for `Syntax.lookups`.

    Neither attribute can be the result of an expression, because the values of other entries are read before any entry
    is mapped.
    """
    if not isinstance(subject, library.jinja2.nodes.Name) or subject.name in (
        LOCATION,
        PHONE_REGION,
    ):
        raise ForbiddenError(
            "of_entry must follow an attribute name, as in manager | of_entry('mail')"
        )
    attribute = _get_string_constant(argument)
    if attribute is None or not is_attribute_description(attribute):
        raise ForbiddenError("of_entry expects an attribute name in quotes, such as 'mail'")
    return subject.name.lower(), normalize_description(attribute)


def _get_string_constant(node: nodes.Node) -> str | None:
    """Return the value of a string constant, or None for any other node."""
    if isinstance(node, library.jinja2.nodes.Const) and isinstance(node.value, str):
        return node.value
    return None


def _is_string(node: nodes.Node | None) -> bool:
    """Return whether an operand of ~ is a string.

    Jinja would convert any other value with str().
    """
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


def _invalid_name(name: str) -> ForbiddenError:
    if name in _RESERVED_NAMES or name.lower() == LOCATION:
        return ForbiddenError(f"{name!r} is a reserved name, not an LDAP attribute")
    return ForbiddenError(f"{name!r} is not a valid LDAP attribute name")

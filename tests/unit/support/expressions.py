# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies for valid and invalid column expressions, and for the attributes that they read."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import normalize

from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import FILTERS
from hypothesis import strategies as st

REGION = "NO"
"""Value of the option `phone_region`."""

NAMES = ("mail", "sn", "mobile", "givenName", "l")
"""Names of the attributes that the expressions read."""

_STRINGS = st.one_of(
    st.sampled_from(
        [
            *("", "a", "Lie", "12", "a-b", "ab ab", " x\n", "SMTP:a@x"),
            *("+47 912 34 567", "912 34 567", "Åse", "A\u030ase"),
        ]
    ),
    st.text(st.sampled_from("abÅß\u030aŌ 1+@.,'\"\\\n\u202b🙂"), max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)


class Snippet(NamedTuple):
    """A part of an expression.

    :ivar text: the part in the syntax of column expressions.
    :ivar jinja: an equivalent in standard Jinja.
    """

    text: str
    jinja: str

    def wrap(self, template: str, jinja_template: str | None = None) -> Snippet:
        """Return a larger part that contains this part.

        :param template: format string for the larger part.
        :param jinja_template: format string for the equivalent in Jinja; None to use `template`.
        """
        return Snippet(template.format(self.text), (jinja_template or template).format(self.jinja))


def _identical(text: str) -> Snippet:
    return Snippet(text, text)


def _quote(string: str) -> str:
    escaped = string.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _combine(left: Snippet, right: Snippet, operator: str) -> Snippet:
    return Snippet(
        f"({left.text} {operator} {right.text})", f"({left.jinja} {operator} {right.jinja})"
    )


_CONSTANTS = _STRINGS.map(lambda string: Snippet(_quote(string), _quote(normalize("NFC", string))))
_OPERANDS = st.one_of(
    st.sampled_from([*NAMES, "location", "phone_region"]).map(_identical), _CONSTANTS
)
_PATTERNS = st.sampled_from(
    ["a", "(a)(b)?", "[^ab]+", "^.", "(?i)LIE", "(?P<one>\\w)$", "\\s*", "å"]
)
_STRING_FILTERS = st.sampled_from(["lower", "upper", "title", "trim"])


def _format_flags(names: list[str]) -> str:
    return "".join(f", {name}=true" for name in names)


_FLAGS = st.lists(st.sampled_from(["ignorecase", "multiline"]), unique=True).map(_format_flags)


def _lists(strings: st.SearchStrategy[Snippet]) -> st.SearchStrategy[Snippet]:
    names = st.sampled_from(NAMES)
    simple = st.one_of(
        names.map(lambda name: _identical(f"all.{name}")),
        names.map(lambda name: _identical(f"all['{name}']")),
        st.builds(
            lambda one, other: Snippet(
                f"[{one.text}, {other.text}]", f"[{one.jinja}, {other.jinja}]"
            ),
            *(strings, strings),
        ),
    )
    return st.one_of(simple, st.builds(_combine, simple, simple, st.just("+")))


def _conditions(strings: st.SearchStrategy[Snippet]) -> st.SearchStrategy[Snippet]:
    return st.one_of(
        strings,
        strings.map(lambda string: string.wrap("(not {})")),
        st.builds(_combine, strings, strings, st.sampled_from(["==", "!=", "<", ">=", "in"])),
        st.builds(_combine, strings, _lists(strings), st.sampled_from(["in", "not in"])),
        st.builds(_combine, _lists(strings), _lists(strings), st.sampled_from(["==", "<"])),
    )


def _apply_filters(strings: st.SearchStrategy[Snippet]) -> st.SearchStrategy[Snippet]:
    """Return a strategy for expressions that apply a filter to a single string."""
    replaced = st.builds(
        lambda string, old, new: Snippet(
            f"({string.text} | replace({old.text}, {new.text}))",
            f"({string.jinja} | replace({old.jinja}, {new.jinja}))",
        ),
        *(strings, _CONSTANTS, _CONSTANTS),
    )
    defaulted = st.builds(
        lambda string, other: Snippet(
            f"({string.text} | default({other.text}))",
            f"({string.jinja} | default({other.jinja}, true))",
        ),
        *(strings, strings),
    )
    mapped = st.builds(
        lambda string, mapping, other: Snippet(
            f"({string.text} | map_value({{{mapping.text}}}, {other.text}))",
            f"({{{mapping.jinja}}}.get({string.jinja}, {other.jinja}))",
        ),
        *(
            strings,
            st.builds(_combine_pairs, st.lists(_CONSTANTS, max_size=3), _CONSTANTS),
            strings,
        ),
    )
    return st.one_of(
        st.builds(lambda string, name: string.wrap(f"({{}} | {name})"), strings, _STRING_FILTERS),
        *(replaced, defaulted, mapped),
        st.builds(
            lambda string, pattern, flags: string.wrap(
                f"({{}} | regex_replace({_quote(pattern)}, '<\\\\g<0>>'{flags}))"
            ),
            *(strings, _PATTERNS, _FLAGS),
        ),
        st.builds(
            lambda string, pattern, flags: string.wrap(
                f"({{}} | regex_search({_quote(pattern)}{flags}))"
            ),
            *(strings, _PATTERNS, _FLAGS),
        ),
        strings.map(lambda string: string.wrap("({} | e164)", "({} | e164(phone_region))")),
        strings.map(lambda string: string.wrap("({} | e164('US'))")),
        strings.map(lambda string: string.wrap("({} | e164(region=l or phone_region))")),
    )


def _combine_pairs(keys: list[Snippet], value: Snippet) -> Snippet:
    unique = {key.jinja: key for key in keys}.values()
    return Snippet(
        ", ".join(f"{key.text}: {value.text}" for key in unique),
        ", ".join(f"{key.jinja}: {value.jinja}" for key in unique),
    )


def _extend(strings: st.SearchStrategy[Snippet]) -> st.SearchStrategy[Snippet]:
    lists = _lists(strings)
    return st.one_of(
        _apply_filters(strings),
        st.builds(_combine, strings, strings, st.sampled_from(["or", "and", "~", "+"])),
        st.builds(
            lambda then, condition, otherwise: Snippet(
                f"({then.text} if {condition.text} else {otherwise.text})",
                f"({then.jinja} if {condition.jinja} else {otherwise.jinja})",
            ),
            *(strings, _conditions(strings), strings),
        ),
        # Jinja's first and last return an undefined value for an empty list.
        lists.map(lambda snippet: snippet.wrap("({} | first)", "({} | first | default(''))")),
        lists.map(lambda snippet: snippet.wrap("({} | last)", "({} | last | default(''))")),
        lists.map(lambda snippet: snippet.wrap("({} | primary_address)")),
        # These tests have no other entries, so of_entry returns an empty string.
        st.sampled_from(NAMES).map(lambda name: Snippet(f"({name} | of_entry('sn'))", "''")),
        st.builds(
            lambda items, d: Snippet(
                f"({items.text} | join({d.text}))", f"({items.jinja} | join({d.jinja}))"
            ),
            *(lists, strings),
        ),
    )


EXPRESSIONS = st.recursive(_OPERANDS, _extend, max_leaves=8)
"""Valid expressions. The result of each expression is a string for every entry."""

ATTRIBUTES = st.dictionaries(
    st.sampled_from([name.lower() for name in NAMES]),
    st.lists(_STRINGS, min_size=1, max_size=3),
)
"""Values by lowercase attribute name."""


_INVALID_TEMPLATES = st.sampled_from(
    r"""
    {0} | {1}({2}); {0} | {1}({2}, {2}); {0} | {1}({2}, {2}, {2}); {0} | {1}(d={2}); {0} | {1}(*{2})
    {0} {1} {2}; {0}.{1}; ({0}|{0}); all; all.{0}; all[{0}]; all.mail.{1}; all.mail ~ {0}; all.mail + {0}
    1 if {0} else {2}; {0} < 1; {0} in 5; 5 in {0}; none ~ {0}; true; {0} if {2}; ({0} if {2}) + {0}
    {0} | regex_search({0}); {0} | regex_search('(a+)+$'); {0} | regex_replace('(', {0}); -{0}; {0} * 3
    {0} | e164({0} ~ 'x'); {0} | e164('XX'); {0} | map_value({0}); {0} | map_value({{{0}: {0}}})
    [{0}] == {0}; [{0}] | lower; ([{0}] | first) ~ [{0}]; {0}[0]; {0}({2}); {0} is defined; {0} ** 9
    {0} | regex_search('x', '\\3'); '\x00' ~ {0}; ({0}, {2}); {0} | default([{0}]); {{{0}: {0}}}
    {0} }}}}; {{{{ {0} }}}}; {0} # x; {0}, ; "{0}; '{0}; {0} | first | last | join; all.location; not {0}
    ({0} | default(all.sn)) or {2}; all.mail or all.sn; all.mail < {0}; 1.5; '\ud800'; {0} | default(1)
    """.replace("\n", ";").split(";")
)
INVALID_EXPRESSIONS = st.builds(
    lambda template, first, name, second: template.strip().format(first.text, name, second.text),
    *(
        _INVALID_TEMPLATES,
        EXPRESSIONS,
        st.sampled_from([*FILTERS, "attr", "__class__", "e165"]),
        EXPRESSIONS,
    ),
)
"""Expressions, most of which are invalid; a few are valid, or yield a string only for some entries."""

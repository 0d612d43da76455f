# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Column expressions as somebody might write them, right and wrong, for property tests."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import normalize

from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import FILTERS
from hypothesis import strategies as st

REGION = "NO"
"""The option phone_region."""
NAMES = ("mail", "sn", "mobile", "givenName", "l")
"""The attributes that the expressions read."""
_TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            *[
                "a",
                "Lie",
                "+47 912 34 567",
                "912 34 567",
                "12",
                "Åse",
                "Åse",
                "ab ab",
                "SMTP:a@x",
                "a-b",
                " x\n",
            ],
        ]
    ),
    st.text(st.sampled_from("abÅß\u030aŌ 1+@.,'\"\\\n\u202b🙂"), max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)


class Part(NamedTuple):
    """A part of an expression: in the collection's language, and in that of plain Jinja."""

    ours: str
    plain: str

    def put(self, ours: str, plain: str | None = None) -> Part:
        """This part within another one."""
        return Part(ours.format(self.ours), (plain or ours).format(self.plain))


def _same(source: str) -> Part:
    return Part(source, source)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _joined(one: Part, other: Part, operator: str) -> Part:
    return Part(f"({one.ours} {operator} {other.ours})", f"({one.plain} {operator} {other.plain})")


_CONSTANTS = _TEXTS.map(lambda text: Part(_quoted(text), _quoted(normalize("NFC", text))))
_ATOMS = st.one_of(st.sampled_from([*NAMES, "location", "phone_region"]).map(_same), _CONSTANTS)
_PATTERNS = st.sampled_from(
    ["a", "(a)(b)?", "[^ab]+", "^.", "(?i)LIE", "(?P<one>\\w)$", "\\s*", "å"]
)
_PLAIN_FILTERS = st.sampled_from(["lower", "upper", "title", "trim"])


def _switches(names: list[str]) -> str:
    return "".join(f", {name}=true" for name in names)


_SWITCHES = st.lists(st.sampled_from(["ignorecase", "multiline"]), unique=True).map(_switches)


def _lists(texts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    names = st.sampled_from(NAMES)
    one = st.one_of(
        names.map(lambda name: _same(f"all.{name}")),
        names.map(lambda name: _same(f"all['{name}']")),
        st.builds(
            lambda one, other: Part(f"[{one.ours}, {other.ours}]", f"[{one.plain}, {other.plain}]"),
            *(texts, texts),
        ),
    )
    return st.one_of(one, st.builds(_joined, one, one, st.just("+")))


def _conditions(texts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.one_of(
        texts,
        texts.map(lambda text: text.put("(not {})")),
        st.builds(_joined, texts, texts, st.sampled_from(["==", "!=", "<", ">=", "in"])),
        st.builds(_joined, texts, _lists(texts), st.sampled_from(["in", "not in"])),
        st.builds(_joined, _lists(texts), _lists(texts), st.sampled_from(["==", "<"])),
    )


def _filtered(texts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """A text made of another by a filter of one text."""
    replaced = st.builds(
        lambda text, old, new: Part(
            f"({text.ours} | replace({old.ours}, {new.ours}))",
            f"({text.plain} | replace({old.plain}, {new.plain}))",
        ),
        *(texts, _CONSTANTS, _CONSTANTS),
    )
    defaulted = st.builds(
        lambda text, other: Part(
            f"({text.ours} | default({other.ours}))",
            f"({text.plain} | default({other.plain}, true))",
        ),
        *(texts, texts),
    )
    mapped = st.builds(
        lambda text, mapping, other: Part(
            f"({text.ours} | map_value({{{mapping.ours}}}, {other.ours}))",
            f"({{{mapping.plain}}}.get({text.plain}, {other.plain}))",
        ),
        *(texts, st.builds(_pairs, st.lists(_CONSTANTS, max_size=3), _CONSTANTS), texts),
    )
    return st.one_of(
        st.builds(lambda text, name: text.put(f"({{}} | {name})"), texts, _PLAIN_FILTERS),
        *(replaced, defaulted, mapped),
        st.builds(
            lambda text, pattern, switches: text.put(
                f"({{}} | regex_replace({_quoted(pattern)}, '<\\\\g<0>>'{switches}))"
            ),
            *(texts, _PATTERNS, _SWITCHES),
        ),
        st.builds(
            lambda text, pattern, switches: text.put(
                f"({{}} | regex_search({_quoted(pattern)}{switches}))"
            ),
            *(texts, _PATTERNS, _SWITCHES),
        ),
        texts.map(lambda text: text.put("({} | e164)", "({} | e164(phone_region))")),
        texts.map(lambda text: text.put("({} | e164('US'))")),
        texts.map(lambda text: text.put("({} | e164(region=l or phone_region))")),
    )


def _pairs(keys: list[Part], value: Part) -> Part:
    unique = {key.plain: key for key in keys}.values()
    return Part(
        ", ".join(f"{key.ours}: {value.ours}" for key in unique),
        ", ".join(f"{key.plain}: {value.plain}" for key in unique),
    )


def _larger(texts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    lists = _lists(texts)
    return st.one_of(
        _filtered(texts),
        st.builds(_joined, texts, texts, st.sampled_from(["or", "and", "~", "+"])),
        st.builds(
            lambda yes, when, no: Part(
                f"({yes.ours} if {when.ours} else {no.ours})",
                f"({yes.plain} if {when.plain} else {no.plain})",
            ),
            *(texts, _conditions(texts), texts),
        ),
        # Of nothing Jinja gives something undefined.
        lists.map(lambda part: part.put("({} | first)", "({} | first | default(''))")),
        lists.map(lambda part: part.put("({} | last)", "({} | last | default(''))")),
        lists.map(lambda part: part.put("({} | primary_address)")),
        # Nobody is read here, and so there is no entry.
        st.sampled_from(NAMES).map(lambda name: Part(f"({name} | of_entry('sn'))", "''")),
        st.builds(
            lambda part, d: Part(
                f"({part.ours} | join({d.ours}))", f"({part.plain} | join({d.plain}))"
            ),
            *(lists, texts),
        ),
    )


EXPRESSIONS = st.recursive(_ATOMS, _larger, max_leaves=8)
"""Right ones, which give a text for everybody."""
PERSON = st.dictionaries(
    st.sampled_from([name.lower() for name in NAMES]),
    st.lists(_TEXTS, min_size=1, max_size=3),
)
"""Values by the names of attributes in lower case."""


_WRONG = st.sampled_from(
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
GARBAGE = st.builds(
    lambda form, one, name, other: form.strip().format(one.ours, name, other.ours),
    *(_WRONG, EXPRESSIONS, st.sampled_from([*FILTERS, "attr", "__class__", "e165"]), EXPRESSIONS),
)
"""Mostly wrong ones; some give a text, for some."""

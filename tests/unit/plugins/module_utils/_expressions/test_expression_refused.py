# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expressions that are refused before anybody is read, and why."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FilterError,
)
from hypothesis import example, given
from hypothesis import strategies as st

ALLOWED = (
    "Use attribute names, texts and the filters "
    "default, e164, first, join, last, lower, map_value, of_entry, primary_address, regex_replace, "
    "regex_search, replace, title, "
    "trim, upper."
)

_REASONS = [
    ("", "it is not a Jinja expression (unexpected 'end of template')"),
    ("sn mail", "it is not a Jinja expression (unexpected 'mail')"),
    ("sn }} {{ mail", "it is not a Jinja expression (unexpected '}}')"),
    pytest.param("1" * 5000, "a number in it is too long", id="long number"),
    pytest.param("sn or " + "1" * 5000, "a number in it is too long", id="long number behind"),
    pytest.param("(" * 3000, "it is nested too deeply", id="parentheses"),
    ("'\\ud800'", "half a character (a surrogate) is not allowed in it"),
    ("sn ~ '\\udfff'", "half a character (a surrogate) is not allowed in it"),
    ("sn ~ 1.5", "~ joins texts only: use first, last or join on a list"),
    ("sn or 1.5", "the number 1.5 is not allowed in it"),
    ("all", "'all' stands alone: write all.NAME or all['NAME']"),
    ("ALL", "'all' stands alone: write all.NAME or all['NAME']"),
    ("All | first", "'all' stands alone: write all.NAME or all['NAME']"),
    ("self | upper", "'self' is no name of an LDAP attribute"),
    ("super | upper", "'super' is no name of an LDAP attribute"),
    ("given_name", "'given_name' is no name of an LDAP attribute"),
    ("_x | upper", "'_x' is no name of an LDAP attribute"),
    ("sn.mail", "access to 'mail' is not allowed in it, only all.NAME"),
    ("ALL.mail", "access to 'mail' is not allowed in it, only all.NAME"),
    ("all.mail.sn | first", "access to 'sn' is not allowed in it, only all.NAME"),
    ("sn['mail']", "access by [...] is not allowed in it, only all['NAME']"),
    ("all[0]", "access by [...] is not allowed in it, only all['NAME']"),
    ("all[mail]", "access by [...] is not allowed in it, only all['NAME']"),
    ("all.mail[0]", "access by [...] is not allowed in it, only all['NAME']"),
    ("sn[1:]", "access by [...] is not allowed in it, only all['NAME']"),
    ("all.given_name | first", "'given_name' is no name of an LDAP attribute"),
    ("all['sn;lang-de'] | first", "'sn;lang-de' is no name of an LDAP attribute"),
    ("all.location | first", "'location' is no name of an LDAP attribute"),
    ("all['Location'] | first", "'Location' is no name of an LDAP attribute"),
    ("sn | join(*all.sn)", "the filter 'join' takes no arguments with * or **"),
    ("sn | join(**mail)", "the filter 'join' takes no arguments with * or **"),
    ("sn | join(d=',', d=';')", "the filter 'join' is given an argument twice"),
    (
        "sn | join(',', d=';')",
        "the filter 'join' is used wrongly: multiple values for argument 'd'",
    ),
    (
        "sn | join(value='x')",
        "the filter 'join' is used wrongly: multiple values for argument 'value'",
    ),
    (
        "sn | join(class=',')",
        "the filter 'join' is used wrongly: got an unexpected keyword argument 'class'",
    ),
    ("sn | join(d=mail.x)", "access to 'x' is not allowed in it, only all.NAME"),
    (
        "sn | default('x', false)",
        "default always replaces an empty value: omit boolean",
    ),
    ("sn | default('x', 1)", "boolean of default must be true or false, not a value of type int"),
    ("sn | upper(1)", "the filter 'upper' is used wrongly: too many positional arguments"),
    (
        "sn | replace('a')",
        "the filter 'replace' is used wrongly: missing a required argument: 'new'",
    ),
    ("sn | upper | nothing | lower", "the filter 'nothing' is not known"),
    ("sn | default(mail | nothing)", "the filter 'nothing' is not known"),
    ("sn()", "the call of 'sn' is not allowed in it, only filters are"),
    ("sn.lower()", "the call of 'this' is not allowed in it, only filters are"),
    ("sn is defined", "a test (is ...) is not allowed in it"),
    ("{'a': sn}", "a dictionary outside map_value is not allowed in it"),
    ("sn | default({})", "a dictionary outside map_value is not allowed in it"),
    ("{} | map_value({})", "a dictionary outside map_value is not allowed in it"),
    ("sn | map_value({}, {})", "a dictionary outside map_value is not allowed in it"),
    ("-sn", "Neg is not allowed in it"),
    ("sn * 2", "Mul is not allowed in it"),
    ("'x' if -sn else 'y'", "Neg is not allowed in it"),
    ("all.mail", "it gives a list: use first, last or join"),
    ("sn == mail", "it gives a value of type bool, not a text"),
    ("not sn", "it gives a value of type bool, not a text"),
    ("sn if mail", "it gives a value of type Undefined, not a text"),
    ("all.mail | lower", "lower expects a string, not a list: use first, last or join"),
    ("'x' if sn < 1 else 'y'", "'<' not supported between instances of 'str' and 'int'"),
    # With one text everywhere, not with nothing.
    ("all.mail if mail else ''", "it gives a list: use first, last or join"),
    ("all.mail if location else ''", "it gives a list: use first, last or join"),
    ("sn if location", "it gives a value of type Undefined, not a text"),
    *(
        (f"{joined} ~ 'x'", "~ joins texts only: use first, last or join on a list")
        for joined in (
            "all.mail",
            "all['mail']",
            "[sn]",
            "(sn, mail)",
            "(sn == mail)",
            "(not sn)",
            "1",
            "none",
            "(sn or all.mail)",
            "(all.mail or sn)",
            "(sn and 1)",
            "(all.mail + all.sn)",
            "('' if sn else all.mail)",
            "(all.mail if sn else '')",
            "(all.mail | default('x'))",
        )
    ),
]


@pytest.mark.parametrize(("source", "problem"), _REASONS)
def test_the_reason_is_named(source: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_expression(source, "column 'E-mail'")
    assert str(caught.value) == (
        f"Cannot use the expression {source!r} of column 'E-mail': {problem}. {ALLOWED}"
    )


_TOKENS_OF_JINJA = r"""
    mail sn all location self . [ ] ( ) { } | , ~ + - * / % == != < in is or and not if else none true
    1 1.5 'x' "y" '\ud800' ' \ upper first join default replace attr __class__ {{ }} {% %} {# #} : ;
    range loop é
"""
_TOKENS = st.sampled_from([*_TOKENS_OF_JINJA.split(), "\ud800", "\x00", "\n"])
_SOURCES = st.one_of(
    st.text(),
    st.lists(_TOKENS, max_size=12).map(" ".join),
    st.lists(_TOKENS, max_size=12).map("".join),
)
_VALUES = st.builds(
    Variables,
    st.dictionaries(
        st.sampled_from(["mail", "sn", "range", "loop"]),
        st.lists(st.text(max_size=3), max_size=3).map(tuple),
    ),
    st.sampled_from(["", "oslo"]),
)


@given(_SOURCES, _VALUES)
@example("all.values == all.values", Variables({}, ""))
def test_any_text_compiles_or_is_refused(source: str, values: Variables) -> None:
    try:
        expression = compile_expression(source, "C")
    except InputError:
        return
    assert all(name == name.lower() != "location" for name in expression.attributes)
    with suppress(FilterError):
        text = expression.evaluate(values).text
        assert isinstance(text, str)
        assert " object at 0x" not in text

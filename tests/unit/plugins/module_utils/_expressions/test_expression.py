# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What expressions give, and what they read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import (
    expression as expression_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FILTERS,
    FilterError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.syntax import Syntax
from hypothesis import given
from hypothesis import strategies as st
from jinja2.environment import Environment, TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

PERSON = Variables(
    {"givenname": ("Åse",), "sn": ("Lie",), "mail": ("a@x", "b@x"), "msds-name": ("m",)},
    location="oslo-hq",
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("givenName", "Åse"),
        ("GIVENNAME", "Åse"),
        ("  sn ", "Lie"),
        ("mail", "a@x"),
        ("mobile", ""),
        ("location", "oslo-hq"),
        ("Location", "oslo-hq"),
        ("msDS-Name", "m"),
        (" msDS-Name ", "m"),
        ("self", ""),
        ("true", ""),
        ("'a text'", "a text"),
        ("mail | upper", "A@X"),
        ("MAIL|upper", "A@X"),
        ("LOCATION | upper", "OSLO-HQ"),
        ("mobile or mail", "a@x"),
        ("mobile or telephoneNumber", ""),
        ("mail and sn", "Lie"),
        ("none or sn", "Lie"),
        ("all.mail | join(', ')", "a@x, b@x"),
        ("all.MAIL | last", "b@x"),
        ("all['mail'] | last", "b@x"),
        ("all['msDS-Name'] | first", "m"),
        ("all.mobile | first", ""),
        ("givenName ~ ' ' ~ sn", "Åse Lie"),
        ("givenName + '-' + sn", "Åse-Lie"),
        ("'yes' if mail else 'no'", "yes"),
        ("'yes' if not mobile else 'no'", "yes"),
        ("'yes' if mail == 'a@x' else 'no'", "yes"),
        ("'yes' if 'b@x' in all.mail else 'no'", "yes"),
        ("'yes' if mail > sn and 2 > 1 else 'no'", "yes"),
        ("mobile | default('none')", "none"),
        ("[sn, mobile, mail] | join('+')", "Lie++a@x"),
        ("(sn, mail) | join('+')", "Lie+a@x"),
        ("([sn] + [mail]) | join('+')", "Lie+a@x"),
        ("(all.mail + all.mobile + ['c']) | join('+')", "a@x+b@x+c"),
        ("'none' if all.mobile == [] else 'some'", "none"),
        ("(sn | replace('i', 'y')) ~ '.'", "Lye."),
        ("sn | replace(new='y', old='i')", "Lye"),
        ("all.mail | join(d='; ')", "a@x; b@x"),
        ("mobile | default('none', true)", "none"),
        ("mobile | default(default_value=sn)", "Lie"),
        ("mail | regex_replace('@.*$', '')", "a"),
        ("mail | regex_replace(pattern='A', replacement='b', ignorecase=true)", "b@x"),
        ("mail | regex_search('(.)@(.)', '\\\\2')", "x"),
        ("mail | regex_search('X', ignorecase=true)", "x"),
        ("sn | map_value({'Lie': 'lie'})", "lie"),
        ("sn | map_value({'Li': 'lie', 'e': 'x'}, givenName)", "Åse"),
        ("sn | map_value({}, fallback='x') ~ (sn | map_value({}))", "x"),
        ("'912 34 567' | e164('NO')", "+4791234567"),
        ("mail | e164('NO') or location", "oslo-hq"),
        ("phone_region", "SE"),
        ("phone_region ~ sn", "SELie"),
        ("'+47 912 34 567' | e164", "+4791234567"),
        # A Swedish number, for the option phone_region says so.
        ("'08 123 456 78' | e164", "+46812345678"),
        ("'08 123 456 78' | e164(phone_region)", "+46812345678"),
        ("'08 123 456 78' | e164(region='NO') or 'none'", "none"),
        ("'08 123 456 78' | e164(c or phone_region)", "+46812345678"),
        ("'08 123 456 78' | e164(sn or phone_region)", ""),
        # Texts are composed, whatever wrote them.
        ("'yes' if givenName == 'A\u030ase' else 'no'", "yes"),
        ("'yes' if givenName == 'A\\u030ase' else 'no'", "yes"),
        ("givenName | map_value({'A\u030ase': 'A\u030a'})", "Å"),
        ("givenName | replace('A\u030a', '')", "se"),
        ("givenName | regex_search('[A\u030a]')", "Å"),
        # What is joined by ~ is seen to be text through everything that hands it on.
        ("(mobile or sn) ~ (mail and sn) ~ (sn + 'x') ~ ('a' ~ 'b')", "LieLieLiexab"),
        ("('m' if mobile else 's') ~ ('m' if mobile) ~ 't'", "st"),
        ("(mobile | default('-')) ~ (all.mobile | default('-') | first)", "--"),
    ],
)
def test_an_expression_gives_a_text(source: str, text: str) -> None:
    assert compile_expression(source, "C", "SE").evaluate(PERSON).text == text


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("mail", False),
        ("mail | lower", False),
        ("mail | e164('NO')", True),
        ("mobile | e164('NO')", False),
        ("mobile | e164('US')", True),
        # There was nothing to refuse.
        ("pager | e164('NO')", False),
        ("blank | e164('NO')", False),
        ("mail | e164('NO') or location", True),
        ("location or mail | e164('NO')", False),
    ],
)
def test_what_e164_refuses_is_told(source: str, refused: bool) -> None:
    expression = compile_expression(source, "C")
    somebody = Variables({"mail": ("a@x",), "mobile": ("22 12 34 56",), "blank": (" ",)}, "oslo")
    # And told anew each time.
    for values, told in ((somebody, refused), (Variables({}, "oslo"), False), (somebody, refused)):
        assert expression.evaluate(values).has_invalid_number is told


def test_without_the_option_the_region_is_empty() -> None:
    assert compile_expression("phone_region ~ '.'", "C").evaluate(PERSON).text == "."


def test_jinja_itself_has_nothing_else_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Environment] = []
    run = expression_module._compile_tree

    def look(environment: ImmutableSandboxedEnvironment, syntax: Syntax) -> TemplateExpression:
        made.append(environment)
        return run(environment, syntax)

    monkeypatch.setattr(expression_module, "_compile_tree", look)
    assert compile_expression("sn ~ '<'", "C").evaluate(PERSON).text == "Lie<"
    (environment,) = made
    assert isinstance(environment, ImmutableSandboxedEnvironment)
    assert (environment.globals, environment.tests) == ({}, {})
    assert set(environment.filters) == set(FILTERS)
    assert environment.autoescape is False


@pytest.mark.parametrize(
    ("source", "attributes"),
    [
        ("mail", {"mail"}),
        ("Mail | default(MAIL)", {"mail"}),
        ("all.Mail | first", {"mail"}),
        ("all['msDS-Name'] | first", {"msds-name"}),
        ("givenName ~ (all.sn | first)", {"givenname", "sn"}),
        ("location", set()),
        ("LOCATION | upper", set()),
        ("'x'", set()),
        ("phone_region ~ (sn | e164(c or phone_region))", {"sn", "c"}),
        ("sn | map_value({'mail': 'mobile'}, l)", {"sn", "l"}),
        ("sn | replace(old=cn, new='')", {"sn", "cn"}),
    ],
)
def test_an_expression_knows_the_attributes_it_reads(source: str, attributes: set[str]) -> None:
    assert compile_expression(source, "C").attributes == attributes


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("location", True),
        (" LOCATION ", True),
        ("l", False),
        ("location | upper", False),
        ("'location'", False),
    ],
)
def test_the_location_alone_is_told_from_other_expressions(source: str, expected: bool) -> None:
    assert compile_expression(source, "C").is_location is expected


@given(
    st.sampled_from(
        ["{}", "{} | upper", "{} or 'x'", "all.{} | join('/')", "all['{}'] | last", "'.' ~ {}"]
    ),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_case_of_a_name_does_not_matter(template: str, capitals: list[bool]) -> None:
    name = "givenname"
    spelled = "".join(
        letter.upper() if capitals[place] else letter for place, letter in enumerate(name)
    )
    one = compile_expression(template.format(name), "C")
    other = compile_expression(template.format(spelled), "C")
    assert other.attributes == one.attributes == {name}
    assert other.evaluate(PERSON).text == one.evaluate(PERSON).text


def test_two_spellings_of_one_name_in_one_expression() -> None:
    expression = compile_expression("(SN | upper) ~ (sn | lower) ~ (all.Sn | first)", "C")
    assert expression.evaluate(PERSON).text == "LIElieLie"


_NAMES_OF_JINJA = """
    range dict lipsum cycler joiner namespace context environment resolve undefined missing loop caller
    varargs kwargs Undefined Markup concat escape str-join blocks name debug-info result template
"""


@pytest.mark.parametrize("name", _NAMES_OF_JINJA.split())
def test_names_that_jinja_has_for_itself_are_attributes(name: str) -> None:
    if "-" not in name:
        expression = compile_expression(f"{name} | default('nothing')", "C")
        assert expression.evaluate(PERSON).text == "nothing"
    values = Variables({name.lower(): ("value",)}, "")
    assert compile_expression(name, "C").evaluate(values).text == "value"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("all.mail if sn == 'Lie' else 'x'", "it gives a list: use first, last or join"),
        ("1 if sn == 'Lie' else 'x'", "it gives a value of type int, not a text"),
        (
            "'x' if (1 if sn == 'Lie' else 'x') < 'y' else 'z'",
            "'<' not supported between instances of 'int' and 'str'",
        ),
        (
            "('' if sn != 'Lie') + 'x'",
            "the inline if-expression",
        ),
    ],
)
def test_what_fails_for_one_person_only_is_a_filter_error(source: str, problem: str) -> None:
    expression = compile_expression(source, "C")
    with pytest.raises(FilterError) as caught:
        expression.evaluate(PERSON)
    assert str(caught.value).startswith(problem)


def test_values_of_an_absent_attribute_are_empty() -> None:
    assert Variables({"mail": ()}, "oslo").value("mail") == ""


_NESTED: dict[str, Callable[[int], str]] = {
    "parentheses": lambda depth: "(" * depth + "sn" + ")" * depth,
    "lists": lambda depth: "[" * depth + "sn" + "]" * depth,
    "not": lambda depth: "'x' if " + "not " * depth + "sn else 'y'",
    "or": lambda depth: " or ".join(["sn"] * depth),
    "plus": lambda depth: " + ".join(["sn"] * depth),
    "tilde": lambda depth: "sn ~ (" * depth + "sn" + ")" * depth,
    "filters": lambda depth: "sn" + " | lower" * depth,
    "arguments": lambda depth: "sn | default(" * depth + "sn" + ")" * depth,
    "conditions": lambda depth: "sn if mail else " * depth + "sn",
    "indexes": lambda depth: "all[" * depth + "'sn'" + "]" * depth,
    "signs": lambda depth: "-" * depth + "1",
    "powers": lambda depth: "1" + " ** 1" * depth,
}


@pytest.mark.parametrize("form", _NESTED)
def test_deep_nesting_is_no_crash(form: str) -> None:
    for depth in (60, 200, 3_000):
        try:
            expression = compile_expression(_NESTED[form](depth), "C")
        except InputError:
            continue
        # Parentheses alone make no deeper tree.
        assert form == "parentheses"
        assert expression.evaluate(PERSON).text == "Lie"


@pytest.mark.parametrize("form", ["or", "plus", "tilde", "filters", "arguments", "conditions"])
def test_reasonable_nesting_works(form: str) -> None:
    depth = 24
    expression = compile_expression(_NESTED[form](depth), "C")
    assert expression.evaluate(PERSON).text


@pytest.mark.parametrize("form", ["or", "filters"])
def test_the_depth_has_one_limit(form: str) -> None:
    limit = {"or": 50, "filters": 49}[form]
    compile_expression(_NESTED[form](limit), "C")
    with pytest.raises(InputError, match="it is nested too deeply"):
        compile_expression(_NESTED[form](limit + 1), "C")

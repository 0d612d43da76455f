# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of known escapes from Jinja's sandbox, variants of these escapes, and other syntax that is not allowed.

The syntax check rejects each expression before anything is evaluated.
"""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import expression
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    compile_expression,
)

_ESCAPES = {
    "Access to Python classes through the class of a value": r"""
''.__class__
''.__class__.__mro__
''['__class__']
''.__class__.__mro__[1].__subclasses__()
''.__class__.mro()[-1].__subclasses__()[40]
''.__class__.__base__.__subclasses__()[40]('/etc/passwd').read()
''.__class__.__base__.__subclasses__()[132].__init__.__globals__['popen']('id').read()
().__class__.__bases__[0].__subclasses__()
[].__class__.__base__.__subclasses__() | join
{}.__class__.__base__.__subclasses__()
(1).__class__
1.5.__class__
none.__class__.__base__
mail.__class__
mail['__class__']['__mro__'][1]
mail.__doc__[0]
mail.__eq__(mail)
mail.__reduce_ex__(2)
mail.__format__.__self__
(mail ~ '').__class__
(mail | lower).__class__
(mail if sn else mail).__class__
[mail.__class__] | first
mail | default(mail.__class__)
mail ~ mail.__class__
mail if mail.__class__ else sn
'x' if mail.__class__ == sn.__class__ else 'y'
    """,
    "Names that are concatenated, encoded or otherwise obfuscated": r"""
mail['__cl' ~ 'ass__']
mail['__cl'+'ass__']
mail['__ssalc__'[::-1]]
mail['\x5f\x5fclass\x5f\x5f']
mail['\u005f\u005fclass\u005f\u005f']
mail['\137\137class\137\137']
mail['\N{LOW LINE}_class__']
mail[['__cl','ass__'] | join]
mail[('__CLASS__' | lower)]
mail['X__class__' | replace('X', '')]
mail['%c%cclass%c%c' % (95, 95, 95, 95)]
mail['%s%s'|format('__cla','ss__')]
mail['{0}{0}class{0}{0}'.format('_')]
mail|attr('__class__')
mail|attr('\x5f\x5fclass\x5f\x5f')
mail|attr(['__','class','__']|join)
mail|attr(request.args.x)
mail|attr(sn)
all|attr('__class__')
mail|attr('__getitem__')(0)
mail|regex_replace('.*', '__class__')|attr('x')
mail . __class__
mail[ '__class__' ]
    """,
    "Objects of Jinja and of web frameworks": r"""
self.__init__.__globals__
self.__init__.__globals__.__builtins__.__import__('os').popen('id').read()
self._TemplateReference__context
self._TemplateReference__context.cycler.__init__.__globals__.os
self._TemplateReference__context.joiner.__init__.__globals__.os
self._TemplateReference__context.namespace.__init__.__globals__.os
super()
caller()
varargs[0]
loop.__class__
lipsum.__globals__['os'].popen('id').read()
lipsum['__globals__']
cycler.__init__.__globals__.os.popen('id').read()
namespace.__init__.__globals__
namespace(x=mail).x
range.__class__
range(999999999)
dict(a=mail)
dict(__proto__=mail)
cycler(mail).next()
context.environment
environment.globals
environment.from_string(mail)
config['SECRET_KEY']
config.__class__.from_envvar.__globals__
config.from_object('os')
request.application.__globals__
request.application.__self__._get_data_for_json.__globals__['json'].JSONEncoder
request|attr('application')|attr('\x5f\x5fglobals\x5f\x5f')|attr('\x5f\x5fgetitem\x5f\x5f')('\x5f\x5fbuiltins\x5f\x5f')
request.environ['werkzeug.server.shutdown']()
session['user']
g.pop.__globals__.__builtins__['__import__']('os').popen('id').read()
url_for.__globals__
get_flashed_messages.__globals__.__builtins__
__import__('os').system('id')
__builtins__
__class__
undefined.__class__
missing_name.__init__.__globals__
    """,
    "Objects and plugins of Ansible": r"""
lookup('pipe', 'id')
lookup('env', 'FRONTDESK_BIND_PW')
query('pipe', 'id')
now().__class__
undef(hint=mail)
hostvars['localhost']
hostvars.localhost.ansible_password
vars['bind_pw']
groups.all[0]
omit.__class__
ansible_facts.env
mail | template('x')
mail | to_json
mail | extract(vars)
mail | password_hash
mail | b64decode
mail | expandvars
mail | fileglob
mail | ternary(sn, l)
mail | community.general.json_query('x')
mail | ansible.builtin.basename
    """,
    "Formatting methods, and filters that access attributes, call functions or return objects": r"""
'{0.__class__}'.format(mail)
'{0.__class__.__mro__[1]}'.format(mail)
'{a.__init__.__globals__}'.format(a=mail)
'{0.__class__}'|format(mail)
'%s'|format(mail)
'%s' % mail
'%(a)s' % {'a': mail}
('{0.__class__}' | lower).format(mail)
('a' | replace('a', '{0.__class__}')).format(mail)
mail.format_map({})
mail.format_map(all)
mail.encode('utf-8').decode
mail.translate({97: mail})
mail.join(all.mail)
mail | map(attribute='__class__')
mail | map('attr', '__class__')
mail | map('format', mail)
all.mail | map(attribute='__class__') | list
mail | selectattr('__class__')
all.mail | rejectattr('__class__', 'x')
mail | groupby('__class__')
mail | sort(attribute='__class__')
mail | sum(attribute='__class__')
all.mail | join(attribute='__class__')
all.mail | join(',', '__class__')
all.mail | first('__class__')
mail | default(sn, true, mail.__class__)
mail | list
mail | string
mail | safe
mail | tojson
mail | xmlattr
mail | dictsort
mail | batch(2)
mail | random
mail | center(999999999)
mail | wordwrap(1)
mail | urlize
mail | select('callable')
mail is callable
mail is sameas mail
mail is filter('attr')
mail is test('callable')
    """,
    "Arguments of the supported filters": r"""
mail | regex_replace('a', sn)
mail | regex_replace(sn, 'a')
mail | regex_replace('(a', 'b')
mail | regex_replace('a', '\\g<__class__>')
mail | regex_search('a', '__class__')
mail | regex_search('(?P<a>a)', '\\g<__class__>')
mail | regex_search('(?{print(1)})')
mail | map_value(all)
mail | map_value(sn)
mail | map_value({}.__class__)
mail | map_value({'a': mail.__class__})
mail | map_value({mail.__class__: 'a'})
mail | map_value({'a': {'b': 'c'}})
mail | map_value({'a': 'b'}, sn.__class__)
mail | map_value(**{'mapping': {}})
mail | map_value(*[{}])
mail | e164(mail.__class__)
mail | e164(lookup('pipe', 'id'))
mail | e164('../../etc')
mail | e164(region=all)
mail | lower()()
(mail | lower)()
all.mail | first() | attr('a')
mail | default(**all)
    """,
    "Calls, assignments and other Python syntax": r"""
(mail)(mail)
mail()
all.mail.count(mail)
all()
(lambda: 1)()
[x for x in all.mail]
{x: x}
{mail}
mail[0]
mail[:-1]
all.mail[0]
all.mail.0
all[all.mail[0]]
all['__class__']
all['__class__'].__mro__
all.__init__.__globals__
all.mail.__class__
all.mail.__init__.__globals__
all['mail'].append(sn)
mail := sn
mail; sn
mail -> sn
mail, sn
*all.mail
**all
not mail.__class__
await mail
yield mail
`id`
$(id)
${mail}
<%= mail %>
    """,
    "Template syntax": r"""
{{ mail }}
{{mail.__class__}}
mail }}{{ mail.__class__
mail %}{% set x = 1
{% set x = 1 %}
{% include '/etc/passwd' %}
{% import 'os' as os %}
{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}
{% if mail.__class__ %}x{% endif %}
{% raw %}{{ mail }}{% endraw %}
{# comment #}
mail {# comment #}
mail -%}
mail\n.__class__
# for x in mail
    """,
    "Arithmetic, including short expressions with a huge result": r"""
9 ** 9 ** 9
'a' * 999999999
mail * 999999999
[mail] * 999999999
9 % 0
1 / 0
-9
1e999
    """,
}
_EXPRESSIONS = [
    line.strip() for lines in _ESCAPES.values() for line in lines.split("\n") if line.strip()
]


@pytest.fixture
def _fail_on_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        pytest.fail("the syntax check accepted the expression")

    monkeypatch.setattr(expression, "_compile_tree", fail)


@pytest.mark.usefixtures("_fail_on_evaluation")
@pytest.mark.parametrize("text", _EXPRESSIONS)
def test_a_sandbox_escape_is_rejected_before_evaluation(text: str) -> None:
    with pytest.raises(InputError, match=r"^Cannot use the expression .* of column 'C': "):
        compile_expression(text, "column 'C'")


def test_the_sandbox_escapes_are_numerous_and_distinct() -> None:
    assert len(set(_EXPRESSIONS)) == len(_EXPRESSIONS) > 200

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of a module: warnings, errors and results, in which the markers of option names are replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

from .._errors import FrontdeskError, render_message
from .._text import make_printable

_PROBLEMS = "problems"


class Reporter:
    """Shows messages with the names of options that the user can set.

    Modules must not call the corresponding methods of AnsibleModule directly.

    :param module: the module; its option ``option_names`` contains the names to show.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        names: Mapping[Any, Any] = module.params["option_names"] or {}
        self._names = {str(option): str(name) for option, name in names.items()}

    def warn(self, message: str) -> None:
        """Show a warning.

        :param message: the warning, with the names of options marked.
        """
        self._module.warn(self.render(message))

    def fail(self, message: str, **result: Any) -> NoReturn:
        """End the module with an error.

        :param message: the error message, with the names of options marked.
        :param result: other keys of the result, as for `exit`.
        """
        self._module.fail_json(msg=self.render(message), **self._render_problems(result))
        raise AssertionError  # fail_json does not return

    def fail_with(self, error: FrontdeskError, **result: Any) -> NoReturn:
        """End the module with the message and the kind of an exception.

        :param result: other keys of the result, as for `exit`.
        """
        self.fail(error.message, kind=error.kind, **result)

    def exit(self, message: str = "", **result: Any) -> NoReturn:
        """End the module successfully.

        :param message: a message for the user, with the names of options marked; empty if there is none.
        :param result: the result. The names of options may be marked in the texts of the key ``problems``; all
            other values are data and are not changed.
        """
        if message:
            result["msg"] = self.render(message)
        self._module.exit_json(**self._render_problems(result))
        raise AssertionError  # exit_json does not return

    def render(self, text: str) -> str:
        """Return a printable text with the names of options that the user can set instead of the markers."""
        return make_printable(render_message(text, self._names))

    def _render_problems(self, result: Mapping[str, Any]) -> dict[str, Any]:
        if _PROBLEMS not in result:
            return dict(result)
        problems = [
            {key: self.render(text) for key, text in problem.items()}
            for problem in result[_PROBLEMS]
        ]
        return {**result, _PROBLEMS: problems}

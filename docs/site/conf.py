# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx configuration of the HTML documentation.

`make docs` generates the pages with antsibull-docs, and builds the site with this configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ANSIBLE_DOCUMENTATION = "https://docs.ansible.com/projects/ansible/latest/"
ANSIBLE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.set_stats_module": (
        "collections/ansible/builtin/set_stats_module.html"
    ),
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
"""Page of each label in Ansible's documentation to which the generated pages refer."""

project = "frontdesk.contacts"
project_copyright = "Contributors to the frontdesk.contacts project"

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
nitpicky = True
# No page describes environment variables.
nitpick_ignore_regex = [("envvar", ".*")]

html_theme = "sphinx_ansible_theme"
html_title = "frontdesk.contacts"
html_copy_source = False
html_show_sphinx = False
highlight_language = "YAML+Jinja"
pygments_style = "ansible"


def link_to_ansible(
    _app: Sphinx, _env: BuildEnvironment, reference: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Resolve a reference to Ansible's documentation.

    intersphinx would have to download the labels of Ansible's documentation for each build.
    """
    page = ANSIBLE_LABELS.get(reference["reftarget"])
    if page is None:
        return None
    return nodes.reference("", "", content, refuri=ANSIBLE_DOCUMENTATION + page, internal=False)


def setup(app: Sphinx) -> None:
    """Register the event handler."""
    app.connect("missing-reference", link_to_ansible)

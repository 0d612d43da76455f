# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials in several forms, services without credentials, and public values whose names suggest credentials."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, run_playbook
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload, run_upload
from tests.lab.receiver import ServiceBehavior, receiver

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver


@pytest.fixture(autouse=True)
def roster(workspace: Workspace) -> None:
    """Write a roster of two contacts."""
    write_roster(workspace.dest, make_contacts(2))


@pytest.mark.parametrize(
    ("token", "prefix"),
    [
        ("Bearer {}", None),
        ("Bearer {}", "Bearer"),
        ("{}", "Bearer "),
        ("Bearer {}", ""),
    ],
)
def test_a_scheme_before_the_token_is_sent_once(
    token: str, prefix: str | None, service: Receiver, workspace: Workspace
) -> None:
    options = {"token": token.format(service.token), "token_prefix": prefix}
    assert run_upload(service, workspace, initial=True, **options)["uploaded"]


def test_a_token_without_its_scheme_is_not_shown(service: Receiver, workspace: Workspace) -> None:
    service.queue_response(400, {"errors": [{"error": "abcdefgh is wrong"}]})
    result = run_failing_upload(service, workspace, token="Bearer abcdefgh")
    assert result.data["service"]["errors"][0]["cause"].endswith(" is wrong")
    assert "abcdefgh" not in result.output


def test_a_service_without_credentials_must_be_declared(
    ca: Authority, workspace: Workspace
) -> None:
    behavior = ServiceBehavior(requires_token=False)
    with receiver(ca, behavior=behavior, locations=["oslo-hq"]) as service:
        refused = run_failing_upload(service, workspace, token=None)
        assert refused.message == (
            "Cannot upload: no credential is set. Set token (or FRONTDESK_TOKEN in the environment), url_username,"
            " client_cert or secrets, or set anonymous: true if the service requires no credential."
        )
        result = run_upload(service, workspace, token=None, anonymous=True, initial=True)
        assert result["uploaded"]


SECRETS = [
    {"name": "api_key", "in": "form", "value": "form-abcdef"},
    {"name": "session", "in": "query", "value": "query-ghijkl"},
    {"name": "X-Subscription-Key", "value": "header-mnopqr"},
]


@pytest.mark.parametrize("with_token", [True, False])
def test_several_secrets_are_sent(with_token: bool, ca: Authority, workspace: Workspace) -> None:
    behavior = ServiceBehavior(
        fields={"api_key": "form-abcdef"},
        flags={"session": "query-ghijkl"},
        headers={"X-Subscription-Key": "header-mnopqr"},
        requires_token=with_token,
    )
    with receiver(ca, behavior=behavior, locations=["oslo-hq"]) as service:
        token = service.token if with_token else None
        for index in range(len(SECRETS)):
            others = [*SECRETS[:index], *SECRETS[index + 1 :]]
            assert run_upload(service, workspace, token=token, secrets=others, initial=True).failed
        result = run_upload(service, workspace, token=token, secrets=SECRETS, initial=True)
        assert result["uploaded"]
        assert not [each for each in SECRETS if each["value"] in result.output]


def test_the_role_does_not_show_secrets(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    behavior = replace(service.behavior, headers={"X-Subscription-Key": "header-mnopqr"})
    service.behavior = behavior
    variables = role_variables(open_ldap, service, workspace)
    secrets = [{"name": "X-Subscription-Key", "value": "header-mnopqr"}]
    inventory = Inventory({**variables, "contact_sync_service_secrets": secrets})
    run = run_playbook(workspace, "frontdesk.contacts.sync", inventory, "-vvv")
    run.assert_clean()
    assert service.uploads == 1
    assert "header-mnopqr" not in run.output


PUBLIC: dict[str, Any] = {
    "headers": {"X-Atlassian-Token": "no-check", "x-idempotency-key": "run-1"},
    "params": {"send_password_reset": False},
    "form_fields": {"generate_pin": False},
}
PUBLIC_NAMES = ["x-atlassian-token", "X-Idempotency-Key", "send_password_reset", "generate_pin"]


def test_names_that_look_like_credentials_can_be_public(
    ca: Authority, workspace: Workspace
) -> None:
    behavior = ServiceBehavior(
        flags={"send_password_reset": "false"}, fields={"generate_pin": "false"}
    )
    with receiver(ca, behavior=behavior, locations=["oslo-hq"]) as service:
        for index, name in enumerate(PUBLIC_NAMES):
            names = [*PUBLIC_NAMES[:index], *PUBLIC_NAMES[index + 1 :]]
            message = run_failing_upload(service, workspace, public_names=names, **PUBLIC).message
            assert name.lower() in message.lower()
            assert message.endswith("If it is not a credential, add its name to public_names.")
        options = {**PUBLIC, "public_names": PUBLIC_NAMES}
        assert run_upload(service, workspace, initial=True, **options)["uploaded"]

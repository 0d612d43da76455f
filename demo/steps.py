# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the demo, in order."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from demo.contact_rows import contact_row, expected_rows, typical_people
from tests.lab.person import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.contact_rows import Row
    from demo.context import DemoContext

_KINDS = ("added", "changed", "moved", "removed")


def probe_directory(context: DemoContext) -> None:
    """Run the probe, which must find no problems and count the contacts that the first sync will upload."""
    screen, expect = context.screen, context.expect
    screen.heading("1. Probe: check the directory before the first sync")
    result = context.run_successfully(playbook="probe").module_result("ad_contacts_info")
    expect.equal("problems found by the probe", result["problems"], [])
    [server] = result["servers"]
    product = f"{server['product']} {server['version']}".strip()
    days = server["certificate"]["days_left"]
    screen.fact("server", f"{product}, {server['tls_version']}, certificate expires in {days} days")
    for source in server["sources"]:
        unit = source["search_base"].partition(",OU=Staff,")[0]
        counts = [f"{_count(source['entries'], 'person', 'people')} in {unit}"]
        counts += [f"{one['empty']} without {one['column']}" for one in source["empty_columns"]]
        screen.fact(source["location"], ", ".join(counts))
    rows = sum(source["contacts"] for source in server["sources"])
    expect.equal("contacts counted by the probe", rows, len(expected_rows(context.company)))
    sample = " | ".join(server["sources"][0]["samples"][0].values())
    screen.fact("sample row", f"{sample} (masked)")
    expect.equal("requests received by the service", context.service.requests, 0)


def run_first_sync(context: DemoContext) -> None:
    """Run the first sync, which must upload all contacts and report the only person who is left out."""
    screen, expect = context.screen, context.expect
    screen.heading("2. First sync: upload all contacts")
    run = context.run_successfully("-e", "contact_sync_initial=true")
    context.expected_contacts = expected_rows(context.company)
    context.expect_service_contacts()
    export, upload = run.module_result("ad_contacts_export"), run.module_result("contact_upload")
    number = len(context.expected_contacts)
    expect.equal("contacts added by the plan", upload["plan"]["added"], number)
    expect.equal("contacts added by the service", upload["service"]["counts"]["added"], number)
    for location, count in export["counts"]["by_location"].items():
        expected = sum(row[-1] == location for row in context.expected_contacts)
        expect.equal(f"contacts at {location}", count, expected)
        screen.fact(location, _count(count, "contact", "contacts"))
    left_out = [one["identity"] for one in export["left_out"]]
    expect.equal("people left out", left_out, [str(context.company.unreachable.identity)])
    identity = context.directory.dialect.identity_attribute
    for one in export["left_out"]:
        holder = f"{identity} {one['identity']} at {one['location']}"
        screen.fact("left out", f"{holder}: {one['cause']}")
    expect.equal("emptied cells", export["emptied"], [])
    person = context.company.two_site_person
    screen.fact("two sites", f"{person.display_name} is a contact at oslo-hq and at tromso")
    screen.fact("service", f"now has {context.describe_service_contacts()}")


def run_unchanged_sync(context: DemoContext) -> None:
    """Run the sync again without changes in the directory.

    It must not send a request.
    """
    context.screen.heading("3. Second sync: nothing changed, so nothing is sent")
    requests, state = context.service.requests, context.state_digests()
    run = context.run_successfully()
    context.expect_no_requests(requests)
    context.expect.equal("files in the state directory", context.state_digests(), state)
    context.expect.equal("changed tasks in the recap", run.recap["changed"], 0)
    context.screen.fact("recap", ", ".join(f"{name}={count}" for name, count in run.recap.items()))
    context.screen.fact("service", "received no request")


def preview_and_sync_changes(context: DemoContext) -> None:
    """Preview four changes in check mode, then run the sync, which must apply the same plan."""
    screen, expect = context.screen, context.expect
    screen.heading("4. Four changes: preview them in check mode, then sync them")
    before, after = _apply_changes(context)
    requests, state = context.service.requests, context.state_digests()
    preview = context.run_successfully("--check", "--diff")
    diff = _extract_diff(preview.output)
    screen.diff(diff)
    plan = preview.module_result("contact_upload")
    _expect_plan(context, plan, added=1, changed=1, moved=1, removed=1)
    expect.same_rows("rows with - in the diff", _parse_rows(diff, "-"), before)
    causes = [_because("deleted or unreadable", 1)]
    expect.equal("causes of removals", plan["plan"]["removal_causes"], causes)
    expect.same_rows("rows with + in the diff", _parse_rows(diff, "+"), after)
    context.expect_no_requests(requests)
    expect.equal("files in the state directory", context.state_digests(), state)
    remaining = [path.name for path in context.ansible.temporary.iterdir()]
    expect.equal("temporary files left by check mode", remaining, [])
    screen.text(
        "The diff shows exactly these changes. Check mode changed neither the service nor the state directory."
        " Now run the sync:"
    )
    sync = context.run_successfully()
    plans = [run.module_result("contact_upload")["plan"] for run in (preview, sync)]
    expect.equal("plan of the sync", plans[1], plans[0])
    context.expected_contacts = context.expected_contacts - before | after
    context.expect_service_contacts()
    expect.equal("requests received by the service", context.service.requests, requests + 1)
    screen.fact(
        "service", f"received the new roster, and now has {context.describe_service_contacts()}"
    )


def _apply_changes(context: DemoContext) -> tuple[set[Row], set[Row]]:
    """Add one person, delete another, rename a third, and move a fourth.

    :returns: the rows that the changes remove, and the rows that they add.
    """
    oslo, bergen = context.company.site("oslo-hq"), context.company.site("bergen")
    at_oslo = typical_people(context.company, oslo)
    leaver, renamed = next(at_oslo), next(at_oslo)
    mover = next(typical_people(context.company, bergen))
    newcomer = Person(
        account="ylva.skarsgard",
        given_name="Ylva",
        last_name="Skarsgård",
        display_name="Ylva Skarsgård",
        mail="ylva.skarsgard@fjord.test",
        mobile="+4791777001",
        office=bergen.name,
        ou=(bergen.ou, "Harbour"),
    )
    context.directory.add_person(newcomer)
    context.directory.delete_person(leaver)
    context.directory.change_last_name(renamed, "Bjørnstad-Moe")
    context.directory.move_person(mover, oslo)
    context.screen.text(
        f"{newcomer.display_name} joins the company in {bergen.name}, {leaver.display_name} leaves,"
        f" {renamed.display_name} is now called {renamed.given_name} Bjørnstad-Moe, and"
        f" {mover.display_name} moves from {bergen.name} to {oslo.name}."
    )
    given, _last_name, *others = contact_row(renamed, oslo)
    before = {contact_row(leaver, oslo), contact_row(renamed, oslo), contact_row(mover, bergen)}
    after = {
        contact_row(newcomer, bergen),
        (given, "Bjørnstad-Moe", *others),
        contact_row(mover, oslo),
    }
    return before, after


def stop_on_empty_ou(context: DemoContext) -> None:
    """Show that an empty OU stops the export, and that restoring its people causes no upload."""
    screen, directory = context.screen, context.directory
    tromso = context.company.site("tromso")
    screen.heading("5. Empty OU: the export fails, so nothing is sent")
    count = directory.empty_ou(context.company.site_dn(tromso))
    screen.text(f"The {count} accounts in the OU {tromso.ou} are deleted by mistake.")
    run = context.run_expecting_failure("ad_contacts_export", "tromso", "minimum")
    context.expect.equal("result of the upload", run.module_result("contact_upload"), {})
    screen.fact("service", f"unchanged, still has {context.describe_service_contacts()}")
    people = [person for person in context.company.people if person.ou[0] == tromso.ou]
    for person in people:
        directory.add_person(person)
    identity = directory.dialect.identity_attribute
    screen.text(f"The {len(people)} accounts are created again, with new values of {identity}.")
    requests = context.service.requests
    run = context.run_successfully()
    context.expect_no_requests(requests)
    _expect_plan(context, run.module_result("contact_upload"))
    screen.fact("service", "received no request, because all rows are the same as before")


def stop_on_mass_removal(context: DemoContext) -> None:
    """Show that the guard stops the upload after half of the accounts of a site are disabled.

    The upload succeeds once the plan is approved.
    """
    screen, known = context.screen, context.expected_contacts
    screen.heading("6. Mass removal: the guard stops the upload until the plan is approved")
    oslo, tromso = context.company.site("oslo-hq"), context.company.site("tromso")
    synced_people = (
        person for person in context.company.at(oslo) if contact_row(person, oslo) in known
    )
    people = list(synced_people)[::2]
    for person in people:
        context.directory.disable_person(person)
    screen.text(f"A script disables {len(people)} accounts of {oslo.name}, half of the site.")
    removed = {contact_row(person, site) for person in people for site in (oslo, tromso)} & known
    parts = f"removes {len(removed)} contacts", f"of the {len(known)} in", "max_removed_percent"
    run = context.run_expecting_failure("contact_upload", *parts)
    stopped = run.module_result("contact_upload")
    _expect_plan(context, stopped, removed=len(removed))
    causes = [_because("disabled", len(removed))]
    context.expect.equal("causes of removals", stopped["plan"]["removal_causes"], causes)
    screen.fact("cause", "all of these people are disabled, says the directory")
    screen.fact("service", f"unchanged, still has {context.describe_service_contacts()}")
    screen.text("The accounts were disabled on purpose, so exactly this plan is approved.")
    approval = f"contact_sync_approved_plan={stopped['plan']['id']}"
    context.expect.contains(
        "error message", stopped["msg"], f"-e {approval} --tags contact_sync_upload"
    )
    run = context.run_successfully("-e", approval, "--tags", "contact_sync_upload")
    _expect_plan(context, run.module_result("contact_upload"), removed=len(removed))
    context.expected_contacts = known - removed
    context.expect_service_contacts()
    screen.fact("service", f"has {context.describe_service_contacts()}")


def _expect_plan(context: DemoContext, upload: Mapping[str, Any], **expected: int) -> None:
    """Expect a plan with the given counts, which default to 0, and print the plan."""
    actual = {kind: upload["plan"][kind] for kind in _KINDS}
    context.expect.equal("plan", actual, {kind: expected.get(kind, 0) for kind in _KINDS})
    context.screen.fact("plan", ", ".join(f"{count} {kind}" for kind, count in actual.items()))


def _extract_diff(output: str) -> list[str]:
    """Return the lines of the diff in the output of ansible-playbook."""
    lines = output.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("--- ")), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return lines[start:end]


def _parse_rows(diff: list[str], sign: str) -> list[Row]:
    """Return the rows in the lines of a diff that start with the given sign, `+` or `-`, without causes of removals."""
    lines = [line[1:].partition(" # ")[0] for line in diff[2:] if line.startswith(sign)]
    return [tuple(cells) for cells in csv.reader(lines)]


def _because(cause: str, count: int) -> dict[str, Any]:
    """Return an element of the causes of removals in a plan."""
    return {"cause": cause, "count": count}


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"


STEPS = (
    probe_directory,
    run_first_sync,
    run_unchanged_sync,
    preview_and_sync_changes,
    stop_on_empty_ou,
    stop_on_mass_removal,
)

"""``recollect check``: is the collection whole?"""

from __future__ import annotations

import click

from recollect.cli._options import examples, json_flag
from recollect.cli._session import Session, collection_option, talk_options

__all__ = ["command"]


@click.command("check", epilog=examples("recollect check", "recollect check --json"))
@json_flag
@collection_option
@talk_options
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Look whether all that was written is there and unchanged.

    Every version of every note and every picture and sound is compared with its fingerprint.
    Nothing is changed. The exit code is 1 if something is lost or wrong.
    """
    from recollect.cli._collection import opened_collection
    from recollect.cli._outputs import print_json
    from recollect.cli._progress import progress
    from recollect.collection import check_collection

    session: Session = context.obj
    with (
        opened_collection(session) as collection,
        progress(session, "Checking") as tell,
    ):
        report = check_collection(collection, tell)
    if as_json:
        findings = [
            {"severity": one.severity, "kind": one.kind, "message": one.message}
            for one in report.findings
        ]
        print_json(
            "check",
            {"is_sound": report.is_sound, "checked": report.checked, "findings": findings},
        )
    else:
        for finding in report.findings:
            click.echo(f"{finding.severity}: {finding.message}")
        looked = ", ".join(
            f"{count:,} {name.replace('_', ' ')}" for name, count in report.checked.items()
        )
        verdict = "All is there and unchanged" if report.is_sound else "Not all is well"
        click.echo(f"{verdict}: {looked}" if looked else verdict)
        if not report.is_sound:
            session.note("To go back: recollect backup --list, then recollect restore FILE")
    context.exit(0 if report.is_sound else 1)

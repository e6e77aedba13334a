"""The commands: sample, import, check, metrics, grid, rebuild, undo, freeze, report, bench."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.errors import GovernanceError, StoreError, UsageError
from governance.settings import data_dir_from_environment
from governance.text import explain, reason, t
from governance.workdays import stamp_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.records.dataset import Dataset


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --data."""
    return click.option("--data", "data_dir", type=click.Path(path_type=Path), help=t("cli.data"))(command)


def _data_dir(given: Path | None) -> Path:
    return given if given is not None else data_dir_from_environment()


def day_from(text: str | None) -> date | None:
    """A date of the command line.

    Raises
    ------
    UsageError
        `bad_date` when the text is no date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("bad_date", date=text) from error


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


class _Commands(click.Group):
    """Turns the product's errors into one sentence and the contract's exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except GovernanceError as error:
            click.echo(explain(error), err=True)
            sys.exit(error.exit_code)


@click.group(cls=_Commands, help=t("cli.about"))
@click.version_option(package_name="governance")
def main() -> None:
    """The command `governance`."""


@main.command(help=t("cli.sample"))
@data_option
@click.option("--seed", type=int, default=2023, show_default=True, help=t("cli.seed"))
def sample(data_dir: Path | None, seed: int) -> None:
    """Make the demonstration street."""
    from rich.console import Console
    from rich.progress import Progress

    from governance.demonstration import make_demonstration

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(t("cli.sample"), total=1.0)
        make_demonstration(
            _data_dir(data_dir),
            seed=seed,
            on_progress=lambda step, share: progress.update(bar, description=step, completed=share),
        )


@main.command("import", help=t("cli.import"))
@click.argument("kind")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@data_option
@click.option("--mapping", type=click.Path(path_type=Path), help=t("cli.mapping"))
@click.option("--crs", help=t("cli.crs"))
@click.option("--as-of", "as_of", help=t("cli.as_of"))
@click.option("--covers", help=t("cli.covers"))
@click.option("--json", "is_json", is_flag=True, help=t("cli.json"))
def import_command(
    kind: str,
    files: tuple[Path, ...],
    data_dir: Path | None,
    mapping: Path | None,
    crs: str | None,
    as_of: str | None,
    covers: str | None,
    is_json: bool,
) -> None:
    """Import files of one kind."""
    from governance.records.coverage import Coverage
    from governance.records.intake import ImportRequest, ImportResult, import_files
    from governance.records.patrol.keeping import keep_after_import

    request = ImportRequest(
        kind=kind,
        paths=files,
        mapping=mapping,
        crs=crs,
        as_of=stamp_from(as_of) if as_of else None,
        coverage=Coverage.parse(covers) if covers else Coverage(),
    )
    try:
        result = import_files(request, _data_dir(data_dir))
    except StoreError as error:
        result = ImportResult.failed(request, explain(error))
    for sentence in dict.fromkeys(refused["reason"] for refused in result.files_refused):
        click.echo(sentence, err=True)
    if is_json:
        _print_json(result.as_json())
    else:
        click.echo(
            t(
                "cli.import_result",
                rows_read=result.rows_read,
                accepted=result.accepted,
                replaced=result.replaced,
                unchanged=result.unchanged,
                refused=result.refused,
            )
        )
        for code, count in {**result.flags, **result.refusals}.items():
            click.echo(f"  {reason(code)}  {count}")
    if result.exit_code != 1:
        keep_after_import(_data_dir(data_dir), kind)
    sys.exit(result.exit_code)


@main.command(help=t("cli.check"))
@data_option
@click.option("--json", "is_json", is_flag=True, help=t("cli.json"))
def check(data_dir: Path | None, is_json: bool) -> None:
    """Report the quality of what is stored."""
    from governance.records.quality import quality_report

    report = quality_report(_data_dir(data_dir))
    if is_json:
        _print_json(report)
        return
    for line in report["kinds"]:
        flags = "、".join(f"{reason(code)} {count}" for code, count in line["flags"].items())
        click.echo(
            t("cli.check_line", label=line["label"], rows=line["rows"], flags=flags or t("cli.no_flags"))
        )


@main.command(help=t("cli.metrics"))
@click.argument("name")
@data_option
@click.option("--since", help=t("cli.since"))
@click.option("--until", help=t("cli.until"))
@click.option("--by", help=t("cli.by"))
@click.option("--of", "of", help=t("cli.of"))
@click.option("--presented", help=t("cli.presented"))
@click.option("--json", "is_json", is_flag=True, help=t("cli.json"))
def metrics(
    name: str,
    data_dir: Path | None,
    since: str | None,
    until: str | None,
    by: str | None,
    of: str | None,
    presented: str | None,
    is_json: bool,
) -> None:
    """Print the rows of one metric."""
    from governance.metrics.catalogue import metric_table
    from governance.records.presented import open_presented
    from governance.records.store import open_dataset
    from governance.workdays import Week

    first, last, place = day_from(since), day_from(until), _data_dir(data_dir)
    dataset = open_presented(place, Week.parse(presented)) if presented else open_dataset(place)
    table = metric_table(name, dataset, since=first, until=last, by=by, of=of)
    if name == "response":
        _tell_receipts(dataset, first, last)
    if name == "care":
        _tell_uncounted(dataset)
    if is_json:
        _print_json(table)
        return
    for row in table["rows"]:
        click.echo("  ".join(f"{key}={value}" for key, value in row.items()))


def _tell_uncounted(dataset: Dataset) -> None:
    """Say on standard error how many stored visits meet nothing, and why."""
    from governance.metrics.care_rows import uncounted_counts

    for why, n in uncounted_counts(dataset).items():
        click.echo(t(f"cli.uncounted.{why}", n=f"{n:,}"), err=True)


def _tell_receipts(dataset: Dataset, since: date | None, until: date | None) -> None:
    """Say on standard error what each stage counted and what it left out."""
    from governance.metrics.response import response_receipts
    from governance.metrics.stages import STAGES
    from governance.schema import kind_named

    columns = kind_named("incidents").by_name
    for stage, receipt in response_receipts(dataset, since=since, until=until).items():
        start, end = (columns[name].label for name in STAGES[stage])
        reasons = [t(f"cli.left_out.{reason}", n=n) for reason, n in receipt.left_out().items()]
        words = "、".join(reasons) or t("cli.left_out.none")
        counted = t("cli.receipt", start=start, end=end, read_n=receipt.read_n, kept_n=receipt.kept_n)
        click.echo(counted + words, err=True)


@main.command(help=t("cli.grid"))
@click.option("--bbox", required=True, help=t("cli.bbox"))
@click.option("--cell-m", "cell_m", type=float, required=True, help=t("cli.cell_m"))
@data_option
def grid(bbox: str, cell_m: float, data_dir: Path | None) -> None:
    """Make plain grid reference data."""
    from governance.records.plain_grid import make_plain_grid

    made = make_plain_grid(bbox, cell_m=cell_m, data_dir=_data_dir(data_dir))
    click.echo(t("cli.grid_made", **made))


@main.command(help=t("cli.rebuild"))
@data_option
def rebuild(data_dir: Path | None) -> None:
    """Make the store anew from the raw files."""
    from governance.records import intake

    manifest = intake.rebuild(_data_dir(data_dir))
    click.echo(t("cli.rebuilt", rows=sum(manifest.rows(kind) for kind in manifest.tables)))


@main.command(help=t("cli.undo"))
@data_option
def undo(data_dir: Path | None) -> None:
    """Take back the last import."""
    from governance import access
    from governance.records import store

    place = _data_dir(data_dir)
    entry = store.undo_last_import(place)
    access.record_access(place, "undo", import_id=entry.import_id)
    click.echo(t("cli.undone", import_id=entry.import_id, rows=entry.rows_read))


@main.command(help=t("cli.freeze"))
@click.argument("week")
@data_option
def freeze(week: str, data_dir: Path | None) -> None:
    """Keep the state of the store as the one presented for a week."""
    from governance.metrics.revisions import week_figures
    from governance.records.presented import freeze_week
    from governance.workdays import Week

    kept = freeze_week(_data_dir(data_dir), Week.parse(week), figures_of=week_figures)
    click.echo(t("cli.frozen", week=kept.week, as_of=kept.manifest.as_of["incidents"]))


@main.command(help=t("cli.report"))
@data_option
@click.option("--week", help=t("cli.week"))
@click.option("--format", "format_", help=t("cli.format"))
@click.option("--handbook", "is_handbook", is_flag=True, help=t("cli.handbook"))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help=t("cli.output"))
def report(
    data_dir: Path | None, week: str | None, format_: str | None, is_handbook: bool, output: Path
) -> None:
    """Write the week, or the handbook, as a paper."""
    from governance import access
    from governance.records.store import disk_errors

    place = _data_dir(data_dir)
    content, what = (
        _handbook_paper(place, week, format_) if is_handbook else _week_paper(place, week, format_)
    )
    with disk_errors():
        aside = output.with_name(f"{output.name}.part")
        aside.write_bytes(content)
        aside.replace(output)
    access.record_access(place, "export", what=what, bytes=len(content))
    click.echo(t("cli.report_made", file=output, kilobytes=round(len(content) / 1000)), err=True)


def _week_paper(place: Path, week: str | None, format_: str | None) -> tuple[bytes, str]:
    """The week as a paper, and what the log calls it."""
    from governance.meeting.ledger import open_ledger
    from governance.records.store import open_dataset
    from governance.report.papers import FORMATS, format_named, paper, reported_week
    from governance.report.week import week_model
    from governance.workdays import Week

    if format_ is None:
        raise UsageError("report_without_format", formats="、".join(FORMATS))
    format_named(format_)
    asked = Week.parse(week) if week else None
    dataset = open_dataset(place)
    chosen = reported_week(dataset, asked)
    model = week_model(dataset, chosen, commitments=open_ledger(place).commitments())
    return paper(model, format_), f"report {format_} {chosen}"


def _handbook_paper(place: Path, week: str | None, format_: str | None) -> tuple[bytes, str]:
    """The handbook as a paper, and what the log calls it."""
    from governance.records.store import open_dataset
    from governance.report.handbook_paper import handbook_paper

    if week is not None:
        raise UsageError("handbook_takes_no_week")
    if format_ not in (None, "docx"):
        raise UsageError("handbook_is_word", format=format_)
    return handbook_paper(open_dataset(place)), "handbook"


@main.command(help=t("cli.bench"))
@click.argument("name", default="all")
def bench(name: str) -> None:
    """Run a benchmark and print machine, versions, medians and ratios."""
    from governance.bench import run_bench

    run_bench(name)


if __name__ == "__main__":
    main()

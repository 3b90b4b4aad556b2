"""The command line: commands parse options, call one library function, and print the result.

Only click is imported here. Everything else is imported by the commands that need it, so that
``awb --help`` is fast.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, NoReturn

import click

from awb.cli.agree import agree_command
from awb.cli.cache import cache_command
from awb.cli.check import check_command
from awb.cli.completion import completion_command
from awb.cli.config import config_command
from awb.cli.data import data_command
from awb.cli.doctor import doctor_command
from awb.cli.explain import explain_command
from awb.cli.info import info_command
from awb.cli.new import new_command
from awb.cli.plot import plot_command
from awb.cli.plugins import plugins_command
from awb.cli.publish import publish_command
from awb.cli.recommend import recommend_command
from awb.cli.report import report_command
from awb.cli.results import export_command, show_command
from awb.cli.run import INTERRUPTED, resume_command, run_command
from awb.cli.site import site_command
from awb.cli.train import train_command
from awb.cli.verify import verify_command
from awb.cli.video import video_command
from awb.cli.waiting import clear, fitted
from awb.errors import AwbError, described, one_line


class AwbGroup(click.Group):
    """The group of all commands: it prints errors as one line, and corrects mistyped commands."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; what goes wrong becomes one line on stderr, and exit code 2."""
        try:
            return super().invoke(context)
        except AwbError as error:
            _fail(context, f"awb: {described(error)}")
        except KeyboardInterrupt:
            _fail(context, "awb: stopped", INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:  # "| head": click ends quietly
                raise
            place = f"{error.filename}: " if error.filename else ""
            _leave_stdout()
            _fail(context, f"awb: {place}{one_line(error.strerror or error)}")
        finally:
            clear()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the commands in the order of the help."""
        return list(self.commands)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the commands in groups."""
        width = max(map(len, self.commands))
        for title, group in GROUPS.items():
            with formatter.section(title):
                rows = [((one.name or "").ljust(width), text) for one, text in group.items()]
                formatter.write_dl(rows)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or suggest the one that was probably meant."""
        from awb.errors import did_you_mean

        if args and self.get_command(context, args[0]) is None and not args[0].startswith("-"):
            context.fail(f"no command {args[0]!r}.{did_you_mean(args[0], self.commands)}")
        return super().resolve_command(context, args)


def _fail(context: click.Context, line: str, code: int = 2) -> NoReturn:
    clear()
    click.echo(fitted(line), err=True)
    context.exit(code)


def _leave_stdout() -> None:
    """Forget what cannot be written, so that Python does not fail on it again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=AwbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="audio-where-benchmark", prog_name="awb")
def main() -> None:
    """Audio Where Benchmark: does an explanation point at the sound?

    Start with: awb run --within 2m

    awb COMMAND --help says what a command does, and lists its options.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


GROUPS: dict[str, dict[click.Command, str]] = {
    "Compare explainers": {
        run_command: "run explainers on models over labelled data",
        recommend_command: "say which explainer to take, after a short trial",
        resume_command: "finish a run that was interrupted",
        explain_command: "explain one audio file, which needs no labels",
    },
    "Look at a run": {
        show_command: "its boards, and where each explainer fails (--by)",
        report_command: "one HTML page to look at and listen to",
        agree_command: "whether metrics, or explainers, agree",
        plot_command: "figures for a paper, or the board as LaTeX",
        video_command: "a video of one instance, with sound",
        export_command: "every score as a table; tracks; MLflow, W&B",
    },
    "Publish, and check what others publish": {
        publish_command: "one submission per explainer, and their pages",
        verify_command: "whether submissions are true, also on new clips",
        site_command: "the web site of all submissions",
    },
    "Data and models": {
        data_command: "prepare, describe, score and export datasets",
        train_command: "train a model, or an explainer that learns",
    },
    "Plugins": {
        plugins_command: "list what is installed",
        info_command: "all there is to know of one plugin",
        new_command: "begin an explainer, model, dataset or metric",
        check_command: "whether a plugin keeps the rules for its kind",
    },
    "Settings and upkeep": {
        config_command: "the settings of a run, as a file",
        doctor_command: "whether the installation works",
        cache_command: "the scores that are kept from run to run",
        completion_command: "completion for your shell",
    },
}
"""The commands as ``awb --help`` shows them."""

for _group in GROUPS.values():
    for _command in _group:
        main.add_command(_command)

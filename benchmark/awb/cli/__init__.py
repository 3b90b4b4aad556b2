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
from awb.cli.waiting import clear
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
    click.echo(line, err=True)
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

    Start with: awb run --explainers all
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


main.add_command(run_command)
main.add_command(resume_command)
main.add_command(recommend_command)
main.add_command(show_command)
main.add_command(export_command)
main.add_command(agree_command)
main.add_command(report_command)
main.add_command(explain_command)
main.add_command(plot_command)
main.add_command(video_command)
main.add_command(publish_command)
main.add_command(verify_command)
main.add_command(site_command)
main.add_command(new_command)
main.add_command(check_command)
main.add_command(plugins_command)
main.add_command(doctor_command)
main.add_command(data_command)
main.add_command(cache_command)
main.add_command(config_command)
main.add_command(completion_command)
main.add_command(train_command)

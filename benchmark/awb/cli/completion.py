"""``awb completion``: the script that enables completion in a shell."""

from __future__ import annotations

import click

VARIABLE = "_AWB_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, plugins and run folders on Tab.

    To install it, type this once and start a new shell:

    \b
    bash   awb completion bash > ~/.awb-complete.bash
           echo '. ~/.awb-complete.bash' >> ~/.bashrc
    zsh    awb completion zsh > ~/.awb-complete.zsh
           echo '. ~/.awb-complete.zsh' >> ~/.zshrc
    fish   awb completion fish > ~/.config/fish/completions/awb.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.BadParameter(f"no completion for {shell}")
    complete = found(context.find_root().command, {}, "awb", VARIABLE)
    click.echo(complete.source_template % complete.source_vars(), nl=False)

"""Settings of clap."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from awb.errors import ParameterError
from awb.specs import Parameters
from awb_plugins.models.settings import BatchSize, Device, MixedPrecision


class ClapParameters(Parameters):
    """Settings of `clap`."""

    checkpoint: str = Field(description="Local folder or hub id.")
    prompts: str = Field(
        description="The classes: texts with | between them (dog barking|car horn), or a text file"
        " with one a line. What none of them describes deserves one of its own, such as silence."
    )
    template: str = Field(
        "This is a sound of {}.", description="What is said of a class; {} stands for its text."
    )
    revision: str | None = Field(None, description="Commit of a hub id; name one to pin it.")
    download: bool = Field(False, description="Fetch a hub id that is not on this machine.")
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None

    @field_validator("template")
    @classmethod
    def _one_place(cls, template: str) -> str:
        if template.count("{}") != 1:
            raise ValueError("it must hold {} once, where the class stands")
        return template


def read_prompts(prompts: str) -> tuple[str, ...]:
    """Read the texts that are the classes.

    Parameters
    ----------
    prompts : str
        Texts with ``|`` between them, or the name of a file with one a line.

    Returns
    -------
    tuple of str
        Two at least, none of them twice.

    Raises
    ------
    ParameterError
        If there are fewer, one is there twice, or the file cannot be read.

    Examples
    --------
    >>> read_prompts("dog barking| car horn")
    ('dog barking', 'car horn')
    """
    lines = prompts.split("|")
    if len(lines) == 1:
        try:
            lines = Path(prompts).expanduser().read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(
                f"clap: prompts={prompts}: a single text is not a choice, and there is no such file"
                " to read. Type texts with | between them, in quotes:"
                " 'prompts=dog barking|car horn'"
            ) from error
    texts = tuple(line.strip() for line in lines if line.strip())
    if len(texts) < 2 or len(set(texts)) < len(texts):
        problem = "fewer than two texts" if len(texts) < 2 else "a text twice"
        raise ParameterError(f"clap: prompts={prompts} holds {problem}; one class is a text each")
    return texts

"""``awb data scores`` and ``awb data export``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.data import _OPEN, _dataset, _finish, data_command

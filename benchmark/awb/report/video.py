"""A video of one instance: rows of relevance, a moving cursor, and the clip's sound.

The video is exactly as long as the clip: the frame rate is chosen so that the clip's length is a
whole number of frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from awb.errors import MissingExtraError, RunError
from awb.harness.steps import steps
from awb.report.figures.instance import draw_instance
from awb.report.views.board import ExplanationView, InstanceView
from awb.report.views.clips import Heard

Frame = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_S = 25.0
_DPI = 160


@dataclass(frozen=True, slots=True)
class Timing:
    """Number and rate of the frames that last exactly as long as a clip."""

    frames: int  # at least 1
    rate: float  # frames per second, about 25

    @classmethod
    def of(cls, duration_s: float) -> Timing:
        """Choose the timing for a duration in seconds.

        Examples
        --------
        >>> Timing.of(2.0)
        Timing(frames=50, rate=25.0)
        """
        frames = max(1, round(duration_s * FRAMES_PER_S))
        return cls(frames, frames / duration_s)


def draw_frames(
    instance: InstanceView, heard: Heard, explanations: Sequence[ExplanationView], metric: str
) -> Iterator[Frame]:
    """Draw every frame of the video."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    size_in = WIDTH / _DPI, HEIGHT / _DPI
    drawn = draw_instance(instance, heard, explanations, metric, size_in=size_in)
    drawn.figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(drawn.figure)
    canvas.draw()
    still = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    duration_s = heard.clip.duration_s
    first, last = drawn.panels[0].get_window_extent(), drawn.panels[-1].get_window_extent()
    top, bottom = HEIGHT - round(first.y1), HEIGHT - round(last.y0)
    timing = Timing.of(duration_s)
    for number in steps(range(timing.frames), "Drawing frames"):
        part = (number + 0.5) / timing.frames
        column = round(first.x0 + part * first.width)
        frame = still.copy()
        frame[top:bottom, max(0, column - 1) : column + 1] = (190, 30, 30)
        yield frame


def write_video(
    instance: InstanceView,
    heard: Heard,
    explanations: Sequence[ExplanationView],
    metric: str,
    path: Path,
) -> None:
    """Write an MP4 file: H.264 and AAC."""
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise MissingExtraError(
            "a video needs imageio-ffmpeg; type: pip install 'audio-where-benchmark[video]'"
        ) from error
    import soundfile

    if path.suffix.lower() != ".mp4":
        raise RunError(f"cannot write {path.name}: the name of a video must end in .mp4")
    if not path.resolve().parent.is_dir():
        raise RunError(f"cannot write {path}: its folder does not exist")
    timing = Timing.of(heard.clip.duration_s)
    with TemporaryDirectory(prefix="awb-video-") as folder:
        sound = Path(folder) / "sound.wav"
        soundfile.write(sound, heard.clip.waveform, heard.clip.sample_rate_hz, subtype="PCM_16")
        writer = imageio_ffmpeg.write_frames(
            str(path),
            (WIDTH, HEIGHT),
            fps=timing.rate,
            audio_path=str(sound),
            audio_codec="aac",
            quality=None,
            output_params=["-crf", "20", "-movflags", "+faststart"],
            ffmpeg_log_level="error",
        )
        try:
            writer.send(None)
            for frame in draw_frames(instance, heard, explanations, metric):
                writer.send(np.ascontiguousarray(frame))
        except OSError as error:
            reason = str(error).strip().splitlines()[-1:] or ["ffmpeg failed"]
            raise RunError(f"cannot write {path}: {reason[0]}") from error
        finally:
            writer.close()

"""The texts by which sources are named."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.url import Fps, Size, masked, pixels, split_options
from edge.errors import ConfigError

SECRET = "b4ckd00r"


class Options(msgspec.Struct, frozen=True):
    """Two options."""

    size: Size = "1920x1080"
    fps: Fps = 30.0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"rtsp://admin:{SECRET}@10.0.0.5:554/main", "rtsp://10.0.0.5:554/..."),
        (f"rtsp://10.0.0.5/user=admin&password={SECRET}&channel=1", "rtsp://10.0.0.5/..."),
        (f"rtsp://10.0.0.5?token={SECRET}", "rtsp://10.0.0.5/..."),
        (f"rtsp://admin:a/{SECRET}@10.0.0.5/main", "rtsp://10.0.0.5/..."),
        (f"rtsp://admin:a@{SECRET}@10.0.0.5/main", "rtsp://10.0.0.5/..."),
        (f"RTSPS://admin:{SECRET}@[fe80::1]/main", "RTSPS://[fe80::1]/..."),
        (
            f"gst:rtspsrc location=rtsp://a:{SECRET}@h/ user-pw={SECRET} ! x",
            "gst:rtspsrc location=rtsp://h/... user-pw=*** ! x",
        ),
        (
            f'rtspsrc location="rtsp://a:{SECRET}@h/" user-pw="{SECRET} x" ! x',
            'rtspsrc location="rtsp://h/..." user-pw=*** ! x',
        ),
        ("street.mp4", "street.mp4"),
        ("v4l2:/dev/video0?size=640x480", "v4l2:/dev/video0?size=640x480"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    """Of an address only the host is left; the rest stays readable."""
    assert masked(text) == shown


@given(
    user=st.text("abcXYZ019.-_%", min_size=1),
    password=st.text("abcXYZ019.-_%/@:?#&=!$+", max_size=20).map(lambda text: f"{SECRET}{text}{SECRET}"),
    scheme=st.sampled_from(["rtsp", "rtsps", "http"]),
)
def test_no_password_shows_in_any_form(user: str, password: str, scheme: str) -> None:
    """Whatever characters a password has, also those that should have been quoted."""
    assert masked(f"source {scheme}://{user}:{password}@camera/x is bad") == f"source {scheme}://camera/... is bad"


def test_options_come_typed_with_defaults() -> None:
    """What is left out keeps its default."""
    assert split_options("cam", "0?fps=12.5", Options) == ("0", Options(fps=12.5))
    assert split_options("cam", "0", Options) == ("0", Options())
    assert split_options("cam", "?size=640x480&fps=10", Options) == ("", Options(size="640x480", fps=10.0))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("0?sise=1x1", "source cam:0.sise=1x1: unknown option sise; did you mean size.; allowed: size, fps"),
        ("0?fps=fast", "fps=fast; allowed: frames per second, a number from 0.1 to 240"),
        ("0?fps=0", "fps=0; allowed: frames per second"),
        ("0?fps=nan", "fps=nan; allowed: frames per second"),
        ("0?size=big", "size=big; allowed: WIDTHxHEIGHT in pixels, such as 1920x1080"),
        ("0?fps", "fps=; allowed: frames per second"),
        ("0?size=0x10", "size=0x10; allowed"),
    ],
)
def test_a_wrong_option_is_refused(url: str, message: str) -> None:
    """The message has the source, the option, its value and what is allowed."""
    with pytest.raises(ConfigError, match=message):
        split_options("cam", url, Options)


def test_a_size_is_two_numbers() -> None:
    """Width first."""
    assert pixels("1920x1080") == (1920, 1080)

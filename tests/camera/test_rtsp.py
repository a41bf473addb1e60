"""Network cameras, played by a real RTSP server on this machine."""

import socket
import time
from collections import deque

import pytest

from edge.camera.rtsp import open_rtsp
from edge.errors import ConfigError, SourceError
from tests.camera.rtsp_server import RtspServer

SECRET = "b4ckd00r"


def test_a_stream_is_played_over_tcp() -> None:
    """Pictures come through, in order, with the time of their arrival."""
    with RtspServer() as server:
        source = open_rtsp(f"rtsp://admin:{SECRET}@{server.host}/main", time.time)
        frames = [source.read() for _ in range(5)]
        source.close()
    assert all(frame.gray.shape == (120, 160) for frame in frames)
    levels = [float(frame.gray.mean()) for frame in frames]
    assert levels == sorted(levels)
    assert abs(frames[-1].time - time.time()) < 5
    assert any("RTP/AVP/TCP" in request for request in server.requests if request.startswith("SETUP"))


def test_a_stream_that_falls_silent_breaks() -> None:
    """The frames that came are delivered, then comes an error that shows no secret."""
    with RtspServer(frames=40) as server:
        source = open_rtsp(f"rtsp://admin:{SECRET}@{server.host}/main", time.time, read_ms=300)
        with pytest.raises(SourceError, match="stopped delivering") as caught:
            deque(iter(source.read, None), maxlen=0)
        source.close()
    assert source.stats.delivered > 0
    assert SECRET not in str(caught.value)


def test_a_camera_that_accepts_and_stays_silent_is_given_up() -> None:
    """A connection alone is no stream: opening ends at its timeout, and the message shows no secret."""
    with RtspServer(mute=True) as server:
        begun = time.monotonic()
        source = open_rtsp(f"rtsp://admin:{SECRET}@{server.host}/main/{SECRET}", time.time, open_ms=500)
        with pytest.raises(SourceError, match=r"source rtsp://127\.0\.0\.1:\d+/\.\.\.: no stream") as caught:
            source.read()
        source.close()
    assert time.monotonic() - begun < 3
    assert SECRET not in str(caught.value)


def test_nobody_there_is_an_error_that_may_pass() -> None:
    """A refused connection is one to try again."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    source = open_rtsp(f"rtsp://127.0.0.1:{port}/main", time.time)
    with pytest.raises(SourceError, match="no stream"):
        source.read()
    source.close()


@pytest.mark.parametrize(
    "url", ["rtsp:", "rtsp:///main", f"rtsp://admin:{SECRET}@host:port/", "rtsp://[::1/main", "rtsp://h:0/"]
)
def test_a_wrong_address_is_refused_at_once(url: str) -> None:
    """The message says how an address is written, and shows no secret."""
    with pytest.raises(ConfigError, match=r"allowed: rtsp://\[user:password@\]host") as caught:
        open_rtsp(url, time.time)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None

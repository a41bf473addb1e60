"""A network camera for tests: RTSP over TCP (RFC 2326) with motion JPEG (RFC 2435)."""

import itertools
import re
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

import cv2

from tests.camera.videos import SIZE, picture

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=t\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n"
ANSWERS = {
    "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", ""),
    "DESCRIBE": ("Content-Type: application/sdp", SDP),
    "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1", ""),
    "PLAY": ("Session: 1", ""),
    "TEARDOWN": ("Session: 1", ""),
}
FPS = 25


class RtspServer:
    """Plays pictures to one client after the other, falls silent after ``frames`` of them, or never answers at all."""

    def __init__(self, frames: int | None = None, *, mute: bool = False) -> None:
        self.requests: list[str] = []
        self._frames = frames
        self._mute = mute
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._thread = threading.Thread(target=self._serve)
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(None)
                self._attend(client)

    def _attend(self, client: socket.socket) -> None:
        if self._mute:
            self._stop.wait()
            return
        try:
            while self._answer(client) != "PLAY":
                pass
            self._play(client)
        except (ConnectionError, EOFError):
            pass  # The client has gone: next.

    def _answer(self, client: socket.socket) -> str:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += (byte := client.recv(1))
            if not byte:
                raise EOFError
        method = request.split()[0].decode()
        self.requests.append(request.decode())
        number = re.search(rb"CSeq: (\d+)", request)
        assert number is not None
        head, body = ANSWERS[method]
        text = f"RTSP/1.0 200 OK\r\nCSeq: {number[1].decode()}\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        client.sendall(text.encode())
        return method

    def _play(self, client: socket.socket) -> None:
        for index in itertools.count():
            if index == self._frames:
                self._stop.wait()
            if self._stop.is_set():
                return
            client.sendall(rtp_packets(index))
            time.sleep(1 / FPS)


def rtp_packets(index: int) -> bytes:
    """Return one picture as RTP packets, each in the frame that interleaves it with RTSP."""
    tables, scan = _jpeg_parts(index)
    sent = b""
    for offset in range(0, len(scan), 1_200):
        part = scan[offset : offset + 1_200]
        last = offset + 1_200 >= len(scan)
        sequence = (index * 64 + offset // 1_200) & 0xFFFF
        rtp = struct.pack(">BBHII", 0x80, 26 | last << 7, sequence, index * 90_000 // FPS, 7)
        jpeg = struct.pack(">IBBBB", offset, 1, 255, SIZE[0] // 8, SIZE[1] // 8)
        quantisation = struct.pack(">BBH", 0, 0, len(tables)) + tables if offset == 0 else b""
        packet = rtp + jpeg + quantisation + part
        sent += struct.pack(">cBH", b"$", 0, len(packet)) + packet
    return sent


def _jpeg_parts(index: int) -> tuple[bytes, bytes]:
    """Return the quantisation tables and the scan of a picture as JPEG, 4:2:0."""
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    data = cv2.imencode(".jpg", picture(20 + index % 100), sampling)[1].tobytes()
    tables, position = b"", 2
    while True:
        marker, length = struct.unpack_from(">HH", data, position)
        segment = data[position + 4 : position + 2 + length]
        position += 2 + length
        if marker == 0xFFDB:
            tables += b"".join(segment[start + 1 : start + 65] for start in range(0, len(segment), 65))
        if marker == 0xFFDA:
            return tables, data[position:-2]

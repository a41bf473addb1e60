"""The one place that keeps the camera libraries from writing to standard error."""

import os

import cv2


def silence_libraries() -> None:
    """Turn off the libraries' own messages, so that a user sees our one line; for the whole process.

    FFmpeg and libcamera read their variable when they are first used; one that is set already stays, for debugging.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET of libavutil/log.h
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:ERROR")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

"""Whether the system's clock is to be trusted."""

import ctypes

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
# struct timex has 208 bytes on 64-bit Linux; a zero in its first field, `modes`, changes nothing.
TIMEX_BYTES = 512


def synchronised() -> bool:
    """Tell whether the kernel counts its clock as synchronised (NTP, PTP or GPS; adjtimex(2))."""
    status: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return 0 <= status < TIME_ERROR

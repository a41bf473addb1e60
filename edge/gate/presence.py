"""What the camera's retained state says of its walls."""

from collections.abc import Callable

from edge.categories import Ack, Message, Sandbox, VisionHealth
from edge.uplink.contract import Status
from edge.uplink.outbox import Entry, Outbox

_WEAKEST_FIRST = (Sandbox.NONE, Sandbox.PARTIAL, Sandbox.FULL)


class Presence:
    """Keeps the presence messages in the outbox true to the weaker of the gate's own walls and vision's."""

    def __init__(self, outbox: Outbox, own: Sandbox, sign: Callable[[Sandbox], dict[Status, Entry]]) -> None:
        """Put them there; ``sign`` makes them. Until vision tells, the gate's own walls count.

        Raises:
            OutboxError: they can't be stored.
        """
        self._outbox, self._own, self._sign = outbox, own, sign
        self._said = own
        outbox.set_states(sign(own))

    def over(self, take: Callable[[Message], Ack]) -> Callable[[Message], Ack]:
        """Return what notes how well vision is walled in, and otherwise does as ``take`` does."""

        def taken(message: Message) -> Ack:
            if isinstance(message, VisionHealth):
                self._note(message.sandbox)
            return take(message)

        return taken

    def _note(self, vision: Sandbox) -> None:
        weaker = min(self._own, vision, key=_WEAKEST_FIRST.index)
        if weaker is not self._said:
            self._outbox.set_states(self._sign(weaker))
            self._said = weaker

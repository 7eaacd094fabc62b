"""A client's side of leases: taken by decision, renewed while the gateway is the same, never taken back silently."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from vehicles import messages as m

LEASE_S: Final = 10.0
RENEWALS_PER_LEASE: Final = 4

AskForLease = Callable[[m.TakeLease], Awaitable[m.LeaseReply | None]]


class LeaseHolder:
    """The leases of one deciding process at one gateway.

    Args:
        authority_epoch: of the deciding process.
        ask: sends the request; None when nobody answered.
        on_lost: called for each vehicle whose lease is gone.

    Attributes:
        held: the vehicles that may be commanded, as far as is known.
    """

    def __init__(self, authority_epoch: int, ask: AskForLease, on_lost: Callable[[m.LeaseLost], None]) -> None:
        self.held: frozenset[str] = frozenset()
        self._authority_epoch = authority_epoch
        self._ask = ask
        self._on_lost = on_lost
        self._gateway_epoch = 0
        self._duration_s = LEASE_S
        self._taken = asyncio.Event()

    async def take(self, vehicle_ids: Sequence[str], gateway_epoch: int, duration_s: float) -> m.LeaseReply | None:
        """Take leases at the gateway of `gateway_epoch`, and renew them from now on."""
        reply = await self._ask(self._request(tuple(vehicle_ids), gateway_epoch, duration_s))
        if reply is not None and reply.granted:
            same = gateway_epoch == self._gateway_epoch
            self.held = frozenset(reply.granted) | (self.held if same else frozenset())
            self._gateway_epoch, self._duration_s = gateway_epoch, duration_s
            self._taken.set()
        return reply

    def gateway_replaced(self) -> None:
        """Another incarnation serves: it gives nothing until it is asked anew."""
        self._lose(self.held, "the gateway was restarted: take the lease again after looking at the vehicles")

    async def keep(self) -> None:
        """Renew what is held, until cancelled. An answer that does not come is asked for again at the next turn."""
        while True:
            if not self.held:
                self._taken.clear()
                await self._taken.wait()
            await asyncio.sleep(self._duration_s / RENEWALS_PER_LEASE)
            wanted, epoch = self.held, self._gateway_epoch
            if not wanted:
                continue
            reply = await self._ask(self._request(tuple(sorted(wanted)), epoch, self._duration_s))
            if reply is not None and epoch == self._gateway_epoch:
                for vehicle_id, reason in reply.refused.items():
                    self._lose(frozenset({vehicle_id}), reason)

    def _request(self, vehicle_ids: tuple[str, ...], gateway_epoch: int, duration_s: float) -> m.TakeLease:
        return m.TakeLease(str(uuid.uuid4()), self._authority_epoch, gateway_epoch, vehicle_ids, duration_s)

    def _lose(self, vehicle_ids: frozenset[str], reason: str) -> None:
        for vehicle_id in sorted(vehicle_ids & self.held):
            self._on_lost(m.LeaseLost(vehicle_id, reason, time.monotonic()))
        self.held -= vehicle_ids

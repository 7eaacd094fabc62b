"""A recording's client against a simulated vehicle: the same frames at the same times, in virtual time."""

from collections.abc import Iterable

from sim.autopilot import STEP_S, Autopilot
from sim.fidelity.cases import BOOT_BEFORE_S, Case
from sim.fidelity.recording import Packet


def replay(case: Case, packets: Iterable[Packet]) -> tuple[list[Packet], list[Packet]]:
    """Return what the recorded PX4 sent, and what the simulated vehicle sends to the same client.

    The client is not simulated: its frames come when they came, whatever the vehicle answers.
    """
    autopilot = Autopilot(case.vehicle)
    real: list[Packet] = []
    simulated: list[Packet] = []

    def run_until(time_s: float) -> None:
        while (now_s := autopilot.now_s + STEP_S) <= time_s + BOOT_BEFORE_S:
            autopilot.advance(now_s)
            simulated.extend(Packet(now_s - BOOT_BEFORE_S, frame) for frame in autopilot.take())

    last_s = 0.0
    for packet in packets:
        last_s = packet.time_s
        if packet.system_id == case.system_id:
            real.append(packet)
            continue
        run_until(packet.time_s)
        autopilot.receive(packet.frame)
        simulated.extend(Packet(packet.time_s, frame) for frame in autopilot.take())
    run_until(last_s)
    return real, simulated

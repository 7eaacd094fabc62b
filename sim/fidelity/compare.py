"""Every difference between a recorded PX4 and the simulated vehicle, by rules that leave nothing to taste.

- Sequences (transfers and ACKs, texts, events, modes, …) hold the same things in the same order.
- What lies between two of them takes as long, within 15 % or one interval of the message that tells it. A step that
  ends when PX4's ended is no difference, however it began: the client ended it, and the client is a recording.
- Every message type comes as often, within 20 % or one message.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from sim.fidelity.observed import TRANSFERS, Observed, Said

TIME_TOLERANCE = 0.15
RATE_TOLERANCE = 0.20
RESOLUTION_S = {
    "modes": 1.0,
    "current and intended mode": 2.0,
    "landed state": 0.2,
    "sensors": 0.2,
    "charge state": 2.0,
}
"""How often the message comes that tells of a state; what is said when it happens is known to a cycle."""
CYCLE_S = 0.1
NOTHING = "–"
LISTED = 4
"""So many things that only one of both said are listed; of more, the first and their number."""

COMPARED_AS_SEQUENCE = frozenset({"STATUSTEXT", "EVENT", *TRANSFERS})
"""Messages that are not streams: how often they come says nothing that their sequence does not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: about what, in which recording, and what each of both did."""

    subject: str
    px4: str
    simulated: str
    recording: str


def compare(real: Observed, simulated: Observed, recording: str) -> Iterator[Difference]:
    """Yield the differences of one recording: sequences first, then streams."""
    for subject in sorted(real.sequences.keys() | simulated.sequences.keys()):
        ours, theirs = simulated.sequences.get(subject, []), real.sequences.get(subject, [])
        for difference in _of_sequences(subject, theirs, ours):
            yield Difference(*difference, recording)
    for difference in _of_rates(real, simulated):
        yield Difference(*difference, recording)


def _of_sequences(subject: str, real: list[Said], simulated: list[Said]) -> Iterator[tuple[str, str, str]]:
    matcher = SequenceMatcher(None, [said.what for said in real], [said.what for said in simulated], autojunk=False)
    pairs: list[tuple[Said, Said]] = []
    for tag, begin, end, our_begin, our_end in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(real[begin:end], simulated[our_begin:our_end], strict=True)
        else:
            yield subject, _listed(real[begin:end]), _listed(simulated[our_begin:our_end])
    least_s = RESOLUTION_S.get(subject, CYCLE_S)
    for (before, our_before), (after, our_after) in pairwise(pairs):
        took_s, we_took_s = after.time_s - before.time_s, our_after.time_s - our_before.time_s
        as_long = abs(we_took_s - took_s) <= max(TIME_TOLERANCE * took_s, least_s * 1.05)
        if not as_long and abs(our_after.time_s - after.time_s) > least_s:
            step = f"{subject}: {before.what} → {after.what}"
            yield step, _figure(took_s, "s"), _figure(we_took_s, "s")


def _listed(said: Sequence[Said]) -> str:
    if len(said) > LISTED:
        return f"{said[0].what}; … ({len(said)} in all)"
    return "; ".join(one.what for one in said) or NOTHING


def _of_rates(real: Observed, simulated: Observed) -> Iterator[tuple[str, str, str]]:
    for name in sorted((real.counts.keys() | simulated.counts.keys()) - COMPARED_AS_SEQUENCE):
        count, our_count = real.counts[name], simulated.counts[name]
        if abs(our_count - count) > max(RATE_TOLERANCE * count, 1.0):
            yield f"stream {name}", _rate(count, real.duration_s), _rate(our_count, simulated.duration_s)


def _rate(count: int, duration_s: float) -> str:
    return _figure(count / duration_s, "Hz") if count else NOTHING


def _figure(value: float, unit: str) -> str:
    """Two digits, or as many as there are before the point: the same on every machine, and enough to judge."""
    return f"{value:.0f} {unit}" if value >= 10.0 else f"{value:.2g} {unit}"

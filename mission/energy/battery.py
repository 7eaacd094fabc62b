"""What a full battery gives: rated energy less what age and cold take."""

from itertools import pairwise

COLD_SHARE = ((-20.0, 0.55), (-10.0, 0.72), (0.0, 0.86), (10.0, 0.95), (20.0, 1.0))
"""Share of the rated energy by the temperature of the battery at take-off, in °C; straight lines between.

Round figures on the cautious side of the discharge curves that makers of lithium-ion cells publish for the one to
three hours' rates of a flight. Warmer than 20 °C gains nothing; colder than the first is not known: nothing."""


def usable_energy_wh(rated_wh: float, *, health: float = 1.0, temperature_c: float = 20.0) -> float:
    """Return the energy that a full battery gives before the autopilot calls it empty.

    Args:
        rated_wh: when new, at 20 °C.
        health: ageing: share of the rated energy that is left, 0 < health ≤ 1; as a charger or the battery reports it.
        temperature_c: of the battery at take-off, not of the air: packs are kept warm. 0 below -20 °C.

    Raises:
        ValueError: a health or rated energy that no battery has, or a temperature that is no number.
    """
    if not (rated_wh > 0.0 and 0.0 < health <= 1.0):
        raise ValueError(f"rated_wh {rated_wh} with health {health} is no battery")
    return rated_wh * health * _cold_share(temperature_c)


def _cold_share(temperature_c: float) -> float:
    if temperature_c >= COLD_SHARE[-1][0]:
        return COLD_SHARE[-1][1]
    for (cold, less), (warm, more) in pairwise(COLD_SHARE):
        if cold <= temperature_c < warm:
            return less + (more - less) * (temperature_c - cold) / (warm - cold)
    if temperature_c < COLD_SHARE[0][0]:
        return 0.0
    raise ValueError(f"temperature_c {temperature_c} is not a temperature")

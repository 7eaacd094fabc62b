"""How long a link takes there and back, and how long to wait for an answer before asking again.

One `RoundTrip` belongs to one link and is shared by all exchanges on it: what the first has measured, the next one
starts with. Times are of any one monotonic clock, in seconds.
"""

from collections import deque

RESEND_S = 0.4
"""First wait for an answer, while nothing is known; afterwards three round trips."""
RESEND_MIN_S = 0.06
RESEND_MAX_S = 3.0
SAMPLES = 8
"""The least of so many is the round trip: a lost answer that was repeated makes a sample longer, never shorter."""
GUESSES = 5
"""Answers in a row to questions asked several times, after which the measured round trip is doubted."""
SHORT_ROUND_TRIP_S = 0.05
"""Below this, what is under way together is sent at once."""
IN_FLIGHT = 6
"""Items under way at a time; on a link that is not short evenly spaced over a round trip, so that a sixth of it in
jitter leaves them in order."""
CLEAN_ANSWERS = 4
"""First answers in a row after which a link is taken for one that loses nothing and keeps the order."""
DISTURBED_ANSWERS = 60
"""First answers in a row that are asked of it after it was not."""
PATIENT_SILENCES = 4
"""Silences in a row that are put down to loss; more mean an outage, and the waits grow (no retry storm)."""
GROWTH = 1.5


class RoundTrip:
    """The measured round trip of one link."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._guesses: deque[float] = deque(maxlen=GUESSES)
        self._until_clean = CLEAN_ANSWERS

    def measured(self, elapsed_s: float) -> None:
        """A question asked once was answered after so long (Karn's rule)."""
        self._samples.append(elapsed_s)
        self._guesses.clear()
        self._until_clean -= 1

    def guessed(self, elapsed_s: float) -> None:
        """A question asked several times was answered, so long after the first: counts while nothing is measured.

        When it goes on like that, what was measured is forgotten: it is too short for this link, and would for ever
        make every question be asked twice.
        """
        self._until_clean = max(self._until_clean, CLEAN_ANSWERS)
        self._guesses.append(elapsed_s)
        if len(self._guesses) == GUESSES:
            self._samples.clear()

    def disturbed(self) -> None:
        """What was sent together was lost, or came in another order."""
        self._until_clean = DISTURBED_ANSWERS

    @property
    def estimate_s(self) -> float | None:
        """The round trip; None while nothing is known."""
        return min(self._samples or self._guesses, default=None)

    @property
    def resend_s(self) -> float:
        """How long to wait for an answer before the question is repeated."""
        estimate_s = self.estimate_s
        if estimate_s is None:
            return RESEND_S
        round_trips = 3.0 if self._samples else 1.5  # a guess is too long already
        return min(max(round_trips * estimate_s, RESEND_MIN_S), RESEND_MAX_S)

    @property
    def is_clean(self) -> bool:
        """Whether the link may be taken for one that loses nothing and keeps the order."""
        return self._until_clean <= 0

    @property
    def spacing_s(self) -> float:
        """Time between two items that are under way together."""
        estimate_s = self.estimate_s or 0.0
        return 0.0 if estimate_s < SHORT_ROUND_TRIP_S else estimate_s / IN_FLIGHT


class Patience:
    """When to ask again: after the link's wait, and ever later when silence goes on."""

    def __init__(self, round_trip: RoundTrip, now_s: float) -> None:
        self._round_trip = round_trip
        self._since_s = now_s
        self.silences = 0

    def heard(self, now_s: float) -> None:
        """Something came that brings the exchange on."""
        self._since_s, self.silences = now_s, 0

    def out(self, now_s: float) -> bool:
        """Whether the wait is over; the next one has then begun."""
        growth = GROWTH ** max(0, self.silences - PATIENT_SILENCES)
        if now_s - self._since_s < min(self._round_trip.resend_s * growth, RESEND_MAX_S):
            return False
        self.silences += 1
        self._since_s = now_s
        return True

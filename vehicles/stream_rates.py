"""The message rates of one link: what is read at our rates, everything else never."""

from vehicles import px4
from vehicles.wire_exchanges import CommandCalls


async def configure_streams(commands: CommandCalls, speed_factor: float, timeout_s: float) -> tuple[str, ...]:
    """Ask for the messages we read at our rates and for the others never; returns what is not known to be set.

    The others go first, the busiest before all: a link that drowns in them loses answers, not requests, so a
    missing answer does not end the round. `timeout_s` is for each message. PX4's intervals are in its own
    simulated time, which runs `speed_factor` times faster than ours.
    """
    problems = []
    unwanted = [(message_id, -1.0) for message_id in px4.UNWANTED_MESSAGES]
    wanted = [(m, 1e6 * speed_factor / hz) for m, hz in px4.WANTED_RATES_HZ.items()]
    for message_id, interval_us in unwanted + wanted:
        asked = float(message_id), interval_us
        ack = await commands.run(px4.Command.SET_MESSAGE_INTERVAL, asked, timeout_s)
        if ack is px4.CommandAck.FAILED and interval_us < 0.0:
            continue  # PX4's answer for a stream that is not there: nothing to switch off
        if ack is not px4.CommandAck.ACCEPTED:
            problems.append(f"message {message_id}: {ack.name if ack is not None else 'no answer'}")
    return tuple(problems)

"""Ask a running PX4 SITL instance through its own shell clients (``bin/px4-<module> --instance <i>``)."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from mission.errors import CommandRejectedError, InputError, InputProblem, LinkTimeoutError
from sim.px4_sitl_config import same_parameter_value

COMMAND_TIMEOUT_S = 10.0
NOT_FOUND = 1  # exit code of `param show -q` for a name it does not know; 255 is "PX4 server not running"


class Px4Shell:
    """The shell of one instance. Meant for set-up and faults; a vehicle in flight is spoken to over MAVLink."""

    def __init__(self, build_dir: Path, number: int) -> None:
        self._build_dir = build_dir
        self._number = number

    async def command(self, module: str, *arguments: str, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run one command; what it prints, stripped.

        Raises:
            CommandRejectedError: it ended with another code than 0, or the build does not have it.
            LinkTimeoutError: no end before the deadline.
        """
        returncode, text = await self._run(module, *arguments, timeout_s=timeout_s)
        if returncode != 0:
            words = " ".join((module, *arguments))
            raise CommandRejectedError(f"PX4 instance {self._number}: `{words}` ended with {returncode}: {text}")
        return text

    async def version(self) -> str:
        """Release and commit as the running PX4 says them, such as ``1.16.1 94cb2012``."""
        text = await self.command("ver", "all")
        release = re.search(r"PX4 version: (?:Release )?(\S+)", text)
        commit = re.search(r"PX4 git-hash: ([0-9a-f]{8})", text)
        return " ".join(found.group(1) for found in (release, commit) if found) or "unknown"

    async def parameter(self, name: str) -> str | None:
        """The value as PX4 prints it (four decimals for a float), None when it uses no such parameter.

        Raises:
            CommandRejectedError: PX4 does not run (any more).
            LinkTimeoutError: no answer.
        """
        returncode, text = await self._run("param", "show", "-q", name)
        if returncode == NOT_FOUND:
            return None
        if returncode != 0 or not text:
            raise CommandRejectedError(f"PX4 instance {self._number}: {name} cannot be read ({returncode}): {text}")
        return text.split()[-1]

    async def settle_parameters(self, parameters: Mapping[str, int | float]) -> None:
        """See that PX4 holds each value; set again those that its start script has overwritten.

        PX4 itself only logs an unknown name, and reports success for it.

        Raises:
            InputError: one problem for every parameter that PX4 does not use or does not hold as given.
            CommandRejectedError, LinkTimeoutError: it cannot be asked.
        """
        problems = []
        for name, wanted in parameters.items():
            held = await self.parameter(name)
            if held is not None and not same_parameter_value(wanted, held):
                await self.command("param", "set", name, repr(wanted))
                held = await self.parameter(name)
            if held is None:
                what, mend = "PX4 does not use a parameter of this name", "Look it up in PX4's parameter reference"
            elif not same_parameter_value(wanted, held):
                what, mend = f"PX4 holds {held} instead of {wanted}", "Give a value of the parameter's own type"
            else:
                continue
            problems.append(InputProblem("<Px4Config>", f"parameters[{name}]", what, mend))
        if problems:
            raise InputError(*problems)

    async def _run(self, module: str, *arguments: str, timeout_s: float = COMMAND_TIMEOUT_S) -> tuple[int | None, str]:
        program = self._build_dir / "bin" / f"px4-{module}"
        try:
            client = await asyncio.create_subprocess_exec(
                *(str(program), "--instance", str(self._number), *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except FileNotFoundError as error:
            raise CommandRejectedError(f"the PX4 build has no command {module} ({program})") from error
        try:
            async with asyncio.timeout(timeout_s):
                output, _ = await client.communicate()
        except TimeoutError as error:
            raise LinkTimeoutError(
                f"PX4 instance {self._number}: `{module}` did not answer within {timeout_s:g} s"
            ) from error
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
        return client.returncode, output.decode(errors="replace").strip()

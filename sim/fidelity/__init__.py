"""How faithful the simulated vehicle is: recordings of a real PX4 replayed against it, and every difference listed.

    python -m sim.fidelity FOLDER_OF_TRACES

`recording` reads a recording, `cases` says what was recorded, `replay` plays a recording's client to a simulated
vehicle in virtual time, `observed` reduces packets to what is compared, and `compare` lists the differences.
"""

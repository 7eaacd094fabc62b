"""How to talk to vehicles: MAVSDK links, verified transfer, the gateway process, the ZeroMQ telemetry bus."""

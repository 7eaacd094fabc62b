"""The telemetry bus: wire format, publisher and subscriber."""

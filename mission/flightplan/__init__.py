"""Sorties and routes → timed flight plans with energy, reserve and alternates."""

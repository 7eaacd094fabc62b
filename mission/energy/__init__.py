"""What a flight costs a battery."""

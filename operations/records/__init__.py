"""What is kept of every delivery."""

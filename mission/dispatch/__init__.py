"""State tables of orders and sorties."""

"""Orders → sorties on vehicles. Takes matrices as data."""

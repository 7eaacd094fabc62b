"""The nouns of Stork. Standard library only; frozen; units and datum in every name."""

"""The demonstration street: raw exports with dirt, and the truth planted in them."""

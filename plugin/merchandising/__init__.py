"""Pin, boost and bury hits by a shop's rules."""

"""The contract: the types that the packages exchange, and their JSON."""

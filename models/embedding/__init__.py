"""How an item looks: its binary code and its colour histogram."""

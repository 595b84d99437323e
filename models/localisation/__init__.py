"""Where the item is: a given box, plain background around it, or a detector."""

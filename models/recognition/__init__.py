"""What an item is: its category and attributes, recognised in a crop."""

"""Add ``visual`` to the documents of an index that a shop fills itself, and take it off again."""

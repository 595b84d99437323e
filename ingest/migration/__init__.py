"""Fill another version of ``visual`` beside the one that serves, with another encoder."""

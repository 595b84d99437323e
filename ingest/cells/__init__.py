"""Cell values of a feed: prices, offers, dates, numbers and ids."""

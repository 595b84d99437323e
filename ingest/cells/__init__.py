"""Cell values of a feed: texts, images, categories, prices, offers, dates, numbers and ids."""

"""Read each format of a feed: packing, encoding, tables, JSON, XML and workbooks."""

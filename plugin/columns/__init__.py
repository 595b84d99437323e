"""Keep the features of a whole catalogue in memory, and rank all of it exactly.

Columns are a resident copy of what ranking needs, made from the engine and kept in step with it:

- ``term_sets``: what the products are. Rows are ordered by it, so an attribute query is decided
  once for all products that agree in category and attributes;
- ``segment``: rows that never change, in memory or in a file that all processes of a machine map;
- ``snapshot``: the segments at one moment, without the rows that were replaced or deleted;
- ``distances`` and ``ranking``: the best rows of a snapshot for a query;
- ``store``: loads, builds, follows the engine and folds changes into the file.

As in Lucene, a change adds a small segment and marks the old row as dead; segments are merged now
and then.
"""

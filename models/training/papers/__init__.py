"""The papers' recognisers, trained on the same photos and compared in the papers' own tables."""

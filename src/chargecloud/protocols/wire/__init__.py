"""A small declarative language for binary frames: one table gives decoder, encoder, documents and test data."""

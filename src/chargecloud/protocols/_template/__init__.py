"""A protocol small enough to read in one sitting, complete enough for the contract suite: copy it for a new vendor."""

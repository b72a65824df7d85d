"""Numbers that say whether a model learned."""

"""Tools of the project: bundles, the local stack, its demo."""

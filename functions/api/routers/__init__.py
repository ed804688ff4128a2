"""HTTP endpoints: each parses, calls one piece of logic and answers."""

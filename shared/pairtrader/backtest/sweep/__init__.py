"""Many runs over one history: which settings do best, and whether that is more than luck."""

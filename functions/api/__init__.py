"""The management API: FastAPI behind Mangum."""

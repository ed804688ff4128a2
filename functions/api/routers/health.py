"""Whether the API answers."""

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class HealthResponse(BaseModel):
    """It answers."""

    status: str


@router.get("/health", summary="Is it there")
def get_health() -> HealthResponse:
    """Answer without looking at anything else."""
    return HealthResponse(status="ok")

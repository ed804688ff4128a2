"""Whether the API answers."""

from pydantic import BaseModel

from functions.api.web.routes import Routes

router = Routes(tags=["health"])


class HealthResponse(BaseModel):
    """It answers."""

    status: str


@router.get("/health", summary="Is it there")
def get_health() -> HealthResponse:
    """Answer without looking at anything else."""
    return HealthResponse(status="ok")

"""What every request and answer is made from."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A request or an answer; its validator is built when it is first used, not at a cold start."""

    model_config = ConfigDict(defer_build=True)

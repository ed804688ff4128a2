"""What CloudFormation asks for, as one object: the border of the custom resource."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Request(StrEnum):
    """What is to be done with the published UI."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


def _listed(value: object) -> object:
    """Take one text for a list of names: a template's parameter cannot be an empty list."""
    return [name for name in value.split(",") if name] if isinstance(value, str) else value


class Place(BaseModel):
    """Where the UI is published, and what it is told there."""

    model_config = ConfigDict(frozen=True)

    bucket: str = Field(alias="Bucket", min_length=1)
    distribution: str = Field(alias="Distribution", min_length=1)
    """Id of the CloudFront distribution that serves the bucket."""
    socket_url: str = Field(alias="SocketUrl", default="")
    """Address of the live push; empty when there is none."""
    stage: str = Field(alias="Stage", default="")
    features: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        alias="Features", default=()
    )
    """Parts of the UI that this deployment has a service for."""


class Deployment(BaseModel):
    """One request of CloudFormation."""

    # Beside these fields a request has the address of the answer, which is a key to it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    request: Request = Field(alias="RequestType")
    request_id: str = Field(alias="RequestId", min_length=1)
    place: Place = Field(alias="ResourceProperties")

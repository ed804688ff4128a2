"""The API over memory."""

import pytest

from tests.fakes.api_world import ApiWorld, Caller


@pytest.fixture
def world() -> ApiWorld:
    return ApiWorld()


@pytest.fixture
def ada(world: ApiWorld) -> Caller:
    return world.user("ada")

"""Two versions that go back to a third, merged by id and by ground, and two that are compared."""

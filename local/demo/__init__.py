"""The main job on the one-machine stack: a scenario, the walk through the replay, and the report."""

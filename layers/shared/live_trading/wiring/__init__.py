"""Settings and composition: what the environment says, and the parts built from it once a cold start."""

"""How a paper trade and its live twin came to different results, in dollars that add up exactly."""

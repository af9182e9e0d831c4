"""What is measured and what is metered: the figures that the system publishes, and how often somebody may ask."""

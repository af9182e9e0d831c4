"""The shared rules of paper, live and replay: configuration, probability, checks, sizing, paper fills. No I/O."""

"""The venue's adapter: its order book, catalogue, feed and account in our words, and nothing of its wire outside."""

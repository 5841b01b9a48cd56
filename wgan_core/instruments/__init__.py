"""Measurements taken beside a run while it trains, on a separate thread and within a budget, and the advice drawn from them."""

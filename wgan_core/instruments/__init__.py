"""Measures taken live beside a run, on a thread of their own and within a budget, and the advice drawn from them."""

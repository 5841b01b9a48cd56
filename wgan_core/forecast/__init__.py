"""What can be told before a run begins: its data, its speed, its cost."""

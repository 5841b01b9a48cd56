"""What can be said before a run begins: about its data, its speed and its cost."""

"""The lessons of the Learn page: what they ask, what they train, and how a prediction is compared with the number that was measured."""

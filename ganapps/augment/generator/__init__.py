"""The game on a labelled set: networks, training, and how good what they make is. Needs PyTorch."""

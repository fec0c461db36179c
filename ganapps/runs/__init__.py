"""What a training left in its folder, as a page to look at. Needs no PyTorch."""

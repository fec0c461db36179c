"""Does augmenting help? The same question put to many sets, each at several sizes."""

"""What goes in: labelled sets, read, brought to one shape, looked at."""
